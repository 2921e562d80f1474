/** RelatedActions: what was told here already, to compare with what another source tells. */
import { sql } from 'kysely';
import type { RelatedActions } from '../action-center/ingest-ports.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, storing } from './database.ts';
import type { ActionRow } from './tables.ts';

/** Of so many, the youngest first. What is beyond is told twice rather than not at all. */
const most = 2000;

export function relatedFindings(db: Database, tenantId: string): RelatedActions {
  return {
    related: (producer, { types, keys, investigationIds, names }, since) =>
      storing('looking up what was told already', async () => {
        if (types.length === 0) return [];
        const [ids, named] = [investigationIds.map((id) => id.toLowerCase()), [...names]];
        const { rows } = await sql<ActionRow>`select ${actionColumns} from actions
          where tenant_id = ${tenantId} and producer = ${producer} and status <> 'superseded' and updated_at >= ${since}::timestamptz
            and type = any(${[...types]}::text[])
            and (key = any(${[...keys]}::text[]) or lower(investigation_id) = any(${ids}::text[])
              or exists (select 1 from jsonb_array_elements(entities) as e
                where lower(e ->> 'url') = any(${named}::text[]) or lower(e ->> 'address') = any(${named}::text[])
                  or lower(e ->> 'sha1') = any(${named}::text[]) or lower(e ->> 'sha256') = any(${named}::text[])
                  or lower(e ->> 'networkMessageId') = any(${named}::text[])
                  or e -> 'networkMessageIds' ?| ${named}::text[]))
          order by updated_at desc, id desc limit ${most}`.execute(db);
        return rows.map(actionOf);
      }),
  };
}

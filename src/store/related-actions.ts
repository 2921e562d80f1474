/** Actions looked up by what they have to do with others: what reversed them, the same file elsewhere, what is open in the same conversation. */
import { sql } from 'kysely';
import type { ActionType } from '../action-center/action.ts';
import type { OpenActions } from '../action-center/bulk.ts';
import type { Entity } from '../action-center/entity.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { UndoStore } from '../action-center/undo.ts';
import { actionOf } from './actions.ts';
import { type Database, json, storing } from './database.ts';
import type { ActionRow } from './tables.ts';

/** A device can be isolated and released many times; what lies behind this many of them is not asked for. */
const reversalMost = 200;

/** What names an entity beyond doubt, as a pattern for the entities of others; every one of these counts by itself. */
function patternsOf(entity: Entity): object[] {
  switch (entity.type) {
    case 'device':
      return [{ deviceId: entity.deviceId }, { name: entity.name }];
    case 'file':
      return [{ sha256: entity.sha256 }, { sha1: entity.sha1 }];
    case 'user':
      return [{ entraId: entity.entraId }, { upn: entity.upn }];
    case 'email':
      return [{ networkMessageId: entity.networkMessageId }];
    case 'emailCluster':
      return entity.networkMessageIds.map((id) => ({ networkMessageId: id }));
    default:
      return [];
  }
}

/** Producers write hashes and names in either case. */
const spellings = (pattern: object): object[] => {
  const [[key, value] = []] = Object.entries(pattern);
  if (key === undefined || typeof value !== 'string') return [];
  return [...new Set([value, value.toLowerCase(), value.toUpperCase()])].map((text) => ({ [key]: text }));
};

const written = (entities: readonly Entity[]): string[] => {
  const named = entities.flatMap((entity) =>
    patternsOf(entity)
      .flatMap(spellings)
      .map((pattern) => [{ type: entity.type, ...pattern }]),
  );
  return [...new Set(named.map(json))];
};

export function undoStore(db: Database, tenantId: string): UndoStore {
  return {
    reversals: (action, type, since) =>
      storing('looking for a newer opposite', async () => {
        // A cluster of mail names its messages otherwise than a mail does, so mail is compared outside.
        const isMail = action.entities.some((entity) => entity.type === 'emailCluster' || entity.type === 'email');
        const patterns = isMail ? [] : written(action.entities);
        const { rows } = await sql<ActionRow>`
          select * from actions a where a.tenant_id = ${tenantId} and a.type = ${type} and a.status = 'completed' and a.id <> ${action.id}
            and a.updated_at > ${since}::timestamptz and coalesce(a.decision ->> 'verb', '') <> 'reject'
            and (${isMail}::boolean or exists (select 1 from jsonb_array_elements(${`[${patterns.join(',')}]`}::jsonb) p where a.entities @> p))
          order by a.updated_at desc, a.id desc limit ${reversalMost}`.execute(db);
        return rows.map(actionOf);
      }),
    sameFile: (action, limit) => storing('looking for the same file elsewhere', () => sameFile(db, tenantId, action, limit)),
  };
}

async function sameFile(db: Database, tenantId: string, action: RemediationAction, limit: number): Promise<RemediationAction[]> {
  const patterns = written(action.entities.filter(({ type }) => type === 'file'));
  if (patterns.length === 0) return [];
  // Written out, so that the index can be used.
  const fits = sql.join(
    patterns.map((pattern) => sql`entities @> ${pattern}::jsonb`),
    sql` or `,
  );
  const { rows } = await sql<ActionRow>`
    select * from actions where tenant_id = ${tenantId} and type = 'stopAndQuarantineFile' and status = 'completed' and id <> ${action.id}
      and (${fits}) order by created_at, id limit ${limit}`.execute(db);
  return rows.map(actionOf);
}

export function openActions(db: Database, tenantId: string): OpenActions {
  return {
    types: ({ platform, conversation }) =>
      storing('counting open actions', async () => {
        const { rows } = await sql<{ type: ActionType; count: number }>`
          select a.type, count(distinct a.id)::int as count from actions a join cards c on c.action_id = a.id
          where a.tenant_id = ${tenantId} and a.status in ('pending', 'awaitingSecondApproval') and a.expires_at > now()
            and c.kind = 'action' and c.platform = ${platform} and c.conversation = ${conversation}
          group by a.type order by count desc, a.type`.execute(db);
        return rows;
      }),
    ofType: ({ platform, conversation }, type, limit) =>
      storing('reading open actions', async () => {
        const { rows } = await sql<ActionRow>`
          select * from actions a where a.tenant_id = ${tenantId} and a.type = ${type} and a.status in ('pending', 'awaitingSecondApproval')
            and a.expires_at > now() and exists (select 1 from cards c where c.action_id = a.id and c.kind = 'action'
              and c.platform = ${platform} and c.conversation = ${conversation})
          order by a.expires_at, a.id limit ${limit}`.execute(db);
        return rows.map(actionOf);
      }),
  };
}

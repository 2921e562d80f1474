/** The chat account from which somebody last decided: where they can be told something. */
import { sql } from 'kysely';
import type { EntraId, Platform } from '../action-center/action.ts';
import { type Database, storing } from './database.ts';

export const lastAccountOf =
  (db: Database, tenantId: string) =>
  (entraId: EntraId, platform: Platform): Promise<string | null> =>
    storing('looking up a chat account', async () => {
      const { rows } = await sql<{ account: string }>`select data ->> 'account' as account from audit_events
        where tenant_id = ${tenantId} and actor_id = ${entraId} and kind in ('decided', 'approved') and data ->> 'platform' = ${platform}
          and data ->> 'account' is not null
        order by seq desc limit 1`.execute(db);
      return rows[0]?.account ?? null;
    });

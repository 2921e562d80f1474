/** Preferences: one row a person and tab, so that their number is bounded by the people. */
import { sql } from 'kysely';
import type { Preferences } from '../action-center/look-up.ts';
import { type Database, json, storing } from './database.ts';

export function preferences(db: Database, tenantId: string): Preferences {
  return {
    get: (entraId, tab) =>
      storing('reading a preference', async () => {
        const { rows } = await sql<{ look_up: unknown }>`select look_up from preferences
          where tenant_id = ${tenantId} and entra_id = ${entraId} and tab = ${tab}`.execute(db);
        return rows[0]?.look_up ?? null;
      }),
    set: (entraId, tab, lookUp, at) =>
      storing('keeping a preference', async () => {
        await sql`insert into preferences (tenant_id, entra_id, tab, look_up, changed_at)
          values (${tenantId}, ${entraId}, ${tab}, ${json(lookUp)}::jsonb, ${at}::timestamptz)
          on conflict (tenant_id, entra_id, tab) do update set look_up = excluded.look_up, changed_at = excluded.changed_at`.execute(db);
      }),
    clear: (entraId, tab) =>
      storing('forgetting a preference', async () => {
        const { rows } = await sql`delete from preferences
          where tenant_id = ${tenantId} and entra_id = ${entraId} and tab = ${tab} returning tab`.execute(db);
        return rows.length > 0;
      }),
  };
}

/** WakeUps: a time beside the marks, by the database's clock, that every process compares with the one it saw last. */
import { sql } from 'kysely';
import type { WakeUps } from '../action-center/ingest-ports.ts';
import { type Database, storing } from './database.ts';

const rowOf = (what: string): string => `wake:${what}`;

export function wakeUps(db: Database, tenantId: string): WakeUps {
  return {
    wake: (what) =>
      storing('asking for a look', async () => {
        await sql`insert into ingest_marks (tenant_id, source, since, through)
          values (${tenantId}, ${rowOf(what)}, clock_timestamp(), clock_timestamp())
          on conflict (tenant_id, source) do update set through = excluded.through`.execute(db);
      }),
    wokenAt: (what) =>
      storing('seeing whether a look was asked for', async () => {
        // As text, so that no microsecond is lost on the way.
        const { rows } = await sql<{ at: string }>`select through::text as at from ingest_marks
          where tenant_id = ${tenantId} and source = ${rowOf(what)}`.execute(db);
        return rows[0]?.at ?? null;
      }),
  };
}

/**
 * Up to which event number nothing can appear any more. Numbers are drawn before their transactions commit, and a smaller one may become visible
 * after a larger one. Whoever writes events holds a lock on the table from before it draws a number until after its commit can be seen. So: take
 * the newest number drawn, then see who writes; once all of those have ended, everything up to that number is visible or will never be.
 */
import { sql } from 'kysely';
import type { Database } from './database.ts';

export type Horizon = {
  /** The number up to which may be sealed, null before there is one; `waiting` when writers are still at it. */
  advance(): Promise<{ through: string | null; waiting: boolean }>;
};

export function openHorizon(db: Database): Horizon {
  let through: string | null = null;
  let pending: { through: string; writers: Set<string> } | null = null;

  return {
    advance: async () => {
      if (pending !== null && haveEnded(pending.writers, await writersNow(db))) {
        through = pending.through;
        pending = null;
      }
      if (pending === null) {
        const newest = await newestNumber(db);
        // Only now: who draws a later number is of no interest.
        const writers = await writersNow(db);
        if (writers.size === 0) through = newest;
        else if (newest !== null) pending = { through: newest, writers };
      }
      return { through, waiting: pending !== null };
    },
  };
}

/** A prepared transaction goes on under another name, so while there is any, nobody counts as ended. */
const haveEnded = (before: Set<string>, now: Set<string>): boolean =>
  ![...now].some((writer) => before.has(writer) || writer.startsWith('-1/'));

async function newestNumber(db: Database): Promise<string | null> {
  const { rows } = await sql<{ newest: string | null }>`
    select pg_sequence_last_value(pg_get_serial_sequence('audit_events', 'seq')::regclass)::text as newest`.execute(db);
  return rows[0]?.newest ?? null;
}

/** Transactions that write to audit_events, by the names the server never uses again. */
async function writersNow(db: Database): Promise<Set<string>> {
  const { rows } = await sql<{ writer: string }>`select distinct virtualtransaction as writer from pg_locks
    where locktype = 'relation' and relation = 'audit_events'::regclass and mode = 'RowExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())`.execute(db);
  return new Set(rows.map(({ writer }) => writer));
}

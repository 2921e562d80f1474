/** A look at the record that only reads, sees one instant and has a limit of time. A message to the database costs half as much as a quick look-up: there are few. */
import { sql, type Transaction } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './tables.ts';

/** By so much a look-up may be late at worst. */
const slack = 25;

const isTimeout = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '57014';

class TimeIsUp extends Error {}
/** `goOn` is called before a further statement: all together have the time of one. */
export type Session = { tx: Transaction<Tables>; goOn(): Promise<void> };
/** `settings`: of the session, as SQL has them; they end with it. */
export type Sitting = { limitMs: number; settings?: readonly string[] };

/** All commands are one message. */
const tell = (connection: Database, commands: readonly string[]) => sql.raw(commands.join('; ')).execute(connection);

const beginning = ({ limitMs, settings = [] }: Sitting): string[] => [
  'start transaction isolation level repeatable read, read only',
  ...['jit = off', `statement_timeout = ${Math.ceil(limitMs)}`, ...settings].map((setting) => `set local ${setting}`),
];

function sessionOf(tx: Transaction<Tables>, limitMs: number): Session {
  const endsAt = performance.now() + limitMs;
  let granted = limitMs;
  return {
    tx,
    goOn: async () => {
      const left = endsAt - performance.now();
      if (left <= 0) throw new TimeIsUp();
      // What was quick needs no telling.
      if (left > granted - slack) return;
      granted = left;
      await sql`select set_config('statement_timeout', ${String(Math.ceil(left))}, true)`.execute(tx);
    },
  };
}

/** Null: all statements together took longer than the limit. PGlite cannot be interrupted. */
export function within<T>(db: Database, sitting: Sitting, run: (session: Session) => Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const done = db.connection().execute(async (connection) => {
      try {
        await tell(connection, beginning(sitting));
        // Whoever asked need not wait for the end of what changes nothing.
        resolve(await run(sessionOf(connection as Transaction<Tables>, sitting.limitMs)));
      } catch (error) {
        if (error instanceof TimeIsUp || isTimeout(error)) resolve(null);
        else reject(error);
      }
      await tell(connection, ['rollback']);
    });
    // No connection to be had, or it was lost on the way out, which the pool sees.
    done.catch(reject);
  });
}

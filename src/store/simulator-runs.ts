/** The simulated backend's memory, in the same database so that it survives what the record survives. */
import { sql } from 'kysely';
import { at, type Database, iso, storing } from './database.ts';

type Run = { decisionId: string; acceptedAt: number; finishesAt: number; status: string; message: string | null };

export type SimulatorRuns<R extends Run = Run> = {
  accept(run: R): Promise<void>;
  runOf(decisionId: string): Promise<R | null>;
  stop(decisionId: string, at: number, message: string): Promise<void>;
};

export function simulatorRuns<R extends Run>(db: Database): SimulatorRuns<R> {
  return {
    accept: (run) =>
      storing('recording a simulated run', async () => {
        await sql`insert into simulator_runs (decision_id, accepted_at, finishes_at, status, message)
          values (${run.decisionId}, ${at(run.acceptedAt)}::timestamptz, ${at(run.finishesAt)}::timestamptz, ${run.status}, ${run.message})`.execute(
          db,
        );
      }),
    stop: (decisionId, now, message) =>
      storing('stopping a simulated run', async () => {
        await sql`update simulator_runs set status = 'cancelled', finishes_at = ${at(now)}::timestamptz, message = ${message}
          where decision_id = ${decisionId} and finishes_at > ${at(now)}::timestamptz`.execute(db);
      }),
    runOf: (decisionId) =>
      storing('reading a simulated run', async () => {
        const row = await db
          .selectFrom('simulator_runs')
          .selectAll()
          .where('decision_id', '=', decisionId)
          .orderBy('run_id')
          .limit(1)
          .executeTakeFirst();
        if (!row) return null;
        const run: Run = {
          decisionId: row.decision_id,
          acceptedAt: Date.parse(iso(row.accepted_at)),
          finishesAt: Date.parse(iso(row.finishes_at)),
          status: row.status,
          message: row.message,
        };
        return run as R;
      }),
  };
}

/** ExecutionStore: the worker's intent before it calls out and its result after, keyed by the decision's id. */
import { sql } from 'kysely';
import { ActionId, Outcome } from '../action-center/action.ts';
import type { Execution, ExecutionStore } from '../action-center/ports.ts';
import { at, type Database, iso, json, storing } from './database.ts';
import type { ExecutionRow } from './tables.ts';

const executionOf = (row: ExecutionRow): Execution => ({
  decisionId: row.decision_id,
  actionId: ActionId.parse(row.action_id),
  state: row.state,
  externalRef: row.external_ref as Record<string, string> | null,
  outcome: row.outcome === null ? null : Outcome.parse(row.outcome),
  startedAt: iso(row.started_at),
});

type Claim = Awaited<ReturnType<ExecutionStore['claim']>>;

async function claim(
  db: Database,
  tenantId: string,
  decisionId: string,
  actionId: string,
  holder: string,
  now: number,
  leaseMs: number,
): Promise<Claim> {
  const until = at(now + leaseMs);
  const { rows } = await sql<ExecutionRow & { first: boolean }>`
    insert into executions (decision_id, tenant_id, action_id, state, holder, lease_until, started_at)
    values (${decisionId}, ${tenantId}, ${actionId}, 'claimed', ${holder}, ${until}::timestamptz, ${at(now)}::timestamptz)
    on conflict (decision_id) do update set holder = ${holder}, lease_until = ${until}::timestamptz
      where executions.state = 'finished' or executions.lease_until is null or executions.lease_until <= ${at(now)}::timestamptz
        or executions.holder = ${holder}
    returning *, (xmax = 0) as first`.execute(db);
  const [row] = rows;
  if (row) return { state: 'mine', execution: executionOf(row), first: row.first };
  const held = await db.selectFrom('executions').select('lease_until').where('decision_id', '=', decisionId).executeTakeFirstOrThrow();
  return { state: 'busy', until: held.lease_until?.getTime() ?? now };
}

export function executionStore(db: Database, tenantId: string): ExecutionStore {
  const one = (decisionId: string) => db.updateTable('executions').where('decision_id', '=', decisionId);
  return {
    claim: (decisionId, actionId, holder, now, leaseMs) =>
      storing('claiming an execution', () => claim(db, tenantId, decisionId, actionId, holder, now, leaseMs)),
    submitted: (decisionId, externalRef) =>
      storing('recording a submission', async () => {
        await one(decisionId)
          .set({ state: 'submitted', external_ref: sql`${json(externalRef)}::jsonb` })
          .where('state', '!=', 'finished')
          .execute();
      }),
    finished: (decisionId, outcome) =>
      storing('recording a result', async () => {
        await one(decisionId)
          .set({ state: 'finished', outcome: outcome ? sql`${json(outcome)}::jsonb` : null, finished_at: sql`now()`, lease_until: null })
          .where('state', '!=', 'finished')
          .execute();
      }),
    release: (decisionId, holder) =>
      storing('releasing an execution', async () => {
        await one(decisionId).set({ lease_until: null }).where('holder', '=', holder).execute();
      }),
    get: (decisionId) =>
      storing('reading an execution', async () => {
        const row = await db.selectFrom('executions').selectAll().where('decision_id', '=', decisionId).executeTakeFirst();
        return row ? executionOf(row) : null;
      }),
    unsettled: (before, limit) =>
      storing('reading unsettled executions', async () => {
        const { rows } = await sql<ExecutionRow>`
          select e.* from executions e join actions a on a.id = e.action_id
          where e.tenant_id = ${tenantId} and e.state = 'finished' and e.outcome is not null and e.finished_at < ${before}::timestamptz
            and a.status in ('queued', 'inProgress', 'undoQueued') and a.decision ->> 'decisionId' = e.decision_id
          order by e.finished_at limit ${limit}`.execute(db);
        return rows.map(executionOf);
      }),
  };
}

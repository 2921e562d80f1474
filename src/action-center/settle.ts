/** Flow: an outcome comes back. Late, repeated and out-of-order outcomes are harmless. */
import type { ActionId, Outcome } from './action.ts';
import type { RemediationAction } from './intake.ts';
import type { ActionStore, Clock } from './ports.ts';
import { settled } from './transitions.ts';

export type SettleDeps = { store: ActionStore; now: Clock; poke: () => void };
export type OutcomeReport = { decisionId: string; actionId: ActionId; outcome: Outcome };
export type Settled = 'settled' | 'ignored' | 'unknown-action';

/** Two writers can meet here (a repeated outcome on two workers); each retry sees a status further on, so few are enough. */
const attempts = 5;

export async function settle(deps: SettleDeps, report: OutcomeReport): Promise<Settled> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const action = await deps.store.get(report.actionId);
    if (!action) return 'unknown-action';
    const change = settled(action, report.decisionId, report.outcome);
    if (!change) {
      await noteLate(deps, action, report);
      return 'ignored';
    }
    if (await deps.store.apply({ ...change, note: report.outcome.status !== 'inProgress' })) {
      deps.poke();
      return 'settled';
    }
  }
  throw new Error(`action ${report.actionId} changed ${attempts} times while its outcome was being stored`);
}

/** A repetition says nothing new. Anything else that comes too late is kept as evidence. */
async function noteLate(deps: SettleDeps, action: RemediationAction, { decisionId, outcome }: OutcomeReport): Promise<void> {
  const repeated =
    action.decision?.decisionId === decisionId && (action.outcome?.status === outcome.status || outcome.status === 'inProgress');
  if (repeated) return;
  const at = deps.now().toISOString();
  await deps.store.note(action.id, { kind: 'lateOutcome', at, actorId: null, data: { decisionId, ...outcome, standing: action.status } });
}

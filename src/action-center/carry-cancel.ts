/**
 * Flow: the worker spends a cancellation. It stops what another decision started; what that came to (stopped in time or not) is the outcome of
 * that other decision, and is told as such.
 */
import { type Carried, type CarryOutDeps, stampOf } from './carrying.ts';
import type { RemediationAction } from './intake.ts';
import type { AuditEvent, DecisionMessage, Execution, Progress } from './ports.ts';

export type Cancellation = { message: DecisionMessage; action: RemediationAction; cancels: string };

/** The cancellation as it is in the record, or null when the record holds none. */
export async function recordedCancellation(deps: Pick<CarryOutDeps, 'store'>, message: DecisionMessage): Promise<AuditEvent | null> {
  const history = await deps.store.history(message.actionId);
  return (
    history.find(({ kind, data }) => kind === 'decided' && data['verb'] === 'cancel' && data['decisionId'] === message.decisionId) ?? null
  );
}

/** Nothing runs any more that could be stopped. */
export const isOver = ({ action, cancels }: Cancellation): boolean =>
  action.status !== 'inProgress' || action.decision.decisionId !== cancels;

export async function followCancel(
  deps: CarryOutDeps,
  { message, cancels, execution }: Cancellation & { execution: Execution },
  progress: Progress,
): Promise<Carried> {
  if (progress.outcome !== null) {
    await deps.executions.finished(cancels, progress.outcome);
    await deps.report({ decisionId: cancels, actionId: message.actionId, outcome: progress.outcome });
    await deps.executions.finished(message.decisionId, null);
    return { kind: 'done' };
  }
  if (deps.now().getTime() - Date.parse(execution.startedAt) < (deps.backend.maxRunMs ?? deps.maxRunMs))
    return { kind: 'again', afterMs: progress.afterMs ?? deps.backend.pollMs };
  await deps.executions.finished(message.decisionId, null);
  return { kind: 'done' };
}

export async function continueCancel(
  deps: CarryOutDeps,
  cancellation: Cancellation,
  execution: Execution,
  signal: AbortSignal,
): Promise<Progress> {
  if (execution.state === 'submitted' && execution.externalRef) return deps.backend.progress(execution.externalRef, signal);
  const { message, cancels } = cancellation;
  const { decisionId, actionId, action } = message;
  const progress = await deps.backend.submit({ decisionId, actionId, verb: 'cancel', action, stamp: stampOf(message), cancels }, signal);
  await deps.executions.submitted(decisionId, progress.externalRef);
  return progress;
}

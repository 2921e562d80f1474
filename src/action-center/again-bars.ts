/** What speaks against stopping an action that runs, or against carrying one out again. Pure. */
import { type BackendName, mayBeCancelled, mayCarryOut } from './catalogue.ts';
import type { RemediationAction } from './intake.ts';

const retryWithinMs = 7 * 86_400_000;
const retriable: ReadonlySet<string> = new Set(['failed', 'timedOut', 'partiallyCompleted']);

/** Why a running action cannot be stopped from here; null: it can. */
export function whyNotCancellable({ type, status, decision }: RemediationAction, backend: BackendName): CancelBar | null {
  if (!mayBeCancelled(type, backend)) return { reason: 'no-api' };
  return status === 'inProgress' && decision.verb === 'approve' ? null : { reason: 'not-running', status };
}

/** Why an action cannot be carried out again; null: it can. */
export function whyNotRetriable(action: RemediationAction, { backend, now }: { backend: BackendName; now: Date }): RetryBar | null {
  const { status, decision, outcome } = action;
  if (!retriable.has(status) || decision?.verb !== 'approve') return { reason: 'not-failed', status };
  if (!mayCarryOut(action, backend)) return { reason: 'no-api' };
  return now.getTime() - Date.parse(outcome?.at ?? action.updatedAt) > retryWithinMs ? { reason: 'too-old' } : null;
}

export type CancelBar =
  | { reason: 'no-api' }
  | { reason: 'not-running'; status: RemediationAction['status'] }
  | { reason: 'asked'; by: string; at: string; byYou: boolean };
export type RetryBar =
  | { reason: 'no-api' }
  | { reason: 'not-failed'; status: RemediationAction['status'] }
  | { reason: 'too-old' }
  | { reason: 'more-people'; needed: number };

/** The only place a status changes. A status never goes back because a late message arrived. */
import type { ActionId, ActionStatus, Decision, Outcome } from './action.ts';
import { isOpen, type RemediationAction } from './intake.ts';
import type { Change } from './ports.ts';

const next: Record<ActionStatus, readonly ActionStatus[]> = {
  pending: ['awaitingSecondApproval', 'queued', 'rejected', 'expired', 'superseded', 'decidedElsewhere'],
  awaitingSecondApproval: ['awaitingSecondApproval', 'queued', 'rejected', 'expired', 'superseded', 'decidedElsewhere'],
  queued: ['inProgress', 'completed', 'partiallyCompleted', 'failed', 'timedOut', 'cancelled'],
  inProgress: ['completed', 'partiallyCompleted', 'failed', 'timedOut', 'cancelled'],
  completed: ['undoQueued'],
  undoQueued: ['undone', 'completed'],
  partiallyCompleted: ['queued'],
  failed: ['queued'],
  timedOut: ['queued'],
  cancelled: [],
  rejected: [],
  expired: [],
  superseded: [],
  decidedElsewhere: [],
  undone: [],
};

export const mayBecome = (from: ActionStatus, to: ActionStatus): boolean => next[from].includes(to);

/** Nothing is awaited any more: no decision, no outcome. */
export const isSettled = (status: ActionStatus): boolean => !awaiting.has(status);
const awaiting: ReadonlySet<ActionStatus> = new Set(['pending', 'awaitingSecondApproval', 'queued', 'inProgress', 'undoQueued']);

type Step = Pick<Change, 'id' | 'expect' | 'set' | 'at' | 'event'>;

function step(action: RemediationAction, to: ActionStatus, at: string, rest: Pick<Change, 'event'> & { set?: Change['set'] }): Step {
  if (!mayBecome(action.status, to)) throw new Error(`an action never goes from ${action.status} to ${to}`);
  return {
    id: action.id,
    expect: { status: action.status, version: action.version },
    set: { ...rest.set, status: to },
    at,
    event: rest.event,
  };
}

/** An approval or rejection of an open action. With approvals still missing it only counts the person. */
export function decided(action: RemediationAction, decision: Decision): Step & { final: boolean } {
  const data = { ...decision, from: action.status };
  if (decision.verb === 'reject') {
    const event = { kind: 'decided' as const, at: decision.decidedAt, actorId: decision.actor.entraId, data };
    return { ...step(action, 'rejected', decision.decidedAt, { event, set: { decision } }), final: true };
  }
  const approvals = [...action.approvals, decision];
  const final = approvals.length >= action.needed;
  const event = {
    kind: final ? ('decided' as const) : ('approved' as const),
    at: decision.decidedAt,
    actorId: decision.actor.entraId,
    data,
  };
  const set = final ? { decision, approvals } : { approvals };
  return { ...step(action, final ? 'queued' : 'awaitingSecondApproval', decision.decidedAt, { event, set }), final };
}

/** The undo of a completed action. Its approvals stay: they are what is taken back. */
export function undoAsked(action: RemediationAction, decision: Decision): Step {
  const event = {
    kind: 'decided' as const,
    at: decision.decidedAt,
    actorId: decision.actor.entraId,
    data: { ...decision, from: action.status },
  };
  return step(action, 'undoQueued', decision.decidedAt, { event, set: { decision } });
}

/** What came to nothing is carried out again, under a new decision. Who approved before still does. */
export function retried(action: RemediationAction, decision: Decision): Step {
  const data = { ...decision, from: action.status, retries: action.decision?.decisionId ?? null };
  const event = { kind: 'decided' as const, at: decision.decidedAt, actorId: decision.actor.entraId, data };
  return step(action, 'queued', decision.decidedAt, { event, set: { decision, outcome: null } });
}

/** Somebody wants a running action stopped. It runs until the backend says otherwise, so its status and its decision stay. */
export function cancelAsked(action: RemediationAction, decision: Decision): Step {
  const data = { ...decision, from: action.status, cancels: action.decision?.decisionId ?? null };
  const event = { kind: 'decided' as const, at: decision.decidedAt, actorId: decision.actor.entraId, data };
  return { id: action.id, expect: { status: action.status, version: action.version }, set: {}, at: decision.decidedAt, event };
}

/** Where an outcome takes the action, or null when it is late, repeated or out of order and changes nothing. */
export function settled(action: RemediationAction, decisionId: string, outcome: Outcome): Step | null {
  if (action.decision?.decisionId !== decisionId) return null;
  const event = { kind: 'outcome' as const, at: outcome.at, actorId: null, data: { decisionId, ...outcome } };
  if (action.status === 'undoQueued') {
    if (outcome.status === 'inProgress') return null;
    const to = outcome.status === 'undone' || outcome.status === 'completed' ? 'undone' : 'completed';
    const ofUndo = { ...event, data: { ...event.data, verb: 'undo' } };
    return step(action, to, outcome.at, {
      event: ofUndo,
      set: { outcome: { ...outcome, status: to === 'undone' ? 'undone' : outcome.status } },
    });
  }
  if (outcome.status === 'undone' || !mayBecome(action.status, outcome.status)) return null;
  return step(action, outcome.status, outcome.at, { event, set: { outcome } });
}

export function expired(action: RemediationAction, at: string): Step | null {
  if (!isOpen(action) || action.expiresAt > at) return null;
  return step(action, 'expired', at, { event: { kind: 'expired', at, actorId: null, data: { expiresAt: action.expiresAt } } });
}

/** What somebody did elsewhere, as the system in which it was done tells it. */
export type Elsewhere = {
  /** In its own words. */
  state: string;
  by: string | null;
  reference: Record<string, string>;
};

/** Nothing is left to decide here. Null: it was decided here first, or is over. */
export function decidedElsewhere(action: RemediationAction, { state, by, reference }: Elsewhere, at: string): Step | null {
  if (!isOpen(action)) return null;
  const event = { kind: 'decidedElsewhere' as const, at, actorId: null, data: { from: action.status, state, by, reference } };
  return step(action, 'decidedElsewhere', at, { event });
}

/** The producer submitted a newer revision with another content: what was approved so far was something else. */
export function superseded(action: RemediationAction, by: { id: ActionId; revision: number }, at: string): Step | null {
  if (!isOpen(action)) return null;
  const event = { kind: 'superseded' as const, at, actorId: null, data: { by: by.id, revision: by.revision } };
  return step(action, 'superseded', at, { event, set: { supersededBy: by.id } });
}

/** The rules about deciding changed since the card was shown: same status, new scope, and nobody's earlier approval counts. */
export function rescoped(
  action: RemediationAction,
  scope: Pick<RemediationAction, 'scopeDigest' | 'policyVersion' | 'needed' | 'isProtected'>,
  note: string,
  at: string,
): Step | null {
  if (!isOpen(action)) return null;
  return {
    id: action.id,
    expect: { status: action.status, version: action.version },
    set: { ...scope, scopeNote: note, approvals: [], status: 'pending' },
    at,
    event: { kind: 'rescoped', at, actorId: null, data: { from: action.scopeDigest, to: scope.scopeDigest } },
  };
}

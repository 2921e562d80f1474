/**
 * Flow: the worker spends a decision. The record is asked again whether this decision stands, the directory whether its people may still
 * decide, and only then is the backend called: with the intent stored before and the result after, so that a redelivered job is recognised.
 */
import type { Decision, EntraId, Outcome, Platform } from './action.ts';
import { UpstreamError } from './errors.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import type {
  ActionStore,
  Backend,
  CardTarget,
  Clock,
  DecisionMessage,
  Directory,
  Execution,
  ExecutionStore,
  Policy,
  Progress,
} from './ports.ts';
import { canonicalJson, type Sha256, scopeDigest } from './scope.ts';
import type { OutcomeReport } from './settle.ts';

export type CarryOutDeps = {
  store: ActionStore;
  directory: Directory;
  policy: Pick<Policy, 'barred'>;
  executions: ExecutionStore;
  backend: Backend;
  settings: { globalAdministratorMayDecide: boolean };
  /** Hands an outcome to the queue `outcomes`. */
  report: (report: OutcomeReport) => Promise<void>;
  now: Clock;
  sha256: Sha256;
  /** This worker, for the lease on an execution. */
  holder: string;
  /** Longer than the longest single backend call, so that two workers never call at once. */
  leaseMs: number;
  callMs: number;
  /** A backend that has not come to an end by then is reported as timed out. */
  maxRunMs: number;
  /** Who hears a private notice in the place of this person, who is away; left out where nobody stands in. */
  divert?: (entraId: EntraId, prefer: Platform) => Promise<{ target: CardTarget; forName: string } | null>;
};

/** `forged`: the record knows no such decision. The job is poison and must not be retried. */
export type Carried = { kind: 'done' } | { kind: 'again'; afterMs: number } | { kind: 'forged'; reason: string };
const done: Carried = { kind: 'done' };

/** `lastTry` turns a failing service into an outcome: every approval ends in one. */
export async function carryOut(deps: CarryOutDeps, message: DecisionMessage, lastTry: boolean): Promise<Carried> {
  const action = await deps.store.get(message.actionId);
  const forged = whyForged(deps, message, action);
  if (forged !== null || action === null) return { kind: 'forged', reason: forged ?? 'the action is not in the record' };

  const claim = await deps.executions.claim(message.decisionId, message.actionId, deps.holder, deps.now().getTime(), deps.leaseMs);
  if (claim.state === 'busy') return { kind: 'again', afterMs: Math.max(1000, claim.until - deps.now().getTime()) };
  if (claim.execution.state === 'finished') return finish(deps, message, claim.execution.outcome);
  try {
    const carried = await advance(deps, message, action, claim.execution, claim.first);
    await deps.executions.release(message.decisionId, deps.holder);
    return carried;
  } catch (error) {
    await deps.executions.release(message.decisionId, deps.holder);
    if (!(error instanceof UpstreamError) || error.service === 'store' || error.service === 'queue') throw error;
    if (error.retryable && !lastTry) throw error;
    return finish(deps, message, outcome(deps, 'failed', failureText(error)));
  }
}

/** Redis is not the record: a job is spent only if the store holds exactly this decision, about exactly this scope. */
function whyForged(deps: CarryOutDeps, message: DecisionMessage, action: RemediationAction | null): string | null {
  if (!action) return 'the action is not in the record';
  const decision = action.decision;
  if (decision?.decisionId !== message.decisionId) return 'the record holds no such decision';
  if (decision.verb !== message.verb || decision.actor.entraId !== message.actor.entraId) return 'the decision differs from the record';
  const digest = scopeDigest(message.action, action.policyVersion, deps.sha256);
  if (digest !== decision.scopeDigest || message.scopeDigest !== decision.scopeDigest) return 'the scope differs from what was decided';
  if (canonicalJson(message.action.entities) !== canonicalJson(action.entities)) return 'the entities differ from the record';
  return null;
}

async function advance(
  deps: CarryOutDeps,
  message: DecisionMessage,
  action: RemediationAction,
  execution: Execution,
  first: boolean,
): Promise<Carried> {
  if (execution.state === 'submitted' && execution.externalRef) {
    if (message.verb === 'reject') return finish(deps, message, null);
    return follow(deps, message, await deps.backend.progress(execution.externalRef, AbortSignal.timeout(deps.callMs)));
  }
  // A crash may have hidden the backend's answer: what was submitted once is adopted, never submitted again.
  const earlier = first ? null : await deps.backend.find(message.decisionId, AbortSignal.timeout(deps.callMs));
  if (earlier) return started(deps, message, earlier);
  const veto = await secondCheck(deps, message, action);
  if (veto !== null) return vetoed(deps, { message, action, reason: veto });
  const { decisionId, actionId, verb } = message;
  const command = { decisionId, actionId, verb, action: message.action, stamp: stampOf(message) };
  return started(deps, message, await deps.backend.submit(command, AbortSignal.timeout(deps.callMs)));
}

async function started(deps: CarryOutDeps, message: DecisionMessage, progress: Progress): Promise<Carried> {
  await deps.executions.submitted(message.decisionId, progress.externalRef);
  if (message.verb === 'reject') return finish(deps, message, null);
  if (progress.outcome === null) {
    const { decisionId, actionId } = message;
    await deps.report({ decisionId, actionId, outcome: { ...outcome(deps, 'inProgress', null), externalRef: progress.externalRef } });
  }
  return follow(deps, message, progress);
}

async function follow(deps: CarryOutDeps, message: DecisionMessage, progress: Progress): Promise<Carried> {
  if (progress.outcome) return finish(deps, message, progress.outcome);
  if (deps.now().getTime() - Date.parse(message.decidedAt) < deps.maxRunMs) return { kind: 'again', afterMs: deps.backend.pollMs };
  return finish(deps, message, outcome(deps, 'timedOut', 'The backend did not report an end in time. Check the action in Defender.'));
}

/** The result is stored before it is reported: a crash in between is repaired by the sweep of finished, unsettled executions. */
async function finish(deps: CarryOutDeps, message: DecisionMessage, result: Outcome | null): Promise<Carried> {
  await deps.executions.finished(message.decisionId, result);
  if (result) await deps.report({ decisionId: message.decisionId, actionId: message.actionId, outcome: told(message, result) });
  return done;
}

/** An undo that is completed leaves the action undone. */
const told = ({ verb }: DecisionMessage, outcome: Outcome): Outcome =>
  verb === 'undo' && outcome.status === 'completed' ? { ...outcome, status: 'undone' } : outcome;

type Veto = { message: DecisionMessage; action: RemediationAction; reason: string };

/** Whoever decided was told "recorded": they hear that nothing came of it, besides the card and its thread. */
async function vetoed(deps: CarryOutDeps, { message, action, reason }: Veto): Promise<Carried> {
  const { actionId, decisionId, verb } = message;
  const event = {
    kind: 'refused' as const,
    at: deps.now().toISOString(),
    actorId: message.actor.entraId,
    data: { decisionId, verb, reason, where: 'worker' },
  };
  const people: Parameters<ActionStore['tell']>[2] = [];
  for (const { actor, platform, account } of decidersOf(action)) {
    if (platform === 'cli' || account === undefined) continue;
    const noticeId = `${decisionId}-told-${actor.entraId}`;
    const other = (await deps.divert?.(actor.entraId, platform)) ?? null;
    if (other === null) people.push({ noticeId, target: { platform, conversation: account } });
    else people.push({ noticeId, target: other.target, standsInFor: other.forName });
  }
  await deps.store.tell(actionId, event, people);
  if (message.verb === 'reject') return finish(deps, message, null);
  return finish(deps, message, outcome(deps, 'cancelled', `Not carried out: ${reason}`));
}

/** Everybody whose yes counted must still hold the authority; asked afresh, never from a cache. Whoever approved what is now undone said yes to something else. */
async function secondCheck(deps: CarryOutDeps, message: DecisionMessage, action: RemediationAction): Promise<string | null> {
  const barred = deps.policy.barred(message.action);
  if (barred !== null)
    return `the policy keeps this type of action out of chat by now${barred.because === null ? '' : ` (${barred.because})`}.`;
  for (const { actor } of decidersOf(action)) {
    const { entraId, displayName: name } = actor;
    const person = await deps.directory.personById(entraId, { fresh: true });
    if (!person.ok) return `${name} is no longer an enabled member of the directory.`;
    if (!mayDecide(person.value, action, message.verb, deps.settings).allowed)
      return `${name} no longer holds the roles this decision needs.`;
  }
  return null;
}

/** Everybody whose yes counted, or who rejected or undid it; each once. */
function decidersOf({ decision, approvals }: RemediationAction): Decision[] {
  if (decision === null) return [];
  const counted = decision.verb === 'approve' ? approvals.filter(({ actor }) => actor.entraId !== decision.actor.entraId) : [];
  return [...counted, decision];
}

const outcome = (deps: CarryOutDeps, status: Outcome['status'], text: string | null): Outcome => ({
  status,
  at: deps.now().toISOString(),
  message: text,
  externalRef: null,
});

function failureText(error: UpstreamError): string {
  if (error.service === 'directory')
    return 'Not carried out: the directory did not answer, so the authority behind this decision could not be checked.';
  return `The backend refused or did not answer: ${error.message}. Check the action in Defender before it is submitted again.`.slice(
    0,
    1000,
  );
}

/** Goes into the backend's own audit trail; control characters out, at most 500 characters. */
function stampOf(message: DecisionMessage): string {
  const text = `[countersign ${message.decisionId}] ${message.verb} by ${message.actor.upn} via ${message.platform}${message.comment ? `: ${message.comment}` : ''}`;
  return text.replaceAll(/\p{C}/gu, ' ').slice(0, 500);
}

/**
 * Flow: the worker spends a decision. The record is asked again whether this decision stands, the directory whether its people may still
 * decide, and only then is the backend called: with the intent stored before and the result after, so that a redelivered job is recognised.
 */
import { Decision, type Outcome } from './action.ts';
import { continueCancel, followCancel, isOver, recordedCancellation } from './carry-cancel.ts';
import { type Carried, type CarryOutDeps, stampOf } from './carrying.ts';
import { UpstreamError } from './errors.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import type { ActionStore, DecisionMessage, Execution, Progress } from './ports.ts';
import { canonicalJson, scopeDigest } from './scope.ts';

const done: Carried = { kind: 'done' };

/** `lastTry` turns a failing service into an outcome: every approval ends in one. */
export async function carryOut(deps: CarryOutDeps, message: DecisionMessage, lastTry: boolean): Promise<Carried> {
  const action = await deps.store.get(message.actionId);
  const { decision, cancels } = await inRecord(deps, message, action);
  const forged = whyForged(deps, { message, action, decision });
  if (forged !== null || action === null) return { kind: 'forged', reason: forged ?? 'the action is not in the record' };
  const deciders = message.verb === 'cancel' && decision !== null ? [decision] : decidersOf(action);

  const claim = await deps.executions.claim(message.decisionId, message.actionId, deps.holder, deps.now().getTime(), deps.leaseMs);
  if (claim.state === 'busy') return { kind: 'again', afterMs: Math.max(1000, claim.until - deps.now().getTime()) };
  if (claim.execution.state === 'finished') return finish(deps, message, claim.execution.outcome);
  const spent: Spent = { message, action, deciders, execution: claim.execution, first: claim.first };
  try {
    return await (cancels === null ? advance(deps, spent) : stop(deps, spent, cancels));
  } catch (error) {
    return await failed(deps, spent, error, lastTry);
  } finally {
    await deps.executions.release(message.decisionId, deps.holder);
  }
}

/** A decision that is being spent. `first`: nobody worked on it before. */
type Spent = {
  message: DecisionMessage;
  action: RemediationAction;
  deciders: readonly Decision[];
  execution: Execution;
  first: boolean;
};

type InRecord = { decision: Decision | null; cancels: string | null };

/** A cancellation is beside the action's decision, not in its place. */
async function inRecord(deps: CarryOutDeps, message: DecisionMessage, action: RemediationAction | null): Promise<InRecord> {
  if (message.verb !== 'cancel') return { decision: action?.decision ?? null, cancels: null };
  const event = await recordedCancellation(deps, message);
  const cancels = event?.data['cancels'];
  return { decision: Decision.safeParse(event?.data).data ?? null, cancels: typeof cancels === 'string' ? cancels : null };
}

async function failed(deps: CarryOutDeps, { message, deciders }: Spent, error: unknown, lastTry: boolean): Promise<Carried> {
  if (!(error instanceof UpstreamError) || error.service === 'store' || error.service === 'queue') throw error;
  if (error.retryable && !lastTry) throw error;
  if (message.verb === 'cancel') return vetoed(deps, { message, deciders, reason: failureText(error) });
  return finish(deps, message, outcome(deps, 'failed', failureText(error)));
}

async function stop(deps: CarryOutDeps, { message, action, deciders, execution }: Spent, cancels: string): Promise<Carried> {
  const cancellation = { message, action, cancels };
  if (isOver(cancellation)) return finish(deps, message, null);
  const veto = execution.state === 'claimed' ? await secondCheck(deps, message, action, deciders) : null;
  if (veto !== null) return vetoed(deps, { message, deciders, reason: veto });
  return followCancel(
    deps,
    { ...cancellation, execution },
    await continueCancel(deps, cancellation, execution, AbortSignal.timeout(deps.callMs)),
  );
}

type Claimed = { message: DecisionMessage; action: RemediationAction | null; decision: Decision | null };

/** Redis is not the record: a job is spent only if the store holds exactly this decision, about exactly this scope. */
function whyForged(deps: CarryOutDeps, { message, action, decision }: Claimed): string | null {
  if (!action) return 'the action is not in the record';
  if (decision?.decisionId !== message.decisionId) return 'the record holds no such decision';
  if (decision.verb !== message.verb || decision.actor.entraId !== message.actor.entraId) return 'the decision differs from the record';
  const digest = scopeDigest(message.action, action.policyVersion, deps.sha256);
  if (digest !== decision.scopeDigest || message.scopeDigest !== decision.scopeDigest) return 'the scope differs from what was decided';
  if (canonicalJson(message.action.entities) !== canonicalJson(action.entities)) return 'the entities differ from the record';
  return null;
}

async function advance(deps: CarryOutDeps, spent: Spent): Promise<Carried> {
  const { message, action, deciders, execution, first } = spent;
  if (execution.state === 'submitted' && execution.externalRef) {
    if (message.verb === 'reject') return finish(deps, message, null);
    return follow(deps, spent, await deps.backend.progress(execution.externalRef, AbortSignal.timeout(deps.callMs)));
  }
  // A crash may have hidden the backend's answer: what was submitted once is adopted, never submitted again.
  const earlier = first ? null : await deps.backend.find(message.decisionId, AbortSignal.timeout(deps.callMs));
  if (earlier) return started(deps, spent, earlier);
  const veto = await secondCheck(deps, message, action, deciders);
  if (veto !== null) return vetoed(deps, { message, deciders, reason: veto });
  const { decisionId, actionId, verb } = message;
  const command = { decisionId, actionId, verb, action: message.action, stamp: stampOf(message) };
  return started(deps, spent, await deps.backend.submit(command, AbortSignal.timeout(deps.callMs)));
}

async function started(deps: CarryOutDeps, spent: Spent, progress: Progress): Promise<Carried> {
  const { message } = spent;
  await deps.executions.submitted(message.decisionId, progress.externalRef);
  if (message.verb === 'reject') return finish(deps, message, null);
  if (progress.outcome === null) {
    const { decisionId, actionId } = message;
    const { externalRef, message: said = null, portalUrl = null } = progress;
    const running = { ...outcome(deps, 'inProgress', said), externalRef };
    await deps.report({ decisionId, actionId, outcome: portalUrl === null ? running : { ...running, portalUrl } });
  }
  return follow(deps, spent, progress);
}

/** How long it may run counts from when a worker took it up: where none ran for days, what it starts now has only begun. */
async function follow(deps: CarryOutDeps, { message, execution }: Spent, progress: Progress): Promise<Carried> {
  if (progress.outcome) return finish(deps, message, progress.outcome);
  if (deps.now().getTime() - Date.parse(execution.startedAt) < (deps.backend.maxRunMs ?? deps.maxRunMs))
    return { kind: 'again', afterMs: progress.afterMs ?? deps.backend.pollMs };
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

type Veto = { message: DecisionMessage; deciders: readonly Decision[]; reason: string };

/** Whoever decided was told "recorded": they hear that nothing came of it, besides the card and its thread. */
async function vetoed(deps: CarryOutDeps, { message, deciders, reason }: Veto): Promise<Carried> {
  const { actionId, decisionId, verb } = message;
  const event = {
    kind: 'refused' as const,
    at: deps.now().toISOString(),
    actorId: message.actor.entraId,
    data: { decisionId, verb, reason, where: 'worker' },
  };
  const people: Parameters<ActionStore['tell']>[2] = [];
  for (const { actor, platform, account } of deciders) {
    if (platform === 'cli' || account === undefined) continue;
    const noticeId = `${decisionId}-told-${actor.entraId}`;
    const other = (await deps.divert?.(actor.entraId, platform)) ?? null;
    if (other === null) people.push({ noticeId, target: { platform, conversation: account } });
    else people.push({ noticeId, target: other.target, standsInFor: other.forName });
  }
  await deps.store.tell(actionId, event, people);
  if (message.verb === 'reject' || message.verb === 'cancel') return finish(deps, message, null);
  return finish(deps, message, outcome(deps, 'cancelled', `Not carried out: ${reason}`));
}

/** Everybody whose yes counted must still hold the authority; asked afresh, never from a cache. Whoever approved what is now undone said yes to something else. */
async function secondCheck(
  deps: CarryOutDeps,
  message: DecisionMessage,
  action: RemediationAction,
  deciders: readonly Decision[],
): Promise<string | null> {
  const barred = deps.policy.barred(message.action);
  if (barred !== null)
    return `the policy keeps this type of action out of chat by now${barred.because === null ? '' : ` (${barred.because})`}.`;
  for (const { actor } of deciders) {
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

/**
 * Flow: presses on an action that was approved before. `cancel` stops a running one, `retry` has one that came to nothing carried out again. The
 * same questions as for any decision: who, which card, which roles, is it allowed in chat, a fresh sign-in where the asset is protected.
 */
import type { Actor, Decision, Verb } from './action.ts';
import { type CancelBar, type RetryBar, whyNotCancellable, whyNotRetriable } from './again-bars.ts';
import {
  auditRefusal,
  type Click,
  type DecideDeps,
  type Decided,
  decisionMessage,
  decisionOf,
  type Examined,
  intakeOf,
  isRequester,
  notPermitted,
} from './decide.ts';
import { missingProof } from './fresh-sign-in.ts';
import { identify } from './identify.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import type { AuditEvent } from './ports.ts';
import { ok, type Refusal, type Result, refuse } from './refusal.ts';
import { cancelAsked, retried } from './transitions.ts';

export type CancelClick = Omit<Click, 'verb'> & { verb: 'cancel' };
export type RetryClick = Omit<Click, 'verb'> & { verb: 'retry' };

/** A cancellation that has brought nothing after this may be asked for again: its message may have been lost. */
const cancelAgainMs = 60_000;
type Asked = { verb: Verb; whyNot: (action: RemediationAction, actor: Actor) => Promise<Refusal | null> };

async function examine(deps: DecideDeps, click: CancelClick | RetryClick, { verb, whyNot }: Asked): Promise<Result<Examined>> {
  const action = await deps.store.get(click.actionId);
  if (!action) return refuse({ kind: 'not-found' });
  const person = await identify(deps.directory, click.person, action.isProtected);
  if (!person.ok) return refuse(person.refusal);
  const actor = person.value;
  const bar = await whyNot(action, actor);
  if (bar !== null) return refuse(bar);
  if (click.shownDigest !== action.scopeDigest) return refuse({ kind: 'scope-changed', note: null });
  const barred = deps.policy.barred(intakeOf(action));
  if (barred) return refuse({ kind: 'barred', ...barred });
  const permission = mayDecide(actor, action, verb, deps.settings);
  if (!permission.allowed) return refuse(await notPermitted(deps, { verb, action, actor }, permission));
  const unproven = action.isProtected ? await missingProof(deps, actor.entraId) : null;
  return unproven === null ? ok({ action, actor, rolesUsed: permission.rolesUsed }) : refuse(unproven);
}

async function examined(deps: DecideDeps, click: CancelClick | RetryClick, asked: Asked): Promise<Result<Examined>> {
  const result = await examine(deps, click, asked);
  if (!result.ok) await auditRefusal(deps, { ...click, verb: asked.verb }, result.refusal);
  return result;
}

/** The decision that runs stays the action's; the cancellation is one of its own, in the record and on the queue. */
export async function cancel(deps: DecideDeps, click: CancelClick): Promise<Result<Decided>> {
  const whyNot = async (action: RemediationAction, actor: Actor): Promise<Refusal | null> => {
    const bar = whyNotCancellable(action, deps.settings.backend) ?? (await askedAlready(deps, action, actor));
    return bar === null ? null : { kind: 'not-cancellable', bar };
  };
  const checked = await examined(deps, click, { verb: 'cancel', whyNot });
  if (!checked.ok) return checked;
  const { action } = checked.value;
  const decision = decisionOf(deps, click, checked.value);
  const step = cancelAsked(action, decision);
  const event = { ...step.event, data: { ...step.event.data, clickId: click.clickId } };
  const message = decisionMessage(action, decision);
  const stored = await deps.store.apply({ ...step, event, decision: message, note: true });
  // Somebody was faster, or it has just ended: the second look says what.
  if (!stored) return cancel(deps, click);
  deps.poke(message);
  return ok({ action: stored, decision });
}

/** The cancellations of what runs now, as they are in the record. */
function cancellationsOf(action: RemediationAction, history: readonly AuditEvent[]): AuditEvent[] {
  return history.filter(
    ({ kind, data }) => kind === 'decided' && data['verb'] === 'cancel' && data['cancels'] === action.decision?.decisionId,
  );
}

async function askedAlready(deps: DecideDeps, action: RemediationAction, actor: Actor): Promise<CancelBar | null> {
  const last = cancellationsOf(action, await deps.store.history(action.id)).at(-1);
  if (last === undefined || deps.now().getTime() - Date.parse(last.at) > cancelAgainMs) return null;
  const by = (last.data['actor'] as Decision['actor'] | undefined)?.displayName ?? '';
  return { reason: 'asked', by, at: last.at, byYou: last.actorId === actor.entraId };
}

/** A new decision of the same verb. Earlier approvals go on counting: they were about exactly this. */
export async function retry(deps: DecideDeps, click: RetryClick): Promise<Result<Decided>> {
  const whyNot = async (action: RemediationAction, actor: Actor): Promise<Refusal | null> => {
    const bar = whyNotRetriable(action, { backend: deps.settings.backend, now: deps.now() }) ?? peopleMissing(deps, action, actor);
    if (bar !== null) return { kind: 'not-retriable', bar };
    return action.needed > 1 && isRequester(action, actor) ? { kind: 'own-request', needed: action.needed } : null;
  };
  const checked = await examined(deps, click, { verb: 'approve', whyNot });
  if (!checked.ok) return checked;
  const { action } = checked.value;
  const comment = click.comment ?? ownReason(action, checked.value.actor);
  const decision = decisionOf(deps, { ...click, verb: 'approve', comment }, checked.value);
  const step = retried(action, decision);
  const event = { ...step.event, data: { ...step.event.data, clickId: click.clickId } };
  const message = decisionMessage(action, decision);
  const stored = await deps.store.apply({ ...step, event, decision: message, note: true });
  if (!stored) return retry(deps, click);
  deps.poke(message);
  return ok({ action: stored, decision });
}

/**
 * Whoever gave a reason before need not give it again. Nobody is recorded with the words of somebody else: theirs stay with their own approval,
 * which goes on counting and so also answers a rule that asks for a reason.
 */
function ownReason({ approvals, decision }: RemediationAction, { entraId }: Actor): string | null {
  const given = [decision, ...approvals].find((one) => one?.actor.entraId === entraId && one.comment !== null);
  return given?.comment ?? null;
}

/** By the rules as they are now. */
function peopleMissing({ policy }: DecideDeps, action: RemediationAction, { entraId }: Actor): RetryBar | null {
  const shape = intakeOf(action);
  const needed = Math.max(policy.approvalsNeeded(shape), policy.isProtected(shape) ? 2 : 1);
  const people = new Set([...action.approvals.map(({ actor }) => actor.entraId), entraId]);
  return people.size < needed ? { reason: 'more-people', needed } : null;
}

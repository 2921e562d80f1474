/**
 * Flow: a click becomes a decision. Who is this, does the card still show the truth, may this person decide, and was nobody faster.
 * The decision, its audit event and its queue message are stored in one transaction; only then is the clicker answered.
 */
import type { ActionId, Actor, Decision, EntraId, Platform, Role, Verb } from './action.ts';
import { type BackendName, mayCarryOut } from './catalogue.ts';
import { UpstreamError } from './errors.ts';
import { missingProof } from './fresh-sign-in.ts';
import { type AskingPerson, identify } from './identify.ts';
import { isOpen, type NormalisedIntake, type RemediationAction } from './intake.ts';
import { mayDecide, mayViewHistory, type Permission } from './permissions.ts';
import type { ActionStore, Clock, DecisionMessage, Directory, Policy, SignIns } from './ports.ts';
import { isAboutAuthority, ok, type PersonRefusal, type Refusal, type Result, refuse } from './refusal.ts';
import { type Sha256, scopeDigest } from './scope.ts';
import { decided, rescoped } from './transitions.ts';

export type DecidingDirectory = Directory & {
  /** Which of these roles the person could activate right now. Asked only to make a refusal more helpful; throws UpstreamError without an answer. */
  eligibleFor?(entraId: EntraId, roles: readonly Role[]): Promise<Role[]>;
};

export type DecideDeps = {
  store: ActionStore;
  directory: DecidingDirectory;
  policy: Policy;
  /** Null: nobody can be asked to sign in anew. */
  signIns: SignIns | null;
  settings: { globalAdministratorMayDecide: boolean; backend: BackendName };
  now: Clock;
  sha256: Sha256;
  newDecisionId: () => string;
  /** For whom this person was reminded of this action, standing in for them. It says why they decided, and gives them nothing. */
  standsInFor?: (entraId: EntraId, actionId: ActionId) => Promise<EntraId | null>;
  /** Names of people who may do this, for somebody who may read them. Never rejects and never takes long. */
  whoElseMay: (action: Pick<RemediationAction, 'type' | 'entities'>, verb: Verb, asker: EntraId) => Promise<string[]>;
  /** Called after the commit: cards are out of date and, with a message, a decision is in the outbox. */
  poke: (message?: DecisionMessage) => void;
};

export type Click = {
  actionId: ActionId;
  verb: 'approve' | 'reject';
  /** The chat account that pressed, e.g. `slack:T01/U02`: evidence when nobody stands behind it. */
  by: string;
  /** The same account as its platform names it, where the person can be told something in private. */
  account: string | null;
  person: AskingPerson;
  platform: Platform;
  comment: string | null;
  /** The digest the pressed card carried. */
  shownDigest: string;
  /** Names the signed request in the audit record. */
  clickId: string;
};

export type Decided = { action: RemediationAction; decision: Decision };

export type Examined = { action: RemediationAction; actor: Actor; rolesUsed: Decision['actor']['rolesUsed'] };

/** Everything but the write: would this click be a decision? Used before a dialog is opened, so that nobody types a reason in vain. */
export async function checkClick(deps: DecideDeps, click: Click): Promise<Result<Examined>> {
  const examined = await examine(deps, click);
  if (!examined.ok) await auditRefusal(deps, click, examined.refusal);
  return examined;
}

async function examine(deps: DecideDeps, click: Click): Promise<Result<Examined>> {
  const action = await deps.store.get(click.actionId);
  if (!action) return refuse({ kind: 'not-found' });
  const person = await identify(deps.directory, click.person, action.isProtected);
  if (!person.ok) return refuse(await unidentified(deps, click, person.refusal));
  const standing = await standingRefusal(deps, action, click, person.value);
  if (standing) return refuse(standing);
  const permission = mayDecide(person.value, action, click.verb, deps.settings);
  if (!permission.allowed) {
    const verb = click.verb;
    return refuse(await notPermitted(deps, { verb, action, actor: person.value }, permission));
  }
  // Last of all: whoever may not decide is not sent to sign in.
  const unproven = action.isProtected ? await missingProof(deps, person.value.entraId) : null;
  return unproven === null ? ok({ action, actor: person.value, rolesUsed: permission.rolesUsed }) : refuse(unproven);
}

type Denied = Extract<Permission, { allowed: false }>;
type Asked = { verb: Verb; action: Pick<RemediationAction, 'type' | 'entities'>; actor: Actor };

export async function notPermitted(
  deps: Pick<DecideDeps, 'directory' | 'whoElseMay'>,
  { verb, action, actor }: Asked,
  { missing, deviceGroup }: Denied,
): Promise<Refusal> {
  const { entraId: actorId, upn } = actor;
  const eligible = deviceGroup === undefined ? await eligibleFor(deps.directory, actorId, missing) : null;
  // Whoever may not read is not told who works here.
  const deciders = eligible === null && mayViewHistory(actor) ? await deps.whoElseMay(action, verb, actorId) : [];
  const more = { ...(deviceGroup === undefined ? {} : { deviceGroup }), ...(eligible === null ? {} : { eligible }) };
  return { kind: 'not-permitted', actorId, upn, verb, missing, ...more, ...(deciders.length > 0 ? { deciders } : {}) };
}

/** What the person would have to activate for this press to count; null when that would not be enough, or nobody can say. */
async function eligibleFor(directory: DecidingDirectory, person: EntraId, missing: readonly Role[][]): Promise<Role[] | null> {
  try {
    const eligible = (await directory.eligibleFor?.(person, [...new Set(missing.flat())])) ?? [];
    return missing.find((combination) => combination.length > 0 && combination.every((role) => eligible.includes(role))) ?? null;
  } catch (error) {
    // The refusal stands without this.
    if (error instanceof UpstreamError) return null;
    throw error;
  }
}

/** While nobody could say who this is, the action may have been decided: that is on the card for all to see, and the better answer. */
async function unidentified(deps: DecideDeps, click: Click, refusal: PersonRefusal): Promise<Refusal> {
  if (refusal.kind !== 'identity-unavailable') return refusal;
  const action = await deps.store.get(click.actionId);
  if (!action?.decision || isOpen(action)) return refusal;
  return { kind: 'already-decided', status: action.status, decision: action.decision, byYou: false, repeated: false };
}

/** Refusals that have nothing to do with roles: decided already, too late, changed since shown, no API behind it. */
async function standingRefusal(deps: DecideDeps, action: RemediationAction, click: Click, actor: Actor): Promise<Refusal | null> {
  if (action.status === 'expired' || (isOpen(action) && action.expiresAt <= deps.now().toISOString())) {
    return { kind: 'expired', expiresAt: action.expiresAt };
  }
  if (!isOpen(action)) return alreadyDecided(action, click, actor);
  if (!mayCarryOut(action, deps.settings.backend)) return { kind: 'decide-in-defender' };
  const current = scopeDigest(action, deps.policy.version, deps.sha256);
  const note = current === action.scopeDigest ? null : await rescope(deps, action, current);
  const barred = deps.policy.barred(intakeOf(action));
  if (barred) return { kind: 'barred', ...barred };
  if (note !== null) return { kind: 'scope-changed', note };
  if (click.shownDigest !== current) return { kind: 'scope-changed', note: action.scopeNote };
  if (click.verb === 'approve' && action.needed > 1 && isRequester(action, actor)) return { kind: 'own-request', needed: action.needed };
  const mine = action.approvals.find((approval) => approval.actor.entraId === actor.entraId);
  if (click.verb === 'approve' && mine) return { kind: 'second-approver-needed', approvals: action.approvals, needed: action.needed };
  return null;
}

/** By the name the producer gave; without one nobody can be told to be the requester. */
export const isRequester = ({ requestedBy }: RemediationAction, { upn }: Actor): boolean =>
  requestedBy.upn !== undefined && requestedBy.upn.toLowerCase() === upn.toLowerCase();

async function rescope(deps: DecideDeps, action: RemediationAction, digest: string): Promise<string> {
  const shape = intakeOf(action);
  const isProtected = deps.policy.isProtected(shape);
  const needed = Math.max(deps.policy.approvalsNeeded(shape), isProtected ? 2 : 1);
  const note =
    needed === action.needed
      ? 'The approval policy changed since this card was first shown.'
      : `The approval policy changed since this card was first shown: approvals needed ${action.needed} → ${needed}.`;
  const change = rescoped(
    action,
    { scopeDigest: digest, policyVersion: deps.policy.version, needed, isProtected },
    note,
    deps.now().toISOString(),
  );
  if (change && (await deps.store.apply(change))) deps.poke();
  return note;
}

function alreadyDecided(action: RemediationAction, click: Click, actor: Actor): Refusal {
  const byYou = action.decision?.actor.entraId === actor.entraId;
  const repeated = byYou && action.decision?.verb === click.verb;
  return { kind: 'already-decided', status: action.status, decision: action.decision, byYou, repeated };
}

/** The action as its producer would submit it today, with the producer's id. */
export function intakeOf(action: RemediationAction): NormalisedIntake {
  const { key, producer, type, source, severity, title, details, asset, entities, parameters } = action;
  const { investigationId, incidentId, alertId, requestedBy, requestedAt, expiresAt, revision } = action;
  const optional = { details, asset, investigationId, incidentId, alertId, revision };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<NormalisedIntake>;
  return { id: key, producer, type, source, severity, title, entities, parameters, requestedBy, requestedAt, expiresAt, ...present };
}

export function decisionMessage(action: RemediationAction, decision: Decision): DecisionMessage {
  const { entraId, upn, rolesUsed } = decision.actor;
  const { decisionId, verb, platform, comment, decidedAt } = decision;
  return {
    version: 1,
    decisionId,
    actionId: action.id,
    verb,
    actor: { entraId, upn, rolesUsed },
    platform,
    comment,
    decidedAt,
    scopeDigest: decision.scopeDigest,
    action: intakeOf(action),
  };
}

/** What is stored of a click that counts, whatever its verb. */
export function decisionOf(
  deps: Pick<DecideDeps, 'newDecisionId' | 'now'>,
  { verb, platform, account, comment }: Pick<Click, 'platform' | 'account' | 'comment'> & { verb: Verb },
  { action, actor, rolesUsed }: Examined,
): Decision {
  const { entraId, upn, displayName } = actor;
  return {
    decisionId: deps.newDecisionId(),
    verb,
    actor: { entraId, upn, displayName, rolesUsed },
    platform,
    ...(account === null ? {} : { account }),
    comment: comment?.trim() || null,
    decidedAt: deps.now().toISOString(),
    scopeDigest: action.scopeDigest,
  };
}

export async function decide(deps: DecideDeps, click: Click): Promise<Result<Decided>> {
  const isSilent = !click.comment?.trim();
  if (click.verb === 'reject' && isSilent) return refuse({ kind: 'comment-needed', verb: 'reject' });
  const checked = await checkClick(deps, click);
  if (!checked.ok) return checked;
  if (isSilent && deps.policy.reasonNeeded(intakeOf(checked.value.action), click.verb))
    return refuse({ kind: 'comment-needed', verb: click.verb });
  const { action, actor } = checked.value;
  const decision = decisionOf(deps, click, checked.value);
  const { final, ...step } = decided(action, decision);
  const standsInFor = (await deps.standsInFor?.(actor.entraId, action.id)) ?? null;
  const capacity = standsInFor === null ? {} : { standsInFor };
  const event = { ...step.event, data: { ...step.event.data, clickId: click.clickId, ...capacity } };
  const message = final ? { decision: decisionMessage(action, decision) } : {};
  const stored = await deps.store.apply({ ...step, event, ...message });
  if (!stored) return lostRace(deps, click, actor);
  deps.poke(message.decision);
  return ok({ action: stored, decision });
}

/** Somebody was faster between our read and our write. Say who; a second approval that only met the first one is tried again. */
async function lostRace(deps: DecideDeps, click: Click, actor: Actor): Promise<Result<Decided>> {
  const action = await deps.store.get(click.actionId);
  if (!action) return refuse({ kind: 'not-found' });
  if (!isOpen(action)) return refuse(alreadyDecided(action, click, actor));
  // Open still: another approval or a new scope came in between. One person can lose at most once per other person, so this ends.
  return decide(deps, click);
}

export async function auditRefusal(
  deps: Pick<DecideDeps, 'store' | 'now'>,
  click: Pick<Click, 'by' | 'platform' | 'clickId'> & { verb: Verb; actionId: ActionId | null },
  refusal: Refusal,
): Promise<void> {
  if (!isAboutAuthority(refusal)) return;
  await deps.store.note(click.actionId, {
    kind: 'refused',
    at: deps.now().toISOString(),
    actorId: refusal.kind === 'not-permitted' ? refusal.actorId : null,
    data: {
      refusal: refusal.kind,
      by: click.by,
      ...(refusal.kind === 'not-permitted' ? { upn: refusal.upn } : {}),
      verb: click.verb,
      platform: click.platform,
      clickId: click.clickId,
    },
  });
}

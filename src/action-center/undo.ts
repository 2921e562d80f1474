/**
 * Flow: a completed action is taken back. The same questions as for any decision (who, which card, which roles, nobody faster), and whether it can
 * be undone at all. The undo is a decision of its own; the approval it takes back stays in the record and on the card.
 */
import type { ActionType, Actor } from './action.ts';
import { catalogue } from './catalogue.ts';
import {
  auditRefusal,
  type Click,
  type DecideDeps,
  type Decided,
  decisionMessage,
  decisionOf,
  type Examined,
  intakeOf,
  notPermitted,
} from './decide.ts';
import { missingProof } from './fresh-sign-in.ts';
import { identify } from './identify.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import { ok, type Refusal, type Result, refuse } from './refusal.ts';
import { undoAsked } from './transitions.ts';
import { carriedOutAt, reversalAmong, type UndoBar, whyNotUndoable } from './undoable.ts';

/** What the record knows about actions that belong together. Throws UpstreamError{service:'store'} without an answer. */
export interface UndoStore {
  /** Completed actions of this type since then that share an entity with this action, newest first. */
  reversals(action: RemediationAction, type: ActionType, since: string): Promise<RemediationAction[]>;
  /** Other completed quarantines of the same file that were not undone, oldest first. */
  sameFile(action: RemediationAction, limit: number): Promise<RemediationAction[]>;
}

export type UndoDeps = DecideDeps & { undoing: UndoStore };
export type UndoClick = Omit<Click, 'verb'> & { verb: 'undo' };

/** Everything but the write: would this click undo it? */
export async function checkUndo(deps: UndoDeps, click: UndoClick): Promise<Result<Examined>> {
  const examined = await examine(deps, click);
  if (!examined.ok) await auditRefusal(deps, click, examined.refusal);
  return examined;
}

export async function undo(deps: UndoDeps, click: UndoClick): Promise<Result<Decided>> {
  const examined = await checkUndo(deps, click);
  if (!examined.ok) return examined;
  const { action } = examined.value;
  if (!click.comment?.trim() && deps.policy.reasonNeeded(intakeOf(action), 'undo')) return refuse({ kind: 'comment-needed', verb: 'undo' });
  const decision = decisionOf(deps, click, examined.value);
  const step = undoAsked(action, decision);
  const event = { ...step.event, data: { ...step.event.data, clickId: click.clickId } };
  const message = decisionMessage(action, decision);
  const stored = await deps.store.apply({ ...step, event, decision: message });
  // Somebody was faster: the second look says who.
  if (!stored) return undo(deps, click);
  deps.poke(message);
  return ok({ action: stored, decision });
}

async function examine(deps: UndoDeps, click: UndoClick): Promise<Result<Examined>> {
  const action = await deps.store.get(click.actionId);
  if (!action) return refuse({ kind: 'not-found' });
  const person = await identify(deps.directory, click.person, action.isProtected);
  if (!person.ok) return refuse(person.refusal);
  const actor = person.value;
  const bar = await undoBar(deps, action);
  if (bar !== null || action.status !== 'completed')
    return refuse(notUndoable(bar ?? { reason: 'not-completed', status: action.status }, actor));
  if (click.shownDigest !== action.scopeDigest) return refuse({ kind: 'scope-changed', note: null });
  const barred = deps.policy.barred(intakeOf(action));
  if (barred) return refuse({ kind: 'barred', ...barred });
  const permission = mayDecide(actor, action, 'undo', deps.settings);
  if (!permission.allowed) return refuse(await notPermitted(deps, { verb: 'undo', action, actor }, permission));
  const unproven = action.isProtected ? await missingProof(deps, actor.entraId) : null;
  return unproven === null ? ok({ action, actor, rolesUsed: permission.rolesUsed }) : refuse(unproven);
}

/** Why this action cannot be undone, also by what happened after it; null when it can. */
export async function undoBar(deps: Pick<UndoDeps, 'undoing' | 'settings' | 'now'>, action: RemediationAction): Promise<UndoBar | null> {
  const bar = whyNotUndoable(action, { backend: deps.settings.backend, now: deps.now() });
  const { undoType } = catalogue[action.type];
  if (bar !== null || undoType === null || action.status !== 'completed') return bar;
  const newer = await deps.undoing.reversals(action, undoType, carriedOutAt(action));
  const reversal = reversalAmong(action, newer);
  return reversal === null
    ? null
    : { reason: 'reversed', by: reversal.id, type: reversal.type, at: reversal.outcome?.at ?? reversal.updatedAt };
}

export function notUndoable(bar: UndoBar, actor: Pick<Actor, 'entraId'>): Refusal {
  return { kind: 'not-undoable', bar, byYou: 'decision' in bar && bar.decision.actor.entraId === actor.entraId };
}

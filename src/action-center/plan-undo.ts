/** Flow: what would be undone, shown before anything is. Nothing is changed by asking; what is shown is kept as a draft for the confirmation. */
import { ActionId, type Actor } from './action.ts';
import { type Asker, batchMost, type DraftDeps, draftBatch } from './batch.ts';
import { catalogue } from './catalogue.ts';
import { auditRefusal, intakeOf, notPermitted } from './decide.ts';
import { identify } from './identify.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide, mayViewHistory } from './permissions.ts';
import { ok, type Refusal, type Result, refuse } from './refusal.ts';
import { notUndoable, type UndoDeps, undoBar } from './undo.ts';
import { carriedOutAt, reversalAmong, whyNotUndoable } from './undoable.ts';

export type PlanDeps = UndoDeps & DraftDeps;
/** An action that was asked for and stays as it is. */
export type LeftOut = { id: string; action: RemediationAction | null; refusal: Refusal };

export type UndoPlan = {
  actions: [RemediationAction, ...RemediationAction[]];
  leftOut: LeftOut[];
  /** Undoes `actions` when it is confirmed; null for a single one, which is undone like from its card. */
  batchId: string | null;
  /** Of one quarantined file: the other completed quarantines of it, and the batch that undoes all of them together. */
  more: { actions: RemediationAction[]; batchId: string } | null;
};

export async function planUndo(deps: PlanDeps, ids: readonly string[], asker: Asker): Promise<Result<UndoPlan>> {
  const wanted = [...new Set(ids)];
  if (wanted.length > batchMost) return refuse({ kind: 'too-many', most: batchMost });
  const person = await identify(deps.directory, asker.person, false);
  if (!person.ok) return refused(deps, asker, wanted, person.refusal);
  const actor = person.value;
  const known = await deps.store.getMany(wanted.flatMap((id) => ActionId.safeParse(id).data ?? []));
  const byId = new Map<string, RemediationAction>(known.map((action) => [action.id, action]));
  const looked = await Promise.all(wanted.map((id) => examine(deps, actor, id, byId.get(id) ?? null)));
  const [first, ...rest] = looked.flatMap(({ action, refusal }) => (action !== null && refusal === null ? [action] : []));
  const leftOut = looked.flatMap(({ id, action, refusal }) => (refusal === null ? [] : [{ id, action, refusal }]));
  const types = [...new Set(looked.flatMap(({ action }) => (action === null ? [] : [action.type])))];
  if (types.length > 1) return refuse({ kind: 'mixed-action-types', types });
  if (first === undefined) return refused(deps, asker, wanted, leftOut[0]?.refusal ?? { kind: 'not-found' });
  const actions: UndoPlan['actions'] = [first, ...rest];
  const batchId = rest.length === 0 ? null : await draftBatch(deps, { actor, asker, verb: 'undo', actions });
  return ok({ actions, leftOut, batchId, more: rest.length === 0 ? await planMore(deps, actor, asker, first) : null });
}

type Looked = { id: string; action: RemediationAction | null; refusal: Refusal | null };

async function examine(deps: PlanDeps, actor: Actor, id: string, action: RemediationAction | null): Promise<Looked> {
  if (action === null) return { id, action, refusal: { kind: 'not-found' } };
  const permission = mayDecide(actor, action, 'undo', deps.settings);
  const isReader = mayViewHistory(actor) || mayDecide(actor, action, 'approve', deps.settings).allowed;
  // Who may not read does not even learn that it exists.
  if (!permission.allowed && !isReader) return { id, action: null, refusal: { kind: 'not-found' } };
  const bar = await undoBar(deps, action);
  if (bar !== null) return { id, action, refusal: notUndoable(bar, actor) };
  const barred = deps.policy.barred(intakeOf(action));
  if (barred !== null) return { id, action, refusal: { kind: 'barred', ...barred } };
  return { id, action, refusal: permission.allowed ? null : await notPermitted(deps, { verb: 'undo', action, actor }, permission) };
}

async function planMore(deps: PlanDeps, actor: Actor, asker: Asker, action: RemediationAction): Promise<UndoPlan['more']> {
  const { undoType } = catalogue[action.type];
  if (action.type !== 'stopAndQuarantineFile' || undoType === null) return null;
  const others = (await deps.undoing.sameFile(action, batchMost - 1)).filter((other) => isOpenTo(deps, actor, other));
  const since = others.map(carriedOutAt).sort()[0];
  if (since === undefined) return null;
  const released = await deps.undoing.reversals(action, undoType, since);
  const actions = others.filter((other) => {
    const newer = released.filter((release) => carriedOutAt(release) > carriedOutAt(other));
    return reversalAmong(other, newer) === null;
  });
  if (actions.length === 0) return null;
  return { actions, batchId: await draftBatch(deps, { actor, asker, verb: 'undo', actions: [action, ...actions] }) };
}

const isOpenTo = (deps: PlanDeps, actor: Actor, action: RemediationAction): boolean =>
  whyNotUndoable(action, { backend: deps.settings.backend, now: deps.now() }) === null &&
  deps.policy.barred(intakeOf(action)) === null &&
  mayDecide(actor, action, 'undo', deps.settings).allowed;

async function refused(deps: PlanDeps, asker: Asker, [id]: readonly string[], refusal: Refusal): Promise<Result<UndoPlan>> {
  const { by, platform, clickId } = asker;
  await auditRefusal(deps, { by, platform, clickId, verb: 'undo', actionId: ActionId.safeParse(id).data ?? null }, refusal);
  return refuse(refusal);
}

/**
 * Flow: a group's card is pressed. What was on that card is listed, or shown with its blast radius for the confirmation; what joined later is not
 * decided by this press. The decisions themselves are a batch like any other, each with its own check.
 */
import type { ActionType, Severity } from './action.ts';
import { type Asker, draftBatch } from './batch.ts';
import { type BulkDeps, type BulkPlan, blastRadius, bulkMost, isOpenTo, refusedBulk, whyNotBulk } from './bulk.ts';
import { mayBeCarriedOut } from './catalogue.ts';
import { type GroupStore, groupMost, type Members, type OpenKind } from './group.ts';
import { identify } from './identify.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import { ok, type Result, refuse } from './refusal.ts';

export type GroupDeps = BulkDeps & { groups: Pick<GroupStore, 'openKinds' | 'members'> };
/** What a press on a group's card is bound to. Comes back as data; it carries no authority. */
export type GroupPress = { groupId: string; version: number };
export type MemberChoice = GroupPress & { type: ActionType; severity: Severity | null };
export type GroupList = { type: ActionType; actions: RemediationAction[]; total: number };

/** What is open in the group that this person could decide, by type and severity. */
export async function reviewGroup(deps: GroupDeps, { groupId, version }: GroupPress, asker: Asker): Promise<Result<OpenKind[]>> {
  const person = await identify(deps.directory, asker.person, false);
  if (!person.ok) return refusedBulk(deps, asker, person.refusal);
  const kinds = await deps.groups.openKinds(groupId, version);
  const possible = kinds.filter(({ type }) => mayBeCarriedOut(type, deps.settings.backend));
  // Device groups are looked at one by one later; here it is the roles that count.
  const anywhere = { ...person.value, deviceGroups: ['*'] };
  const mine = possible.filter(({ type }) => mayDecide(anywhere, { type, entities: [] }, 'approve', deps.settings).allowed);
  const [first] = possible;
  if (mine.length > 0) return ok(mine);
  if (first === undefined) return refuse({ kind: 'nothing-to-confirm', why: 'too-late' });
  return refusedBulk(deps, asker, await whyNotBulk(deps, anywhere, { type: first.type, entities: [] }));
}

/** Some members, to choose from: as many as a list holds. */
export async function listGroup(deps: GroupDeps, choice: MemberChoice, asker: Asker): Promise<Result<GroupList>> {
  const found = await openTo(deps, choice, asker);
  return found.ok ? ok({ type: choice.type, actions: found.value.mine.slice(0, bulkMost), total: found.value.total }) : found;
}

/** All members of one type, for the confirmation. */
export async function planGroup(deps: GroupDeps, choice: GroupPress & { type: ActionType }, asker: Asker): Promise<Result<BulkPlan>> {
  const found = await openTo(deps, { ...choice, severity: null }, asker);
  if (!found.ok) return found;
  const { mine, actions, total, later, person } = found.value;
  const [first, ...rest] = mine;
  if (first === undefined) return refuse({ kind: 'nothing-to-confirm', why: 'too-late' });
  const batchId = await draftBatch(deps, { actor: person, asker, verb: null, actions: [first, ...rest] });
  const leftOut = { notYours: actions.length - mine.length, later, beyond: total - actions.length };
  return ok({ batchId, type: choice.type, actions: mine, radius: blastRadius(mine), leftOut });
}

type Found = Members & { mine: RemediationAction[]; person: Parameters<typeof isOpenTo>[1] };

/** All members are looked at: those with the nearest deadlines may be the very ones that are not this person's. */
async function openTo(deps: GroupDeps, choice: MemberChoice, asker: Asker): Promise<Result<Found>> {
  const person = await identify(deps.directory, asker.person, false);
  if (!person.ok) return refusedBulk(deps, asker, person.refusal);
  const members = await deps.groups.members({ ...choice, limit: groupMost });
  const [first] = members.actions;
  if (first === undefined) return refuse({ kind: 'nothing-to-confirm', why: 'too-late' });
  const mine = mayBeCarriedOut(choice.type, deps.settings.backend)
    ? members.actions.filter((action) => isOpenTo(deps, person.value, action))
    : [];
  if (mine.length === 0) return refusedBulk(deps, asker, await whyNotBulk(deps, person.value, first));
  return ok({ ...members, mine, person: person.value });
}

/** Flow: several open actions of one type are chosen, their blast radius is shown, and one confirmation approves or rejects them all. */
import { ActionId, type ActionType, type Actor, type Platform } from './action.ts';
import { type Asker, type DraftDeps, draftBatch } from './batch.ts';
import { catalogue, mayBeCarriedOut } from './catalogue.ts';
import { auditRefusal, type DecideDeps, intakeOf, notPermitted } from './decide.ts';
import type { Entity } from './entity.ts';
import { identify } from './identify.ts';
import { isOpen, type RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import { ok, type Refusal, type Result, refuse } from './refusal.ts';

/** As many as a list on either platform holds. */
export const bulkMost = 100;
/** So many are looked through for them: those with the nearest deadlines may be the very ones that are not this person's. */
const lookedThrough = 1000;

export type Where = { platform: Platform; conversation: string };

export interface OpenActions {
  /** How many actions of each type are open in this conversation, most first. */
  types(where: Where): Promise<{ type: ActionType; count: number }[]>;
  /** Nearest deadline first. */
  ofType(where: Where, type: ActionType, limit: number): Promise<RemediationAction[]>;
}

export type BulkDeps = Pick<DecideDeps, 'store' | 'directory' | 'settings' | 'policy' | 'whoElseMay'> & DraftDeps & { open: OpenActions };

export type OpenType = { type: ActionType; count: number };

/** What this person could decide here, by type. */
export async function bulkTypes(deps: BulkDeps, asker: Asker): Promise<Result<OpenType[]>> {
  const person = await identify(deps.directory, asker.person, false);
  if (!person.ok) return refusedBulk(deps, asker, person.refusal);
  const types = asker.conversation === null ? [] : await deps.open.types({ platform: asker.platform, conversation: asker.conversation });
  const possible = types.filter(({ type }) => mayBeCarriedOut(type, deps.settings.backend));
  // Device groups are looked at one by one later; here it is the roles that count.
  const mine = possible.filter(
    ({ type }) => mayDecide({ ...person.value, deviceGroups: ['*'] }, { type, entities: [] }, 'approve', deps.settings).allowed,
  );
  const [first] = possible;
  if (mine.length > 0 || first === undefined) return ok(mine);
  return refusedBulk(deps, asker, await whyNotBulk(deps, { ...person.value, deviceGroups: ['*'] }, { type: first.type, entities: [] }));
}

/** The open actions of one type that this person may choose from. */
export async function bulkChoices(deps: BulkDeps, type: ActionType, asker: Asker): Promise<Result<RemediationAction[]>> {
  const person = await identify(deps.directory, asker.person, false);
  if (!person.ok) return refusedBulk(deps, asker, person.refusal);
  const actions =
    asker.conversation === null
      ? []
      : await deps.open.ofType({ platform: asker.platform, conversation: asker.conversation }, type, lookedThrough);
  const mine = actions.filter((action) => isOpenTo(deps, person.value, action)).slice(0, bulkMost);
  const [first] = actions;
  if (mine.length > 0 || first === undefined) return ok(mine);
  return refusedBulk(deps, asker, await whyNotBulk(deps, person.value, first));
}

export const isOpenTo = (deps: BulkDeps, actor: Actor, action: RemediationAction): boolean =>
  mayDecide(actor, action, 'approve', deps.settings).allowed && deps.policy.barred(intakeOf(action)) === null;

/** Approving and rejecting take the same roles, so a list that is refused is refused for both. */
export async function refusedBulk(
  deps: BulkDeps,
  { by, platform, clickId }: Asker,
  refusal: Refusal,
): Promise<{ ok: false; refusal: Refusal }> {
  await auditRefusal(deps, { actionId: null, by, platform, clickId, verb: 'approve' }, refusal);
  return refuse(refusal);
}

export async function whyNotBulk(deps: BulkDeps, actor: Actor, action: Pick<RemediationAction, 'type' | 'entities'>): Promise<Refusal> {
  const permission = mayDecide(actor, action, 'approve', deps.settings);
  // With the roles all of them are kept out of chat by the policy.
  return permission.allowed ? { kind: 'decide-in-defender' } : notPermitted(deps, { verb: 'approve', action, actor }, permission);
}

/** `leftOut`: of a group, those that are not among the actions. */
export type BulkPlan = { batchId: string; type: ActionType; actions: RemediationAction[]; radius: BlastRadius; leftOut?: LeftOutOfGroup };
/** `notYours`: open, but not for this person. `later`: joined after the card was drawn that was pressed. `beyond`: more than are taken at once. */
export type LeftOutOfGroup = { notYours: number; later: number; beyond: number };

/** Keeps what was chosen, as it stands now, for the confirmation. What is decided already drops out. */
export async function planBulk(deps: BulkDeps, ids: readonly string[], asker: Asker): Promise<Result<BulkPlan>> {
  if (ids.length > bulkMost) return refuse({ kind: 'too-many', most: bulkMost });
  const person = await identify(deps.directory, asker.person, false);
  if (!person.ok) return refusedBulk(deps, asker, person.refusal);
  const known = [...new Set(ids)].flatMap((id) => ActionId.safeParse(id).data ?? []);
  const found = await deps.store.getMany(known);
  const types = [...new Set(found.map(({ type }) => type))];
  if (types.length > 1) return refuse({ kind: 'mixed-action-types', types });
  const open = found.filter(isOpen).filter((action) => isOpenTo(deps, person.value, action));
  const [first, ...rest] = open;
  if (first === undefined) return refuse({ kind: 'nothing-to-confirm', why: 'too-late' });
  const batchId = await draftBatch(deps, { actor: person.value, asker, verb: null, actions: [first, ...rest] });
  return ok({ batchId, type: first.type, actions: [first, ...rest], radius: blastRadius([first, ...rest]) });
}

export type RadiusKind = 'devices' | 'mailboxes' | 'users' | 'files' | 'emails' | 'addresses' | 'others';
export type BlastRadius = { kinds: { kind: RadiusKind; count: number }[]; irreversible: RemediationAction[] };

/** What is hit when all of them are carried out; the same device in two actions is one device. */
export function blastRadius(actions: readonly RemediationAction[]): BlastRadius {
  const hit = new Map<RadiusKind, Set<string>>();
  let uncounted = 0;
  const add = (kind: RadiusKind, name: string | undefined) => {
    if (name === undefined) return;
    const names = hit.get(kind) ?? new Set();
    hit.set(kind, names.add(name.toLowerCase()));
  };
  for (const entity of actions.flatMap(({ entities }) => entities)) {
    for (const [kind, name] of namesOf(entity)) add(kind, name);
    if (entity.type === 'emailCluster') uncounted += Math.max(0, (entity.count ?? 0) - new Set(entity.networkMessageIds).size);
  }
  const order: RadiusKind[] = ['devices', 'mailboxes', 'users', 'files', 'emails', 'addresses', 'others'];
  const kinds = order.map((kind) => ({ kind, count: (hit.get(kind)?.size ?? 0) + (kind === 'emails' ? uncounted : 0) }));
  return { kinds: kinds.filter(({ count }) => count > 0), irreversible: actions.filter(({ type }) => !catalogue[type].reversible) };
}

/** The device's id where it is told: one device must not count as two because it has a name as well. */
function namesOf(entity: Entity): [RadiusKind, string | undefined][] {
  switch (entity.type) {
    case 'device':
      return [['devices', entity.name ?? entity.deviceId]];
    case 'mailbox':
      return [['mailboxes', entity.address]];
    case 'user':
      return [['users', entity.upn ?? entity.entraId]];
    case 'file':
      return [['files', entity.sha256 ?? entity.sha1]];
    case 'email':
      return [
        ['emails', `${entity.networkMessageId} ${entity.recipient}`],
        ['mailboxes', entity.recipient],
      ];
    case 'emailCluster':
      return entity.networkMessageIds.map((id): [RadiusKind, string] => ['emails', id]);
    case 'url':
      return [['addresses', entity.url]];
    case 'ip':
      return [['addresses', entity.ip]];
    default:
      return [['others', JSON.stringify(entity)]];
  }
}

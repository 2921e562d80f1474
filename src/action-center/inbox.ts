/**
 * Flow: what awaits one person, and what they decided lately. An action awaits whoever may approve it now: the same rules as at the press
 * (decide.ts), so that nothing is listed that a press would refuse.
 *
 * The order: what expires within 24 hours first; then by severity; then by the risk of the action type (destructive, high, normal); then the
 * oldest request first; then by id. Looking changes nothing and shows nobody anything they may not read, so it is not in the audit record.
 */
import { ActionType, type Actor, type Decision, type EntraId, type Platform, type Role, Severity } from './action.ts';
import { type BackendName, catalogue, mayBeCarriedOut, mayCarryOut, type Risk } from './catalogue.ts';
import { isRequester } from './decide.ts';
import type { Delegation } from './delegation.ts';
import { type AskingPerson, identify } from './identify.ts';
import { isOpen, type RemediationAction } from './intake.ts';
import { mayDecide, mayViewHistory, type PermissionSettings } from './permissions.ts';
import type { Clock, Directory } from './ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from './refusal.ts';

/** Open actions of these types, not past `now`, that this person has not approved; the most urgent first. */
export type CandidateQuery = {
  entraId: EntraId;
  types: readonly ActionType[];
  /** Only actions that name a device of one of these groups; null: all. Leaves out only what nobody with these groups may decide. */
  deviceGroups: readonly string[] | null;
  now: string;
  /** What expires before this goes first. */
  urgentUntil: string;
  limit: number;
};

/** What one person decided, and how that action stands now. */
export type DecidedByPerson = { action: RemediationAction; decision: Decision };
/** Where a card of an action is. */
export type CardPlace = { conversation: string; ref: string };

/** Throws UpstreamError{service:'store'} without an answer. */
export interface InboxStore {
  /** `total`: how many there are, also beyond the limit. */
  candidates(query: CandidateQuery): Promise<{ actions: RemediationAction[]; total: number }>;
  /** Newest decision first. */
  decidedBy(entraId: EntraId, limit: number): Promise<DecidedByPerson[]>;
  /** One posted card of each of these actions, where there is one. */
  places(platform: Platform, ids: readonly string[]): Promise<Map<string, CardPlace>>;
}

export type InboxDeps = {
  store: Pick<InboxStore, 'candidates' | 'decidedBy'>;
  directory: Directory;
  settings: PermissionSettings & { backend: BackendName };
  /** For whom this person stands in now, and for whom they were reminded of which of these actions; left out where nobody does. */
  standIn?: ((entraId: EntraId, ids: readonly string[], at: string) => Promise<InboxStandIn>) | undefined;
  /** Whether a rule of the deployment keeps this action from being decided in chat at all. */
  isBarred?: (action: RemediationAction) => boolean;
  now: Clock;
};

/** `about`: more were open than are looked at for one answer, so this is estimated from those. */
export type InboxCount = { kind: 'exact' | 'about'; count: number };
/** `remindedFor`: the names of people, by action. */
export type InboxStandIn = { taken: Delegation[]; remindedFor: ReadonlyMap<string, string> };
export type Inbox = {
  /** ISO 8601; what the countdowns count from. */
  at: string;
  waiting: RemediationAction[];
  count: InboxCount;
  decided: DecidedByPerson[];
  /** Left out where nobody may stand in. */
  standIn?: InboxStandIn;
};
/** `missing`: what would let the person decide something. */
export type InboxRefusal = PersonRefusal | { kind: 'may-decide-nothing'; missing: Role[][] };

export const inboxLimits = { lookedAt: 500, shown: 20, decided: 10 } as const;
const urgentMs = 24 * 3_600_000;

/** Throws UpstreamError{service:'store'} without an answer of the record. */
export async function inboxOf(deps: InboxDeps, asked: AskingPerson): Promise<Result<Inbox, InboxRefusal>> {
  const person = await identify(deps.directory, asked, false);
  if (!person.ok) return person;
  const actor = person.value;
  const now = deps.now();
  const types = decidableTypes(actor, deps.settings);
  const [found, decided] = await Promise.all([
    types.length === 0 ? { actions: [], total: 0 } : deps.store.candidates(candidateQuery(actor, types, now)),
    deps.store.decidedBy(actor.entraId, inboxLimits.decided),
  ]);
  const readable = decided.filter(({ action }) => mayRead(actor, action, deps.settings));
  if (types.length === 0 && readable.length === 0)
    return refuse({ kind: 'may-decide-nothing', missing: missingRoles(actor, deps.settings) });
  const waiting = found.actions.filter((action) => awaits(actor, action, { ...deps, at: now.toISOString() }));
  const shown = waiting.toSorted(byUrgency(now)).slice(0, inboxLimits.shown);
  const ids = shown.map(({ id }) => id);
  const standIn = await deps.standIn?.(actor.entraId, ids, now.toISOString());
  return ok({
    at: now.toISOString(),
    waiting: shown,
    ...(standIn === undefined ? {} : { standIn }),
    count: countOf(waiting.length, found),
    decided: readable,
  });
}

function candidateQuery(actor: Actor, types: readonly ActionType[], now: Date): CandidateQuery {
  const { entraId, deviceGroups } = actor;
  return {
    entraId,
    types,
    deviceGroups: deviceGroups.includes('*') ? null : deviceGroups,
    now: now.toISOString(),
    urgentUntil: urgentUntil(now),
    limit: inboxLimits.lookedAt,
  };
}

const urgentUntil = (now: Date): string => new Date(now.getTime() + urgentMs).toISOString();

/** The types this person's roles are enough for, devices aside, and that are decided here at all. */
export function decidableTypes(actor: Actor, settings: InboxDeps['settings']): ActionType[] {
  const everywhere = { roles: actor.roles, deviceGroups: ['*'] };
  return ActionType.options.filter(
    (type) => mayBeCarriedOut(type, settings.backend) && mayDecide(everywhere, { type, entities: [] }, 'approve', settings).allowed,
  );
}

/** What is missing for each workload, the easiest way of each. */
export function missingRoles(actor: Actor, settings: InboxDeps['settings']): Role[][] {
  const types = ['isolateDevice', 'softDeleteEmail', 'disableUser'] as const;
  const easiest = types.flatMap((type) => {
    const permission = mayDecide({ ...actor, deviceGroups: ['*'] }, { type, entities: [] }, 'approve', settings);
    return permission.allowed ? [] : permission.missing.slice(0, 1);
  });
  return [...new Map(easiest.map((combination) => [combination.join(), combination])).values()];
}

type Standing = Pick<InboxDeps, 'settings' | 'isBarred'> & { at: string };

/** Whether an approval of this person, now, would be a decision (or one of those that are needed). */
function awaits(actor: Actor, action: RemediationAction, { settings, isBarred, at }: Standing): boolean {
  if (!isOpen(action) || action.expiresAt <= at) return false;
  if (!mayCarryOut(action, settings.backend) || isBarred?.(action)) return false;
  if (action.approvals.some((approval) => approval.actor.entraId === actor.entraId)) return false;
  if (action.needed > 1 && isRequester(action, actor)) return false;
  return mayDecide(actor, action, 'approve', settings).allowed;
}

/** As in look.ts: who may decide an action may read it, also without a role that opens History. */
const mayRead = (actor: Actor, action: RemediationAction, settings: PermissionSettings): boolean =>
  mayViewHistory(actor) || mayDecide(actor, action, 'approve', settings).allowed;

const riskiestFirst: readonly Risk[] = ['destructive', 'high', 'normal'];
const severestFirst = Severity.options.toReversed();

/** The order of the inbox (see above). */
export function byUrgency(now: Date): (a: RemediationAction, b: RemediationAction) => number {
  const until = urgentUntil(now);
  const ranks = (action: RemediationAction): number[] => [
    action.expiresAt < until ? 0 : 1,
    severestFirst.indexOf(action.severity),
    riskiestFirst.indexOf(catalogue[action.type].risk),
    Date.parse(action.requestedAt),
  ];
  return (a, b) => {
    const [mine, theirs] = [ranks(a), ranks(b)];
    const difference = mine.map((rank, index) => rank - (theirs[index] ?? 0)).find((step) => step !== 0);
    return difference ?? (a.id < b.id ? -1 : Number(a.id > b.id));
  };
}

/** Of more than were looked at, as many wait as did among those. Two digits are all that is known. */
function countOf(waiting: number, { actions, total }: { actions: readonly unknown[]; total: number }): InboxCount {
  if (total <= actions.length) return { kind: 'exact', count: waiting };
  const estimate = Math.round((total * waiting) / actions.length);
  return { kind: 'about', count: Math.max(waiting, Number(estimate.toPrecision(2))) };
}

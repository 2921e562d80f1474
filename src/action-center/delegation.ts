/**
 * Flow: a person names a stand-in for a time. What they would be told in private goes to the stand-in, who decides with their own roles alone: a
 * delegation carries notices, never authority. Nobody stands in for somebody who stands in for a third one at the same time.
 */
import type { Actor, EntraId, Role } from './action.ts';
import type { BackendName } from './catalogue.ts';
import { type AskingPerson, identify } from './identify.ts';
import { decidableTypes, missingRoles } from './inbox.ts';
import type { PermissionSettings } from './permissions.ts';
import type { AuditEvent, CardTarget, Clock, Directory, Log } from './ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from './refusal.ts';
import type { Reach, StandIn } from './reminder-ports.ts';
import { instantOf, wallTime } from './zoned-time.ts';

export type Delegation = {
  id: string;
  entraId: EntraId;
  displayName: string;
  upn: string;
  standIn: EntraId;
  standInName: string;
  standInUpn: string;
  from: string;
  until: string;
  because: string | null;
  madeAt: string;
  endedAt: string | null;
};

/** All throw UpstreamError{service:'store'} without an answer. */
export interface DelegationStore {
  /** Adds it with its event and the notice to the stand-in, unless another one of these people meets it; that one is answered. */
  add(delegation: Delegation, event: AuditEvent, notice: { noticeId: string; target: CardTarget } | null): Promise<Delegation | null>;
  /** Those of this person, and those in which they stand in, that have not ended. */
  of(entraId: EntraId, now: string): Promise<Delegation[]>;
  current(entraId: EntraId, now: string): Promise<Delegation | null>;
  /** Ends what has not ended: everything this person gave, or one by its id. */
  end(which: { entraId: EntraId } | { id: string }, now: string, eventOf: (ended: Delegation) => AuditEvent): Promise<Delegation[]>;
  /** Not ended, in the order of their ids; those after `after`. */
  list(now: string, after: string | null, limit: number): Promise<Delegation[]>;
}

/** Somebody named in a command. */
export type Named = { kind: 'account'; person: AskingPerson } | { kind: 'address'; address: string } | { kind: 'id'; entraId: string };
/** `2026-12-01`, `2026-12-01T08:00`, `today`, `tomorrow` or `now`. */
export type Wish = { named: Named; from: string | null; until: string; because: string | null };

export type DelegationRefusal =
  | PersonRefusal
  | { kind: 'off' }
  | { kind: 'not-a-date'; given: string }
  | { kind: 'past' | 'backwards' | 'self' }
  | { kind: 'too-long'; longestMs: number }
  | { kind: 'stand-in'; refusal: PersonRefusal }
  | { kind: 'stand-in-decides-nothing'; name: string; missing: Role[][] }
  /** `overlap`: they have one in that time. The others would make a chain, or a circle. */
  | { kind: 'overlap' | 'gives-themselves' | 'stands-in-already'; other: Delegation };

export type Standing = { given: Delegation[]; taken: Delegation[] };

export interface Delegating {
  standing(person: AskingPerson): Promise<Result<Standing, DelegationRefusal>>;
  begin(person: AskingPerson, wish: Wish): Promise<Result<Delegation, DelegationRefusal>>;
  end(person: AskingPerson): Promise<Result<Delegation[], DelegationRefusal>>;
}

export type DelegationDeps = {
  delegations: DelegationStore;
  directory: Directory & { personByAddress(address: string): Promise<Result<Actor, PersonRefusal>> };
  settings: PermissionSettings & { backend: BackendName };
  rules: { longestMs: number; timezone: string };
  reach: Reach;
  now: Clock;
  newDelegationId: () => string;
  poke: () => void;
};

export function delegating(deps: DelegationDeps): Delegating {
  const asNow = () => deps.now().toISOString();
  return {
    standing: async (asked) => {
      const person = await identify(deps.directory, asked, false);
      if (!person.ok) return person;
      const all = await deps.delegations.of(person.value.entraId, asNow());
      const [given, taken] = [
        all.filter((one) => one.entraId === person.value.entraId),
        all.filter((one) => one.standIn === person.value.entraId),
      ];
      return ok({ given, taken });
    },
    begin: (asked, wish) => begin(deps, asked, wish),
    end: async (asked) => {
      const person = await identify(deps.directory, asked, true);
      if (!person.ok) return person;
      const { entraId } = person.value;
      return ok(await deps.delegations.end({ entraId }, asNow(), (ended) => endedEvent(ended, asNow(), entraId)));
    },
  };
}

async function begin(deps: DelegationDeps, asked: AskingPerson, wish: Wish): Promise<Result<Delegation, DelegationRefusal>> {
  const person = await identify(deps.directory, asked, true);
  if (!person.ok) return person;
  const period = periodOf(deps, wish);
  if (!period.ok) return period;
  const found = await standInOf(deps, wish.named);
  if (!found.ok) return refuse({ kind: 'stand-in', refusal: found.refusal });
  const standIn = found.value;
  if (standIn.entraId === person.value.entraId) return refuse({ kind: 'self' });
  if (decidableTypes(standIn, deps.settings).length === 0) {
    return refuse({ kind: 'stand-in-decides-nothing', name: standIn.displayName, missing: missingRoles(standIn, deps.settings) });
  }
  const { entraId, displayName, upn } = person.value;
  const delegation: Delegation = {
    id: deps.newDelegationId(),
    entraId,
    displayName,
    upn,
    standIn: standIn.entraId,
    standInName: standIn.displayName,
    standInUpn: standIn.upn,
    ...period.value,
    because: wish.because,
    madeAt: deps.now().toISOString(),
    endedAt: null,
  };
  const target = await deps.reach(standIn.entraId, null);
  const notice = target === null ? null : { noticeId: `${delegation.id}-told`, target };
  const other = await deps.delegations.add(delegation, madeEvent(delegation), notice);
  if (other !== null) return refuse({ kind: clashOf(delegation, other), other });
  deps.poke();
  return ok(delegation);
}

function clashOf(mine: Delegation, other: Delegation): 'overlap' | 'gives-themselves' | 'stands-in-already' {
  if (other.entraId === mine.entraId) return 'overlap';
  return other.entraId === mine.standIn ? 'gives-themselves' : 'stands-in-already';
}

async function standInOf({ directory }: DelegationDeps, named: Named): Promise<Result<Actor, PersonRefusal>> {
  if (named.kind === 'account') return identify(directory, named.person, true);
  const claimless = {
    personFor: () =>
      named.kind === 'address' ? directory.personByAddress(named.address) : directory.personById(named.entraId as EntraId, { fresh: true }),
  };
  // Through `identify` all the same: no answer is a no.
  return identify({ ...directory, ...claimless }, async () => ok({ platform: 'teams', tenantId: '', entraId: '' }), true);
}

const dayMs = 86_400_000;

function periodOf({ rules, now }: DelegationDeps, { from, until }: Wish): Result<{ from: string; until: string }, DelegationRefusal> {
  const at = now();
  const begins = from === null ? at : momentOf(from, { at, timezone: rules.timezone, isEnd: false });
  const ends = momentOf(until, { at, timezone: rules.timezone, isEnd: true });
  if (begins === null || ends === null) return refuse({ kind: 'not-a-date', given: begins === null ? (from ?? '') : until });
  // A day that began already still counts from now on; one that is over does not.
  if (ends <= at || begins.getTime() <= at.getTime() - dayMs) return refuse({ kind: 'past' });
  if (ends <= begins) return refuse({ kind: 'backwards' });
  const starts = new Date(Math.max(begins.getTime(), at.getTime()));
  // A change of the clocks may make the days an hour longer.
  if (ends.getTime() - starts.getTime() > rules.longestMs + dayMs / 24) return refuse({ kind: 'too-long', longestMs: rules.longestMs });
  return ok({ from: starts.toISOString(), until: ends.toISOString() });
}

type Moment = { at: Date; timezone: string; isEnd: boolean };

/** A day without a time begins at its midnight and ends at the next one. Null: no day of any calendar. */
function momentOf(text: string, { at, timezone, isEnd }: Moment): Date | null {
  if (text === 'now') return at;
  const today = wallTime(at, timezone).date;
  const named = text === 'today' ? today : text === 'tomorrow' ? dayAfter(today) : text;
  const [, date = '', hour, minute] = /^(\d{4}-\d{2}-\d{2})(?:t([01]\d|2[0-3]):([0-5]\d))?$/i.exec(named) ?? [];
  if (date === '' || Number.isNaN(Date.parse(`${date}T00:00:00Z`)) || new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date)
    return null;
  if (hour !== undefined) return instantOf({ date, minutes: Number(hour) * 60 + Number(minute) }, timezone);
  return instantOf({ date: isEnd ? dayAfter(date) : date, minutes: 0 }, timezone);
}

const dayAfter = (date: string): string => new Date(Date.parse(`${date}T00:00:00Z`) + dayMs).toISOString().slice(0, 10);

function madeEvent({ id, entraId, displayName, standIn, standInName, from, until, because, madeAt }: Delegation): AuditEvent {
  const data = { delegationId: id, what: 'made', entraId, displayName, standIn, standInName, from, until, because };
  return { kind: 'delegated', at: madeAt, actorId: entraId, data };
}

/** `by`: whose doing it is; null is the operator. */
export function endedEvent({ id, entraId, standIn, from, until }: Delegation, at: string, by: EntraId | null): AuditEvent {
  const data = { delegationId: id, what: 'ended', entraId, standIn, from, until, by: by === null ? 'operator' : 'themselves' };
  return { kind: 'delegated', at, actorId: by, data };
}

/** Who takes somebody's place now. A stand-in who left, or who decides nothing any more, takes nobody's. */
export function standInLookUp(deps: Pick<DelegationDeps, 'delegations' | 'directory' | 'settings'> & { log: Log }): StandIn {
  return async (entraId, now) => {
    const found = await deps.delegations.current(entraId, now.toISOString());
    if (found === null) return null;
    const { standIn, displayName, until } = found;
    const person = await identify(
      { ...deps.directory, personFor: () => deps.directory.personById(standIn, { fresh: false }) },
      async () => ok({ platform: 'teams', tenantId: '', entraId: standIn }),
      false,
    );
    if (person.ok && decidableTypes(person.value, deps.settings).length > 0) return { entraId: standIn, forName: displayName, until };
    const reason = person.ok ? 'decides-nothing' : person.refusal.kind;
    deps.log.warn({ entraId, standIn, reason }, 'a stand-in cannot take this place any more; the person is told themselves');
    return null;
  };
}

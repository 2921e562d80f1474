import type { SimulatedAlert } from '../defender/alerts.ts';
import { createHunting, type HuntingState } from '../defender/hunting.ts';
import { createFaults, type Faults } from './faults.ts';
import type {
  EntraApp,
  EntraCall,
  EntraDeed,
  EntraGroup,
  EntraOptions,
  EntraPerson,
  IdTokenSpoil,
  MailMove,
  Subscription,
} from './types.ts';
import { isGuid, same } from './values.ts';

const CALLS = 20_000;
const PROBLEMS = 1_000;
const TOKENS = 10_000;
const CODES = 10_000;
const SESSIONS = 10_000;

/** What stands behind an access token; `permissions` null: all of them. */
export type AccessToken = { permissions: readonly string[] | null; audience: string; until: number };
/** What a sign-in left behind for the app to fetch, once. */
export type Code = {
  clientId: string;
  redirectUri: string;
  challenge: string;
  nonce: string | null;
  person: string;
  /** When the person signed in; the code may be younger. */
  signedInAt: number;
  until: number;
  redeemed: boolean;
  spoil?: IdTokenSpoil;
};
/** A browser that somebody signed in with. */
export type Session = { person: string; at: number };

/** One simulated tenant. People, groups and apps are kept by their ids in lower case. */
export type EntraState = {
  options: EntraOptions;
  now: () => number;
  startedAt: number;
  origin: string;
  people: Map<string, EntraPerson>;
  groups: Map<string, EntraGroup>;
  apps: Map<string, EntraApp>;
  tokens: Map<string, AccessToken>;
  codes: Map<string, Code>;
  sessions: Map<string, Session>;
  /** The tenant's hunting, with its limits. */
  hunts: HuntingState;
  faults: Faults;
  /** What was done to mail, and what to accounts. */
  mail: MailMove[];
  /** Recipients whose copies cannot be moved, and what hunting says about them. */
  mailFailures: Map<string, string>;
  deeds: EntraDeed[];
  alerts: Map<string, SimulatedAlert>;
  /** When alerts were asked for, the oldest first. */
  alertCalls: number[];
  subscriptions: Map<string, Subscription>;
  calls: EntraCall[];
  problems: string[];
  closing: AbortController;
};

export const graphUrlOf = (state: Pick<EntraState, 'origin'>): string => state.origin;
export const authorityUrlOf = (state: Pick<EntraState, 'origin'>): string => `${state.origin}/login`;

export function createState(options: EntraOptions): EntraState {
  const now = options.now ?? Date.now;
  const state: EntraState = {
    options,
    now,
    startedAt: now(),
    origin: '',
    people: new Map(),
    groups: byId(options.groups ?? [], ({ id }) => id),
    apps: byId(options.apps, ({ clientId }) => clientId),
    tokens: new Map(),
    codes: new Map(),
    sessions: new Map(),
    hunts: createHunting(options.hunting),
    faults: createFaults(options.random),
    mail: [],
    mailFailures: new Map(),
    deeds: [],
    alerts: new Map(),
    alertCalls: [],
    subscriptions: new Map(),
    calls: [],
    problems: [],
    closing: new AbortController(),
  };
  for (const group of state.groups.values()) refuseImpossibleGroup(state, group);
  for (const person of options.people) addPerson(state, person);
  return state;
}

function byId<T>(all: readonly T[], idOf: (one: T) => string): Map<string, T> {
  const map = new Map(all.map((one) => [idOf(one).toLowerCase(), structuredClone(one)]));
  if (map.size !== all.length) throw new Error('The simulated Entra was given two with one id');
  for (const id of map.keys()) if (!isGuid(id)) throw new Error(`The simulated Entra takes GUIDs only, not ${id}`);
  return map;
}

/** Entra lets no group into a group that carries roles. */
function refuseImpossibleGroup(state: EntraState, { id, memberOf = [] }: EntraGroup): void {
  for (const parent of memberOf) {
    if ((groupOf(state, parent).roles ?? []).length > 0) throw new Error(`Group ${id} cannot be in ${parent}, which carries roles`);
  }
}

function groupOf(state: EntraState, id: string): EntraGroup {
  const group = state.groups.get(id.toLowerCase());
  if (group === undefined) throw new Error(`The simulated Entra has no group ${id}`);
  return group;
}

function addPerson(state: EntraState, person: EntraPerson): void {
  if (!isGuid(person.id)) throw new Error(`${person.displayName}: the id ${person.id} is no GUID`);
  if (state.people.has(person.id.toLowerCase())) throw new Error(`Two people have the id ${person.id}`);
  setPerson(state, person);
}

function setPerson(state: EntraState, person: EntraPerson): void {
  for (const group of person.groups ?? []) groupOf(state, group);
  const id = person.id.toLowerCase();
  for (const [otherId, other] of state.people) {
    if (otherId !== id && same(other.userPrincipalName, person.userPrincipalName))
      throw new Error(`Two people have the user principal name ${person.userPrincipalName}`);
  }
  state.people.set(id, structuredClone(person));
}

export function personOf(state: EntraState, id: string): EntraPerson {
  const person = state.people.get(id.toLowerCase());
  if (person === undefined) throw new Error(`The simulated Entra knows no person ${id}`);
  return person;
}

export function changePerson(state: EntraState, id: string, changes: Partial<EntraPerson>): void {
  if (changes.id !== undefined && !same(changes.id, id)) throw new Error('Nobody gets another id');
  const person = personOf(state, id);
  setPerson(state, { ...person, ...changes, id: person.id });
}

/** By id or by user principal name, as Graph takes both. */
export function findPerson(state: EntraState, named: string): EntraPerson | undefined {
  return (
    state.people.get(named.toLowerCase()) ?? [...state.people.values()].find(({ userPrincipalName }) => same(userPrincipalName, named))
  );
}

export const keepToken = (state: EntraState, token: string, held: AccessToken): void => keep(state.tokens, token, held, TOKENS);
export const keepCode = (state: EntraState, code: string, held: Code): void => keep(state.codes, code, held, CODES);
export const keepSession = (state: EntraState, id: string, session: Session): void => keep(state.sessions, id, session, SESSIONS);

function keep<V>(map: Map<string, V>, key: string, value: V, bound: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > bound && oldest !== undefined) map.delete(oldest);
}

export function remember<T>(list: T[], entry: T, bound: number): void {
  list.push(entry);
  if (list.length > bound) list.splice(0, list.length - bound);
}

export const addCall = (state: EntraState, call: EntraCall): void => remember(state.calls, call, CALLS);
/** What goes wrong because the world is being closed is nobody's breach. */
export function addProblem(state: EntraState, problem: string): void {
  if (!state.closing.signal.aborted) remember(state.problems, problem, PROBLEMS);
}

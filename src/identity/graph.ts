/**
 * The directory by Microsoft Graph (`DIRECTORY=graph`). Whoever Graph does not vouch for, now and completely, decides nothing: a late, empty or
 * contradictory answer is an UpstreamError, and only whole answers are kept, a yes for at most a minute and never for a `fresh` question.
 */
import { type Actor, EntraId, type Role } from '../action-center/action.ts';
import type { DecidingDirectory } from '../action-center/decide.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Log, PersonClaim } from '../action-center/ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from '../action-center/refusal.ts';
import type { PeopleBook } from '../action-center/reminder-ports.ts';
import type { LinkStore } from '../action-center/sign-in-ports.ts';
import { type Deadline, startDeadline } from '../microsoft/deadline.ts';
import { type Credential, tokenSource } from '../microsoft/token.ts';
import { personByAddress } from './graph-address.ts';
import { answerCache } from './graph-cache.ts';
import { type GraphClient, graphClient } from './graph-client.ts';
import { eligibleRoles } from './graph-eligible.ts';
import { id, lookAtPerson } from './graph-person.ts';
import type { GroupSettings } from './graph-roles.ts';
import { readUnifiedRoles, type UnifiedRoles, type UnifiedSettings } from './graph-urbac.ts';
import type { SlackLinks } from './slack-links.ts';

export type GraphSettings = {
  tenantId: string;
  clientId: string;
  credential: Credential;
  authorityUrl: string;
  graphUrl: string;
  identityMode: 'linked' | 'email';
  groups: GroupSettings;
  /** Null: Unified RBAC is not asked. */
  unified: UnifiedSettings | null;
  /** Of a file. */
  links: SlackLinks;
  /** Those that people made themselves. Asked at every click: a link that is ended is ended at once. */
  ownLinks?: Pick<LinkStore, 'of' | 'isTaken'>;
  /** Whether people can make one. */
  canLink?: boolean;
};

export type GraphOptions = {
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Milliseconds that only grow. */
  now?: () => number;
};

/** A click has 2.5 s; this is for all of it: token, address, person. */
const deadlineMs = 2000;
const eligibleDeadlineMs = 1000;
const yesMs = 60_000;
/** Also for roles that decide nothing: whoever has just activated another one should not wait for a minute. */
const noMs = 15_000;
const unifiedMs = 300_000;
const bound = 5000;

const readingRoles: ReadonlySet<Role> = new Set(['SecurityReader', 'GlobalReader', 'SecurityOperator']);
const decides = ({ roles }: Actor): boolean => roles.some((role) => !readingRoles.has(role));

type Person = Result<Actor, PersonRefusal>;
type Account = Result<string, PersonRefusal>;
type Linked = { people: readonly string[]; hasRunOut: boolean };
type Slack = PersonClaim & { platform: 'slack' };

export function graphDirectory(
  settings: GraphSettings,
  { log, now = () => performance.now() }: GraphOptions,
): DecidingDirectory & Pick<PeopleBook, 'personByAddress'> {
  const audience = new URL(settings.graphUrl).origin;
  const tokens = tokenSource({ ...settings, audience, service: 'directory' }, { log, now });
  const client = graphClient({ graphUrl: settings.graphUrl, tokens });
  const people = answerCache<Person>({ keepMs: (one) => (one.ok && decides(one.value) ? yesMs : noMs), bound, now });
  const inFile = answerCache<EntraId[]>({ keepMs: (people) => (people.length > 0 ? yesMs : noMs), bound, now });
  const addresses = answerCache<Account>({ keepMs: (one) => (one.ok ? yesMs : noMs), bound, now });
  const eligible = answerCache<Role[]>({ keepMs: () => noMs, bound, now });
  const unified = unifiedSource(client, settings.unified, now);
  const telling = tellOnce(log);

  const personById = async (entraId: string, fresh: boolean, deadline: Deadline): Promise<Person> => {
    const known = id.safeParse(entraId);
    if (!known.success) return refuse({ kind: 'unknown-person' });
    return people.ask(known.data, { fresh }, async () =>
      lookAtPerson({ client, groups: settings.groups, deadline }, known.data, await unified(fresh, deadline)),
    );
  };
  const bySlack = async (claim: Slack, fresh: boolean, deadline: Deadline): Promise<Person> => {
    const account = await accountBehind(settings, claim, {
      inFile: () => inFile.ask(`${claim.teamId} ${claim.userId}`, { fresh }, () => settings.links.peopleOf(claim)),
      byAddress: (email) => addresses.ask(email, { fresh }, () => personByAddress(client, email, deadline)),
    });
    return account.ok ? personById(account.value, fresh, deadline) : account;
  };

  return {
    personFor: (claim, { fresh }) =>
      telling(async () => {
        const deadline = startDeadline(deadlineMs);
        if (claim.platform === 'slack') return bySlack(claim, fresh, deadline);
        if (claim.tenantId.toLowerCase() !== settings.tenantId) return refuse({ kind: 'external-person' });
        return personById(claim.entraId, fresh, deadline);
      }),
    personById: (entraId, { fresh }) => telling(() => personById(entraId, fresh, startDeadline(deadlineMs))),
    personByAddress: (address) =>
      telling(async () => {
        const deadline = startDeadline(deadlineMs);
        const found = await personByAddress(client, address, deadline);
        return found.ok ? personById(found.value, true, deadline) : found;
      }),
    eligibleFor: async (entraId, roles) => {
      const known = id.safeParse(entraId);
      if (!known.success) return [];
      const look = () => eligibleRoles(client, known.data, startDeadline(eligibleDeadlineMs));
      const all = await eligible.ask(known.data, { fresh: false }, look);
      return all.filter((role) => roles.includes(role));
    },
  };
}

type Lookups = { inFile: () => Promise<EntraId[]>; byAddress: (email: string) => Promise<Account> };

/**
 * By the account's link; in the mode `email`, and only where there is no link, by the address. Somebody who is linked to another account of this
 * workspace is not reached by an address: an address can be taken over, a link cannot.
 */
async function accountBehind(settings: GraphSettings, claim: Slack, { inFile, byAddress }: Lookups): Promise<Account> {
  const { people, hasRunOut } = await linkedTo(settings, claim, inFile);
  const [person] = people;
  if (people.length > 1) return refuse({ kind: 'ambiguous-person' });
  if (person !== undefined) return ok(person);
  if (settings.identityMode === 'linked') return refuse(unlinked(settings, hasRunOut));
  if (claim.email === null) return refuse({ kind: 'unknown-person' });
  const found = await byAddress(claim.email);
  if (!found.ok) return found;
  return (await isLinkedElsewhere(settings, claim, EntraId.parse(found.value))) ? refuse({ kind: 'ambiguous-person' }) : found;
}

/** Both kinds of links count; where they differ, the account is nobody's. */
async function linkedTo({ ownLinks }: GraphSettings, claim: Slack, inFile: Lookups['inFile']): Promise<Linked> {
  const [fixed, own] = await Promise.all([inFile(), ownLinks?.of(claim) ?? null]);
  const hasRunOut = own !== null && own.validUntil <= new Date().toISOString();
  return { people: [...new Set([...fixed, ...(own === null || hasRunOut ? [] : [own.entraId])])], hasRunOut };
}

function unlinked({ canLink = false }: GraphSettings, hasRunOut: boolean): PersonRefusal {
  return canLink ? { kind: 'unknown-person', connect: hasRunOut ? 'again' : 'now' } : { kind: 'unknown-person' };
}

async function isLinkedElsewhere({ links, ownLinks }: GraphSettings, claim: Slack, entraId: EntraId): Promise<boolean> {
  return (await links.isLinked(claim.teamId, entraId)) || ((await ownLinks?.isTaken(entraId, claim, new Date().toISOString())) ?? false);
}

function unifiedSource(client: GraphClient, settings: UnifiedSettings | null, now: () => number) {
  const cache = answerCache<UnifiedRoles>({ keepMs: () => unifiedMs, bound: 1, now });
  return async (fresh: boolean, deadline: Deadline): Promise<UnifiedRoles | null> =>
    settings === null ? null : cache.ask('tenant', { fresh }, () => readUnifiedRoles(client, settings, deadline));
}

/** Operators hear of a trouble once, not once per press, and of its end. */
function tellOnce(log: GraphOptions['log']) {
  let trouble: string | null = null;
  return async <T>(look: () => Promise<T>): Promise<T> => {
    try {
      const answer = await look();
      if (trouble !== null) log.info('the directory answers again');
      trouble = null;
      return answer;
    } catch (failure) {
      if (failure instanceof UpstreamError && trouble !== failure.message) {
        trouble = failure.message;
        log.error({ err: failure }, 'the directory gave no answer; nobody decides without one');
      }
      throw failure;
    }
  };
}

/** Who pressed: the clicking account as the workspace vouches for it, or why it does not count. Roles are not decided here. */
import { setTimeout as wait } from 'node:timers/promises';
import { WebAPIPlatformError, WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import { UpstreamError } from '../../action-center/errors.ts';
import type { PersonClaim } from '../../action-center/ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from '../../action-center/refusal.ts';

export type Clicker = { userId: string /** The home team of the account, as the payload names it. */; teamId: string | null };
export type ClickingPerson = (options: { fresh: boolean }) => Promise<Result<PersonClaim, PersonRefusal>>;

export type SlackPeopleDeps = {
  /** A client of its own: its queue must never be held up by anything else. */
  client: WebClient;
  /** Where the app is installed. */
  teamId: string;
  enterpriseId: string | null;
  identityMode: 'linked' | 'email';
  now: () => number;
};

/** Leaves room for the directory and the record within the 2.5 s a click has. */
export const peopleDeadlineMs = 1500;
const cacheMs = 60_000;
const cacheBound = 5000;

type User = NonNullable<Awaited<ReturnType<WebClient['users']['info']>>['user']>;

export function slackPeople(deps: SlackPeopleDeps): (clicker: Clicker) => ClickingPerson {
  // Only a yes is kept; a no is asked again, so that whoever was let in needs not wait.
  const known = new Map<string, { claim: PersonClaim; until: number }>();

  const keep = (userId: string, claim: PersonClaim) => {
    known.delete(userId);
    known.set(userId, { claim, until: deps.now() + cacheMs });
    const [oldest] = known.keys();
    if (known.size > cacheBound && oldest !== undefined) known.delete(oldest);
  };

  return (clicker) =>
    async ({ fresh }) => {
      const { enterpriseId } = deps;
      if (enterpriseId === null && clicker.teamId !== null && clicker.teamId !== deps.teamId) return refuse({ kind: 'external-person' });
      const cached = known.get(clicker.userId);
      if (!fresh && cached && cached.until > deps.now()) return ok(cached.claim);
      known.delete(clicker.userId);
      const user = await lookUp(deps.client, clicker.userId);
      if (user === null) return refuse({ kind: 'unknown-person' });
      const refusal = refusalOf(deps, clicker, user);
      if (refusal) return refuse(refusal);
      const claim: PersonClaim = { platform: 'slack', teamId: deps.teamId, userId: clicker.userId, email: emailOf(deps, user) };
      keep(clicker.userId, claim);
      return ok(claim);
    };
}

const emailOf = ({ identityMode }: SlackPeopleDeps, user: User) => (identityMode === 'email' ? (user.profile?.email ?? null) : null);

function refusalOf(deps: SlackPeopleDeps, clicker: Clicker, user: User): PersonRefusal | null {
  if (!isHome(deps, clicker, user) || user.is_stranger) return { kind: 'external-person' };
  if (user.deleted) return { kind: 'disabled-person' };
  if (user.is_bot || user.id === 'USLACKBOT') return { kind: 'bot' };
  if (user.is_restricted || user.is_ultra_restricted) return { kind: 'guest' };
  // An address nobody confirmed could be anybody's. One answer for every reason: it must not tell which addresses exist.
  if (deps.identityMode === 'email' && (!user.profile?.email || user.is_email_confirmed === false)) return { kind: 'unknown-person' };
  return null;
}

/**
 * Outside Enterprise Grid both the payload and the profile must name our team; whoever names neither is not known to be ours. On Grid a person's
 * home may be another workspace of the same organisation: then the organisation counts, and membership in our workspace.
 */
function isHome({ teamId, enterpriseId }: SlackPeopleDeps, clicker: Clicker, user: User): boolean {
  if (enterpriseId !== null) {
    const { enterprise_id: organisation, teams = [] } = user.enterprise_user ?? {};
    return organisation === enterpriseId && (teams.length === 0 || teams.includes(teamId));
  }
  const named = [clicker.teamId, user.team_id].filter((team) => typeof team === 'string');
  return named.length > 0 && named.every((team) => team === teamId);
}

/** A whole shift presses at once: Slack asks for a pause, and one that fits into the deadline is worth more than a no. */
async function patiently(client: WebClient, user: string) {
  try {
    return await client.users.info({ user });
  } catch (error) {
    if (!(error instanceof WebAPIRateLimitedError) || error.retryAfter * 1000 >= peopleDeadlineMs) throw error;
    await wait(error.retryAfter * 1000);
    return client.users.info({ user });
  }
}

async function lookUp(client: WebClient, userId: string): Promise<User | null> {
  let timer: NodeJS.Timeout | undefined;
  // The client's own deadline starts only when the call leaves its queue.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UpstreamError('slack', 'users.info did not answer', { retryable: true })), peopleDeadlineMs);
  });
  try {
    const { user } = await Promise.race([patiently(client, userId), late]);
    return user ?? null;
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    const isUnknown = error instanceof WebAPIPlatformError && ['user_not_found', 'user_not_visible'].includes(error.data.error);
    if (isUnknown) return null;
    throw new UpstreamError('slack', 'users.info failed', { retryable: true, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

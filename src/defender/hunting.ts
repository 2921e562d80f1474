/**
 * Advanced hunting through Microsoft Graph: one query, one answer, within the tenant's shared limit. Reading only, with the app that reads the
 * directory. https://learn.microsoft.com/graph/api/security-security-runhuntingquery
 */
import { setTimeout as delay } from 'node:timers/promises';
import { UpstreamError } from '../action-center/errors.ts';
import { type HuntAnswer, type HuntAsk, HuntError, type Hunting } from '../action-center/hunting.ts';
import type { Lanes, Log } from '../action-center/ports.ts';
import { AnswerTooLarge, askOnce } from '../microsoft/http.ts';
import { rolesOf } from '../microsoft/token-roles.ts';
import { type GraphReply, readAnswer, replyOf, troubleOf } from './hunting-answers.ts';
import { huntingLane } from './limits.ts';

const huntingPermission = 'ThreatHunting.Read.All';

type Deadline = { signal: AbortSignal; leftMs(): number };
/** Tokens for Graph, of the app that reads. */
export type ReaderTokens = { token(deadline: Deadline): Promise<string>; drop(token: string): void };

export type HuntingDeps = {
  graphUrl: string;
  tenantId: string;
  tokens: ReaderTokens;
  lanes: Lanes;
  log: Pick<Log, 'info' | 'warn'>;
  now?: () => number;
};

/** Defender takes 45 calls a minute of a tenant at least: a lane of capacity c that refills r a second lets c + 60 r through in any minute. */
const tenantLimit = { capacity: 9, perSecond: 0.6 };
/** What the bot asks by itself never takes more than half, so that people find room. */
const backgroundLimit = { capacity: 3, perSecond: 0.3 };
/** How long a person's query waits for room, or for a pause that Defender asks for. */
const patienceMs = 20_000;
const tokenDeadlineMs = 5000;
const againAfterMs = 500;
const maxBytes = 16 * 1_048_576;
/** After a refusal the permission is looked for again this much later. */
const offForMs = 600_000;

export function openHunting(deps: HuntingDeps): Hunting {
  const standing = openStanding(deps);
  const run = async (query: string, ask: HuntAsk, signal: AbortSignal): Promise<HuntAnswer> => {
    const first = await attempt(deps, query, ask, signal);
    if (first.status === 200) return readAnswer(first);
    const pause = pauseAfter(first, ask);
    if (pause === null) throw refused(deps, standing, first);
    await slept(pause, signal);
    const second = await attempt(deps, query, ask, signal);
    if (second.status === 200) return readAnswer(second);
    throw refused(deps, standing, second);
  };
  return {
    run: async (query, ask, signal) => {
      const answer = await run(query, ask, signal);
      standing.on();
      return answer;
    },
    isOn: standing.isOn,
    check: () => standing.check(),
  };
}

type Standing = { isOn(): boolean; on(): void; off(why: string): void; check(): Promise<void> };

/** Operators hear once that it is off and what to grant, and once that it is on again. */
function openStanding({ tokens, log, now = Date.now }: HuntingDeps): Standing {
  let offUntil: number | null = null;
  const on = () => {
    if (offUntil !== null) log.info('Run here and evidence are on again');
    offUntil = null;
  };
  const off = (why: string) => {
    if (offUntil === null) log.warn(`Run here and evidence are off: ${why}`);
    offUntil = now() + offForMs;
  };
  return {
    isOn: () => offUntil === null || offUntil <= now(),
    on,
    off,
    check: async () => {
      try {
        const token = await tokens.token({ signal: AbortSignal.timeout(tokenDeadlineMs), leftMs: () => tokenDeadlineMs });
        const roles = rolesOf(token);
        // A token that names none does not say; Graph will.
        if (roles === null || roles.length === 0) return;
        if (roles.includes(huntingPermission)) return on();
        // A permission that was granted since is in the next token only.
        tokens.drop(token);
        off(missing);
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        // The directory says so itself, and nobody decides without it either.
        log.warn({ err: error }, 'whether hunting is permitted could not be looked up; it is tried when it is needed');
      }
    },
  };
}

const missing = `the app ENTRA_CLIENT_ID lacks the application permission ${huntingPermission}; grant it with admin consent and they come on by themselves`;

/** Room in the tenant's limit, then one call; a token that is not taken any more is replaced once. */
async function attempt(deps: HuntingDeps, query: string, ask: HuntAsk, signal: AbortSignal): Promise<GraphReply & { token: string }> {
  await admit(deps, ask, signal);
  const first = await call(deps, query, ask, signal);
  if (first.status !== 401) return first;
  deps.tokens.drop(first.token);
  return call(deps, query, ask, signal);
}

async function admit({ lanes, tenantId, now = Date.now }: HuntingDeps, ask: HuntAsk, signal: AbortSignal): Promise<void> {
  const lane = huntingLane(tenantId);
  const uses = [{ lane, limit: tenantLimit }];
  if (ask.for === 'background') uses.unshift({ lane: `${lane}:background`, limit: backgroundLimit });
  let left = ask.for === 'person' ? patienceMs : 0;
  for (const { lane: one, limit } of uses) {
    for (let wait = await lanes.take(one, limit, now()); wait > 0; wait = await lanes.take(one, limit, now())) {
      if (wait > left) throw new HuntError('busy', 'the tenant is at its limit of hunting queries', { retryAfterMs: wait });
      left -= wait;
      await slept(wait, signal);
    }
  }
}

async function call(deps: HuntingDeps, query: string, ask: HuntAsk, signal: AbortSignal): Promise<GraphReply & { token: string }> {
  const { tokens, graphUrl } = deps;
  const token = await tokenFor(tokens, signal);
  const init = {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ Query: query, Timespan: ask.timespan }),
  };
  const asked = { what: 'Advanced hunting', service: 'directory' as const };
  try {
    const answer = await askOnce(asked, `${graphUrl}/v1.0/security/runHuntingQuery`, init, { signal, leftMs: () => 0 }, maxBytes);
    return { ...replyOf(answer), token };
  } catch (error) {
    const cause = error instanceof UpstreamError ? error.cause : null;
    throw cause instanceof AnswerTooLarge ? new HuntError('too-large', cause.message, { cause }) : lost(error, signal);
  }
}

async function tokenFor(tokens: ReaderTokens, signal: AbortSignal): Promise<string> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(tokenDeadlineMs)]);
  try {
    return await tokens.token({ signal: bounded, leftMs: () => tokenDeadlineMs });
  } catch (error) {
    throw new HuntError('unavailable', 'there is no token for hunting', { cause: error });
  }
}

/** What may be tried once more, and after what pause. A query only reads, so asking twice does no harm. */
function pauseAfter(reply: GraphReply, ask: HuntAsk): number | null {
  const trouble = troubleOf(reply);
  if (trouble === 'unavailable') return againAfterMs;
  if (trouble !== 'busy' || ask.for === 'background' || reply.retryAfterMs === null) return null;
  return reply.retryAfterMs <= patienceMs ? reply.retryAfterMs : null;
}

function refused(deps: HuntingDeps, standing: Standing, reply: GraphReply & { token: string }): HuntError {
  const trouble = troubleOf(reply);
  if (trouble === 'not-allowed') {
    deps.tokens.drop(reply.token);
    standing.off(missing);
  }
  if (trouble === 'busy' && reply.retryAfterMs !== null) blockLane(deps, reply.retryAfterMs);
  return new HuntError(trouble, `Advanced hunting answered ${reply.status} (${reply.code ?? 'no reason'})`, {
    retryAfterMs: reply.retryAfterMs,
  });
}

/** Every bot keeps the pause. Not waited for: whoever asks too early is told so by Defender itself. */
function blockLane({ lanes, tenantId, log, now = Date.now }: HuntingDeps, forMs: number): void {
  lanes
    .block(huntingLane(tenantId), now() + forMs)
    .catch((error: unknown) => log.warn({ err: error }, 'a pause that Defender asked for could not be shared'));
}

async function slept(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    throw lost(error, signal);
  }
}

function lost(error: unknown, signal: AbortSignal): HuntError {
  return signal.aborted
    ? new HuntError('timed-out', 'Advanced hunting did not answer in time', { cause: error })
    : new HuntError('unavailable', 'Advanced hunting could not be asked', { cause: error });
}

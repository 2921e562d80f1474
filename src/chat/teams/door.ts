/** What happens to a request before anybody acts on it: body, token, signature, guard. What is refused is answered shortly and written down. */
import type { IncomingMessage } from 'node:http';
import type { Log } from '../../action-center/ports.ts';
import { within } from '../press.ts';
import { readBody } from '../request.ts';
import type { Arrival } from './activity.ts';
import type { Authentication } from './credentials.ts';
import { type Claims, type GuardRefusal, judgeActivity, judgeChannel, judgeToken } from './guard.ts';
import type { TeamsSettings } from './settings.ts';

type Authenticated = Awaited<ReturnType<Authentication['authenticateRequest']>>;
export type Admitted = { arrival: Arrival; authenticated: Authenticated; raw: object };
export type Door = (req: IncomingMessage) => Promise<Admitted | { status: number }>;

export type DoorDeps = {
  authentication: Authentication;
  settings: TeamsSettings;
  refused: (reason: GuardRefusal, facts: Record<string, string | null>) => Promise<void>;
  log: Log;
  now: () => number;
};

/** Fetching Microsoft's keys, which happens once a day. Teams sends the request again after a 503. */
const keysDeadlineMs = 5000;
/** A flood of refused requests must not become a flood of audit events. */
const auditsPerMinute = 60;

/** Refused because nobody proved anything; everything else was proven and is not allowed. */
const unproven: ReadonlySet<GuardRefusal> = new Set([
  'no-token',
  'token-not-readable',
  'wrong-issuer',
  'wrong-audience',
  'expired-token',
  'signature',
]);

export function openDoor(deps: DoorDeps): Door {
  const refuse = refusals(deps);
  return async (req) => {
    const receivedAt = performance.now();
    const read = await readActivity(req);
    if ('status' in read) return read;
    const admitted = await admit(deps, read.raw, { header: req.headers.authorization, receivedAt });
    return typeof admitted === 'string' ? refuse(admitted, read.raw) : admitted;
  };
}

async function readActivity(req: IncomingMessage): Promise<{ raw: object } | { status: number }> {
  const bytes = await readBody(req);
  if (bytes === 'gone') return { status: 400 };
  if (bytes === 'too-large') return { status: 413 };
  if (!/^application\/json(\s*;|$)/i.test(req.headers['content-type'] ?? '')) return { status: 415 };
  const raw = objectOf(bytes);
  return raw === null ? { status: 400 } : { raw };
}

type Proof = { header: string | undefined; receivedAt: number };

async function admit(deps: DoorDeps, raw: object, { header, receivedAt }: Proof): Promise<Admitted | GuardRefusal | { status: number }> {
  const { settings } = deps;
  const early = settings.insecureLoopback ? null : (judgeChannel(raw) ?? judgeToken(header, settings, deps.now()));
  if (early !== null) return early;
  const authenticated = await authenticate(deps, raw, header ?? '');
  if (authenticated === 'no-keys') return { status: 503 };
  if (authenticated === 'refused') return 'signature';
  const judged = judgeActivity(raw, settings.insecureLoopback ? null : claimsOf(authenticated), settings, receivedAt);
  return 'refusal' in judged ? judged.refusal : { arrival: judged.arrival, authenticated, raw };
}

function objectOf(bytes: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null; // answered 400
  }
}

const claimsOf = ({ claimsIdentity }: Authenticated): Claims => ({
  iss: claimsIdentity.getClaimValue('iss'),
  serviceUrl: claimsIdentity.getClaimValue('serviceurl'),
});

async function authenticate(
  { authentication, log }: DoorDeps,
  raw: object,
  header: string,
): Promise<Authenticated | 'refused' | 'no-keys'> {
  try {
    const work = authentication.authenticateRequest(raw as never, header);
    const authenticated = await within(work, keysDeadlineMs, 'late' as const);
    if (authenticated !== 'late') return authenticated;
    work.catch(() => {});
    log.error('the keys that prove what Teams sends did not come in time');
    return 'no-keys';
  } catch (error) {
    if (isRefusal(error)) return 'refused';
    log.error({ err: error }, 'what Teams sends cannot be checked: its keys cannot be fetched');
    return 'no-keys';
  }
}

/** botbuilder's own errors carry a status; those of the signature check have a name. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('statusCode' in error) return error.statusCode === 401;
  return ['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError'].includes(error.name);
}

function refusals({ refused, log, now }: DoorDeps) {
  let minute = 0;
  let written = 0;
  return async (reason: GuardRefusal, raw: object): Promise<{ status: number }> => {
    const status = unproven.has(reason) ? 401 : 403;
    const current = Math.floor(now() / 60_000);
    if (current !== minute) {
      if (written > auditsPerMinute)
        log.warn({ notWritten: written - auditsPerMinute }, 'refused requests from Teams were counted, not written down');
      minute = current;
      written = 0;
    }
    written += 1;
    if (written > auditsPerMinute) return { status };
    const facts = factsOf(raw);
    log.warn({ reason, ...facts }, 'a request to /api/messages was refused');
    await refused(reason, facts);
    return { status };
  };
}

/** What the request claimed; unproven, cut, and only for those who look into it. */
function factsOf(raw: object): Record<string, string | null> {
  const at = (...path: string[]): string | null => {
    let value: unknown = raw;
    for (const key of path)
      value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : null;
    return typeof value === 'string' ? value.slice(0, 100) : null;
  };
  return {
    type: at('type'),
    tenant: at('channelData', 'tenant', 'id') ?? at('conversation', 'tenantId'),
    entraId: at('from', 'aadObjectId'),
    conversation: at('conversation', 'id'),
    serviceUrl: at('serviceUrl'),
  };
}

/**
 * `POST /v1/notifications`: Graph says that something changed. Nothing in it is believed but that: whoever knows the secret can make us look into
 * Defender now, and no more. Answered at once, whatever becomes of it; a wrong secret gets the same answer as the right one.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Log } from './action-center/ports.ts';
import { readBody } from './intake/body.ts';

export type Arrival = 'changed' | 'missed' | 'reauthorizationRequired' | 'subscriptionRemoved';
export type NotificationsDoorDeps = {
  clientState: string;
  /** Must not wait for anything. */
  arrived(what: ReadonlySet<Arrival>): void;
  /** Each notification, by what became of it. */
  count(result: Arrival | 'wrongSecret' | 'unreadable', by: number): void;
  log: Pick<Log, 'warn'>;
};

const maxBodyBytes = 256 * 1024;
/** Graph slows down an address that takes longer than 3 s. */
const bodyDeadlineMs = 2500;
const maxToken = 4096;
const complainEveryMs = 60_000;

const Notifications = z.object({
  value: z.array(z.object({ clientState: z.string().max(1000).nullish(), lifecycleEvent: z.string().max(200).nullish() })).max(5000),
});
type Notification = z.infer<typeof Notifications>['value'][number];

export function notificationsDoor(deps: NotificationsDoorDeps): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const complain = rareComplaint(deps.log);
  return async (req, res) => {
    if (req.method !== 'POST') return answer(res, 405, '', { allow: 'POST' });
    const token = new URLSearchParams((req.url ?? '').split('?', 2)[1]).get('validationToken');
    // Graph asks whether this address wants its notifications.
    if (token !== null) return token.length <= maxToken ? answer(res, 200, token) : answer(res, 400, '');
    const told = await read(req, res);
    if (told === null) return;
    answer(res, told === undefined ? 400 : 202, '');
    if (told === undefined) deps.count('unreadable', 1);
    else take(deps, told, complain);
  };
}

/** Undefined: these are no notifications. Null: there is nobody to answer any more. */
async function read(req: IncomingMessage, res: ServerResponse): Promise<Notification[] | undefined | null> {
  const body = await readBody(req, { maxBytes: maxBodyBytes, deadlineMs: bodyDeadlineMs });
  if (body.kind === 'read') return Notifications.safeParse(jsonOf(body.bytes)).data?.value;
  if (body.kind !== 'gone') answer(res, body.kind === 'too-large' ? 413 : 408, '', { connection: 'close' });
  return null;
}

function take(deps: NotificationsDoorDeps, told: readonly Notification[], complain: () => void): void {
  const trusted = told.filter(({ clientState }) => isSame(clientState ?? '', deps.clientState));
  if (trusted.length < told.length) {
    deps.count('wrongSecret', told.length - trusted.length);
    complain();
  }
  const arrivals = trusted.map(arrivalOf);
  for (const arrival of arrivals) deps.count(arrival, 1);
  if (arrivals.length > 0) deps.arrived(new Set(arrivals));
}

const lifecycles: ReadonlySet<string> = new Set<Arrival>(['missed', 'reauthorizationRequired', 'subscriptionRemoved']);
const isLifecycle = (value: string): value is Arrival => lifecycles.has(value);

/** An event that is new to us is worth a look. */
const arrivalOf = ({ lifecycleEvent }: Notification): Arrival =>
  lifecycleEvent !== null && lifecycleEvent !== undefined && isLifecycle(lifecycleEvent) ? lifecycleEvent : 'changed';

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // no schema takes that for a notification
  }
}

/** Text and nothing else: the token is whatever somebody put into the address. */
function answer(res: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  if (res.destroyed) return;
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    ...headers,
  });
  res.end(text);
}

function rareComplaint(log: Pick<Log, 'warn'>): () => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - saidAt < complainEveryMs) return;
    saidAt = performance.now();
    log.warn(
      'notifications without the right clientState were passed over: somebody else sends them, or the secret was changed a moment ago',
    );
  };
}

/**
 * Graph's change notifications joined together: the subscription, which one bot keeps, the door, and the way from whichever bot is told to the one
 * that reads. All they do is make that one look now; it looks without them as well. No product logic in here.
 */
import { createHmac } from 'node:crypto';
import { UpstreamError } from './action-center/errors.ts';
import { keepSubscription, type SubscriptionDeps, subscriptionPermission } from './defender/alert-subscription.ts';
import { type Api, DefenderError } from './defender/api.ts';
import type { Foundation } from './foundation.ts';
import { type Loop, startLoop } from './loop.ts';
import { type Arrival, notificationsDoor } from './notifications-http.ts';
import { ingestStore } from './store/ingest.ts';
import { wakeUps } from './store/wake-ups.ts';

export type Notifications = { handle: ReturnType<typeof notificationsDoor>; stop(): Promise<void> };

/** At most so often are alerts looked at because of notifications, and so late does another bot hear of one. */
const wakeEveryMs = 3000;
const keepEveryMs = 600_000;
/** Whoever does not keep the subscription looks this often whether nobody does; after a trouble it is tried again this much later. */
const againMs = 30_000;
const leaseMs = 60_000;
const source = 'notifications';

export function openNotifications(ground: Foundation, api: Api, lookNow: () => void): Notifications | null {
  const { config, log, metrics } = ground;
  const { ingest } = config;
  if (ingest === null || ingest.notifications === null) return null;
  const { url, resource, secret } = ingest.notifications;
  const clientState = secret ?? derivedSecret(ingest);
  const stopping = new AbortController();
  const deps: SubscriptionDeps = { api, settings: { graphUrl: ingest.graphUrl, url, resource, clientState }, now: ground.now, log };
  const pending = new Set<Arrival>();
  const keeper = keepLoop(ground, deps, stopping.signal);
  const waker = wakeLoop(ground, pending, { alerts: lookNow, subscription: keeper.poke });
  return {
    handle: notificationsDoor({
      clientState,
      arrived: (what) => {
        for (const one of what) pending.add(one);
        waker.poke();
      },
      count: (result, by) => metrics.ingested.inc({ source, result }, by),
      log,
    }),
    stop: async () => {
      stopping.abort();
      await Promise.all([keeper.stop(), waker.stop()]);
    },
  };
}

type Ingest = NonNullable<Foundation['config']['ingest']>;

/** Of the reading app's own secret, so that all bots have the same one without another variable; it cannot be led back to it. */
function derivedSecret({ credential, tenantId, clientId }: Ingest): string {
  const key = credential.kind === 'secret' ? credential.secret : credential.key;
  return createHmac('sha256', key).update(`countersign: notifications of ${tenantId} for ${clientId}`).digest('hex');
}

type Sleepers = Record<'alerts' | 'subscription', () => void>;

/** Tells every bot what arrived at this one, and this one what arrived at any. */
function wakeLoop({ db, config, log }: Foundation, pending: Set<Arrival>, sleepers: Sleepers): Loop {
  const wakes = wakeUps(db, config.tenantId);
  let seen: Record<keyof Sleepers, string | null> | null = null;
  const look = async () => ({ alerts: await wakes.wokenAt('alerts'), subscription: await wakes.wokenAt('subscription') });
  const tellAll = async (): Promise<void> => {
    const arrived = [...pending];
    if (arrived.some((one) => one === 'changed' || one === 'missed')) await wakes.wake('alerts');
    if (arrived.some((one) => one === 'reauthorizationRequired' || one === 'subscriptionRemoved')) await wakes.wake('subscription');
    // Only now: what could not be told is told next time.
    for (const one of arrived) pending.delete(one);
  };
  return startLoop({
    everyMs: wakeEveryMs,
    restMs: wakeEveryMs,
    run: async () => {
      const before = seen ?? (await look());
      await tellAll();
      const after = await look();
      for (const what of ['alerts', 'subscription'] as const) if (after[what] !== before[what]) sleepers[what]();
      seen = after;
      return null;
    },
    onError: (error) =>
      log.error({ err: error }, 'passing notifications on failed; it is tried again, and alerts are looked at all the same'),
  });
}

function keepLoop(ground: Foundation, deps: SubscriptionDeps, signal: AbortSignal): Loop {
  const { db, config, log, holder, now, timing, metrics } = ground;
  const marks = ingestStore(db, config.tenantId);
  const wakes = wakeUps(db, config.tenantId);
  const everyMs = timing.notificationsEveryMs ?? keepEveryMs;
  let renewedFor: string | null | undefined;
  let told: string | null = null;
  return startLoop({
    everyMs,
    restMs: Math.min(wakeEveryMs, everyMs),
    run: async () => {
      if ((await marks.hold(source, holder, now().toISOString(), leaseMs + everyMs)) === null) return againMs;
      try {
        const asked = await wakes.wokenAt('subscription');
        // Also at the start: what Graph asked for meanwhile was asked of a bot that is gone.
        await keepSubscription(deps, asked !== renewedFor, signal);
        renewedFor = asked;
        if (told !== null) log.info('Graph tells again when alerts change');
        told = null;
        return null;
      } catch (error) {
        if (signal.aborted) return null;
        if (error instanceof DefenderError && error.status === 429) return error.retryAfterMs ?? againMs;
        metrics.ingestFailures.inc({ source });
        told = complaintOnce(log, error, told);
        return againMs;
      }
    },
    onError: (error) => log.error({ err: error }, 'keeping the subscription to alerts failed; it is tried again'),
  });
}

/** Answers what was said, so that it is said once. */
function complaintOnce(log: Foundation['log'], error: unknown, told: string | null): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message === told) return message;
  const isRefused = error instanceof DefenderError && (error.status === 401 || error.status === 403);
  const more = isRefused ? { permission: subscriptionPermission } : { err: error, expected: error instanceof UpstreamError };
  log.error(more, 'Graph does not tell when alerts change (INGEST_NOTIFICATIONS_URL); they are looked at every minute all the same');
  return message;
}

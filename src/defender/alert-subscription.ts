/**
 * The one subscription to changes of alerts that Graph holds for this deployment. Graph is asked what there is each time, so nothing is kept here
 * that could be wrong: an answer that was lost, a restart, another secret and a subscription that Graph let go all come to the same.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock, Log } from '../action-center/ports.ts';
import { type Api, type ApiCall, DefenderError, readAnswer } from './api.ts';

export type SubscriptionSettings = {
  graphUrl: string;
  /** Where Graph reaches us, without a query. */
  url: string;
  resource: string;
  /** Comes back with every notification. At most 128 characters. */
  clientState: string;
};
export type SubscriptionDeps = { api: Api; settings: SubscriptionSettings; now: Clock; log: Log };
export type Kept = 'kept' | 'renewed' | 'created';

const path = '/v1.0/subscriptions';
export const subscriptionPermission = 'SecurityAlert.Read.All';
const dayMs = 86_400_000;
const lifeMs = dayMs;
/** Graph asks our address back before it answers, and gives us 10 s for that. */
const callMs = 15_000;
const maxPages = 20;

const text = z.string().max(4000);
const Subscription = z.object({ id: text.min(1), resource: text, notificationUrl: text, expirationDateTime: text });
type Subscription = z.infer<typeof Subscription>;
const Subscriptions = z.object({ value: z.array(z.unknown()).max(10_000), '@odata.nextLink': text.nullish() });
const Created = z.object({ id: text.min(1) });

/** `mustRenew`: Graph asked for it. */
export async function keepSubscription(deps: SubscriptionDeps, mustRenew: boolean, signal: AbortSignal): Promise<Kept> {
  const { settings, now } = deps;
  const address = addressOf(settings);
  const ours = (await listed(deps, signal)).filter(({ resource, notificationUrl }) => {
    return plainResource(resource) === plainResource(settings.resource) && notificationUrl.split('?', 1)[0] === settings.url;
  });
  const latestFirst = ours.toSorted((one, other) => Date.parse(other.expirationDateTime) - Date.parse(one.expirationDateTime));
  const current = latestFirst.find(({ notificationUrl }) => notificationUrl === address);
  // Of another secret, or made twice because an answer was lost.
  for (const { id } of ours)
    if (id !== current?.id) await change(deps, { method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` }, signal);
  if (current === undefined) return create(deps, address, signal);
  const leftMs = Date.parse(current.expirationDateTime) - now().getTime();
  if (!mustRenew && leftMs > lifeMs / 2) return 'kept';
  // This also answers a question for new authorization.
  const renewal = { method: 'PATCH' as const, path: `${path}/${encodeURIComponent(current.id)}`, body: { expirationDateTime: endOf(now) } };
  return (await change(deps, renewal, signal)) ? 'renewed' : create(deps, address, signal);
}

const plainResource = (resource: string): string => resource.replace(/^\//, '').toLowerCase();
const endOf = (now: Clock): string => new Date(now().getTime() + lifeMs).toISOString();

/** Graph shows nobody the secret of a subscription; a fingerprint in the address tells which one it has. */
function addressOf({ url, clientState }: SubscriptionSettings): string {
  return `${url}?secret=${createHash('sha256').update(clientState).digest('hex').slice(0, 16)}`;
}

const call = (more: Pick<ApiCall, 'method' | 'path'> & { body?: object }): ApiCall => ({
  api: 'graph',
  permission: subscriptionPermission,
  urgency: 'poll',
  withinMs: callMs,
  ...more,
});

async function listed({ api, settings }: SubscriptionDeps, signal: AbortSignal): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let next: string | null = path;
  for (let page = 0; next !== null && page < maxPages; page += 1) {
    const answer: z.infer<typeof Subscriptions> = readAnswer(Subscriptions, await api.ask(call({ method: 'GET', path: next }), signal));
    found.push(...answer.value.flatMap((one) => Subscription.safeParse(one).data ?? []));
    const link = answer['@odata.nextLink'] ?? null;
    // The token goes where a link points.
    next = link?.startsWith(`${settings.graphUrl}/`) ? link.slice(settings.graphUrl.length) : null;
  }
  return found;
}

async function create({ api, settings, now, log }: SubscriptionDeps, address: string, signal: AbortSignal): Promise<'created'> {
  const body = {
    changeType: 'created,updated',
    notificationUrl: address,
    lifecycleNotificationUrl: address,
    resource: settings.resource,
    expirationDateTime: endOf(now),
    clientState: settings.clientState,
  };
  const { id } = readAnswer(Created, await api.ask(call({ method: 'POST', path, body }), signal));
  log.info({ subscriptionId: id, resource: settings.resource }, 'Graph tells from now on when alerts change');
  return 'created';
}

/** False: it is not there any more. */
async function change({ api }: SubscriptionDeps, what: Parameters<typeof call>[0], signal: AbortSignal): Promise<boolean> {
  try {
    await api.ask(call(what), signal);
    return true;
  } catch (error) {
    if (error instanceof DefenderError && (error.status === 404 || error.status === 410)) return false;
    throw error;
  }
}

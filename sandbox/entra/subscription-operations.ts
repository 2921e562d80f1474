// Change notifications: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks. An address is asked back before it is taken; what is
// said afterwards may be said twice, and says little.

import { randomUUID } from 'node:crypto';
import { badRequest, type HttpAnswer, notFound } from './answers.ts';
import type { Operation, Question } from './graph-operations.ts';
import { pageOf } from './query.ts';
import type { EntraState } from './state.ts';
import type { Notice, Subscription } from './types.ts';
import { isObject } from './values.ts';

const DAY_MS = 86_400_000;
/** For alerts. */
const LONGEST_MS = 43_200 * 60_000;
const SHORTEST_MS = 45 * 60_000;
const STATE_MAX = 128;
const VALIDATION_MS = 10_000;
const PER_PAGE = 2;
const V1 = ['v1.0'] as const;

const operation = (verb: Operation['verb'], isOne: boolean, run: Operation['run']): Operation => ({
  route: 'subscriptions',
  verb,
  versions: V1,
  path: isOne ? /^\/subscriptions\/([^/]+)$/ : /^\/subscriptions$/,
  options: verb === 'GET' ? ['$skiptoken'] : [],
  needs: () => [['SecurityAlert.Read.All', 'SecurityAlert.ReadWrite.All']],
  run,
});

export const subscriptionOperations: readonly Operation[] = [
  operation('GET', false, list),
  operation('POST', false, create),
  operation('PATCH', true, renew),
  operation('DELETE', true, remove),
];

/** What has run out is not there any more. */
function liveSubscriptions(state: EntraState): Subscription[] {
  for (const [id, { expirationDateTime }] of state.subscriptions)
    if (Date.parse(expirationDateTime) <= state.now()) state.subscriptions.delete(id);
  return [...state.subscriptions.values()];
}

/** The secret is never shown; few are on a page, so that nobody relies on the first. */
function list({ state, query, url }: Question): HttpAnswer {
  const rows = liveSubscriptions(state).map((one) => ({ ...one, clientState: null }));
  return pageOf(rows, { ...query, top: PER_PAGE }, { url, context: 'subscriptions' });
}

async function create({ state, body }: Question): Promise<HttpAnswer> {
  const told = isObject(body) ? body : {};
  const { changeType, notificationUrl, lifecycleNotificationUrl, resource, clientState = null } = told;
  const kinds = String(changeType).split(',');
  if (typeof changeType !== 'string' || kinds.some((kind) => !['created', 'updated', 'deleted'].includes(kind)))
    return badRequest('changeType is not valid.', 'InvalidRequest');
  if (typeof resource !== 'string' || !/^\/?security\/alerts(_v2)?$/.test(resource)) return badRequest('Unsupported resource.');
  if (clientState !== null && (typeof clientState !== 'string' || clientState.length > STATE_MAX))
    return badRequest(`clientState is longer than ${STATE_MAX} characters.`);
  const expirationDateTime = endOf(state, told['expirationDateTime']);
  if (expirationDateTime === undefined) return badRequest('expirationDateTime is missing, past, or too far away.');
  for (const address of [notificationUrl, lifecycleNotificationUrl]) {
    if (typeof address !== 'string' || !(await answersBack(address)))
      return badRequest('Subscription validation request failed.', 'ValidationError');
  }
  const made: Subscription = {
    id: randomUUID(),
    changeType,
    notificationUrl: String(notificationUrl),
    lifecycleNotificationUrl: String(lifecycleNotificationUrl),
    resource,
    clientState,
    expirationDateTime,
  };
  state.subscriptions.set(made.id, made);
  return { status: 201, body: { ...made, clientState: null } };
}

function endOf(state: EntraState, value: unknown): string | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  const now = state.now();
  if (Number.isNaN(at) || at <= now || at > now + LONGEST_MS + DAY_MS / 24) return undefined;
  return new Date(Math.max(at, now + SHORTEST_MS)).toISOString();
}

async function answersBack(address: string): Promise<boolean> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()} <&+>`;
  const url = new URL(address);
  url.searchParams.set('validationToken', token);
  try {
    const response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(VALIDATION_MS) });
    const isText = response.headers.get('content-type')?.startsWith('text/plain') === true;
    return response.status === 200 && isText && (await response.text()) === token;
  } catch {
    return false;
  }
}

function renew({ state, named, body }: Question): HttpAnswer {
  const found = liveSubscriptions(state).find(({ id }) => id === named);
  if (found === undefined) return notFound(named);
  const expirationDateTime = endOf(state, isObject(body) ? body['expirationDateTime'] : undefined);
  if (expirationDateTime === undefined) return badRequest('expirationDateTime is missing, past, or too far away.');
  state.subscriptions.set(named, { ...found, expirationDateTime });
  return { status: 200, body: { ...found, expirationDateTime, clientState: null } };
}

function remove({ state, named }: Question): HttpAnswer {
  return state.subscriptions.delete(named) ? { status: 204 } : notFound(named);
}

/** Tells every subscriber, as often as asked; what each of them answered. */
export async function notify(state: EntraState, notice: Notice): Promise<number[]> {
  const { lifecycleEvent, times = 1 } = notice;
  const sent = liveSubscriptions(state).flatMap((one) => Array.from({ length: times }, () => one));
  return Promise.all(
    sent.map(async (one) => {
      const told = {
        subscriptionId: one.id,
        subscriptionExpirationDateTime: one.expirationDateTime,
        tenantId: state.options.tenantId,
        clientState: notice.clientState === undefined ? one.clientState : notice.clientState,
        ...(lifecycleEvent === undefined
          ? { changeType: 'updated', resource: `${one.resource}/alert`, resourceData: { id: 'alert' } }
          : { lifecycleEvent }),
      };
      const address = lifecycleEvent === undefined ? one.notificationUrl : one.lifecycleNotificationUrl;
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ value: [told] }) });
      await response.text();
      return response.status;
    }),
  );
}

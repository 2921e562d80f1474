/** The simulated Graph takes a subscription as the real one does: only for an address that answers, and not for ever. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEntra } from '../../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../../sandbox/entra/types.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
let entra: EntraWorld;
let listener: Server;
let address: string;
/** What it answers to whoever asks it back. */
let echo: (token: string) => string;
let clock: number;
const heard: string[] = [];

beforeEach(async () => {
  clock = Date.now();
  echo = (token) => token;
  heard.length = 0;
  entra = await startEntra({ tenantId, apps: [app], people: [], now: () => clock });
  listener = createServer((req, res) => {
    const token = new URL(req.url ?? '/', 'http://127.0.0.1').searchParams.get('validationToken');
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    req.on('end', () => {
      if (token === null) heard.push(text);
      res.writeHead(token === null ? 202 : 200, { 'content-type': 'text/plain' }).end(token === null ? '' : echo(token));
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/here`;
});
afterEach(async () => {
  await entra.close();
  listener.closeAllConnections();
  await new Promise((resolve) => listener.close(resolve));
});

async function subscribe(more: object = {}): Promise<number> {
  const form = {
    grant_type: 'client_credentials',
    client_id: app.clientId,
    client_secret: app.secret,
    scope: `${entra.graphUrl}/.default`,
  };
  const asked = await fetch(`${entra.authorityUrl}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token: token } = await asked.json();
  const body = {
    changeType: 'created,updated',
    notificationUrl: address,
    lifecycleNotificationUrl: address,
    resource: 'security/alerts_v2',
    expirationDateTime: new Date(clock + 86_400_000).toISOString(),
    clientState: 'a-secret-for-tests',
    ...more,
  };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (await fetch(`${entra.graphUrl}/v1.0/subscriptions`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

test.each([
  ['a secret that is too long', () => ({ clientState: 'x'.repeat(129) })],
  ['another resource', () => ({ resource: 'users' })],
  ['a kind of change nobody knows', () => ({ changeType: 'moved' })],
  ['an end in the past', () => ({ expirationDateTime: new Date(clock - 1).toISOString() })],
  ['an end that is too far away', () => ({ expirationDateTime: new Date(clock + 31 * 86_400_000).toISOString() })],
  ['an address that does not answer', () => ({ notificationUrl: 'http://127.0.0.1:1/none' })],
])('it refuses %s', async (_, more) => {
  expect(await subscribe(more())).toBe(400);
  expect(entra.subscriptions.size).toBe(0);
});

test('it refuses an address that answers something else', async () => {
  echo = () => 'something else';
  expect(await subscribe()).toBe(400);
});

test('it tells of changes with the secret, as often as asked, until it has run out', async () => {
  expect(await subscribe()).toBe(201);
  expect(await entra.notify({ times: 2 })).toEqual([202, 202]);
  expect(await entra.notify({ clientState: 'wrong', lifecycleEvent: 'missed' })).toEqual([202]);
  const told = heard.map((text) => JSON.parse(text).value[0]);
  expect(told.map(({ clientState }) => clientState)).toEqual(['a-secret-for-tests', 'a-secret-for-tests', 'wrong']);
  expect(told[2]).toMatchObject({ lifecycleEvent: 'missed' });
  clock += 86_400_001;
  expect(await entra.notify()).toEqual([]);
});

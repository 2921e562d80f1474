/** Graph says that something changed: alerts are looked at now instead of at the next minute, by whichever bot reads them. Nothing depends on it. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { alertOf, cluster } from './invented-alerts.ts';
import { entraTenant } from './people.ts';
import { slackWorld } from './platforms.ts';
import { readingEnv } from './reading-env.ts';
import { type Deployment, openWorld, type World } from './world.ts';

const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
let last = 4000;

/** What stands in front of the bots; `to` is where the next requests go. */
async function openFront(): Promise<{ server: Server; url: string; to: { url: string } }> {
  const to = { url: '' };
  const server = createServer((req, res) => {
    const { method = 'GET', headers } = req;
    const passed = request(new URL(req.url ?? '/', to.url), { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    passed.on('error', () => res.writeHead(502).end());
    req.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, to };
}

describe("Graph's change notifications", () => {
  let world: World;
  let entra: EntraWorld;
  let defender: DefenderWorld;
  let front: Awaited<ReturnType<typeof openFront>>;
  const bots: Deployment[] = [];

  beforeAll(async () => {
    const permissions = ['SecurityAlert.Read.All', 'Machine.Read.All'];
    entra = await startEntra({ tenantId: entraTenant, apps: [{ ...app, permissions }], people: [] });
    defender = await startDefender({ tokens: entra.holderOf, knowsEveryDevice: true });
    front = await openFront();
    world = await openWorld({
      chat: await slackWorld(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      env: {
        ...readingEnv({ app, entra, defender }),
        INGEST_DAYS: '1',
        INGEST_NOTIFICATIONS_URL: `${front.url}/v1/notifications`,
      },
      // Alerts are looked at every minute, which no test here waits for.
      timing: { sweepEveryMs: 1000, stalledAfterMs: 30_000, repairEveryMs: 1000, notificationsEveryMs: 1000 },
    });
    // The list is answered, the answer to the first subscription is lost: it is there all the same, and there must not be two.
    entra.faults.add({ route: 'subscriptions', kind: 'slow', ms: 1, times: 1 });
    entra.faults.add({ route: 'subscriptions', kind: 'lostAnswer', times: 1 });
    for (let count = 0; count < 2; count += 1) {
      bots.push(await world.add({ bot: true, worker: false }));
      front.to.url = bots[0]?.url ?? '';
    }
  });
  afterAll(async () => {
    await world.close();
    await entra.close();
    await defender.close();
    front.server.closeAllConnections();
    await new Promise((resolve) => front.server.close(resolve));
  });

  const subscribed = () =>
    world.until('one subscription', () => (entra.subscriptions.size === 1 ? [...entra.subscriptions.values()][0] : null), 50_000);
  const looks = (): number => entra.calls.filter(({ route, status }) => route === 'alerts' && status === 200).length;
  const alert = (): string => {
    last += 1;
    const title = `Notified ${last}`;
    entra.setAlert(alertOf(last, Date.now(), [cluster(last)], { title }));
    return title;
  };
  const shown = (title: string) => world.until(`a card of ${title}`, () => world.chat.card(title), 12_000);
  const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fetch(`${front.url}/v1/notifications`, { method: 'POST', headers, body });

  it('are asked for once, with a secret that nobody else has, and for no longer than they are wanted', { timeout: 60_000 }, async () => {
    const { clientState, resource, changeType, expirationDateTime } = await subscribed();
    expect({ resource, changeType }).toEqual({ resource: 'security/alerts_v2', changeType: 'created,updated' });
    expect(clientState).toMatch(/^[0-9a-f]{64}$/);
    expect(clientState).not.toContain(app.secret);
    expect(Date.parse(expirationDateTime) - Date.now()).toBeLessThanOrEqual(86_400_000);
    const asked = () => entra.calls.filter(({ route }) => route === 'subscriptions');
    await world.until('it is listed again', () => asked().at(-1)?.method === 'GET' && asked().length > 3);
    // The answer to its making was lost, and it was found and not made again.
    expect(
      asked()
        .filter(({ method }) => method === 'POST')
        .map(({ status }) => status),
    ).toEqual([0]);
    await world.until('what was there before is read', () => world.logLines.some((line) => line.includes('caught up with Defender')));
  });

  it('bring a card within seconds, whichever bot hears of it, and a rush of them is one look', async () => {
    for (const bot of bots) {
      front.to.url = bot.url;
      const title = alert();
      const before = looks();
      expect(await entra.notify({ times: 20 })).toEqual(Array.from({ length: 20 }, () => 202));
      await shown(title);
      expect(looks() - before).toBeLessThanOrEqual(2);
    }
  });

  it('of which some were missed are a reason to look as well', async () => {
    const title = alert();
    expect(await entra.notify({ lifecycleEvent: 'missed' })).toEqual([202]);
    await shown(title);
  });

  it('with a wrong secret, of a wrong shape or too large move nothing', async () => {
    const before = looks();
    expect(await entra.notify({ clientState: 'a-secret-somebody-guessed' })).toEqual([202]);
    expect(await entra.notify({ clientState: 'x'.repeat(128) })).toEqual([202]);
    for (const body of ['', 'null', '{"value":7}', '{"value":[7]}', '[]']) expect((await post(body)).status).toBe(400);
    expect((await post(`{"value":["${'x'.repeat(300_000)}"]}`)).status).toBe(413);
    expect((await fetch(`${front.url}/v1/notifications`)).status).toBe(405);
    expect(world.logLines.filter((line) => line.includes('without the right clientState'))).toHaveLength(1);
    // A look that was asked for would be made by now: the next one that counts comes after it.
    const title = alert();
    await entra.notify();
    await shown(title);
    expect(looks() - before).toBeLessThanOrEqual(2);
  });

  it('are answered back as plain text, whatever stands in the address', async () => {
    const token = '<script>alert(1)</script>&+ %';
    const answer = await fetch(`${front.url}/v1/notifications?validationToken=${encodeURIComponent(token)}`, { method: 'POST' });
    expect([answer.status, await answer.text()]).toEqual([200, token]);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const long = await fetch(`${front.url}/v1/notifications?validationToken=${'x'.repeat(5000)}`, { method: 'POST' });
    expect(long.status).toBe(400);
  });

  it('go on: renewed when half is over or Graph asks, made anew when they ran out, others of ours taken away', {
    timeout: 60_000,
  }, async () => {
    const first = await subscribed();
    const halfOver = new Date(Date.now() + 11 * 3_600_000).toISOString();
    const renewals = () =>
      entra.calls.filter(({ route, method, status }) => route === 'subscriptions' && method === 'PATCH' && status === 200).length;
    entra.subscriptions.set(first.id, { ...first, expirationDateTime: halfOver });
    await world.until('it is renewed', () => (entra.subscriptions.get(first.id)?.expirationDateTime ?? '') > halfOver);

    const before = renewals();
    expect(await entra.notify({ lifecycleEvent: 'reauthorizationRequired' })).toEqual([202]);
    await world.until('it is renewed because Graph asked', () => renewals() > before);

    // Of an older secret, and one of somebody else's.
    const url = first.notificationUrl.split('?', 1)[0] ?? '';
    entra.subscriptions.set('old', { ...first, id: 'old', notificationUrl: `${url}?secret=0000000000000000` });
    entra.subscriptions.set('other', { ...first, id: 'other', notificationUrl: 'https://other.example/v1/notifications' });
    await world.until('the old one is gone', () => !entra.subscriptions.has('old'));
    expect([...entra.subscriptions.keys()].toSorted()).toEqual([first.id, 'other'].toSorted());
    entra.subscriptions.delete('other');

    entra.subscriptions.set(first.id, { ...first, expirationDateTime: new Date(Date.now() - 1000).toISOString() });
    await world.until('another one', () => entra.subscriptions.size === 1 && !entra.subscriptions.has(first.id));
    entra.subscriptions.clear();
    const removed = { value: [{ clientState: first.clientState, lifecycleEvent: 'subscriptionRemoved' }] };
    expect((await post(JSON.stringify(removed))).status).toBe(202);
    await subscribed();
    const title = alert();
    await entra.notify();
    await shown(title);
    expect(entra.problems).toEqual([]);
  });

  it('are kept by another bot when the one that keeps them stops, without a second one', { timeout: 60_000 }, async () => {
    const { id } = await subscribed();
    await world.stopOne('bot');
    front.to.url = bots[1]?.url ?? '';
    const calls = entra.calls.length;
    await world.until('the other one looks', () => entra.calls.slice(calls).some(({ route }) => route === 'subscriptions'), 40_000);
    expect([...entra.subscriptions.keys()]).toEqual([id]);
    const title = alert();
    await entra.notify();
    await shown(title);
  });
});

/** Redis is a carrier: while it is away people decide as always, and what they decided is carried out when it is back. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../setup/fresh.ts';
import { startRedis } from '../setup/local-services.ts';
import { isolateDevice, quarantineFile } from './actions.ts';
import { alice, carol } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const timing = { sweepEveryMs: 200, stalledAfterMs: 2000, repairEveryMs: 10_000 };
/** Whatever was on the queues is lost for good, and the server goes on. */
async function forgetAll(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

describe.each(platforms)('while Redis is away, with $name', ({ open }) => {
  let world: World;
  let redis: Awaited<ReturnType<typeof startRedis>>;

  beforeAll(async () => {
    redis = await startRedis();
    world = await openWorld({ chat: await open(), services: { databaseUrl: await freshDatabase(), redisUrl: redis.url }, timing });
    await world.add({ bot: true, worker: true });
  });
  afterAll(async () => {
    await world.close();
    await redis.stop();
  });

  it('records presses, stays ready, says what ails, and carries out afterwards', { timeout: 90_000 }, async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    const other = isolateDevice();
    await world.submit(other);
    await world.until('the other card is posted', () => world.chat.card(other.title));
    await redis.kill9();

    expect(await world.chat.press(alice, body.title, /^Approve/)).toBe(200);
    await world.until('Alice is told', () => world.chat.told(alice).some((text) => text.includes('Recorded')));
    expect((await world.read(id)).status).toBe('queued');
    const ready = await fetch(`${world.url()}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', ailing: ['queue'] });

    // What looks for lost decisions needs the queue; alarms do not.
    const logged = (text: string) => world.logLines.some((line) => line.includes(text));
    await world.until('the sweep meets the queue', () => logged('the sweep'));
    for (let nr = 0; nr < 5; nr += 1) await world.chat.press(carol, other.title, /^Approve/);
    await world.until('operators hear of refusals', () => logged('ALARM: one person was refused again and again'));

    await redis.restart();
    await world.until('completed', () => world.chat.card(body.title)?.includes('Completed'));
    expect(await (await fetch(`${world.url()}/readyz`)).json()).toEqual({ status: 'ready', ailing: [] });
  });

  it('a cancellation that was lost with everything in Redis is sent again, like the decision that it stops', {
    timeout: 60_000,
  }, async () => {
    const body = isolateDevice({ parameters: { simulator: { takesMs: 600_000 } } });
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.press(alice, body.title, /^Approve/);
    await world.until('it runs', async () => (await world.read(id)).status === 'inProgress');
    await world.until('the card says so', () => world.chat.card(body.title)?.includes('being carried out now'));
    // From now on nobody takes what is on the queues.
    await world.stopOne('worker');
    await world.add({ bot: true, worker: false });
    await world.chat.press(alice, body.title, /^(Cancel|Yes, stop it)$/);
    await world.until('Alice is told', () => world.chat.told(alice).some((text) => text.includes('you asked to stop')));
    const handedOver = () =>
      new Set(world.stages.flatMap((one) => (one.stage === 'queued' && one.actionId === id ? [one.decisionId] : [])));
    await world.until('the cancellation is on the queue', () => handedOver().size === 2);
    await forgetAll(redis.url);
    await world.add({ bot: false, worker: true });
    await world.until('it is cancelled', async () => (await world.read(id)).status === 'cancelled');
  });

  it('answers what it does not know with 4xx and never with a crash', async () => {
    const at = (path: string, init: RequestInit = {}) => fetch(`${world.url()}${path}`, init).then(({ status }) => status);
    expect(await at('/')).toBe(404);
    // The other platform is off here.
    const [own, other] = world.chat.platform === 'slack' ? ['/slack/events', '/api/messages'] : ['/api/messages', '/slack/events'];
    expect(await at(other, { method: 'POST', body: '' })).toBe(404);
    expect(await at(own)).toBe(405);
    const answer = await at(own, { method: 'POST', body: '' });
    expect([400, 401, 403, 415]).toContain(answer);
    expect(await at('/v1/actions', { method: 'POST', body: '{' })).toBeGreaterThanOrEqual(400);
    expect(await at('/readyz', { method: 'POST' })).toBe(405);
    expect(await at('/healthz')).toBe(200);
  });
});

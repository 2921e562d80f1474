/** BACKEND=consumer: the customer's own process, here the example from the documentation, takes the decisions. */
import { Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../setup/fresh.ts';
import { startRedis } from '../setup/local-services.ts';
import { type Service, serve } from '../setup/processes.ts';
import { quarantineFile, removeRegistryKey } from './actions.ts';
import { alice } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

describe.each(platforms)("a customer's own consumer, with $name", ({ open }) => {
  let world: World;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let consumer: Service;

  beforeAll(async () => {
    // The example speaks the contract's own prefix, so it gets a Redis of its own.
    redis = await startRedis();
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: redis.url },
      env: { BACKEND: 'consumer' },
    });
    await world.add({ bot: true, worker: true });
    consumer = serve([], { REDIS_URL: redis.url }, 'docs/examples/consumer.ts');
  });
  afterAll(async () => {
    await consumer.kill9();
    await world.close();
    await redis.stop();
  });

  it('carries out what is approved, also what only the customer can do, and the card shows it', async () => {
    for (const body of [quarantineFile(), removeRegistryKey()]) {
      const { id } = (await world.submit(body)).body;
      await world.until('the card is posted', () => world.chat.card(body.title));
      await world.chat.press(alice, body.title, /^Approve/);
      await world.until('completed', () => world.chat.card(body.title)?.includes('Completed'));
      expect(world.chat.card(body.title)).toContain('Done by the example consumer.');
      expect(await world.read(id)).toMatchObject({ status: 'completed', outcome: { message: 'Done by the example consumer.' } });
    }
  });

  it('is told of a rejection, which has no outcome', async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.reject(alice, body.title, 'known tool');
    await world.reached(({ stage, actionId }) => stage === 'queued' && actionId === id);
    expect(await world.read(id)).toMatchObject({ status: 'rejected', outcome: null });
  });

  it('is told of an undo under a decision of its own; what it reports late or again changes nothing', async () => {
    const body = removeRegistryKey();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.press(alice, body.title, /^Approve/);
    await world.until('completed', () => world.chat.card(body.title)?.includes('Approved and completed'));
    const approval = (await world.read(id)).decision?.decisionId ?? '';
    await world.chat.press(alice, body.title, /^(Undo|Yes, undo it)$/);
    await world.until('undone', () => world.chat.card(body.title)?.includes('Taken back by the example consumer.'));
    const undone = await world.read(id);
    expect(undone).toMatchObject({ status: 'undone', decision: { verb: 'undo' }, outcome: { status: 'undone' } });

    const outcomes = new Queue('outcomes', { prefix: '{countersign}', connection: { url: redis.url } });
    const taken = new QueueEvents('outcomes', { prefix: '{countersign}', connection: { url: redis.url } });
    const at = new Date().toISOString();
    for (const [decisionId, status] of [
      [undone.decision?.decisionId, 'failed'],
      [undone.decision?.decisionId, 'inProgress'],
      [approval, 'failed'],
    ]) {
      const report = { version: 1, decisionId, actionId: id, status, at, message: null, externalRef: null, portalUrl: null };
      const job = await outcomes.add(String(status), report, { jobId: `${decisionId}-${status}-late` });
      await job.waitUntilFinished(taken, 10_000);
    }
    await Promise.all([outcomes.close(), taken.close()]);
    expect(await world.read(id)).toMatchObject({ status: 'undone', outcome: { status: 'undone' } });
  });
});

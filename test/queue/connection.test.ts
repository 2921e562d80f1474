import { setTimeout as wait } from 'node:timers/promises';
import { DelayedError, type Job, type Processor, type Queue, UnrecoverableError } from 'bullmq';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ConsumerOptions, openQueues, type QueueLink, type QueueSource } from '../../src/queue/connection.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { poll } from '../setup/poll.ts';
import { freshFolder } from '../store/surroundings.ts';

const errors: unknown[] = [];
const hooks = { onError: (error: unknown) => void errors.push(error) };

describe.each(['redis', 'postgres', 'pglite'] as const)('the queues on %s', (kind) => {
  let engine: Engine | null = null;
  let source: QueueSource;
  let link: QueueLink;
  let queue: Queue;
  let round = 0;

  beforeAll(async () => {
    if (kind === 'pglite') engine = await openEngine({ dataDir: freshFolder() }, hooks);
    if (kind === 'postgres') engine = await openEngine({ databaseUrl: await freshDatabase() }, hooks);
    source = engine ? { pool: engine.queuePool() } : { redisUrl: inject('redisUrl') };
    link = await openQueues({ ...source, prefix: freshPrefix() }, hooks);
  });
  afterAll(async () => {
    await link.close();
    await engine?.close();
    expect(errors).toEqual([]);
  });

  /** A queue for one test, with its worker. */
  function consume(processor: Processor, options: ConsumerOptions = {}) {
    round += 1;
    queue = link.producer(`work-${round}`);
    return link.consumer(queue.name.replace(/^.*\./, ''), processor, { drainDelay: 1, ...options });
  }
  const state = async (id: string) => (await queue.getJob(id))?.getState();
  const reaches = (id: string, wanted: string) => poll(`${id} to be ${wanted}`, async () => (await state(id)) === wanted);

  it('says what it is and answers', async () => {
    expect(link.kind).toBe(kind === 'redis' ? 'redis' : 'postgres');
    expect(link.warnings).toEqual([]);
    expect(link.producer('twice')).toBe(link.producer('twice'));
    await link.ping();
  });

  it('carries jobs one by one and in bulk, and keeps their results', async () => {
    const seen: unknown[] = [];
    consume(async (job) => {
      seen.push(job.data);
      return { did: job.name };
    });
    await queue.add('first', { n: 1 }, { jobId: 'one' });
    await queue.addBulk([2, 3].map((n) => ({ name: 'more', data: { n }, opts: { jobId: `bulk-${n}` } })));
    await reaches('bulk-3', 'completed');
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await queue.getJob('one'))?.returnvalue).toEqual({ did: 'first' });
    expect(await queue.getJobCounts('completed', 'failed', 'waiting')).toEqual({ completed: 3, failed: 0, waiting: 0 });
  });

  it('tries again after a pause, up to the number of attempts', async () => {
    const tries: number[] = [];
    consume(async (job) => {
      tries.push(job.attemptsMade);
      if (job.name === 'never' || tries.length < 3) throw new Error(`try ${job.attemptsMade}`);
    });
    await queue.add('later', {}, { jobId: 'later', attempts: 3, backoff: { type: 'exponential', delay: 10, jitter: 0.2 } });
    await reaches('later', 'completed');
    expect(tries).toEqual([0, 1, 2]);
    await queue.add('never', {}, { jobId: 'never', attempts: 2, backoff: { type: 'fixed', delay: 10 } });
    await reaches('never', 'failed');
    const failed = await queue.getJob('never');
    expect([failed?.attemptsMade, failed?.failedReason]).toEqual([2, 'try 1']);
  });

  it('never tries an unrecoverable error again', async () => {
    let runs = 0;
    consume(async () => {
      runs += 1;
      throw new UnrecoverableError('poisoned: nonsense');
    });
    await queue.add('bad', {}, { jobId: 'bad', attempts: 10, backoff: 10 });
    await reaches('bad', 'failed');
    expect([await queue.getDelayedCount(), await queue.getWaitingCount()]).toEqual([0, 0]);
    expect([runs, (await queue.getJob('bad'))?.failedReason, await (await queue.getJob('bad'))?.isFailed()]).toEqual([
      1,
      'poisoned: nonsense',
      true,
    ]);
  });

  it('puts a running job off without spending an attempt', async () => {
    const attempts: number[] = [];
    consume(async (job, token) => {
      attempts.push(job.attemptsMade);
      if (attempts.length < 3) {
        await job.moveToDelayed(Date.now() + 50, token);
        throw new DelayedError();
      }
    });
    await queue.add('patient', {}, { jobId: 'patient', attempts: 2 });
    await reaches('patient', 'completed');
    expect(attempts).toEqual([0, 0, 0]);
    const job = await queue.getJob('patient');
    expect([job?.attemptsMade, job?.attemptsStarted]).toEqual([1, 3]);
  });

  it('starts a delayed job when its time has come', async () => {
    let startedAt = 0;
    consume(async () => {
      startedAt = Date.now();
    });
    const addedAt = Date.now();
    await queue.add('slow', {}, { jobId: 'slow', delay: 300 });
    expect(await state('slow')).toBe('delayed');
    await reaches('slow', 'completed');
    expect(startedAt - addedAt).toBeGreaterThanOrEqual(295);
  });

  it('runs a schedule until it is removed', async () => {
    const seen: unknown[] = [];
    consume(async (job) => void seen.push(job.data));
    await queue.upsertJobScheduler('tick', { every: 100 }, { name: 'tick', data: { digest: 1 } });
    await queue.upsertJobScheduler('tick', { every: 100 }, { name: 'tick', data: { digest: 2 } });
    await queue.upsertJobScheduler('daily', { pattern: '0 8 * * 1-5', tz: 'Europe/Berlin' }, { name: 'daily', data: {} });
    await poll('two ticks', () => seen.filter((data) => JSON.stringify(data) === '{"digest":2}').length > 1);
    expect((await queue.getJobSchedulers()).map(({ key, tz }) => [key, tz ?? null]).sort()).toEqual([
      ['daily', 'Europe/Berlin'],
      ['tick', null],
    ]);
    expect(await queue.removeJobScheduler('tick')).toBe(true);
    expect(await queue.removeJobScheduler('daily')).toBe(true);
    expect(await queue.getJobSchedulers()).toEqual([]);
  });

  it('takes one job id once, until that job is removed', async () => {
    let runs = 0;
    consume(async () => {
      runs += 1;
      throw new UnrecoverableError('stop');
    });
    await queue.add('same', { n: 1 }, { jobId: 'same' });
    await reaches('same', 'failed');
    expect((await queue.add('same', { n: 2 }, { jobId: 'same' })).id).toBe('same');
    expect((await queue.getJob('same'))?.data).toEqual({ n: 1 });
    await (await queue.getJob('same'))?.remove();
    expect(await queue.getJob('same')).toBeUndefined();
    await queue.add('same', { n: 3 }, { jobId: 'same' });
    await poll('the second run', () => runs === 2);
    await reaches('same', 'failed');
    expect(await queue.remove('same')).toBe(1);
    expect(await queue.getJob('same')).toBeUndefined();
    await expect(queue.add('x', {}, { jobId: 'a:b' })).rejects.toThrow('Custom Id cannot contain :');
  });

  it('lets a running job finish before it closes, and takes no other', async () => {
    const own = await openQueues({ ...source, prefix: freshPrefix() }, hooks);
    const ended: (string | undefined)[] = [];
    const started = Promise.withResolvers<void>();
    own.consumer('last', async (job: Job) => {
      started.resolve();
      await wait(200);
      ended.push(job.id);
    });
    await own.producer('last').addBulk(['a', 'b'].map((jobId) => ({ name: 'job', data: {}, opts: { jobId } })));
    await started.promise;
    await Promise.all([own.close(), own.close()]);
    expect(ended).toEqual(['a']);
  });

  it('keeps name spaces apart', async () => {
    const other = await openQueues({ ...source, prefix: freshPrefix() }, hooks);
    queue = link.producer('shared');
    await queue.add('mine', {}, { jobId: 'mine' });
    expect(await other.producer('shared').getJob('mine')).toBeUndefined();
    await other.close();
  });

  it('keeps a bounded number of finished jobs', async () => {
    consume(async () => {}, { removeOnComplete: { count: 2 } });
    await queue.addBulk([1, 2, 3, 4].map((n) => ({ name: 'job', data: {}, opts: { jobId: `n-${n}` } })));
    await poll('all jobs', async () => (await state('n-4')) === 'completed' && (await queue.getWaitingCount()) === 0);
    expect(queue.defaultJobOptions).toEqual({
      removeOnComplete: { age: 86_400, count: 5000 },
      removeOnFail: { age: 1_209_600, count: 5000 },
    });
  });
});

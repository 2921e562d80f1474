import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openQueues, type QueueLink, type QueueSource } from '../../src/queue/connection.ts';
import { openEngine } from '../../src/store/engine.ts';
import { freePort, type LocalRedis, startPostgres, startRedis } from '../setup/local-services.ts';
import { poll } from '../setup/poll.ts';

const errors: unknown[] = [];
const hooks = { onError: (error: unknown) => void errors.push(error) };
const links: QueueLink[] = [];

async function open(source: QueueSource): Promise<QueueLink> {
  const link = await openQueues({ closeDeadlineMs: 1500, ...source }, hooks);
  links.push(link);
  return link;
}

beforeEach(() => {
  errors.length = 0;
});
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
});

describe('Redis', () => {
  let redis: LocalRedis;
  let admin: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url, { maxRetriesPerRequest: null });
    admin.on('error', () => {});
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  it('is missed at once when it is away, also by a queue made meanwhile, and found again', async () => {
    const link = await open({ redisUrl: redis.url });
    const done: string[] = [];
    link.consumer('outage', async (job) => void done.push(job.name), { drainDelay: 1 });
    const queue = link.producer('outage');
    await queue.add('before', {});
    await poll('the first job', () => done.length === 1);
    await redis.kill9();
    await poll('the loss to be noticed', () => errors.length > 0);
    const other = link.producer('made-meanwhile');
    link.consumer('made-meanwhile', async (job) => void done.push(`other ${job.name}`), { drainDelay: 1 });
    for (const producer of [queue, other]) {
      const asked = performance.now();
      await expect(producer.add('during', {}, { jobId: 'during' })).rejects.toThrow();
      expect(performance.now() - asked).toBeLessThan(100);
    }
    await expect(link.ping()).rejects.toThrow();
    await redis.restart();
    await poll('Redis to be found again', () =>
      link.ping().then(
        () => true,
        () => false,
      ),
    );
    await queue.add('after', {}, { jobId: 'after' });
    await other.add('after', {}, { jobId: 'after' });
    await poll('both workers to go on', () => done.length === 3);
    expect(done.toSorted()).toEqual(['after', 'before', 'other after']);
  });

  it('that hangs is given up after five seconds', async () => {
    const link = await open({ redisUrl: redis.url });
    const queue = link.producer('hanging');
    await queue.add('before', {});
    process.kill(redis.pid, 'SIGSTOP');
    const asked = performance.now();
    try {
      await expect(queue.add('during', {}, { jobId: 'during' })).rejects.toThrow('timed out');
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    expect(performance.now() - asked).toBeLessThan(6000);
    await poll('an answer', () =>
      link.ping().then(
        () => true,
        () => false,
      ),
    );
  });

  it('that became a replica refuses jobs at once, and takes them once it is a master again', async () => {
    const link = await open({ redisUrl: redis.url });
    const done: string[] = [];
    link.consumer('fail-over', async (job) => void done.push(job.name), { drainDelay: 1 });
    const queue = link.producer('fail-over');
    await queue.add('before', {});
    await poll('the first job', () => done.length === 1);
    await admin.replicaof('127.0.0.1', 1);
    await expect(queue.add('during', {}, { jobId: 'during' })).rejects.toThrow('READONLY');
    await admin.replicaof('NO', 'ONE');
    await poll('a master', () =>
      link.ping().then(
        () => true,
        () => false,
      ),
    );
    await queue.add('after', {}, { jobId: 'after' });
    await poll('the worker to go on', () => done.includes('after'));
  });

  it('does not hold up the end of the process when it is away', async () => {
    const link = await openQueues({ redisUrl: redis.url, closeDeadlineMs: 700 }, hooks);
    link.consumer('ending', async () => {});
    await link.producer('ending').add('one', {});
    await redis.kill9();
    const asked = performance.now();
    await link.close();
    expect(performance.now() - asked).toBeLessThan(2500);
    await redis.restart();
  });

  it('is waited for while it comes up, and given up with one clear error', async () => {
    await redis.kill9();
    const started = performance.now();
    const late = openQueues({ redisUrl: redis.url, startDeadlineMs: 500 }, hooks);
    await expect(late).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ did not become usable within 500 ms: connect ECONNREFUSED/);
    expect(performance.now() - started).toBeLessThan(1500);
    const [link] = await Promise.all([open({ redisUrl: redis.url }), wait(300).then(() => redis.restart())]);
    await link.ping();
    expect(errors).toEqual([]);
  });

  it('that refuses the password is an error at once, which does not show it', async () => {
    const opening = openQueues({ redisUrl: redis.url.replace('//', '//nobody:hidden@') }, hooks);
    await expect(opening).rejects.toThrow(/^Redis at 127\.0\.0\.1:\d+ cannot be used: .*WRONGPASS/);
    await expect(opening).rejects.not.toThrow('hidden');
    await expect(openQueues({ redisUrl: 'http://nonsense' }, hooks)).rejects.toThrow('REDIS_URL is not a URL');
  });

  it('that may throw jobs away is refused, with the command that mends it', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const refused = openQueues({ redisUrl: redis.url }, hooks);
    await expect(refused).rejects.toThrow(
      'maxmemory-policy is allkeys-lru: a full Redis would throw decisions away. Run `redis-cli CONFIG SET',
    );
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect((await open({ redisUrl: redis.url })).warnings).toEqual([]);
  });

  it('that persists nothing, or does not tell, is warned of', async () => {
    await admin.config('SET', 'appendonly', 'no');
    expect((await open({ redisUrl: redis.url })).warnings).toEqual([expect.stringContaining('Redis persists nothing (no AOF, no RDB)')]);
    await admin.acl('SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-config');
    const closed = redis.url.replace('//', '//app:secret@');
    expect((await open({ redisUrl: closed })).warnings).toEqual([
      expect.stringMatching(/Whether Redis persists is unknown, as CONFIG is not allowed/),
    ]);
    await admin.config('SET', 'save', '3600 1');
    expect((await open({ redisUrl: redis.url })).warnings).toEqual([]);
  });

  it.each([
    ['4.0.14', 'cannot carry the queues: Redis 4.0.14 is too old: 5.0 is the oldest that works, 6.2 or newer is advised.', null],
    ['6.0.16', null, 'Redis 6.0.16 is old: 6.2 or newer is advised.'],
    ['', null, 'The version of Redis is unknown'],
  ])('of version "%s" is judged by its version', async (version, error, warning) => {
    const server = await answering(`redis_version:${version}\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n`);
    const opening = open({ redisUrl: server.url });
    if (error) await expect(opening).rejects.toThrow(error);
    if (warning) expect((await opening).warnings).toEqual([expect.stringContaining(warning)]);
    server.close();
  });

  it('may be a cluster', async () => {
    const node = await startRedis({
      args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port', String(await freePort())],
    });
    try {
      const direct = new Redis(node.url);
      await direct.cluster('ADDSLOTSRANGE', 0, 16_383);
      direct.disconnect();
      const link = await open({ redisUrl: node.url.replace('redis:', 'redis+cluster:'), prefix: '{test}' });
      const done: string[] = [];
      link.consumer('work', async (job) => void done.push(job.name), { drainDelay: 1 });
      await link.producer('work').addBulk(['a', 'b'].map((name) => ({ name, data: {} })));
      await poll('both jobs', () => done.length === 2);
      await link.ping();
      await link.close();
    } finally {
      await node.stop();
    }
  });
});

describe('PostgreSQL under the queues', () => {
  it('may go and come back, also while a queue is made', { timeout: 60_000 }, async () => {
    const server = await startPostgres();
    const engine = await openEngine({ databaseUrl: server.url, connectionTimeoutMs: 2000 }, hooks);
    try {
      const link = await open({ pool: engine.queuePool() });
      const done: string[] = [];
      link.consumer('outage', async (job) => void done.push(job.name), { drainDelay: 1, runRetryDelay: 500 });
      const queue = link.producer('outage');
      await queue.add('before', {});
      await poll('the first job', () => done.length === 1);
      await server.kill9();
      await expect(queue.add('during', {})).rejects.toThrow();
      const other = link.producer('made-meanwhile');
      link.consumer('made-meanwhile', async (job) => void done.push(`other ${job.name}`), { drainDelay: 1, runRetryDelay: 500 });
      await expect(other.add('during', {})).rejects.toThrow();
      await server.restart();
      await poll('PostgreSQL to be found again', () =>
        link.ping().then(
          () => true,
          () => false,
        ),
      );
      await other.add('after', {});
      await queue.add('after', {});
      await poll('both workers to go on', () => done.length === 3);
      expect(done.toSorted()).toEqual(['after', 'before', 'other after']);
      await link.close();
    } finally {
      await engine.close();
      await server.stop();
    }
  });
});

/** A stand-in for Redis versions that cannot be installed here: answers INFO with `info`, everything else with OK. */
async function answering(info: string): Promise<{ url: string; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const command of chunk.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        const isInfo = command[1]?.toUpperCase() === 'INFO';
        socket.write(isInfo ? `$${Buffer.byteLength(info)}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, close: () => server.close() };
}

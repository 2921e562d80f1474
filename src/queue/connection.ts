/** BullMQ's queues and workers over Redis, or over its PostgreSQL backend when there is no Redis. The callers see no difference. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  type BackendFactory,
  createPostgresBackend,
  type PgPool,
  type PostgresQueueBackend,
  type Processor,
  Queue,
  runMigrations,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { prefix as contractPrefix } from './contract.ts';
import { checkRedis, type RedisReport } from './redis-check.ts';
import { type ConnectionSettings, describeRedis, type RedisClient, redisClient } from './redis-url.ts';

export type ConsumerOptions = Omit<WorkerOptions, 'connection' | 'prefix'>;

export type QueueLink = {
  kind: 'redis' | 'postgres';
  /** The same queue for the same name. Adding fails at once while Redis is away, and works when it is back. */
  producer(name: string): Queue;
  consumer(name: string, processor: Processor, options?: ConsumerOptions): Worker;
  ping(): Promise<void>;
  /** What an operator should mend, though it works. */
  warnings: string[];
  /** Waits for running jobs up to the deadline, then lets go; their locks run out and they are taken up again. */
  close(): Promise<void>;
};

export type QueueSource = ({ redisUrl: string } | { pool: PgPool }) & {
  /** Another name space, for tests. */
  prefix?: string;
  /** How long to wait for a Redis that is still coming up. */
  startDeadlineMs?: number;
  closeDeadlineMs?: number;
};

export type QueueHooks = { onError(error: unknown): void };

const day = 24 * 3600;
const kept = { removeOnComplete: { age: day, count: 5000 }, removeOnFail: { age: 14 * day, count: 5000 } };
const startDeadlineMs = 15_000;
const closeDeadlineMs = 10_000;
/** The embedded engine blocks the event loop during a long statement; a lock that runs out meanwhile would run a job twice. */
const postgresLockMs = 60_000;

export function openQueues(source: QueueSource, hooks: QueueHooks): Promise<QueueLink> {
  return 'redisUrl' in source ? openRedis(source.redisUrl, source, hooks) : openPostgres(source.pool, source, hooks);
}

/** A replica that was a master until now: connect anew. A worker's command is sent again (2), a producer, which never waits, is told (1). */
const leaveReplica = (then: 1 | 2) => (error: Error) => (error.message.startsWith('READONLY') ? then : false);

const producerSettings: ConnectionSettings = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 5000,
  connectTimeout: 5000,
  keepAlive: 10_000,
  retryStrategy: (times) => Math.min(times * 100, 2000),
  reconnectOnError: leaveReplica(1),
};

/** Workers wait for Redis however long it takes, and block on it: no deadline on their commands. */
const workerSettings: ConnectionSettings = {
  maxRetriesPerRequest: null,
  connectTimeout: 5000,
  keepAlive: 10_000,
  retryStrategy: (times) => Math.min(times * 250, 5000),
  reconnectOnError: leaveReplica(2),
};

async function openRedis(url: string, source: QueueSource, { onError }: QueueHooks): Promise<QueueLink> {
  const tell = oncePerError(onError);
  const prefix = source.prefix ?? contractPrefix;
  const client = redisClient(url, producerSettings);
  const { warnings } = await usable(client, describeRedis(url), source.startDeadlineMs ?? startDeadlineMs);
  client.on('error', tell);
  let workerClient: RedisClient | null = null;
  const forWorkers = () => {
    workerClient ??= redisClient(url, workerSettings).on('error', tell);
    return workerClient;
  };
  const ends = endings(source.closeDeadlineMs ?? closeDeadlineMs, tell);
  // Version and eviction were checked; BullMQ's own check would remember one failed answer for ever.
  const direct = { connection: client, skipVersionCheck: true, skipWaitingForReady: true };
  return {
    kind: 'redis',
    warnings,
    producer: ends.queue((name) => new Queue(name, { ...direct, prefix, defaultJobOptions: kept })),
    // A worker waits for Redis anyway, and needs its version: for 5.0 it would round every delay up to a second.
    consumer: ends.worker(
      (name, processor, options) => new Worker(name, processor, { ...kept, ...options, prefix, connection: forWorkers() }),
    ),
    ping: async () => {
      await client.ping();
    },
    close: once(async () => {
      await ends.closeAll();
      client.disconnect();
      workerClient?.disconnect();
    }),
  };
}

async function openPostgres(pool: PgPool, source: QueueSource, { onError }: QueueHooks): Promise<QueueLink> {
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
  const tell = oncePerError(onError);
  // This backend knows no prefix: the name carries it, but for ours.
  const full = (name: string) => (source.prefix === undefined || source.prefix === contractPrefix ? name : `${source.prefix}.${name}`);
  const ends = endings(source.closeDeadlineMs ?? closeDeadlineMs, tell);
  const makeQueue = (name: string) => new Queue(full(name), { connection: pool, defaultJobOptions: kept }, postgresBackend);
  const makeWorker = (name: string, processor: Processor, options?: ConsumerOptions) =>
    new Worker(full(name), processor, { lockDuration: postgresLockMs, ...kept, ...options, connection: pool }, postgresBackend);
  return {
    kind: 'postgres',
    warnings: [],
    // The type of the backend, which no caller looks at, is all that differs.
    producer: ends.queue((name) => makeQueue(name) as unknown as Queue),
    consumer: ends.worker((name, processor, options) => makeWorker(name, processor, options) as unknown as Worker),
    ping: async () => {
      await pool.query('select 1');
    },
    close: once(ends.closeAll),
  };
}

/** The schema is known to fit. BullMQ would ask once more on first use and remember a failure, such as a restarting server, for ever. */
const postgresBackend: BackendFactory<PostgresQueueBackend, PgPool> = (name, options, extra) => {
  const backend = createPostgresBackend(name, options, extra);
  backend.connection.waitUntilReady = async () => {};
  return backend;
};

/** Nothing that waiting could mend. */
const final = /WRONGPASS|NOAUTH|NOPERM|invalid username-password|certificate|self-signed/i;

/** Waits for an answer up to the deadline; one clear error else. */
async function usable(client: RedisClient, describe: string, deadlineMs: number): Promise<RedisReport> {
  const giveUpAt = Date.now() + deadlineMs;
  const told: { last: Error | null } = { last: null };
  const remember = (error: Error) => {
    told.last = error;
  };
  client.on('error', remember);
  for (;;) {
    const report = await checkRedis(client).catch((error: Error) => error);
    if (!(report instanceof Error) && report.errors.length === 0) {
      client.off('error', remember);
      return report;
    }
    const why = whyNot(report, told.last, Date.now() + 100 >= giveUpAt ? deadlineMs : null);
    if (why !== null) {
      // It would go on trying, and so its listener stays as well.
      client.disconnect();
      throw new Error(`${describe} ${why}`, { cause: report });
    }
    await wait(100);
  }
}

/** Null while waiting may help. The connection's own error says why commands cannot be sent. */
function whyNot(report: RedisReport | Error, connectionError: Error | null, lateAfterMs: number | null): string | null {
  if (!(report instanceof Error)) return `cannot carry the queues: ${report.errors.join(' ')}`;
  const reason = connectionError ?? report;
  if (lateAfterMs !== null) return `did not become usable within ${lateAfterMs} ms: ${messageOf(reason)}`;
  return final.test(reason.message) || final.test(report.message) ? `cannot be used: ${messageOf(reason)}` : null;
}

/** Node leaves the message empty when several addresses of one name failed. */
const messageOf = (error: Error): string =>
  error.message || (error instanceof AggregateError ? error.errors.map(String).join('; ') : error.name);

type MakeWorker = (name: string, processor: Processor, options?: ConsumerOptions) => Worker;

/** Keeps what was made, reports its errors, and ends it in order: workers first, as their jobs may still add to queues. */
function endings(deadlineMs: number, onError: (error: unknown) => void) {
  const queues = new Map<string, Queue>();
  const workers: Worker[] = [];
  const end = async (what: string, each: Queue | Worker) => {
    const ended = new AbortController();
    const closing = each
      .close()
      .catch(onError)
      .finally(() => ended.abort());
    const isLate = wait(deadlineMs, true, { signal: ended.signal }).catch(() => false);
    if (!(await Promise.race([closing.then(() => false), isLate]))) return;
    onError(new Error(`${what} ${each.name} did not close within ${deadlineMs} ms`));
    // Else its connections would go on trying for ever.
    each.getBackend().close(true).catch(onError);
  };
  return {
    queue: (make: (name: string) => Queue) => (name: string) => {
      const known = queues.get(name);
      if (known) return known;
      const queue = make(name);
      queue.on('error', onError);
      queues.set(name, queue);
      return queue;
    },
    worker: (make: MakeWorker): MakeWorker => {
      return (name, processor, options) => {
        const worker = make(name, processor, options);
        worker.on('error', onError);
        workers.push(worker);
        return worker;
      };
    },
    closeAll: async () => {
      await Promise.all(workers.map((worker) => end('the worker of', worker)));
      await Promise.all([...queues.values()].map((queue) => end('the queue', queue)));
    },
  };
}

/** One failed connection is told by every queue and worker that uses it. */
function oncePerError(onError: (error: unknown) => void): (error: unknown) => void {
  const told = new WeakSet<Error>();
  return (error) => {
    if (error instanceof Error && told.has(error)) return;
    if (error instanceof Error) told.add(error);
    onError(error);
  };
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => {
    closing ??= close();
    return closing;
  };
}

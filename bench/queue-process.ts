/** A bare BullMQ queue: one process adds, another starts. Settings as the product's: a job id of its own, attempts, 10 jobs at once. */
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { serveParent, tell } from './harness/process.ts';

const [kind] = process.argv.slice(2);
const url = process.env['REDIS_URL'] ?? '';
const prefix = '{bare}';
const name = 'bare';
const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const connection = new Redis(url, { maxRetriesPerRequest: null });
const jobOptions = {
  attempts: 10,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: { count: 5000 },
  removeOnFail: { count: 5000 },
};

if (kind === 'worker') {
  const worker = new Worker(name, async ({ id }) => tell({ decisionId: id, at: nowUs() }), { connection, prefix, concurrency: 10 });
  worker.on('error', (error) => console.error(error));
  await worker.waitUntilReady();
  serveParent({ ready: null, stop: () => worker.close() });
} else {
  const queue = new Queue(name, { connection, prefix });
  queue.on('error', (error) => console.error(error));
  await queue.waitUntilReady();
  serveParent({
    ready: null,
    answer: async ({ jobId, data }: { jobId: string; data: unknown }) => {
      const at = nowUs();
      await queue.add('approve', data, { ...jobOptions, jobId });
      return at;
    },
    stop: () => queue.close(),
  });
}

/** The queue `decisions`: filled from the outbox by the relay, emptied by our worker or by the customer's own consumer. */
import { DelayedError, type Job, type Queue, UnrecoverableError, type Worker } from 'bullmq';
import type { Carried } from '../action-center/carry-out.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Requeue } from '../action-center/ports.ts';
import type { QueueLink } from './connection.ts';
import { DecisionMessage, queueNames } from './contract.ts';

/** What the relay needs of the outbox; the store's `Outbox` fits. */
export type OutboxSource = {
  claim(now: number, leaseMs: number, limit: number): Promise<{ decisionId: string; name: string; body: unknown }[]>;
  sent(decisionIds: string[], now: number): Promise<void>;
  release(decisionIds: string[]): Promise<void>;
};

const batch = 100;
/** Longer than the deadline of the hand-over, so that a row is never in two hands. */
const leaseMs = 15_000;
/** 1 s, 2 s, 4 s ... about 8 minutes in all: long enough for a restart of whatever is down, short enough to be an answer the same night. */
const attempts = 10;

const decisionJobOptions = { attempts, backoff: { type: 'exponential', delay: 1000, jitter: 0.2 } } as const;

/** Moves what is committed and unsent to the queue. The decision's id is the job id: a repeated hand-over is one job. Returns how many. */
export async function relay(queue: Queue, outbox: OutboxSource, now: () => number): Promise<number> {
  let moved = 0;
  for (;;) {
    const items = await outbox.claim(now(), leaseMs, batch);
    if (items.length === 0) return moved;
    const ids = items.map((item) => item.decisionId);
    try {
      await queue.addBulk(
        items.map(({ decisionId, name, body }) => ({ name, data: body, opts: { ...decisionJobOptions, jobId: decisionId } })),
      );
    } catch (error) {
      await outbox.release(ids);
      throw new UpstreamError('queue', 'decisions could not be put on the queue; they stay in the outbox', {
        retryable: true,
        cause: error,
      });
    }
    await outbox.sent(ids, now());
    moved += items.length;
    if (items.length < batch) return moved;
  }
}

export type PoisonReport = (queue: string, jobId: string, reason: string) => void;

/** Takes decisions off the queue. A poisoned message goes to the failed set, is told to `poisoned` and never tried again. */
export function takeDecisions(
  link: QueueLink,
  carry: (message: DecisionMessage, lastTry: boolean) => Promise<Carried>,
  poisoned: PoisonReport,
): Worker {
  const refuse = (job: Job, reason: string): never => {
    poisoned(queueNames.decisions, job.id ?? '?', reason);
    throw new UnrecoverableError(`poisoned: ${reason}`);
  };
  return link.consumer(
    queueNames.decisions,
    async (job, token) => {
      const parsed = DecisionMessage.safeParse(job.data);
      if (!parsed.success) return refuse(job, pathsOf(parsed.error.issues));
      if (job.id !== parsed.data.decisionId) return refuse(job, 'the job id is not the decision id');
      const lastTry = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
      const carried = await carry(parsed.data, lastTry);
      if (carried.kind === 'forged') return refuse(job, carried.reason);
      if (carried.kind === 'again') {
        await job.moveToDelayed(Date.now() + carried.afterMs, token);
        throw new DelayedError();
      }
    },
    { concurrency: 10, maxStalledCount: 5 },
  );
}

/** Paths and codes only: values of a poisoned message may be hostile. */
export const pathsOf = (issues: readonly { path: PropertyKey[]; code: string }[]): string =>
  issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || '(message)'}: ${issue.code}`)
    .join('; ');

/** Tells the sweep whether a decision is still on its way. A job that failed for good is taken away, so that its decision can be sent anew. */
export function requeueThrough(queue: Queue, outbox: { resend(decisionId: string): Promise<boolean> }): Requeue {
  return {
    hasJob: async (decisionId) => {
      const job = await queue.getJob(decisionId);
      if (!job) return false;
      // Poison stays where operators see it; the record never made it, or it was tampered with.
      if (!(await job.isFailed()) || job.failedReason?.startsWith('poisoned')) return true;
      await job.remove();
      return false;
    },
    resend: (decisionId) => outbox.resend(decisionId),
  };
}

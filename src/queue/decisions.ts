/** The queue `decisions`: filled from the outbox by the relay, emptied by our worker or by the customer's own consumer. */
import { DelayedError, type Job, type Queue, UnrecoverableError, type Worker } from 'bullmq';
import type { Carried } from '../action-center/carrying.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Requeue } from '../action-center/ports.ts';
import type { QueueLink } from './connection.ts';
import { DecisionMessage, queueNames } from './contract.ts';

/** What the relay needs of the outbox; the store's `Outbox` fits. */
export type OutboxSource = {
  claim(now: number, leaseMs: number, limit: number): Promise<{ decisionId: string; name: string; body: unknown }[]>;
  sent(decisionIds: string[], now: number): Promise<unknown>;
  release(decisionIds: string[]): Promise<void>;
};

const batch = 100;
/** Longer than the deadline of the hand-over, so that a row is never in two hands. */
const leaseMs = 15_000;
/** 1 s, 2 s, 4 s ... about 8 minutes in all: long enough for a restart of whatever is down, short enough to be an answer the same night. */
const attempts = 10;

const decisionJobOptions = { attempts, backoff: { type: 'exponential', delay: 1000, jitter: 0.2 } } as const;

type Item = { decisionId: string; name: string; body: unknown };

/** The decision's id is the job id: a repeated hand-over is one job. */
async function handOver(queue: Queue, outbox: OutboxSource, items: Item[], now: () => number): Promise<void> {
  try {
    await queue.addBulk(
      items.map(({ decisionId, name, body }) => ({ name, data: body, opts: { ...decisionJobOptions, jobId: decisionId } })),
    );
  } catch (error) {
    throw new UpstreamError('queue', 'decisions could not be put on the queue; they stay in the outbox', { retryable: true, cause: error });
  }
  const ids = items.map(({ decisionId }) => decisionId);
  await outbox.sent(ids, now());
}

/** Moves everything that is committed and unsent, whoever committed it. */
async function drain(queue: Queue, outbox: OutboxSource, now: () => number): Promise<void> {
  for (;;) {
    const items = await outbox.claim(now(), leaseMs, batch);
    if (items.length === 0) return;
    try {
      await handOver(queue, outbox, items, now);
    } catch (error) {
      await outbox.release(items.map(({ decisionId }) => decisionId));
      throw error;
    }
    if (items.length < batch) return;
  }
}

export type Relay = {
  /** A decision of this process was committed: no need to look it up. Without one: look into the outbox at the next run. */
  push(message?: DecisionMessage): void;
  /** Hands over what was pushed and, on the beat, whatever else is in the outbox. Resolves to true when the outbox was looked into. */
  run(): Promise<boolean>;
};

/** What is pushed beyond this is found in the outbox on the next beat. */
const pushBound = 1000;

export function openRelay(queue: Queue, outbox: OutboxSource, now: () => number, beatMs: number): Relay {
  let fresh: Item[] = [];
  let drainAt = 0;
  return {
    push: (message) => {
      if (!message) drainAt = 0;
      else if (fresh.length < pushBound) fresh.push({ decisionId: message.decisionId, name: message.verb, body: message });
    },
    run: async () => {
      const items = fresh;
      fresh = [];
      // A failure loses nothing: the rows are unsent, and the next beat finds them.
      if (items.length > 0) await handOver(queue, outbox, items, now);
      if (now() < drainAt) return false;
      await drain(queue, outbox, now);
      drainAt = now() + beatMs;
      return true;
    },
  };
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

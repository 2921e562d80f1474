/** The queue `actions`: a way in with the same body as `POST /v1/actions`. */
import { UnrecoverableError, type Worker } from 'bullmq';
import { UpstreamError } from '../action-center/errors.ts';
import type { QueueLink } from './connection.ts';
import { queueNames } from './contract.ts';
import type { PoisonReport } from './decisions.ts';

/** `take` stores one submission and throws for what can never be stored; only a failing service is tried again. */
export function takeActions(link: QueueLink, take: (data: unknown) => Promise<unknown>, poisoned: PoisonReport): Worker {
  return link.consumer(
    queueNames.actions,
    async (job) => {
      try {
        return await take(job.data);
      } catch (error) {
        if (error instanceof UpstreamError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        poisoned(queueNames.actions, job.id ?? '?', reason);
        throw new UnrecoverableError(`poisoned: ${reason}`);
      }
    },
    { concurrency: 5, maxStalledCount: 5 },
  );
}

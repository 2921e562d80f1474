/** The queue `outcomes`: filled by whoever carries decisions out, emptied by our worker into the record. */
import { type Queue, UnrecoverableError, type Worker } from 'bullmq';
import { UpstreamError } from '../action-center/errors.ts';
import type { OutcomeReport, Settled } from '../action-center/settle.ts';
import type { QueueLink } from './connection.ts';
import { OutcomeMessage, outcomeJobId, queueNames } from './contract.ts';
import { type PoisonReport, pathsOf } from './decisions.ts';

/** The record may be away for a while; an outcome waits for it. About an hour. */
const jobOptions = { attempts: 12, backoff: { type: 'exponential', delay: 1000, jitter: 0.2 } } as const;

export async function putOutcome(queue: Queue, { decisionId, actionId, outcome }: OutcomeReport): Promise<void> {
  const { status, at, message, externalRef, portalUrl } = outcome;
  const body: OutcomeMessage = { version: 1, decisionId, actionId, status, at, message, externalRef, portalUrl: portalUrl ?? null };
  try {
    await queue.add(status, body, { ...jobOptions, jobId: outcomeJobId(body) });
  } catch (error) {
    throw new UpstreamError('queue', 'an outcome could not be put on the queue', { retryable: true, cause: error });
  }
}

export function takeOutcomes(link: QueueLink, settle: (report: OutcomeReport) => Promise<Settled>, poisoned: PoisonReport): Worker {
  return link.consumer(
    queueNames.outcomes,
    async (job) => {
      const poison = (reason: string): never => {
        poisoned(queueNames.outcomes, job.id ?? '?', reason);
        throw new UnrecoverableError(`poisoned: ${reason}`);
      };
      const parsed = OutcomeMessage.safeParse(job.data);
      if (!parsed.success) return poison(pathsOf(parsed.error.issues));
      const { decisionId, actionId, version: _version, ...outcome } = parsed.data;
      const settled = await settle({ decisionId, actionId, outcome });
      return settled === 'unknown-action' ? poison('the action is not in the record') : settled;
    },
    { concurrency: 10, maxStalledCount: 5 },
  );
}

/**
 * A customer's own backend, in one small process. Start the bot with BACKEND=consumer, then:
 *   REDIS_URL=redis://127.0.0.1:6379 node docs/examples/consumer.ts
 * It takes decisions off the queue `decisions`, acts once per decisionId, and reports on the queue `outcomes`.
 * The messages are described by `countersign contract`; delivery is at least once.
 */
import { Queue, Worker } from 'bullmq';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const settings = { prefix: '{countersign}' };
const outcomes = new Queue('outcomes', { ...settings, connection: { url } });
const keep = { removeOnComplete: { age: 86_400, count: 10_000 }, attempts: 12, backoff: { type: 'exponential', delay: 1000 } };

type Decision = { version: number; decisionId: string; actionId: string; verb: string; action: { type: string; title: string } };

/** Put the real work here. It must be safe to call again with the same decisionId: keep a record of what you have begun. */
async function carryOut(decision: Decision): Promise<{ status: 'completed' | 'undone' | 'failed'; message: string }> {
  console.log(`${decision.verb} ${decision.action.type}: ${decision.action.title} (${decision.decisionId})`);
  // An undo takes back what was approved earlier for the same actionId, and has a decisionId of its own.
  if (decision.verb === 'undo') return { status: 'undone', message: 'Taken back by the example consumer.' };
  return { status: 'completed', message: 'Done by the example consumer.' };
}

async function report(decision: Decision, status: string, message: string | null): Promise<void> {
  const { decisionId, actionId } = decision;
  const body = { version: 1, decisionId, actionId, status, at: new Date().toISOString(), message, externalRef: null, portalUrl: null };
  await outcomes.add(status, body, { ...keep, jobId: `${decisionId}-${status}` });
}

const worker = new Worker<Decision>(
  'decisions',
  async ({ data: decision }) => {
    if (decision.version !== 1) throw new Error(`message version ${decision.version} is not understood`);
    // A rejection is told so that the item can be closed; it has no outcome.
    if (decision.verb === 'reject') return;
    await report(decision, 'inProgress', null);
    const { status, message } = await carryOut(decision);
    await report(decision, status, message);
  },
  { ...settings, connection: { url, maxRetriesPerRequest: null }, concurrency: 5 },
);
worker.on('error', (error) => console.error(error.message));
worker.on('failed', (job, error) => console.error(`${job?.id ?? '?'} failed: ${error.message}`));
process.once('SIGTERM', () => void worker.close().then(() => outcomes.close()));

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { adminServer } from '../src/admin.ts';
import { openLog } from '../src/log.ts';
import { openMetrics } from '../src/metrics.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function open(queues: () => Promise<unknown> = async () => ({})) {
  const metrics = openMetrics();
  const logged: string[] = [];
  const log = openLog('error', { write: (line) => logged.push(line) });
  const server = adminServer({ metrics, queues, log, deadlineMs: 50 }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { metrics, logged, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('the admin port', () => {
  it('serves what was counted', async () => {
    const { metrics, url } = await open();
    metrics.decisions.inc({ verb: 'approve', platform: 'slack' });
    metrics.refusals.inc({ kind: 'not-permitted' });
    metrics.outcomes.inc({ status: 'completed' });
    metrics.poisoned.inc({ queue: 'decisions' });
    metrics.cards.inc({ platform: 'slack', what: 'post' });
    metrics.cardFailures.inc({ platform: 'slack', trouble: 'unknown' });
    metrics.intake.inc({ result: 'accepted' });
    metrics.outboxUnsent.set(3);
    metrics.pressSeconds.observe({ verb: 'approve' }, 0.2);
    const response = await fetch(`${url}/metrics`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    const text = await response.text();
    for (const line of [
      /^countersign_decisions_total\{.*verb="approve".*\} 1$/m,
      /^countersign_refusals_total\{.*kind="not-permitted".*\} 1$/m,
      /^countersign_outcomes_total\{.*status="completed".*\} 1$/m,
      /^countersign_poisoned_messages_total\{.*queue="decisions".*\} 1$/m,
      /^countersign_cards_total\{.*what="post".*\} 1$/m,
      /^countersign_card_failures_total\{.*trouble="unknown".*\} 1$/m,
      /^countersign_intake_total\{.*result="accepted".*\} 1$/m,
      /^countersign_outbox_unsent\{.*\} 3$/m,
      /^countersign_press_seconds_bucket\{.*le="0.25".*\} 1$/m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  it('keeps the counters of two bots in one process apart', async () => {
    const one = await open();
    const two = await open();
    one.metrics.intake.inc({ result: 'accepted' });
    expect(await (await fetch(`${two.url}/metrics`)).text()).not.toMatch(/^countersign_intake_total\{.*\} 1$/m);
  });

  it('serves the counts of the queues', async () => {
    const { url } = await open(async () => ({ decisions: { waiting: 2 } }));
    const response = await fetch(`${url}/queues?x=1`);
    expect([response.status, await response.json()]).toEqual([200, { decisions: { waiting: 2 } }]);
  });

  it.each(['/', '/healthz', '/queues/', '/metrics/x', '/v1/actions'])('has nothing at %s', async (path) => {
    const { url } = await open();
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  });

  it('is for reading only', async () => {
    const { url } = await open();
    const response = await fetch(`${url}/queues`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('redis://:hunter2@redis.example refused'))],
    ['hangs', () => new Promise(() => {})],
  ])('answers 500 and tells only the log why when the queue %s', async (_how, queues) => {
    const { url, logged } = await open(queues);
    const response = await fetch(`${url}/queues`);
    expect([response.status, await response.json()]).toEqual([500, { error: { code: 'internal' } }]);
    expect(logged).toHaveLength(1);
  });
});

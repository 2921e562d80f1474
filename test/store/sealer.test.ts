/** The loop around the seals: it seals by itself, says the head, removes what is old, and raises an alarm once. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { Log } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { startSealer } from '../../src/sealer.ts';
import { poll } from '../setup/poll.ts';
import { engines } from './engines.ts';
import { briefly, checked, openRecord, type Record, tenant, write } from './sealed-record.ts';

const dayMs = 86_400_000;
let record: Record;

beforeAll(async () => {
  const [postgres] = engines;
  if (postgres === undefined) throw new Error('there is no engine');
  record = await openRecord(postgres.options);
});
afterAll(() => record.close());

function aSealer({ days = 0 }: { days?: number } = {}) {
  const lines: string[] = [];
  const tell = (_facts: object | string, message = '') => void lines.push(message);
  const metrics = openMetrics();
  const config = { tenantId: tenant, auditSigningKey: null, auditRetentionDays: 30 } as Config;
  const log = { info: tell, warn: tell, error: tell } as unknown as Log;
  const loop = startSealer({ config, db: record.db, log, metrics, now: () => new Date(Date.now() + days * dayMs) });
  return { loop, lines, metrics };
}

it('seals what was written, says the head, later removes it, and raises an alarm when the chain does not fit', async () => {
  await write(record.db, 20);
  const today = aSealer();
  await poll('the events are sealed and the head is said', () => today.lines.some((line) => line.includes('the head of the audit record')));
  expect(await record.seals.head()).toMatchObject({ number: '1', lastSeq: '20' });
  expect(await today.metrics.text()).toMatch(/countersign_audit_unsealed_events\{[^}]*\} 0\n/);
  await today.loop.stop();

  const later = aSealer({ days: 40 });
  await poll('the events are removed', () => later.lines.some((line) => line.includes('were removed')));
  await later.loop.stop();
  const report = await checked(record.db);
  expect(briefly(report)).toEqual([]);
  expect(report).toMatchObject({ events: 0, seals: 1 });

  await sql`update audit_heads set number = 7`.execute(record.db);
  await write(record.db, 3);
  const alarmed = aSealer();
  const alarms = () => alarmed.lines.filter((line) => line.startsWith('ALARM'));
  await poll('the alarm', () => alarms().length > 0);
  alarmed.loop.poke();
  await alarmed.loop.stop();
  expect(alarms()).toHaveLength(1);
  expect(await alarmed.metrics.text()).toMatch(/countersign_audit_chain_broken\{[^}]*\} 1\n/);
  expect(await record.seals.last()).toMatchObject({ number: '2' });
});

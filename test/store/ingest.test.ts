/** How far a source was read, and who reads it, on both engines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mark } from '../../src/action-center/ingest-ports.ts';
import { ingestStore } from '../../src/store/ingest.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const since = '2026-10-22T08:00:00.000Z';
const leaseMs = 60_000;

describe.each(engines)('the mark of a source on $name', ({ options }) => {
  let record: EmptyRecord;
  let store: ReturnType<typeof ingestStore>;

  beforeAll(async () => {
    record = await openEmptyRecord(options);
    const { db } = record;
    store = ingestStore(db, 'default');
  });
  afterAll(() => record.close());

  it('begins where it is told, once', async () => {
    const begun = { source: 'first', since, through: since, reading: null, caughtUpAt: null };
    expect(await store.hold('first', 'one', since, leaseMs)).toEqual(begun);
    expect(await store.hold('first', 'one', '2026-11-01T00:00:00.000Z', leaseMs)).toEqual(begun);
  });

  it('is held by one at a time, until it is given back or runs out', async () => {
    expect(await store.hold('second', 'one', since, leaseMs)).not.toBeNull();
    expect(await store.hold('second', 'two', since, leaseMs)).toBeNull();
    await store.release('one');
    expect(await store.hold('second', 'two', since, 0)).not.toBeNull();
    expect(await store.hold('second', 'three', since, leaseMs)).not.toBeNull();
  });

  it('moves for whoever holds it, and not for whoever held it', async () => {
    const held = await store.hold('third', 'one', since, 0);
    const reading = { until: '2026-10-23T08:00:00.000Z', next: '/v1.0/security/alerts_v2?$skiptoken=x', newest: since };
    const moved: Mark = { ...(held as Mark), through: '2026-10-23T08:00:00.000Z', reading, caughtUpAt: '2026-11-21T08:00:00.000Z' };
    expect(await store.move(moved, 'one', 0)).toBe(true);
    expect(await store.hold('third', 'two', since, leaseMs)).toEqual(moved);
    expect(await store.move({ ...moved, through: since }, 'one', leaseMs)).toBe(false);
    expect(await store.hold('third', 'two', since, leaseMs)).toEqual(moved);
  });
});

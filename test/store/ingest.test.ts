/** How far a source was read, and who reads it, on both engines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mark } from '../../src/action-center/ingest-ports.ts';
import { actionStore } from '../../src/store/actions.ts';
import { ingestStore } from '../../src/store/ingest.ts';
import { relatedFindings } from '../../src/store/related-findings.ts';
import { wakeUps } from '../../src/store/wake-ups.ts';
import { anAction } from '../setup/builders.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const since = '2026-10-22T08:00:00.000Z';
const leaseMs = 60_000;

describe.each(engines)('the mark of a source on $name', ({ options }) => {
  let record: EmptyRecord;
  let store: ReturnType<typeof ingestStore>;
  let bell: ReturnType<typeof wakeUps>;
  let findings: ReturnType<typeof relatedFindings>;
  let actions: ReturnType<typeof actionStore>;

  beforeAll(async () => {
    record = await openEmptyRecord(options);
    const { db } = record;
    store = ingestStore(db, 'default');
    bell = wakeUps(db, 'default');
    findings = relatedFindings(db, 'default');
    actions = actionStore(db, 'default');
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

  it('is beside a bell that every process can ring and hear', async () => {
    expect(await bell.wokenAt('alerts')).toBeNull();
    await bell.wake('alerts');
    const first = await bell.wokenAt('alerts');
    await bell.wake('alerts');
    expect(first).not.toBeNull();
    expect(await bell.wokenAt('alerts')).not.toBe(first);
    expect(await bell.wokenAt('subscription')).toBeNull();
  });

  it('is beside what was told already, found by its key, its investigation and what it acts on', async () => {
    const entity = { type: 'emailCluster', name: 'Invoice', networkMessageIds: ['fa8ee4b4-0001-4000-8000-000000000001'], count: 1 };
    const action = { ...anAction({ type: 'softDeleteEmail' }), producer: 'defender', key: 'air-1', investigationId: 'urn:Zapped:1' };
    const event = { kind: 'announced', at: new Date().toISOString(), actorId: null, data: {} } as const;
    const times = { createdAt: event.at, updatedAt: event.at };
    const made = { ...action, ...times, entities: [entity] as typeof action.entities, contentDigest: 'sha256:1' };
    await actions.add(made, [], event);
    const none = { types: ['softDeleteEmail'] as const, keys: [], investigationIds: [], names: [] };
    const found = async (sought: object, from = '2000-01-01T00:00:00Z') =>
      (await findings.related('defender', { ...none, ...sought }, from)).map(({ key }) => key);
    for (const sought of [{ keys: ['air-1'] }, { investigationIds: ['URN:zapped:1'] }, { names: entity.networkMessageIds }])
      expect(await found(sought)).toEqual(['air-1']);
    expect(await found({})).toEqual([]);
    expect(await found({ keys: ['air-1'], types: ['blockUrl'] })).toEqual([]);
    expect(await found({ keys: ['air-1'] }, '2099-01-01T00:00:00Z')).toEqual([]);
  });
});

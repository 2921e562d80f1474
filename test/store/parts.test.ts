/** The calls a decision consists of, on both engines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId } from '../../src/action-center/action.ts';
import type { PartStore } from '../../src/action-center/parts.ts';
import type { Database } from '../../src/store/database.ts';
import { lanes } from '../../src/store/lanes.ts';
import { partStore } from '../../src/store/parts.ts';
import { testNow } from '../setup/builders.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const actionId = ActionId.parse('A-01JD6Q00000000000000000001');
const of = { decisionId: 'D-1', actionId, verb: 'approve' as const };
const at = testNow.toISOString();

describe.each(engines)('the parts of a decision on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let parts: PartStore;
  let db: Database;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    parts = partStore(db, 'default');
  });
  afterAll(() => record.close());

  it('are planned once, whoever plans again', async () => {
    const request = { kind: 'machine', call: 'isolate', comment: 'it’s “quoted” \\ 中' };
    const first = await parts.plan(of, [
      { target: 'one', request, total: 1 },
      { target: 'two', request, total: 3, state: 'succeeded', done: 3, external: { id: 'x' }, message: 'before' },
    ]);
    expect(first).toMatchObject([
      { number: 1, target: 'one', request, state: 'planned', attempts: 0, total: 1, done: 0, external: null, dueAt: null },
      { number: 2, state: 'succeeded', done: 3, external: { id: 'x' }, message: 'before' },
    ]);
    expect(await parts.plan(of, [{ target: 'another', request, total: 1 }])).toEqual(first);
  });

  it('change only where they stand as they were seen, so that of two workers one calls', async () => {
    const [seen] = await parts.of('D-1');
    if (seen === undefined) throw new Error('nothing was planned');
    const called = { state: 'called' as const, attempts: 1, calledAt: at };
    const both = await Promise.all([parts.change(seen, called), parts.change(seen, called)]);
    expect(both.filter((one) => one !== null)).toMatchObject([{ state: 'called', attempts: 1, calledAt: at }]);
    const [now] = await parts.of('D-1');
    const again = now && (await parts.change(now, { attempts: 2, dueAt: at }));
    expect(again).toMatchObject({ state: 'called', calledAt: at, dueAt: at });
    expect(now && (await parts.change(now, { state: 'failed' }))).toBeNull();
  });

  it('of an action come with the oldest decision first', async () => {
    await parts.plan({ ...of, decisionId: 'D-2', verb: 'undo' }, [{ target: 'one', request: {}, total: 1 }]);
    expect((await parts.ofAction(actionId)).map(({ decisionId, number }) => `${decisionId} ${number}`)).toEqual([
      'D-1 1',
      'D-1 2',
      'D-2 1',
    ]);
    expect(await parts.ofAction(ActionId.parse('A-none'))).toEqual([]);
  });

  it('have lanes in which something is kept for the urgent', async () => {
    const limit = { capacity: 3, perSecond: 1 };
    const now = testNow.getTime();
    expect(await lanes(db).take('kept', { ...limit, leave: 1 }, now)).toBe(0);
    expect(await lanes(db).take('kept', { ...limit, leave: 1 }, now)).toBe(0);
    expect(await lanes(db).take('kept', { ...limit, leave: 1 }, now)).toBe(1000);
    expect(await lanes(db).take('kept', limit, now)).toBe(0);
    expect(await lanes(db).take('kept', limit, now)).toBe(1000);
  });
});

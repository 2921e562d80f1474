/** A hunt on its way to its end: held, lost, interrupted, stopped. The features show the rest. */
import { expect, test } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { type HuntEnd, HuntError, type Hunting, type HuntRun, type HuntStore } from '../../src/action-center/hunting.ts';
import { carryOutHunt, type RunHuntDeps } from '../../src/action-center/run-hunt.ts';
import { anAction, testNow } from '../setup/builders.ts';

const run: HuntRun = {
  id: 'H-1',
  actionId: anAction().id,
  entraId: EntraId.parse('carol'),
  askedBy: 'Carol Chen',
  by: 'slack:T/U',
  platform: 'slack',
  query: 'DeviceInfo | take 1',
  timespan: 'P30D',
  startedAt: testNow.toISOString(),
  attempts: 1,
};
const here = { stopping: new AbortController().signal, handsOver: true };

function open(answer: Hunting['run'], endsFirst = true) {
  const ends: HuntEnd[] = [];
  const released: string[] = [];
  const nothing = () => Promise.reject(new Error('nobody asks for this here'));
  const hunts: HuntStore = {
    begin: nothing,
    claim: nothing,
    result: nothing,
    forget: nothing,
    renew: async () => true,
    release: async (id) => void released.push(id),
    end: async (_, end) => {
      ends.push(end);
      return endsFirst;
    },
  };
  const deps: RunHuntDeps = {
    hunts,
    hunting: { run: answer, isOn: () => true, check: async () => {} },
    store: { get: nothing, note: nothing },
    directory: { personFor: nothing, personById: nothing },
    sha256: (text) => `sha256 of ${text.length}`,
    newHuntId: () => 'H-2',
    now: () => testNow,
    holder: 'bot-1',
  };
  return { deps, ends, released };
}

test('after three bots died with it, it is given up without asking again, and that is told', async () => {
  const { deps, ends } = open(() => Promise.reject(new Error('not asked')));
  expect(await carryOutHunt(deps, { ...run, attempts: 4 }, here)).toMatchObject({ trouble: 'interrupted', rows: 0 });
  expect(ends[0]?.note.data).toMatchObject({ standing: 'interrupted', askedBy: 'Carol Chen' });
});

test('a bot that stops gives it back and tells nothing', async () => {
  const stopping = new AbortController();
  const { deps, ends, released } = open(async (_query, _ask, signal) => {
    stopping.abort();
    throw new HuntError('timed-out', String(signal.aborted));
  });
  expect(await carryOutHunt(deps, run, { ...here, stopping: stopping.signal })).toBeNull();
  expect([ends, released]).toEqual([[], ['H-1']]);
});

test('whoever comes second with an answer tells nothing more', async () => {
  const { deps } = open(async () => ({ columns: [], rows: [], truncated: false }), false);
  expect(await carryOutHunt(deps, run, here)).toBeNull();
});

test('the record has the digest and the count, the thread the rows', async () => {
  const rows = Array.from({ length: 12 }, (_, index) => [`wks-${index}`]);
  const { deps, ends } = open(async () => ({ columns: [{ name: 'DeviceName', type: 'String' }], rows, truncated: true }));
  expect(await carryOutHunt(deps, run, here)).toEqual({ trouble: null, rows: 12, hasFile: true, kept: 12 });
  const [end] = ends;
  expect(end?.audit.data).toEqual({
    huntId: 'H-1',
    standing: 'answered',
    rows: 12,
    truncated: true,
    query: 'sha256 of 19',
    by: 'slack:T/U',
    platform: 'slack',
  });
  expect(JSON.stringify(end?.audit)).not.toContain('wks-');
  expect(end?.note.data).toMatchObject({ hasFile: true, isHanded: true });
  expect(end?.note.data['cells']).toHaveLength(10);
  expect(end?.result?.rows).toHaveLength(12);
});

test('as many rows as the query asks for may not be all there are', async () => {
  const told = async (count: number) => {
    const rows = Array.from({ length: count }, () => ['wks-1']);
    const { deps, ends } = open(async () => ({ columns: [{ name: 'DeviceName', type: 'String' }], rows, truncated: false }));
    await carryOutHunt(deps, { ...run, query: 'DeviceInfo\n| take 3' }, here);
    return ends[0]?.note.data['isFull'];
  };
  expect([await told(2), await told(3)]).toEqual([false, true]);
});

test('a bot that goes on with another’s hunt promises nobody a file', async () => {
  const rows = Array.from({ length: 12 }, (_, index) => [`wks-${index}`]);
  const { deps, ends } = open(async () => ({ columns: [{ name: 'DeviceName', type: 'String' }], rows, truncated: false }));
  await carryOutHunt(deps, { ...run, attempts: 2 }, { ...here, handsOver: false });
  expect(ends[0]?.note.data).toMatchObject({ hasFile: true, isHanded: false });
});

test('a mistake of ours is no answer: it is left to be followed up', async () => {
  const { deps, ends } = open(() => Promise.reject(new TypeError('a bug')));
  await expect(carryOutHunt(deps, run, here)).rejects.toThrow('a bug');
  expect(ends).toEqual([]);
});

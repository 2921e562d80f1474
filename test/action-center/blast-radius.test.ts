/** Gathering how far things have spread: once, never in anybody's way, and over what goes wrong. */
import { describe, expect, test } from 'vitest';
import { blastRadiusAsk, type EvidenceStore, gatherEvidence } from '../../src/action-center/blast-radius.ts';
import { type HuntAnswer, HuntError, type Hunting, type HuntTrouble } from '../../src/action-center/hunting.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { anAction, testNow } from '../setup/builders.ts';

const action = anAction();
const never = new AbortController().signal;
const one = (values: Record<string, unknown>): HuntAnswer => ({
  columns: Object.keys(values).map((name) => ({ name, type: 'Int64' })),
  rows: [Object.values(values)],
  truncated: false,
});
const seen = one({ Devices: 14, FirstSeen: '2026-11-03T10:00:00.1234567Z', LastSeen: '2026-11-20T10:00:00Z' });

async function gathered(
  answer: HuntAnswer | HuntTrouble,
  { of = action, attempts = 1, signal = never }: { of?: RemediationAction; attempts?: number; signal?: AbortSignal } = {},
) {
  const did: unknown[][] = [];
  const evidence: EvidenceStore = {
    takeIn: async () => 1,
    claim: async () => ({ actionId: of.id, attempts }),
    keep: async (_, found) => void did.push(['kept', found]),
    later: async (_, at) => void did.push(['later', Date.parse(at) - testNow.getTime()]),
    refresh: async () => {},
    get: async () => null,
    redraw: async () => 0,
  };
  const hunting: Hunting = {
    run: async (query, ask) => {
      did.push(['asked', ask.for, query.split('\n')[0]]);
      if (typeof answer === 'string') throw new HuntError(answer, 'as told', { retryAfterMs: answer === 'busy' ? 7000 : null });
      return answer;
    },
    isOn: () => true,
    check: async () => {},
  };
  const store = { get: async () => of };
  const { more } = await gatherEvidence({ evidence, store, hunting, now: () => testNow, holder: 'bot', troubled: () => {} }, signal);
  return { more, did: did.filter(([what]) => what !== 'asked'), asked: did.filter(([what]) => what === 'asked') };
}

describe('evidence', () => {
  test('is asked in the background and kept as it was counted', async () => {
    const { did, asked, more } = await gathered(seen);
    expect(asked).toEqual([['asked', 'background', expect.stringMatching(/^let h = "[0-9a-f]{64}";$/)]]);
    expect(did).toEqual([
      ['kept', { of: 'file', days: 30, devices: 14, firstSeen: '2026-11-03T10:00:00.1234567Z', lastSeen: '2026-11-20T10:00:00Z' }],
    ]);
    expect(more).toBe(true);
  });

  test('counts that come as text count, and nothing has no times', async () => {
    const { did } = await gathered(one({ Devices: '0', FirstSeen: '', LastSeen: null }));
    expect(did).toEqual([['kept', { of: 'file', days: 30, devices: 0, firstSeen: null, lastSeen: null }]]);
  });

  test.each([[one({ Devices: -1, FirstSeen: null, LastSeen: null })], [one({})], [{ columns: [], rows: [], truncated: false }]])(
    'in a shape that says nothing is not shown',
    async (answer) => expect((await gathered(answer)).did).toEqual([['kept', null]]),
  );

  test('waits as long as the limit wants, and asks about nothing else meanwhile', async () => {
    expect(await gathered('busy', { attempts: 50 })).toMatchObject({ more: false, did: [['later', 7000]] });
  });

  test('is tried again after a failure, more and more seldom, and in the end given up', async () => {
    expect((await gathered('unavailable', { attempts: 1 })).did).toEqual([['later', 6000]]);
    expect((await gathered('unavailable', { attempts: 3 })).did).toEqual([['later', 24_000]]);
    expect((await gathered('unavailable', { attempts: 6 })).did).toEqual([['kept', null]]);
    expect((await gathered('not-taken')).did).toEqual([['kept', null]]);
  });

  test('of a bot that stops is left for the next one', async () => {
    expect((await gathered('timed-out', { signal: AbortSignal.abort() })).did).toEqual([['later', 0]]);
  });

  test('is not asked for what was decided meanwhile, nor for what cannot be counted', async () => {
    const decided = await gathered(seen, { of: anAction({ status: 'completed' }) });
    expect(decided).toMatchObject({ asked: [], did: [['kept', null]] });
    const uncounted = await gathered(seen, { of: anAction({ type: 'stopService', entities: [{ type: 'service', name: 'evil' }] }) });
    expect(uncounted).toMatchObject({ asked: [], did: [['kept', null]] });
  });

  test('of a cluster larger than the messages it names is a least', () => {
    const cluster = (count?: number) => ({
      type: 'emailCluster' as const,
      name: 'x',
      networkMessageIds: [crypto.randomUUID()],
      ...(count ? { count } : {}),
    });
    expect(blastRadiusAsk({ type: 'softDeleteEmail', entities: [cluster(12)] })?.facts).toEqual({ days: 30, atLeast: true });
    expect(blastRadiusAsk({ type: 'softDeleteEmail', entities: [cluster()] })?.facts).toEqual({ days: 30, atLeast: false });
  });
});

/** Reading a source against an API that goes wrong in every way: what was not stored is never passed over, and nothing leads the token elsewhere. */
import { describe, expect, it } from 'vitest';
import { type Api, DefenderError } from '../../src/defender/api.ts';
import { openReader, type Source } from '../../src/defender/ingest.ts';
import { rememberedMarks } from './remembered-marks.ts';

const day = 86_400_000;
const start = Date.parse('2026-11-21T08:00:00Z');
const isoOf = (ms: number): string => new Date(ms).toISOString();
const base = 'https://graph.example';
const { signal } = new AbortController();

type Answer = { value: unknown[]; '@odata.nextLink'?: string } | Error;

function aReader(answerTo: (path: string) => Answer, clock = { now: start }, more: Partial<Source> = {}) {
  const marks = rememberedMarks();
  const asked: string[] = [];
  const taken: unknown[] = [];
  const api: Api = {
    ask: async ({ path }) => {
      asked.push(path);
      const answer = answerTo(path);
      if (answer instanceof Error) throw answer;
      return { status: 200, retryAfterMs: null, body: answer };
    },
  };
  const source: Source = {
    name: 'alerts',
    api: 'graph',
    permission: 'SecurityAlert.Read.All',
    overlapMs: 600_000,
    baseUrl: base,
    pageSize: 40,
    first: (from, until, size) => `/list?from=${from}&until=${until}&top=${size}`,
    after: () => null,
    take: async (values) => {
      taken.push(...values);
      return { newest: (values as string[]).toSorted().at(-1) ?? null, counts: {} };
    },
    ...more,
  };
  const deps = { api, marks, now: () => new Date(clock.now), holder: 'one', leaseMs: 1000, lookBackMs: 3 * day };
  return { reader: openReader(source, deps), marks, asked, taken, clock };
}

const toTheEnd = async ({ reader }: Pick<ReturnType<typeof aReader>, 'reader'>): Promise<void> => {
  for (let left = 20; left > 0; left -= 1) if ((await reader.step(signal)).kind === 'done') return;
  throw new Error('it does not come to an end');
};

describe('how far a source was read', () => {
  it('goes a day at a time, then to the open end, and follows what was seen and not the clock', async () => {
    const rig = aReader((path) => ({ value: path.includes('until=null') ? [isoOf(start - 5000)] : [] }));
    await toTheEnd(rig);
    const days = [3, 2].map((left) => `until=${isoOf(start - (left - 1) * day)}`);
    expect(rig.asked.map((path) => /until=[^&]+/.exec(path)?.[0])).toEqual([...days, 'until=null']);
    expect(rig.marks.mark).toMatchObject({ through: isoOf(start - 5000), reading: null, caughtUpAt: isoOf(start) });
    // The next look begins ten minutes earlier.
    await rig.reader.step(signal);
    expect(rig.asked.at(-1)).toContain(`from=${isoOf(start - 605_000)}`);
  });

  it('does not run ahead with one odd entry, nor with a clock that is hours fast', async () => {
    const odd = aReader((path) => ({ value: path.includes('until=null') ? ['2099-01-01T00:00:00.000Z'] : [] }));
    await toTheEnd(odd);
    expect(odd.marks.mark?.through).toBe(isoOf(start));
    const fast = aReader(() => ({ value: [] }), { now: start + 5 * 3_600_000 });
    await toTheEnd(fast);
    expect(Date.parse(fast.marks.mark?.through ?? '')).toBeLessThan(start);
  });

  it('goes on with the next page, and only where that leads back to the same place', async () => {
    const rig = aReader((path) => (path.startsWith('/list') ? { value: ['a'], '@odata.nextLink': `${base}/more` } : { value: ['b'] }));
    await rig.reader.step(signal);
    expect(rig.marks.mark?.reading?.next).toBe('/more');
    await rig.reader.step(signal);
    expect(rig.asked.at(-1)).toBe('/more');
    const astray = aReader(() => ({ value: ['a'], '@odata.nextLink': 'https://graph.example.evil.example/more' }));
    await expect(astray.reader.step(signal)).rejects.toThrow('cannot be followed');
    expect(astray.marks.mark?.reading).toBeNull();
  });

  it('hurries once after a link that leads nowhere; when they all do, it says so and waits its turn', async () => {
    const gone = new DefenderError('gone', { retryable: false, mayHaveWorked: false, status: 410 });
    const rig = aReader((path) => (path.startsWith('/list') ? { value: ['a'], '@odata.nextLink': `${base}/more` } : gone));
    expect((await rig.reader.step(signal)).kind).toBe('page');
    expect(await rig.reader.step(signal)).toEqual({ kind: 'wait', ms: 0 });
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await rig.reader.step(signal)).kind).toBe('page');
      await expect(rig.reader.step(signal)).rejects.toThrow('gone');
      // From the beginning of the stretch; nothing was passed over.
      expect(rig.marks.mark?.reading).toBeNull();
    }
  });

  it('begins the stretch anew when the next page is not known any more', async () => {
    const gone = new DefenderError('gone', { retryable: false, mayHaveWorked: false, status: 410 });
    let isStale = true;
    const rig = aReader((path) => {
      if (path.startsWith('/list')) return { value: ['a'], '@odata.nextLink': `${base}/more` };
      return isStale ? gone : { value: ['b'] };
    });
    await rig.reader.step(signal);
    expect(await rig.reader.step(signal)).toEqual({ kind: 'wait', ms: 0 });
    isStale = false;
    await rig.reader.step(signal);
    await rig.reader.step(signal);
    expect(rig.taken).toEqual(['a', 'a', 'b']);
  });

  it('keeps the page through pauses, refusals and silence, and asks for less after the third silence', async () => {
    const failing = { retryable: true, mayHaveWorked: false };
    const silent = new DefenderError('did not answer in time', failing);
    const errors: Error[] = [
      new DefenderError('pause', { ...failing, status: 429, retryAfterMs: 7000 }),
      new DefenderError('broken', { ...failing, status: 503 }),
      ...[1, 2, 3].map(() => silent),
    ];
    const rig = aReader((path) =>
      path.startsWith('/list') ? { value: [], '@odata.nextLink': `${base}/more` } : (errors.shift() ?? { value: [] }),
    );
    await rig.reader.step(signal);
    expect(await rig.reader.step(signal)).toEqual({ kind: 'wait', ms: 7000 });
    for (const message of ['broken', 'in time', 'in time']) {
      await expect(rig.reader.step(signal)).rejects.toThrow(message);
      expect(rig.marks.mark?.reading?.next).toBe('/more');
    }
    await expect(rig.reader.step(signal)).rejects.toThrow('in time');
    expect(rig.marks.mark?.reading).toBeNull();
    await rig.reader.step(signal);
    expect(rig.asked.at(-1)).toContain('top=20');
  });

  it('does not move for whoever lost the right to read meanwhile', async () => {
    const rig = aReader(() => {
      rig.marks.holder = 'two';
      return { value: ['a'] };
    });
    expect(await rig.reader.step(signal)).toEqual({ kind: 'idle' });
    expect(rig.marks.mark?.through).toBe(isoOf(start - 3 * day));
    expect(await rig.reader.step(signal)).toEqual({ kind: 'idle' });
    expect(rig.asked).toHaveLength(1);
  });

  it('goes in stretches that have an end where the source takes no others, and keeps up where nothing comes', async () => {
    const rig = aReader(() => ({ value: [] }), undefined, { windowMs: day });
    await toTheEnd(rig);
    const windows = rig.asked.map((path) => /from=([^&]+)&until=([^&]+)/.exec(path)?.slice(1).map(Date.parse) ?? []);
    for (const [from = 0, until = 0] of windows) expect(until - from).toBeLessThanOrEqual(day);
    expect(windows.at(-1)?.[1]).toBe(start);
    // Between them nothing is left out.
    for (const [index, [from = 0]] of windows.slice(1).entries()) expect(from).toBeLessThanOrEqual(windows[index]?.[1] ?? 0);
    expect(rig.marks.mark).toMatchObject({ through: isoOf(start - 6 * 3_600_000), caughtUpAt: isoOf(start) });
    rig.clock.now += day;
    await toTheEnd(rig);
    expect(rig.marks.mark?.through).toBe(isoOf(start + day - 6 * 3_600_000));
  });

  it('does not ask for what is too long ago, also after a long time away', async () => {
    const rig = aReader(() => ({ value: [] }), undefined, { windowMs: day, reachMs: 2 * day });
    await toTheEnd(rig);
    rig.clock.now += 9 * day;
    rig.asked.length = 0;
    await toTheEnd(rig);
    expect(rig.asked[0]).toContain(`from=${isoOf(start + 7 * day)}`);
  });

  it('is read only by whoever reads what it is compared with', async () => {
    const held: string[] = [];
    const rig = aReader(() => ({ value: [] }), undefined, { name: 'office365', ledBy: 'alerts' });
    const { hold } = rig.marks;
    rig.marks.hold = async (source, ...rest) => {
      held.push(source);
      return source === 'alerts' && held.length > 2 ? null : hold(source, ...rest);
    };
    await rig.reader.step(signal);
    expect(await rig.reader.step(signal)).toEqual({ kind: 'idle' });
    expect(held).toEqual(['alerts', 'office365', 'alerts']);
  });
});

/** When the rows of a hunt happened, counted without a clock and without trust in what came back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HuntTimeline, timelineOf } from '../../src/action-center/hunt-timeline.ts';

const columns = [
  { name: 'DeviceName', type: 'String' },
  { name: 'Timestamp', type: 'DateTime' },
];
const of = (...times: unknown[]) => timelineOf({ columns, rows: times.map((time) => ['wks-1', time]), truncated: false });
const start = Date.parse('2026-11-20T00:00:00Z');

describe('a timeline', () => {
  test('counts every row that has a time, in steps that begin before the first and end after the last', () => {
    const times = fc.array(fc.integer({ min: 0, max: 30 * 86_400_000 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(times, (offsets) => {
        const all = offsets.map((offset) => start + offset);
        const [low, high] = [Math.min(...all), Math.max(...all)];
        const told = of(...all.map((ms) => new Date(ms).toISOString()));
        if (Math.floor(low / 1000) === Math.floor(high / 1000)) {
          expect(told).toBeNull();
          return;
        }
        const { rows, first, last, begin, stepMs, counts, busiest } = HuntTimeline.parse(told);
        expect([rows, Date.parse(first), Date.parse(last)]).toEqual([all.length, low, high]);
        expect(counts.reduce((sum, one) => sum + one)).toBe(all.length);
        counts.forEach((count, at) => {
          const from = Date.parse(begin) + at * stepMs;
          expect(count).toBe(all.filter((ms) => ms >= from && ms < from + stepMs).length);
        });
        const hour = Date.parse(busiest.hour);
        const inHour = (from: number) => all.filter((ms) => ms >= from && ms < from + 3_600_000).length;
        expect(busiest.rows).toBe(inHour(hour));
        for (const ms of all) expect(inHour(Math.floor(ms / 3_600_000) * 3_600_000)).toBeLessThanOrEqual(busiest.rows);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['no rows', []],
    ['one row', ['2026-11-20T10:00:00Z']],
    ['one moment', ['2026-11-20T10:00:00.1Z', '2026-11-20T10:00:00.9Z']],
    ['no times', [null, 7, true, {}, 'soon', '', '20', '2026']],
    ['times that hunting data cannot have', ['0001-01-01T00:00:00Z', '2026-11-20T10:00:00Z']],
  ])('is not there for %s', (_, times) => expect(of(...times)).toBeNull());

  test('is not there without the column', () => {
    const rows = [['2026-11-20T10:00:00Z'], ['2026-11-20T11:00:00Z']];
    expect(timelineOf({ columns: [{ name: 'LastSeen', type: 'DateTime' }], rows, truncated: false })).toBeNull();
  });

  test('says how many rows have no time, and takes the first of equally busy hours', () => {
    expect(of('2026-11-20T10:59:59.1234567Z', null, '2026-11-20T13:00:00Z')).toMatchObject({
      rows: 2,
      untimed: 1,
      stepMs: 300_000,
      busiest: { hour: '2026-11-20T10:00:00.000Z', rows: 1 },
    });
  });
});

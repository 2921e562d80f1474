import { describe, expect, it } from 'vitest';
import { endOfHours, instantOf, wallTime } from '../../src/action-center/zoned-time.ts';

const berlin = 'Europe/Berlin';
const night = { from: 22 * 60, to: 7 * 60, timezone: berlin };
const end = (at: string, hours = night) => endOfHours(new Date(at), hours)?.toISOString() ?? null;

describe('quiet hours', () => {
  it('are those between two times of day there, over midnight as well', () => {
    expect(end('2026-11-21T20:59:00Z')).toBeNull();
    expect(end('2026-11-21T21:00:00Z')).toBe('2026-11-22T06:00:00.000Z');
    expect(end('2026-11-22T05:59:59Z')).toBe('2026-11-22T06:00:00.000Z');
    expect(end('2026-11-22T06:00:00Z')).toBeNull();
    const noon = { from: 12 * 60, to: 13 * 60, timezone: 'America/New_York' };
    expect(end('2026-11-21T17:30:00Z', noon)).toBe('2026-11-21T18:00:00.000Z');
    expect(end('2026-11-21T16:59:00Z', noon)).toBeNull();
  });

  it('end when the clock on the wall says so, an hour earlier or later when the clocks change', () => {
    // The clocks go forward at 01:00 UTC on 2026-03-29, and back at 01:00 UTC on 2026-10-25.
    expect(end('2026-03-28T21:30:00Z')).toBe('2026-03-29T05:00:00.000Z');
    expect(end('2026-03-29T02:00:00Z')).toBe('2026-03-29T05:00:00.000Z');
    expect(end('2026-10-24T20:30:00Z')).toBe('2026-10-25T06:00:00.000Z');
    expect(end('2026-10-25T00:30:00Z')).toBe('2026-10-25T06:00:00.000Z');
  });

  it('end after a time that is skipped', () => {
    const skipped = { from: 60, to: 150, timezone: berlin };
    expect(end('2026-03-29T00:30:00Z', skipped)).toBe('2026-03-29T01:00:00.000Z');
  });

  it('hold back at every minute of a year exactly what a clock on the wall shows as quiet', () => {
    const start = Date.parse('2026-01-01T00:00:00Z');
    for (let minute = 0; minute < 366 * 1440; minute += 97) {
      const at = new Date(start + minute * 60_000);
      const over = endOfHours(at, night);
      const { minutes } = wallTime(at, berlin);
      expect(over !== null, at.toISOString()).toBe(minutes >= night.from || minutes < night.to);
      if (over === null) continue;
      expect(wallTime(over, berlin).minutes, at.toISOString()).toBe(night.to);
      expect(over.getTime() - at.getTime()).toBeLessThanOrEqual(10 * 3_600_000);
    }
  });
});

describe('an instant', () => {
  it('is the one at which the clocks there show this time', () => {
    const shown = (date: string, minutes: number) => instantOf({ date, minutes }, berlin).toISOString();
    expect(shown('2026-12-01', 0)).toBe('2026-11-30T23:00:00.000Z');
    expect(shown('2026-07-01', 8 * 60)).toBe('2026-07-01T06:00:00.000Z');
    // Skipped: the first instant after it. Shown twice: the first one.
    expect(shown('2026-03-29', 150)).toBe('2026-03-29T01:00:00.000Z');
    expect(shown('2026-10-25', 150)).toBe('2026-10-25T00:30:00.000Z');
  });
});

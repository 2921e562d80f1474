/** When a digest is due, against a walk through every minute that knows nothing of schedules but what a wall clock shows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DigestSchedule, dayBounds, isDate, lastDue, nextDue, Weekday } from '../../src/action-center/digest-schedule.ts';

const everyDay = [...Weekday.options];
const at = (over: Partial<DigestSchedule>): DigestSchedule => ({
  at: '08:00',
  timezone: 'Europe/Berlin',
  weekdays: everyDay,
  holidays: [],
  ...over,
});

const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Cairo', 'Pacific/Apia', 'UTC'];
const minuteMs = 60_000;

/** What the wall clock shows at each minute: `2026-03-29 02:30 Sun`. */
function wallClock(timezone: string): (ms: number) => { date: string; time: string; weekday: string } {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'short',
  });
  return (ms) => {
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return {
      date: `${part['year']}-${part['month']}-${part['day']}`,
      time: `${part['hour']}:${part['minute']}`,
      weekday: part['weekday']?.toLowerCase() ?? '',
    };
  };
}

/** On each local day: the first minute whose wall clock shows the time, or jumps over it. */
function walked({ at: time, timezone, weekdays, holidays }: DigestSchedule, from: number, to: number): string[] {
  const read = wallClock(timezone);
  const due: string[] = [];
  const done = new Set<string>();
  let before = read(from - minuteMs);
  for (let ms = from; ms < to; ms += minuteMs) {
    const now = read(ms);
    // Of a day that begins with the gap the minute before is yesterday's.
    const skipped = now.time > time && `${before.date} ${before.time}` < `${now.date} ${time}`;
    if ((now.time === time || skipped) && !done.has(now.date)) {
      done.add(now.date);
      if (weekdays.includes(now.weekday as Weekday) && !holidays.includes(now.date)) due.push(new Date(ms).toISOString());
    }
    before = now;
  }
  return due;
}

function listed(schedule: DigestSchedule, from: number, to: number): string[] {
  const due: string[] = [];
  for (let next = nextDue(schedule, new Date(from - 1).toISOString()); next !== null && Date.parse(next) < to; ) {
    due.push(next);
    next = nextDue(schedule, next);
  }
  return due;
}

describe('when a digest is due', () => {
  const cases = fc.record({
    timezone: fc.constantFrom(...zones),
    // Days around which clocks change somewhere, and any others.
    day: fc.oneof(
      fc.constantFrom('2026-03-27', '2026-10-23', '2026-04-03', '2026-03-06', '2026-10-02', '2026-04-22', '2011-12-28'),
      fc.constant('2026-07-01'),
    ),
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.constantFrom(0, 1, 15, 30, 45, 59),
    weekdays: fc.subarray(everyDay, { minLength: 1 }),
    holiday: fc.integer({ min: 0, max: 4 }),
  });

  /** Times that are skipped, also by a gap of half an hour and by one at midnight. */
  const skipped = (
    [
      ['Europe/Berlin', '2026-03-27', 2, 30],
      ['Australia/Lord_Howe', '2026-10-02', 2, 15],
      ['Africa/Cairo', '2026-04-22', 0, 45],
    ] as const
  ).map(([timezone, day, hour, minute]): [typeof cases extends fc.Arbitrary<infer Case> ? Case : never] => [
    { timezone, day, hour, minute, weekdays: everyDay, holiday: 4 },
  ]);

  it('is what a walk through every minute finds, in any zone, through every change of the clocks', () => {
    fc.assert(
      fc.property(cases, ({ timezone, day, hour, minute, weekdays, holiday }) => {
        const from = Date.parse(`${day}T00:00:00Z`);
        const to = from + 5 * 86_400_000;
        const holidays = [new Date(from + holiday * 86_400_000).toISOString().slice(0, 10)];
        const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        const schedule = { at: time, timezone, weekdays, holidays };
        expect(listed(schedule, from, to)).toEqual(walked(schedule, from, to));
      }),
      { numRuns: 60, seed: 7, examples: skipped },
    );
  });

  it('02:30 in the spring gap is due once, right after it; in the autumn fold once, the first time', () => {
    const schedule = at({ at: '02:30' });
    expect(nextDue(schedule, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(nextDue(schedule, '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
    expect(nextDue(schedule, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(nextDue(schedule, '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  it('the last due instant is the newest one that is not in the future', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 365 * 24 * 60 }), (timezone, minutes) => {
        const schedule = at({ timezone, at: '02:30', weekdays: ['mon', 'wed', 'sun'] });
        const now = new Date(Date.UTC(2026, 0, 1) + minutes * minuteMs).toISOString();
        const last = lastDue(schedule, now) ?? '';
        expect(last <= now).toBe(true);
        const next = nextDue(schedule, last) ?? '';
        expect(next > now).toBe(true);
        expect(lastDue(schedule, next)).toBe(next);
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('a schedule whose every day is a holiday is never due', () => {
    const holidays = Array.from({ length: 500 }, (_, day) => new Date(Date.UTC(2026, 0, 1) + day * 86_400_000).toISOString().slice(0, 10));
    expect(nextDue(at({ holidays }), '2026-02-01T00:00:00Z')).toBe(null);
  });

  it('days are as long as the local clock says', () => {
    const bounds = dayBounds('Europe/Berlin', '2026-03-30T06:00:00.000Z', 3);
    expect(bounds).toEqual([
      '2026-03-27T07:00:00.000Z',
      '2026-03-28T07:00:00.000Z',
      '2026-03-29T06:00:00.000Z',
      '2026-03-30T06:00:00.000Z',
    ]);
  });

  it.each(['2026-02-29', '2026-13-01', '26-12-25', '2026-12-25T00:00'])('%s is no date', (text) => expect(isDate(text)).toBe(false));
  it('2028-02-29 is one', () => expect(isDate('2028-02-29')).toBe(true));
});

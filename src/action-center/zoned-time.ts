/** Times of day where people are: what a wall clock shows at an instant, and when it shows it next. Right across changes of daylight saving time. */

const minuteMs = 60_000;
const dayMinutes = 1440;
/** No change of a clock is larger. */
const largestShift = 180;

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timezone: string): Intl.DateTimeFormat {
  const known = clocks.get(timezone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  clocks.set(timezone, made);
  return made;
}

/** `2026-11-21` and the minutes since midnight. */
export type WallTime = { date: string; minutes: number };

export function wallTime(at: Date, timezone: string): WallTime {
  const parts = Object.fromEntries(
    clockOf(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const { year = '', month = '', day = '', hour = '0', minute = '0' } = parts;
  return { date: `${year.padStart(4, '0')}-${month}-${day}`, minutes: Number(hour) * 60 + Number(minute) };
}

/** The first instant at which the clocks there show this time or, where it is skipped, a later one. */
export function instantOf({ date, minutes }: WallTime, timezone: string): Date {
  const guess = Date.parse(`${date}T00:00:00Z`) + minutes * minuteMs;
  const wanted = `${date} ${String(minutes).padStart(4, '0')}`;
  const shows = (ms: number): string => {
    const seen = wallTime(new Date(ms), timezone);
    return `${seen.date} ${String(seen.minutes).padStart(4, '0')}`;
  };
  // Clocks are up to 14 hours apart from UTC; a day on either side holds the instant.
  let [before, from] = [guess - dayMinutes * minuteMs, guess + dayMinutes * minuteMs];
  while (from - before > minuteMs) {
    const middle = before + Math.floor((from - before) / minuteMs / 2) * minuteMs;
    if (shows(middle) >= wanted) from = middle;
    else before = middle;
  }
  // Where an hour is shown twice the search may have met the second one.
  for (let back = largestShift; back > 0; back -= 1) if (shows(from - back * minuteMs) === wanted) return new Date(from - back * minuteMs);
  return new Date(from);
}

/** From a time of day to another, both in minutes; over midnight when `to` is earlier. */
export type Hours = { from: number; to: number; timezone: string };

const isWithin = (minutes: number, { from, to }: Hours): boolean =>
  from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to;

/** When the hours that `now` lies in are over; null: it lies outside. */
export function endOfHours(now: Date, hours: Hours): Date | null {
  const { minutes } = wallTime(now, hours.timezone);
  if (!isWithin(minutes, hours)) return null;
  const start = Math.floor(now.getTime() / minuteMs) * minuteMs;
  const left = (hours.to - minutes + dayMinutes) % dayMinutes;
  // By the clock on the wall it is `left` minutes; a change of the clock in between makes it more or fewer.
  for (let wait = Math.max(1, left - largestShift); ; wait += 1) {
    const end = new Date(start + wait * minuteMs);
    if (!isWithin(wallTime(end, hours.timezone).minutes, hours)) return end;
  }
}

/** Times of day where people are: what a wall clock shows at an instant, and when it shows it next. Right across changes of daylight saving time. */

/** `2026-11-21` and the minutes since midnight. */
export type WallTime = { date: string; minutes: number };

const zonedAt = (at: Date, timezone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone);

const wallTimeOf = (zoned: Temporal.ZonedDateTime): WallTime => ({
  date: zoned.toPlainDate().toString(),
  minutes: zoned.hour * 60 + zoned.minute,
});

export const wallTime = (at: Date, timezone: string): WallTime => wallTimeOf(zonedAt(at, timezone));

/** The first instant at which the clocks there show this time or, where it is skipped, the first one after the gap. */
export const instantOf = (wanted: WallTime, timezone: string): Date => instantNear(wanted, timezone, 'earlier');

function instantNear({ date, minutes }: WallTime, timezone: string, which: 'earlier' | 'later'): Date {
  const wanted = Temporal.PlainDate.from(date).toPlainDateTime({ hour: Math.floor(minutes / 60), minute: minutes % 60 });
  const isSkipped = !wanted.toZonedDateTime(timezone, { disambiguation: 'earlier' }).toPlainDateTime().equals(wanted);
  const found = wanted.toZonedDateTime(timezone, { disambiguation: isSkipped ? 'earlier' : which });
  // Of a skipped time `earlier` is before the gap, and the gap is the next thing that happens to the clocks.
  const instant = isSkipped ? (found.getTimeZoneTransition('next') ?? found) : found;
  return new Date(instant.epochMilliseconds);
}

/** From a time of day to another, both in minutes; over midnight when `to` is earlier. */
export type Hours = { from: number; to: number; timezone: string };

const isWithin = (minutes: number, { from, to }: Hours): boolean =>
  from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to;

/** When the hours that `now` lies in are over; null: it lies outside. */
export function endOfHours(now: Date, hours: Hours): Date | null {
  const zoned = zonedAt(now, hours.timezone);
  const { date, minutes } = wallTimeOf(zoned);
  if (!isWithin(minutes, hours)) return null;
  const day = hours.to > minutes ? date : zoned.toPlainDate().add({ days: 1 }).toString();
  const end = { date: day, minutes: hours.to };
  const first = instantOf(end, hours.timezone);
  // In an hour that is shown twice the first of the two may be over.
  return first > now ? first : instantNear(end, hours.timezone, 'later');
}

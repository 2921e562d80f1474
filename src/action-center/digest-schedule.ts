/**
 * When a digest is due: a time of day in a time zone, on some weekdays, not on holidays. Pure. Where the clocks skip that time it is due right
 * after the gap, once; where they show it twice, the first time.
 */
import { z } from 'zod';
import { instantOf } from './zoned-time.ts';

export const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
export type Weekday = z.infer<typeof Weekday>;

const atPattern = /^([01]\d|2[0-3]):[0-5]\d$/;
export const timeOfDay = z.string().regex(atPattern, 'must be a time of day such as "08:00"');

/** Since midnight. */
export function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

export const DigestSchedule = z.object({
  at: timeOfDay,
  timezone: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin'),
  weekdays: z.array(Weekday).min(1),
  /** Local dates on which nothing is sent. */
  holidays: z.array(z.string()),
});
export type DigestSchedule = z.infer<typeof DigestSchedule>;

/** Longer than any list of holidays in a row. */
const mostDays = 400;

/** The first due instant after this one (ISO 8601); null: there is none within a year. */
export function nextDue(schedule: DigestSchedule, after: string): string | null {
  const now = Temporal.Instant.from(after);
  const today = now.toZonedDateTimeISO(schedule.timezone).toPlainDate();
  for (let days = -1; days <= mostDays; days += 1) {
    const due = dueOn(schedule, today.add({ days }));
    if (due !== null && due.getTime() > now.epochMilliseconds) return due.toISOString();
  }
  return null;
}

/** The last due instant that is not after this one; null: there is none within the year before. */
export function lastDue(schedule: DigestSchedule, until: string): string | null {
  const now = Temporal.Instant.from(until);
  const today = now.toZonedDateTimeISO(schedule.timezone).toPlainDate();
  for (let days = 1; days >= -mostDays; days -= 1) {
    const due = dueOn(schedule, today.add({ days }));
    if (due !== null && due.getTime() <= now.epochMilliseconds) return due.toISOString();
  }
  return null;
}

/** `count` local days that end at `until`, as the instants between them: one more than there are days. */
export function dayBounds(timezone: string, until: string, count: number): string[] {
  const end = Temporal.Instant.from(until).toZonedDateTimeISO(timezone);
  return Array.from({ length: count + 1 }, (_, index) => isoOf(end.subtract({ days: count - index }).toInstant()));
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `2026-12-25`, and there is such a day. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function dueOn({ at, timezone, weekdays, holidays }: DigestSchedule, date: Temporal.PlainDate): Date | null {
  const weekday = Weekday.options[date.dayOfWeek - 1];
  if (weekday === undefined || !weekdays.includes(weekday) || holidays.includes(date.toString())) return null;
  // A zone that crosses the date line leaves a whole day out.
  if (!date.toZonedDateTime({ timeZone: timezone }).toPlainDate().equals(date)) return null;
  return instantOf({ date: date.toString(), minutes: minutesOf(at) }, timezone);
}

const isoOf = (instant: Temporal.Instant): string => new Date(instant.epochMilliseconds).toISOString();

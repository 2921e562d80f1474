/** What stands behind `digest`: read, or what was not understood of it. Pure. */
import { type DigestSchedule, isTimeZone, timeOfDay, Weekday } from '../action-center/digest-schedule.ts';
import type { DigestProblem } from './digest-words.ts';
import { nearestOf } from './nearest.ts';

export type DigestAsk =
  | { kind: 'standing' | 'off' | 'now' | 'preview' }
  | { kind: 'on'; schedule: DigestSchedule }
  | { kind: 'unclear'; problem: DigestProblem };

const asks = ['on', 'off', 'now', 'preview'] as const;
const workdays: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];

const unclear = (kind: DigestProblem['kind'], given: string, instead: string | null = null): DigestAsk => ({
  kind: 'unclear',
  problem: { kind, given, instead },
});

export function parseDigest([first, ...rest]: readonly string[]): DigestAsk {
  if (first === undefined) return { kind: 'standing' };
  const word = first.toLowerCase();
  const known = asks.find((one) => one === word);
  if (known === undefined) return unclear('word', first, nearestOf(word, [...asks]));
  if (known === 'on') return parseOn(rest);
  // Whoever says more than `off` does not mean that it should end for good.
  return rest.length === 0 ? { kind: known } : unclear('word', [first, ...rest].join(' '), known);
}

function parseOn([time = '', zone = '', ...days]: readonly string[]): DigestAsk {
  const at = /^\d:\d\d$/.test(time) ? `0${time}` : time;
  if (!timeOfDay.safeParse(at).success) return unclear('time', time);
  const timezone = zoneOf(zone);
  if (timezone === null) return unclear('zone', zone, zone === '' ? null : nearestZone(zone));
  const weekdays = daysOf(days);
  if (weekdays === null) return unclear('days', days.join(' '));
  return { kind: 'on', schedule: { at, timezone, weekdays, holidays: [] } };
}

/** As the zone is written, whatever the case it was typed in. An offset is no zone: it does not know when the clocks change. */
function zoneOf(typed: string): string | null {
  if (!/^[a-z]/i.test(typed) || !isTimeZone(typed)) return null;
  return zones().find((zone) => zone.toLowerCase() === typed.toLowerCase()) ?? typed;
}

const zones = (): string[] => Intl.supportedValuesOf('timeZone');

/** A city is often typed alone. */
function nearestZone(typed: string): string | null {
  const wanted = typed.toLowerCase();
  const byCity = zones().find((zone) => zone.toLowerCase().split('/').at(-1) === wanted);
  return byCity ?? nearestOf(wanted, zones());
}

/** Nothing said: every day. */
function daysOf(words: readonly string[]): Weekday[] | null {
  const list = words
    .join(' ')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '' && word !== 'and');
  if (list.length === 0 || list.join(' ') === 'daily') return [...Weekday.options];
  if (list.length === 1 && ['weekdays', 'workdays'].includes(list[0] ?? '')) return workdays;
  const found = list.map((word) => Weekday.options.find((day) => word.startsWith(day)));
  if (found.includes(undefined)) return null;
  return Weekday.options.filter((day) => found.includes(day));
}

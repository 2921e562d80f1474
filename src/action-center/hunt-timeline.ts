/** When the rows of a hunt happened: counted into equal steps of time, and the hour with the most of them. Pure. */
import { z } from 'zod';
import type { HuntAnswer } from './hunting.ts';

const time = z.iso.datetime();
const count = z.int().min(0);

/** `rows`: those with a time, `untimed`: those without. `counts`: rows in each step, the first of which begins at `begin`. */
export const HuntTimeline = z.object({
  rows: count,
  untimed: count,
  first: time,
  last: time,
  busiest: z.object({ hour: time, rows: count }),
  begin: time,
  stepMs: z.int().min(1000),
  counts: z.array(count).min(2).max(60),
});
export type HuntTimeline = z.infer<typeof HuntTimeline>;

const column = 'Timestamp';
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** So many steps fit beside each other. */
const mostSteps = 60;
const steps = [second, 5 * second, 15 * second, minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day];

/** With its date, so that a number or a word that a parser would take for a time is none. */
const written = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
const timeOf = (value: unknown): number => (typeof value === 'string' && written.test(value) ? Date.parse(value) : Number.NaN);

/** Null: there is no such column, all is in one second, or the times lie further apart than hunting data is kept. */
export function timelineOf({ columns, rows }: HuntAnswer): HuntTimeline | null {
  const at = columns.findIndex(({ name }) => name === column);
  const times = at < 0 ? [] : rows.map((row) => timeOf(row[at])).filter((one) => !Number.isNaN(one));
  if (times.length === 0) return null;
  const [first, last] = times.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)] as const, [
    Infinity,
    -Infinity,
  ] as const);
  const stepOf = (ms: number, step: number): number => Math.floor(ms / step);
  const step = steps.find((one) => stepOf(last, one) - stepOf(first, one) < mostSteps);
  if (step === undefined || stepOf(first, second) === stepOf(last, second)) return null;
  const begin = stepOf(first, step);
  const counts = Array.from({ length: stepOf(last, step) - begin + 1 }, () => 0);
  for (const one of times) counts[stepOf(one, step) - begin] = (counts[stepOf(one, step) - begin] ?? 0) + 1;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    rows: times.length,
    untimed: rows.length - times.length,
    first: iso(first),
    last: iso(last),
    busiest: busiestHour(times),
    begin: iso(begin * step),
    stepMs: step,
    counts,
  };
}

/** Of hours with equally many the first. */
function busiestHour(times: readonly number[]): HuntTimeline['busiest'] {
  const hours = new Map<number, number>();
  for (const one of times) hours.set(Math.floor(one / hour), (hours.get(Math.floor(one / hour)) ?? 0) + 1);
  const [most] = [...hours].sort(([one, its], [other, others]) => others - its || one - other);
  const [at, rows] = most ?? [0, 0];
  return { hour: new Date(at * hour).toISOString(), rows };
}

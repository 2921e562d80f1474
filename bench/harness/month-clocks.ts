/** What the clocks on the wall show in these weeks: the offsets as almanacs have them, independent of the code under test. */
import type { ActionFacts } from './month-facts.ts';
import { dayMs, hourMs, type Span } from './month-plan.ts';

/** The local time as if it were UTC. */
export const berlin = (at: number): number => at + (at < Date.parse('2026-10-25T01:00:00Z') ? 2 : 1) * hourMs;
export const newYork = (at: number): number => at - (at < Date.parse('2026-11-01T06:00:00Z') ? 4 : 5) * hourMs;
export const isWorkday = (local: number): boolean => ![0, 6].includes(new Date(local).getUTCDay());

/** Where the quiet hours end that this moment lies in, else the moment itself: 22 to 6 in Berlin, high severity excepted. */
export function afterQuiet({ severity }: Pick<ActionFacts, 'severity'>, at: number): number {
  const local = berlin(at);
  const hour = (local % dayMs) / hourMs;
  if (severity === 'high' || (hour >= 6 && hour < 22)) return at;
  const midnight = local - (local % dayMs) + (hour >= 22 ? dayMs : 0);
  const six = midnight + 6 * hourMs;
  // The clocks may change in between.
  const guess = six - (local - at);
  return guess + (six - berlin(guess));
}

/** When a bot is there again. */
export const whenUp = (spans: readonly Span[], at: number): number =>
  spans.reduce((moment, { from, to }) => (moment >= from && moment < to ? to : moment), at);

export const textOf = (at: number): string => new Date(at).toISOString();

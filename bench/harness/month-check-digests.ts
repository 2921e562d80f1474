/** Every digest that was due was sent once, and says that it is late exactly where it is. */
import { type Given, type Report, soonMs } from './month-check.ts';
import { berlin, isWorkday, newYork, textOf } from './month-clocks.ts';
import type { DigestFacts } from './month-facts.ts';
import { mira, nora, teamsChannels, theo } from './month-places.ts';
import { dayMs, hourMs, minuteMs } from './month-plan.ts';

/** Posted later than this it has to say so. */
const lateMs = 10 * minuteMs;
const eight = 8 * hourMs;

type Target = { platform: string; target: string };
type Due = Target & { at: number };

const miraInSlack: Target = { platform: 'slack', target: mira.slack[0]?.userId ?? '' };
const own: Target[] = [miraInSlack, { platform: 'teams', target: `29:${nora.entraId}` }];
const byPolicy: Target[] = [
  { platform: 'slack', target: 'C0LEADS' },
  miraInSlack,
  { platform: 'teams', target: teamsChannels.at(-1) ?? '' },
  { platform: 'teams', target: theo.entraId },
];

/** A walk through every minute. */
function digestsDue({ plan, endedAt }: Given): Due[] {
  const due: Due[] = [];
  for (let at = plan.from + minuteMs; at <= endedAt - soonMs; at += minuteMs) {
    if (berlin(at) % dayMs === eight && isWorkday(berlin(at))) due.push(...byPolicy.map((target) => ({ ...target, at })));
    if (newYork(at) % dayMs === eight) due.push(...own.map((target) => ({ ...target, at })));
  }
  return due;
}

const nameOf = ({ platform, target, at }: Due): string => `digest to ${platform} ${target} at ${textOf(at)}`;

export function checkDigests(given: Given, report: Report): void {
  const due = digestsDue(given);
  const made = Map.groupBy(given.facts.digests, ({ platform, target, dueAt }) => nameOf({ platform, target, at: Math.round(dueAt) }));
  report.count('digests due', due.length);
  for (const one of due) {
    checkOne(one, made.get(nameOf(one)) ?? [], report);
    made.delete(nameOf(one));
  }
  for (const name of made.keys()) report.wrong(`${name} was made, and none was due`);
}

function checkOne(due: Due, made: readonly DigestFacts[], { count, wrong }: Report): void {
  const name = nameOf(due);
  const message = made[0]?.card?.message ?? null;
  if (made.length !== 1) wrong(`${name} was made ${made.length} times`);
  if (message === null || !message.text.includes('Digest')) {
    wrong(`${name} was not sent`);
    return;
  }
  count('digests sent');
  const isLate = message.at - due.at > lateMs;
  if (isLate) count('digests sent late, and marked so');
  if (isLate !== message.text.includes('Late by')) wrong(`${name} was posted at ${textOf(message.at)}: ${message.text.slice(0, 120)}`);
}

/** Whether the month went as it should: what was due by the plan and by the wall clock, against what the platforms and the record say. Knows nothing of the code that planned it. */

import type { ActionFacts, MonthFacts, Place, ToldFacts } from './month-facts.ts';
import { ladder, mira, nora, teamsChannels, theo } from './month-places.ts';
import { dayMs, type Happening, hourMs, type MonthPlan, minuteMs, type Span } from './month-plan.ts';
import type { Played } from './month-play.ts';

export type Checked = { counts: Record<string, number>; excused: string[]; wrong: string[] };
type Report = { count(what: string, by?: number): void; excuse(what: string): void; wrong(what: string): void };
type Given = { facts: MonthFacts; plan: MonthPlan; played: Played; endedAt: number };

/** A look of a bot comes every five seconds, and a storm of reminders takes a few of them. */
const soonMs = minuteMs;
const lateMs = 10 * minuteMs;

export function checkMonth(given: Given): Checked {
  const checked: Checked = { counts: {}, excused: [], wrong: [] };
  const report: Report = {
    count: (what, by = 1) => {
      checked.counts[what] = (checked.counts[what] ?? 0) + by;
    },
    excuse: (what) => void checked.excused.push(what),
    wrong: (what) => void checked.wrong.push(what),
  };
  checkMessages(given, report);
  checkDigests(given, report);
  checkReminders(given, report);
  checkWarnings(given, report);
  return checked;
}

/** Every message on a platform is that of one card, and every card that says it is posted has its message. */
function checkMessages({ facts: { cards, messages } }: Given, { count, wrong }: Report): void {
  const refs = new Map<string, number>();
  for (const { platform, ref, id, message } of cards.values()) {
    if (ref === null) continue;
    refs.set(`${platform} ${ref}`, (refs.get(`${platform} ${ref}`) ?? 0) + 1);
    if (message === null) wrong(`card ${id} says it is posted, and ${platform} has no such message`);
  }
  for (const { platform, ref, conversation, text } of messages) {
    count(`messages on ${platform}`);
    const owners = refs.get(`${platform} ${ref}`) ?? 0;
    if (owners !== 1) wrong(`a message in ${platform} ${conversation} belongs to ${owners} cards: ${text.slice(0, 80)}`);
  }
}

/** Independent of the code under test: the offsets of these weeks, written down. */
const berlin = (at: number): number => at + (at < Date.parse('2026-10-25T01:00:00Z') ? 2 : 1) * hourMs;
const newYork = (at: number): number => at - (at < Date.parse('2026-11-01T06:00:00Z') ? 4 : 5) * hourMs;
const eight = 8 * hourMs;
const isWorkday = (local: number): boolean => ![0, 6].includes(new Date(local).getUTCDay());

type DueDigest = { at: number; platform: string; target: string };

function digestsDue({ plan, endedAt }: Given): DueDigest[] {
  const due: DueDigest[] = [];
  const own: [string, string][] = [
    ['slack', mira.slack[0]?.userId ?? ''],
    ['teams', `29:${nora.entraId}`],
  ];
  const byPolicy: [string, string][] = [
    ['slack', 'C0LEADS'],
    ['slack', mira.slack[0]?.userId ?? ''],
    ['teams', teamsChannels.at(-1) ?? ''],
    ['teams', theo.entraId],
  ];
  for (let at = plan.from + minuteMs; at <= endedAt - soonMs; at += minuteMs) {
    const add = ([platform, target]: [string, string]) => due.push({ at, platform, target });
    if (berlin(at) % dayMs === eight && isWorkday(berlin(at))) byPolicy.forEach(add);
    if (newYork(at) % dayMs === eight) own.forEach(add);
  }
  return due;
}

function checkDigests(given: Given, { count, wrong }: Report): void {
  const { digests, messages } = given.facts;
  const due = digestsDue(given);
  const key = (platform: string, target: string, at: number) => `${platform} ${target} ${new Date(at).toISOString()}`;
  const made = Map.groupBy(digests, ({ platform, target, dueAt }) => key(platform, target, Math.round(dueAt)));
  count('digests due', due.length);
  for (const { platform, target, at } of due) {
    const name = key(platform, target, at);
    const [digest, ...others] = made.get(name) ?? [];
    made.delete(name);
    if (digest === undefined || others.length > 0) {
      wrong(`digest ${name} was made ${digest === undefined ? 0 : others.length + 1} times`);
      continue;
    }
    const message = digest.card?.message ?? null;
    if (digest.isWithheld || message === null) {
      wrong(`digest ${name} was not sent`);
      continue;
    }
    count('digests sent');
    const isLate = message.at - at > lateMs;
    if (isLate) count('digests sent late');
    if (isLate !== message.text.includes('Late by'))
      wrong(`digest ${name} was posted at ${new Date(message.at).toISOString()}: ${message.text.slice(0, 120)}`);
  }
  for (const name of made.keys()) wrong(`digest ${name} was made, and none was due`);
  count('messages that are digests', messages.filter(({ text }) => /^Digest/m.test(text)).length);
}

/** Where the quiet hours end that this moment lies in, else the moment itself: 22 to 6 in Berlin, high severity excepted. */
function afterQuiet({ severity }: ActionFacts, at: number): number {
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
const whenUp = (spans: readonly Span[], at: number): number =>
  spans.reduce((moment, { from, to }) => (moment >= from && moment < to ? to : moment), at);

type Step = { rung: string; target: string; dueAt: number };

const threadOf = ({ platform, conversation }: Place): string => `thread:${platform}:${conversation}`;
const leads = ['slack:C0LEADS', `teams:${teamsChannels.at(-1)}`];

/** What the policy says of this action; what follows on another rung counts from when that one was told. */
function stepsOf(action: ActionFacts, toldAt: (rung: string) => number | null): Step[] {
  const threads = action.places.map(threadOf);
  const at = (rung: string, dueAt: number, targets: readonly string[]) => targets.map((target) => ({ rung, target, dueAt }));
  const start = action.createdAt;
  if (action.severity !== 'high') {
    const { firstMs, thenMs } = ladder.usual;
    const first = toldAt('after-240m');
    return [...at('after-240m', start + firstMs, threads), ...(first === null ? [] : at('after-1440m', first + thenMs, leads))];
  }
  const { firstMs, secondMs, thenMs } = ladder.high;
  const second = toldAt('after-60m');
  return [
    ...at('after-15m', start + firstMs, threads),
    ...at('after-60m', start + secondMs, [...threads, 'slack:C0LEADS']),
    ...(second === null ? [] : at('after-180m', second + thenMs, [`person:${theo.entraId}`])),
  ];
}

function checkReminders({ facts, played, endedAt }: Given, { count, wrong }: Report): void {
  const told = Map.groupBy(facts.told, ({ action }) => action.id);
  for (const action of facts.actions.values()) {
    const mine = told.get(action.id) ?? [];
    const toldAt = (rung: string) => {
      const times = mine.filter((one) => one.rung === rung).map(({ at }) => at);
      return times.length === 0 ? null : Math.max(...times);
    };
    const steps = stepsOf(action, toldAt);
    const until = Math.min(action.closedAt ?? Number.POSITIVE_INFINITY, action.expiresAt, endedAt);
    for (const { rung, target, dueAt } of steps) {
      const wantedAt = whenUp(played.noBot, afterQuiet(action, whenUp(played.noBot, dueAt)));
      const found = mine.filter((one) => one.rung === rung && one.target === target);
      const name = `${rung} of ${action.id} to ${target}, due ${new Date(wantedAt).toISOString()}`;
      if (found.length === 0 && wantedAt + soonMs < until) wrong(`reminder ${name} was not rung`);
      for (const { at } of found) {
        if (at < dueAt - 1000 || at > wantedAt + soonMs) wrong(`reminder ${name} was rung at ${new Date(at).toISOString()}`);
      }
    }
    const known = new Set(steps.map(({ rung, target }) => `${rung} ${target}`));
    for (const { rung, target } of mine) {
      if (!rung.startsWith('before-') && !known.has(`${rung} ${target}`))
        wrong(`reminder ${rung} of ${action.id} to ${target} is in no rule`);
    }
  }
  const seen = new Set(facts.audited);
  if (seen.size !== facts.audited.length) wrong(`${facts.audited.length - seen.size} audit events tell of a reminder that was told before`);
  count('reminders and warnings in the audit record', facts.audited.length);
  checkTold(facts.told, { count, wrong });
}

/** What was rung was posted, unless all it told of was decided by then; and nothing was posted of which nothing was open. */
function checkTold(all: readonly ToldFacts[], { count, wrong }: Pick<Report, 'count' | 'wrong'>): void {
  for (const { card, rung } of all) count(card === null ? 'rungs told by a later one' : `told ${rung}`);
  const byCard = Map.groupBy(
    all.filter(({ card }) => card !== null),
    ({ card }) => card?.id ?? '',
  );
  for (const [id, told] of byCard) {
    const card = told[0]?.card;
    if (!card) continue;
    const openUntil = Math.max(...told.map(({ action }) => action.closedAt ?? Number.POSITIVE_INFINITY));
    if (card.message !== null) {
      count('messages that remind or warn');
      if (card.message.at > openUntil + 1000)
        wrong(`reminder ${id} was posted at ${card.message.at}, after all it tells of was closed at ${openUntil}`);
    } else if (card.stopped) {
      count('reminders withdrawn: nothing waited any more');
      if (openUntil === Number.POSITIVE_INFINITY) wrong(`reminder ${id} was withdrawn, and what it tells of is open`);
    } else {
      wrong(`reminder ${id} was never posted`);
    }
  }
}

/** The warnings that an action of this life gets: those whose moment comes after it did, else the last. */
function warningsOf({ createdAt, expiresAt }: ActionFacts): { rung: string; dueAt: number }[] {
  const all = ladder.warnMs.map((before) => ({ rung: `before-${before / minuteMs}m`, dueAt: expiresAt - before }));
  const later = all.filter(({ dueAt }) => dueAt > createdAt);
  return later.length > 0 ? later : all.slice(-1).map(({ rung }) => ({ rung, dueAt: createdAt }));
}

function checkWarnings({ facts, plan, played }: Given, { count, excuse, wrong }: Report): void {
  const told = Map.groupBy(facts.told, ({ action }) => action.id);
  for (const action of facts.actions.values()) {
    if (!action.isExpired) continue;
    count('actions expired');
    for (const place of action.places) {
      const mine = (told.get(action.id) ?? []).filter(({ target }) => target === threadOf(place));
      for (const { rung, dueAt } of warningsOf(action)) {
        const warning = mine.find((one) => one.rung === rung);
        // One that came together with a later one is told by that one.
        const by = warning?.card ?? (warning && mine.find((one) => one.at === warning.at && one.card !== null)?.card);
        if (by?.message && by.message.at < action.expiresAt) {
          count(`warnings delivered, ${rung}`);
          continue;
        }
        const what = `${rung} of ${action.id} in ${place.platform} ${place.conversation}, due ${new Date(dueAt).toISOString()}, deadline ${new Date(action.expiresAt).toISOString()}`;
        if (wasAway(place, { from: dueAt, to: action.expiresAt }, plan.happenings, played.noBot)) excuse(what);
        else wrong(`warning ${what}, was not delivered`);
      }
    }
  }
}

/** Nobody could have delivered it: the platform or every bot was away from then until the deadline. */
function wasAway({ platform }: Place, { from, to }: Span, happenings: readonly Happening[], noBot: readonly Span[]): boolean {
  const down = happenings.filter(({ kind }) => kind === `${platform}Down`);
  const spans = [...down, ...noBot].toSorted((a, b) => a.from - b.from);
  let until = from;
  for (const span of spans) if (span.from <= until + soonMs && span.to > until) until = span.to;
  return until + soonMs >= to;
}

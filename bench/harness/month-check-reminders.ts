/** Every rung of every reminder was rung once while its action was open, at its time, and none after; every action that expired had its warnings. */
import { type Given, type Report, soonMs } from './month-check.ts';
import { afterQuiet, textOf, whenUp } from './month-clocks.ts';
import type { ActionFacts, Place, ToldFacts } from './month-facts.ts';
import { ladder, teamsChannels, theo } from './month-places.ts';
import { minuteMs, type Span } from './month-plan.ts';

type Step = { rung: string; target: string; dueAt: number };

const never = Number.POSITIVE_INFINITY;
const threadOf = ({ platform, conversation }: Place): string => `thread:${platform}:${conversation}`;
const leads = ['slack:C0LEADS', `teams:${teamsChannels.at(-1)}`];

/** What the policy says of this action; what follows on another rung counts from when that one was told. */
function stepsOf(action: ActionFacts, mine: readonly ToldFacts[]): Step[] {
  const threads = action.places.map(threadOf);
  const at = (rung: string, dueAt: number, targets: readonly string[]) => targets.map((target) => ({ rung, target, dueAt }));
  const after = (rung: string, waitMs: number): number | null => {
    const times = mine.filter((one) => one.rung === rung).map((one) => one.at);
    return times.length === 0 ? null : Math.max(...times) + waitMs;
  };
  const start = action.createdAt;
  if (action.severity !== 'high') {
    const { firstMs, thenMs } = ladder.usual;
    const then = after('after-240m', thenMs);
    return [...at('after-240m', start + firstMs, threads), ...(then === null ? [] : at('after-1440m', then, leads))];
  }
  const { firstMs, secondMs, thenMs } = ladder.high;
  const then = after('after-60m', thenMs);
  return [
    ...at('after-15m', start + firstMs, threads),
    ...at('after-60m', start + secondMs, [...threads, 'slack:C0LEADS']),
    ...(then === null ? [] : at('after-180m', then, [`person:${theo.entraId}`])),
  ];
}

export function checkReminders(given: Given, report: Report): void {
  const { facts } = given;
  const told = Map.groupBy(facts.told, ({ action }) => action.id);
  for (const action of facts.actions.values()) {
    const mine = told.get(action.id) ?? [];
    const steps = stepsOf(action, mine);
    for (const step of steps) checkStep(given, { action, mine, step }, report);
    const known = new Set(steps.map(({ rung, target }) => `${rung} ${target}`));
    const strays = mine.filter(({ rung, target }) => !(rung.startsWith('before-') || known.has(`${rung} ${target}`)));
    for (const { rung, target } of strays) report.wrong(`reminder ${rung} of ${action.id} to ${target} is in no rule`);
  }
  const distinct = new Set(facts.audited);
  report.count('reminders and warnings in the audit record', facts.audited.length);
  if (distinct.size !== facts.audited.length) report.wrong(`${facts.audited.length - distinct.size} reminders were told again`);
  checkTold(facts.told, report);
}

type OneStep = { action: ActionFacts; mine: readonly ToldFacts[]; step: Step };

function checkStep({ played, endedAt }: Given, { action, mine, step }: OneStep, { wrong }: Report): void {
  const { rung, target, dueAt } = step;
  const wantedAt = whenUp(played.noBot, afterQuiet(action, whenUp(played.noBot, dueAt)));
  const until = Math.min(action.closedAt ?? never, action.expiresAt, endedAt);
  const found = mine.filter((one) => one.rung === rung && one.target === target);
  const name = `reminder ${rung} of ${action.id} to ${target}, due ${textOf(wantedAt)}`;
  if (found.length === 0 && wantedAt + soonMs < until) wrong(`${name} was not rung`);
  if (found.length > 1) wrong(`${name} was rung ${found.length} times`);
  for (const { at } of found) {
    if (at < dueAt - 1000 || at > wantedAt + soonMs) wrong(`${name} was rung at ${textOf(at)}`);
    if (at > until) wrong(`${name} was rung at ${textOf(at)}, when nothing waited any more`);
  }
}

/** What was rung was posted, unless all it told of was decided by then; and nothing was posted of which nothing was open. */
function checkTold(all: readonly ToldFacts[], report: Report): void {
  for (const { card, rung } of all) report.count(card === null ? 'told by a later rung in the same message' : `told ${rung}`);
  const byCard = Map.groupBy(
    all.filter(({ card }) => card !== null),
    ({ card }) => card?.id ?? '',
  );
  for (const told of byCard.values()) checkPosted(told, report);
}

function checkPosted(told: readonly ToldFacts[], { count, wrong }: Report): void {
  const card = told[0]?.card;
  if (!card) return;
  const openUntil = Math.max(...told.map(({ action }) => action.closedAt ?? never));
  if (card.message !== null) {
    count('messages that remind or warn');
    if (card.message.at > openUntil + 1000) wrong(`${card.id} was posted at ${textOf(card.message.at)}, when nothing of it waited`);
    return;
  }
  if (!card.stopped) wrong(`${card.id} was never posted`);
  else if (openUntil === never) wrong(`${card.id} was withdrawn, and what it tells of is open`);
  else count('messages withdrawn: nothing waited any more');
}

/** The warnings that an action of this life gets: those whose moment comes after it did, else the last. */
function warningsOf({ createdAt, expiresAt }: ActionFacts): { rung: string; dueAt: number }[] {
  const all = ladder.warnMs.map((before) => ({ rung: `before-${before / minuteMs}m`, dueAt: expiresAt - before }));
  const later = all.filter(({ dueAt }) => dueAt > createdAt);
  return later.length > 0 ? later : all.slice(-1).map(({ rung }) => ({ rung, dueAt: createdAt }));
}

export function checkWarnings(given: Given, report: Report): void {
  const told = Map.groupBy(given.facts.told, ({ action }) => action.id);
  for (const action of given.facts.actions.values()) {
    if (!action.isExpired) continue;
    report.count('actions expired');
    if (action.closedAt !== null && action.closedAt < action.expiresAt) report.wrong(`${action.id} expired before its deadline`);
    for (const place of action.places) {
      const mine = (told.get(action.id) ?? []).filter(({ target }) => target === threadOf(place));
      for (const warning of warningsOf(action)) checkWarning(given, { action, place, mine, ...warning }, report);
    }
  }
}

type OneWarning = { action: ActionFacts; place: Place; mine: readonly ToldFacts[]; rung: string; dueAt: number };

function checkWarning({ plan, played }: Given, { action, place, mine, rung, dueAt }: OneWarning, report: Report): void {
  const warning = mine.find((one) => one.rung === rung);
  // One that came together with a later one is told by that one.
  const by = warning && (warning.card ?? mine.find((one) => one.at === warning.at && one.card !== null)?.card);
  if (by?.message && by.message.at < action.expiresAt) {
    report.count(`warnings delivered, ${rung}`);
    return;
  }
  const where = `${place.platform} ${place.conversation}`;
  const what = `${rung} of ${action.id} in ${where}, due ${textOf(dueAt)}, deadline ${textOf(action.expiresAt)}`;
  const platformAway = plan.happenings.filter(({ kind }) => kind === `${place.platform}Down`);
  if (isAway([...platformAway, ...played.noBot], { from: dueAt, to: action.expiresAt })) report.excuse(what);
  else report.wrong(`warning ${what}, was not delivered`);
}

/** Nobody could have delivered it: the platform or every bot was away from then until the deadline. */
function isAway(away: readonly Span[], { from, to }: Span): boolean {
  let until = from;
  for (const span of away.toSorted((a, b) => a.from - b.from)) if (span.from <= until + soonMs && span.to > until) until = span.to;
  return until + soonMs >= to;
}

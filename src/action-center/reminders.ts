/** When somebody is reminded of an action, and who. Pure: what is due is computed from the action, the policy and what was told already. */
import type { ActionId, EntraId } from './action.ts';
import type { NormalisedIntake, RemediationAction } from './intake.ts';
import type { AuditEvent, CardTarget } from './ports.ts';

export type ReminderTo =
  /** Under every posted card of the action. */
  | { kind: 'thread' }
  /** Whoever is on call at that moment. */
  | { kind: 'onCall' }
  | { kind: 'conversation'; target: CardTarget }
  | { kind: 'person'; entraId: EntraId };

/** `name` stays the same as long as the rung means the same, so that what was told is recognised after a change of the policy. */
export type Rung = {
  name: string;
  waitMs: number /** From the announcement, or from the rung before. */;
  from: 'start' | 'last';
  to: ReminderTo[];
};
export type Ladder = { rungs: Rung[]; warnings: { name: string; beforeMs: number }[]; warnTo: ReminderTo[] };

/** What policy.yaml says about reminders. */
export type ReminderPolicy = {
  /** Changes when a rule about reminders changes. */
  version: string;
  ladderFor(action: NormalisedIntake): Ladder;
  /** When the quiet hours end in which reminders of this action wait now; null: they do not wait. */
  quietUntil(action: NormalisedIntake, now: Date): Date | null;
};

const reminderKinds = ['reminded', 'escalated', 'warned'] as const;
export type ReminderKind = (typeof reminderKinds)[number];
export const isReminder = (event: AuditEvent | null): boolean => reminderKinds.some((kind) => kind === event?.kind);
/** Where the cards of an action are. */
export type CardOfAction = CardTarget & { cardId: string };
/** One rung to one target that is in the record. */
export type Told = { rung: string; target: string; at: string };
export type DueTo = { kind: 'thread'; target: CardTarget; cardId: string } | Exclude<ReminderTo, { kind: 'thread' }>;
/** `number`: which rung it is, from 1; 0 for a warning. `merged`: earlier rungs to the same target that this one stands for. */
export type Due = { rung: string; number: number; kind: ReminderKind; to: DueTo; target: string; merged: string[] };
/** `nextAt`: when to look at the action again. */
export type Plan = { due: Due[]; nextAt: string };

export type ToPlan = {
  action: Pick<RemediationAction, 'createdAt' | 'expiresAt'> & { id?: ActionId };
  ladder: Ladder;
  cards: readonly CardOfAction[];
  told: readonly Told[];
  quietUntil: Date | null;
  now: Date;
};

/** After the deadline there is nothing to remind of; the sweep closes the action within this time. */
const afterDeadlineMs = 60_000;

type Step = { rung: string; number: number; dueAt: number; isHeld: boolean; to: DueTo[] };

export function planReminders(asked: ToPlan): Plan {
  const now = asked.now.getTime();
  const expiresAt = Date.parse(asked.action.expiresAt);
  const end = new Date(expiresAt + afterDeadlineMs);
  if (expiresAt <= now) return { due: [], nextAt: new Date(Math.max(end.getTime(), now + afterDeadlineMs)).toISOString() };
  const isTold = new Set(asked.told.map(({ rung, target }) => `${rung} ${target}`));
  const entries = [...rungSteps(asked), ...warningSteps(asked)].flatMap((step) =>
    step.to.flatMap((to) => (isTold.has(`${step.rung} ${targetOf(to)}`) ? [] : [{ ...step, to, target: targetOf(to) }])),
  );
  const ready = entries.filter(({ dueAt, isHeld }) => dueAt <= now && !isHeld);
  const waits = entries.flatMap(({ dueAt, isHeld }) =>
    dueAt > now ? [dueAt] : isHeld && asked.quietUntil ? [asked.quietUntil.getTime()] : [],
  );
  const due = [...Map.groupBy(ready, ({ target }) => target).values()].flatMap(latestOf);
  return { due, nextAt: new Date(Math.min(...waits, end.getTime())).toISOString() };
}

/** Nobody is told twice in one moment: the most urgent one speaks for those before it. */
function latestOf(entries: readonly { rung: string; number: number; dueAt: number; to: DueTo; target: string }[]): Due[] {
  const isWarning = ({ number }: { number: number }) => number === 0;
  const [last, ...others] = entries.toSorted(
    (a, b) => Number(isWarning(b)) - Number(isWarning(a)) || b.dueAt - a.dueAt || b.number - a.number,
  );
  if (last === undefined) return [];
  const { rung, number, to, target } = last;
  return [{ rung, number, kind: kindOf(last), to, target, merged: others.map((other) => other.rung) }];
}

const kindOf = ({ number, to }: { number: number; to: DueTo }): ReminderKind =>
  number === 0 ? 'warned' : to.kind === 'thread' ? 'reminded' : 'escalated';

export function targetOf(to: DueTo): string {
  if (to.kind === 'thread') return `thread:${to.target.platform}:${to.target.conversation}`;
  if (to.kind === 'conversation') return `${to.target.platform}:${to.target.conversation}`;
  return to.kind === 'person' ? `person:${to.entraId}` : 'onCall';
}

/** To each target once, whatever the policy repeats. */
function placesOf(to: readonly ReminderTo[], cards: readonly CardOfAction[]): DueTo[] {
  const all = to.flatMap((one): DueTo[] =>
    one.kind === 'thread'
      ? cards.map(({ cardId, platform, conversation }) => ({ kind: 'thread', cardId, target: { platform, conversation } }))
      : [one],
  );
  return [...new Map(all.map((one) => [targetOf(one), one])).values()];
}

function rungSteps({ action, ladder, cards, told, quietUntil, now }: ToPlan): Step[] {
  const steps: Step[] = [];
  const startedAt = Date.parse(action.createdAt);
  let lastAt = startedAt;
  for (const [index, { name, waitMs, from, to }] of ladder.rungs.entries()) {
    const dueAt = (from === 'start' ? startedAt : lastAt) + waitMs;
    const places = placesOf(to, cards);
    steps.push({ rung: name, number: index + 1, dueAt, isHeld: quietUntil !== null, to: places });
    const toldAt = told.flatMap((one) => (one.rung === name ? [Date.parse(one.at)] : []));
    // Not told yet, it is told now at the earliest, and the next one counts from there; where there is nobody to tell, from its own time.
    const earliest = places.length === 0 ? dueAt : Math.max(dueAt, now.getTime());
    lastAt = toldAt.length > 0 ? Math.max(...toldAt) : earliest;
  }
  return steps;
}

/**
 * Of the warnings those count whose moment came after the announcement. For an action with so little time that none is left, the last one is due
 * at once. Quiet hours hold a warning back only while at least half of its time is left at their end.
 */
function warningSteps({ action, ladder, cards, quietUntil }: ToPlan): Step[] {
  const expiresAt = Date.parse(action.expiresAt);
  const createdAt = Date.parse(action.createdAt);
  const later = ladder.warnings.filter(({ beforeMs }) => expiresAt - beforeMs > createdAt);
  const last = ladder.warnings.toSorted((a, b) => a.beforeMs - b.beforeMs).slice(0, 1);
  return (later.length > 0 ? later : last).map(({ name, beforeMs }) => ({
    rung: name,
    number: 0,
    dueAt: Math.max(createdAt, expiresAt - beforeMs),
    isHeld: quietUntil !== null && expiresAt - quietUntil.getTime() >= beforeMs / 2,
    to: placesOf(ladder.warnTo, cards),
  }));
}

/** Where a rung leads whose people could not be found or reached: to the next one, or under the card. */
export function instead(rung: string, { ladder, cards }: Pick<ToPlan, 'ladder' | 'cards'>): { rung: string; number: number; to: DueTo[] } {
  const index = ladder.rungs.findIndex(({ name }) => name === rung);
  const next = index < 0 ? undefined : ladder.rungs[index + 1];
  if (next) return { rung: next.name, number: index + 2, to: placesOf(next.to, cards) };
  return { rung, number: index + 1, to: placesOf([{ kind: 'thread' }], cards) };
}

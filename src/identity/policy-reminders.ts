/** `reminders` and `delegation` of the policy file, as the flows act upon them. */
import { createHash } from 'node:crypto';
import { EntraId } from '../action-center/action.ts';
import { minutesOf } from '../action-center/digest-schedule.ts';
import type { NormalisedIntake } from '../action-center/intake.ts';
import type { CardTarget } from '../action-center/ports.ts';
import type { Ladder, ReminderPolicy, ReminderTo, Rung } from '../action-center/reminders.ts';
import { canonicalJson } from '../action-center/scope.ts';
import { endOfHours, type Hours } from '../action-center/zoned-time.ts';
import type { Match, PolicyFile } from './policy-file.ts';

type File = NonNullable<PolicyFile['reminders']>;
type Targets = NonNullable<File['warnTo']>;
type Places = { slack: string[]; teams: string[] };
export type PolicyMeans = { fits: (match: Match, action: NormalisedIntake) => boolean; targetsOf: (places: Places) => CardTarget[] };

/** Where the file says nothing about warnings. */
const usualWarnings = ['24h', '2h'];
const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function spanMs(span: string): number {
  const unit = span.at(-1) as keyof typeof unitMs;
  return Number.parseInt(span, 10) * unitMs[unit];
}

export function reminderPolicyOf(file: PolicyFile['reminders'], means: PolicyMeans): ReminderPolicy | null {
  if (file === undefined) return null;
  const warnings = [...new Set((file.warnBeforeExpiry ?? usualWarnings).map(spanMs))]
    .toSorted((a, b) => b - a)
    .map((beforeMs) => ({ name: `before-${beforeMs / 60_000}m`, beforeMs }));
  const rules = rulesOf(file, means);
  const none: Ladder = { rungs: [], warnings, warnTo: targetsFor(file.warnTo ?? ['thread'], means) };
  const hours = file.quietHours === undefined ? null : hoursOf(file.quietHours);
  const loud: readonly string[] = file.quietHours?.except?.severity ?? [];
  return {
    version: createHash('sha256').update(canonicalJson(file)).digest('hex').slice(0, 16),
    ladderFor: (action) => {
      const rule = rules.find(({ match }) => match === undefined || means.fits(match, action));
      return rule === undefined ? none : { rungs: rule.rungs, warnings, warnTo: rule.warnTo };
    },
    quietUntil: (action, now) => (hours === null || loud.includes(action.severity) ? null : endOfHours(now, hours)),
  };
}

type Rule = { match: Match | undefined; rungs: Rung[]; warnTo: ReminderTo[] };

function rulesOf(file: File, means: PolicyMeans): Rule[] {
  const { rules } = file;
  if (rules !== undefined) {
    return rules.map(({ match, rungs, warnTo }) => {
      const all = rungsOf(rungs, means);
      const named = warnTo ?? file.warnTo;
      return { match, rungs: all, warnTo: named === undefined ? usualWarnTo(all) : targetsFor(named, means) };
    });
  }
  const { after = [], escalateTo } = file;
  // As it was always written: under the card at each of these times, and elsewhere as well at the last one.
  const last = escalateTo === undefined ? [] : [{ channel: escalateTo }];
  const sorted = after.toSorted((a, b) => spanMs(a) - spanMs(b));
  const rungs = sorted.map((one, index) => ({ after: one, to: ['thread' as const, ...(index === sorted.length - 1 ? last : [])] }));
  const all = rungsOf(rungs, means);
  return [{ match: undefined, rungs: all, warnTo: file.warnTo === undefined ? usualWarnTo(all) : targetsFor(file.warnTo, means) }];
}

/** A warning goes under the card and to whoever hears of the action last. */
const usualWarnTo = (rungs: readonly Rung[]): ReminderTo[] => [
  { kind: 'thread' },
  ...(rungs.at(-1)?.to ?? []).filter(({ kind }) => kind !== 'thread'),
];

type FileRung = { after?: string | undefined; sinceLast?: string | undefined; to: Targets };

/** Named by the time since the announcement that it would have without any delay: two rungs at one time are told apart by their place. */
function rungsOf(rungs: readonly FileRung[], means: PolicyMeans): Rung[] {
  const names = new Set<string>();
  let sinceStart = 0;
  return rungs.map(({ after, sinceLast, to }) => {
    sinceStart = after === undefined ? sinceStart + spanMs(sinceLast ?? '0m') : spanMs(after);
    let name = `after-${sinceStart / 60_000}m`;
    while (names.has(name)) name = `${name}+`;
    names.add(name);
    const waitMs = after === undefined ? spanMs(sinceLast ?? '0m') : sinceStart;
    return { name, waitMs, from: after === undefined ? 'last' : 'start', to: targetsFor(to, means) };
  });
}

const targetsFor = (targets: Targets, { targetsOf }: PolicyMeans): ReminderTo[] =>
  targets.flatMap((target): ReminderTo[] => {
    if (target === 'thread' || target === 'onCall') return [{ kind: target }];
    if ('channel' in target) return targetsOf(target.channel).map((one) => ({ kind: 'conversation', target: one }));
    return target.managers.map((entraId) => ({ kind: 'person', entraId: EntraId.parse(entraId) }));
  });

function hoursOf({ from, to, timezone }: NonNullable<File['quietHours']>): Hours {
  return { from: minutesOf(from), to: minutesOf(to), timezone };
}

/** Whether any rule asks who is on call. */
export const asksOnCall = (file: PolicyFile['reminders']): boolean => JSON.stringify(file ?? null).includes('"onCall"');

/** Every conversation that reminders go to beside the cards' own. */
export function reminderPlaces(file: PolicyFile['reminders']): Places[] {
  if (file === undefined) return [];
  const targets = [
    ...(file.warnTo ?? []),
    ...(file.rules ?? []).flatMap(({ rungs, warnTo }) => [...(warnTo ?? []), ...rungs.flatMap(({ to }) => to)]),
  ];
  const channels = targets.flatMap((target) => (typeof target === 'object' && 'channel' in target ? [target.channel] : []));
  return [...channels, ...(file.escalateTo === undefined ? [] : [file.escalateTo])];
}

export type DelegationRules = { longestMs: number; timezone: string };
const usualLongest = '14d';

/** Null: nobody may name a stand-in. */
export function delegationRulesOf(file: PolicyFile['delegation']): DelegationRules | null {
  if (file?.allowed !== true) return null;
  return { longestMs: spanMs(file.longest ?? usualLongest), timezone: file.timezone ?? 'UTC' };
}

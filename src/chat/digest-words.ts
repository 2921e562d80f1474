/** Every sentence of a digest and of the command about it. */
import type { Platform } from '../action-center/action.ts';
import type { DigestSchedule, Weekday } from '../action-center/digest-schedule.ts';
import type { LookUpRefusal } from '../action-center/look-up.ts';
import { written } from './command-words.ts';
import { lookUpRefusalText } from './history-words.ts';
import { exact, foreign, type Line, listed, strong, time, words } from './show.ts';

const say = (text: string): Line => [words(text)];
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `45 s`, `12 min`, `3 h 5 min`, `2 days 4 h`: two units at most. */
export function durationText(ms: number): string {
  if (ms < minuteMs) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (ms < hourMs) return `${Math.round(ms / minuteMs)} min`;
  if (ms < dayMs) return inUnits(Math.round(ms / minuteMs), 60, 'h', 'min');
  const hours = Math.round(ms / hourMs);
  return inUnits(hours, 24, hours < 48 ? 'day' : 'days', 'h');
}

function inUnits(total: number, size: number, big: string, small: string): string {
  const rest = total % size;
  return `${Math.floor(total / size)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

export const chartTexts = {
  decided: 'Decided per day, last 14 days',
  approved: 'Approved',
  rejected: 'Rejected',
  undo: 'Undo asked for',
  waits: 'Time to decision per day, last 14 days',
  median: 'Median',
  p95: '95th percentile',
  nothingDecided: 'Nothing was decided in these 14 days.',
  barChart: 'Bar chart.',
  lineChart: 'Line chart.',
  medianAndP95: 'Median, then 95th percentile of each day.',
  eachDay: 'in this order on each day:',
} as const;

export const grouped = (count: number): string => count.toLocaleString('en-US');
const actionsText = (count: number): string => `${grouped(count)} ${count === 1 ? 'action' : 'actions'}`;
const percent = (part: number): string => `${part < 0.1 ? Math.round(part * 1000) / 10 : Math.round(part * 100)} %`;

export const digestTexts = {
  waiting: 'Waiting now',
  waitingButton: 'Waiting',
  expiringButton: 'Deadline within 24 h',
  decided: 'Decided',
  decidedBeforeButton: 'Decided a week before',
  byType: 'By action type',
  bySource: 'By action source',
  outcomes: 'What became of it',
  refused: 'Refused tries',
  refusedDecided: 'Refused, decided since',
  refusedOpen: 'Refused, still waiting',
  people: 'Most decisions',
  undoButton: 'Undo asked for',
  listType: 'List an action type',
  listSource: 'List an action source',
  shortened: 'Shortened to fit; the look-ups list the rest.',
} as const;

export const buttonLabel = (label: string, count: number): string => `${label} (${grouped(count)})`;

const dateIn = (iso: string, timezone: string): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: timezone, weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(iso));

export const headingText = (kind: 'due' | 'now' | 'preview', at: string, timezone: string): string =>
  `${{ due: 'Digest', now: 'Digest as of now', preview: 'Preview of the digest' }[kind]}: ${dateIn(at, timezone)}`;

export const periodText = ({ from, to }: { from: string; to: string }): Line => [
  words('From '),
  time(from),
  words(' to '),
  time(to),
  words('.'),
];

export const lateText = (due: string, shown: string): Line => [
  strong(`Late by ${durationText(Date.parse(shown) - Date.parse(due))}. `),
  words('It was due '),
  time(due),
  words('; it tells of what happened up to then.'),
];

export const quietText: Line = [strong('A quiet day: '), words('nothing waits, and nothing was decided, failed or expired.')];

const waitText = (count: number): string =>
  count === 0 ? 'Nothing waits for a decision' : `${actionsText(count)} ${count === 1 ? 'waits' : 'wait'} for a decision`;

export function waitingText({ count, expiring }: { count: number; expiring: number }, asOf: string): Line {
  if (count === 0) return [words(`${waitText(count)}, as of `), time(asOf), words('.')];
  const soon =
    expiring === 0
      ? ' None has its deadline within 24 hours.'
      : ` ${grouped(expiring)} of them ${expiring === 1 ? 'has its' : 'have their'} deadline within 24 hours.`;
  return [strong(waitText(count)), words(', as of '), time(asOf), words(`.${soon}`)];
}

type Happened = { approved?: number; rejected?: number; failed?: number; expired?: number };

/** The digest in three sentences. */
export function fallbackText(heading: string, waiting: number, { approved = 0, rejected = 0, failed = 0, expired = 0 }: Happened): string {
  return `${heading}. ${waitText(waiting)}. ${approved} approved, ${rejected} rejected, ${failed} failed, ${expired} expired.`;
}

export const oldestText = (ms: number, title: string): Line => [
  words(`The oldest has waited ${durationText(ms)}: `),
  foreign(title, 120),
  words('.'),
];
export const firstOfAll: Line = say('Look at these first (deadline within 24 hours, then severity, then age):');

/** `High severity · waits 3 h · 5 h left`. */
export const rowText = (severity: string, ageMs: number, leftMs: number): string =>
  `${severity} severity · waits ${durationText(Math.max(0, ageMs))} · ${leftMs <= 0 ? 'the deadline has passed' : `${durationText(leftMs)} left`}`;

export function decidedText(approved: number, rejected: number, before: number): Line {
  const total = approved + rejected;
  const then = before === 0 ? 'none' : grouped(before);
  if (total === 0) return say(`Nothing was decided; in the same time a week before: ${then}.`);
  return [
    strong(`${grouped(total)} decided`),
    words(`: ${grouped(approved)} approved, ${grouped(rejected)} rejected. In the same time a week before: ${then}.`),
  ];
}

export function waitsText(
  now: { medianMs: number | null; p95Ms: number | null },
  before: { medianMs: number | null; p95Ms: number | null },
): Line[] {
  if (now.medianMs === null || now.p95Ms === null) return [];
  const then = (ms: number | null) => (ms === null ? 'no decisions the week before' : `a week before ${durationText(ms)}`);
  return [
    [
      strong(`Time to decision: median ${durationText(now.medianMs)}`),
      words(` (${then(before.medianMs)}), 95th percentile ${durationText(now.p95Ms)} (${then(before.p95Ms)}).`),
    ],
  ];
}

export const countedText = (label: string, rows: readonly { label: string; count: number }[]): Line[] =>
  rows.length === 0
    ? []
    : [[words(`${label}: `), foreign(rows.map((row) => `${row.label} ${grouped(row.count)}`).join(', '), 700), words('.')]];

export function outcomesText(rows: readonly { label: string; count: number }[]): Line {
  if (rows.length === 0) return say('Nothing came to an end.');
  return say(`${rows.map(({ label, count }) => `${label} ${grouped(count)}`).join(', ')}.`);
}

export const undoText = (undo: number, rate: number | null): Line =>
  undo === 0
    ? say('Nobody asked for an undo.')
    : say(
        `Undo was asked for ${actionsText(undo)}${rate === null ? '' : `; that is ${percent(rate)} of what was approved (the regret rate)`}.`,
      );

export const expiredText = (count: number): Line =>
  count === 0 ? say('Nothing expired.') : [strong(`${actionsText(count)} expired`), words(' without a decision.')];

export function refusedText({ tries, people, decided, open }: { tries: number; people: number; decided: number; open: number }): Line {
  if (tries === 0) return say('Nobody was refused.');
  const who = `${grouped(tries)} ${tries === 1 ? 'try' : 'tries'} by ${grouped(people)} ${people === 1 ? 'person' : 'people'} without the authority`;
  return say(
    `${who}, about ${actionsText(decided)} that ${decided === 1 ? 'is' : 'are'} decided and ${grouped(open)} that still ${open === 1 ? 'waits' : 'wait'}.`,
  );
}

export const noDeciders: Line = say('Nobody decided anything.');

type Head = { seal: string; lastSeq: string; hash: string; at: string | null; keyId: string | null } | null;

export function headText(head: Head): Line {
  if (head === null) return say('Audit record: nothing is sealed yet.');
  const { seal, lastSeq, hash, at, keyId } = head;
  return [
    words(`Audit record: seal ${seal} holds it through event ${lastSeq}`),
    ...(at === null ? [] : [words(', sealed '), time(at)]),
    ...(keyId === null ? [words(', not signed')] : [words(', signed with key '), exact(keyId, 64)]),
    words('. Hash '),
    exact(hash, 64),
    words(' (compare it with countersign audit verify).'),
  ];
}

/** What somebody reads who asks by command. */

const dayNames: Record<Weekday, string> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};
const workdays = 'mon,tue,wed,thu,fri';

function daysText(weekdays: readonly Weekday[]): string {
  if (weekdays.length === 7) return 'every day';
  if (weekdays.join() === workdays) return 'Monday to Friday';
  return listed(
    weekdays.map((day) => dayNames[day]),
    'and',
  );
}

const scheduleText = ({ at, timezone, weekdays }: DigestSchedule): string => `at ${at} ${timezone}, ${daysText(weekdays)}`;
const nextText = (nextAt: string | null): Line =>
  nextAt === null ? [words(' None is due within a year.')] : [words(' Next: '), time(nextAt), words('.')];

type Standing = { schedule: DigestSchedule; nextAt: string | null };

export function standingText(own: readonly Standing[], here: readonly Standing[], platform: Platform): Line[] {
  const how = written[platform];
  return [
    ...own.map(({ schedule, nextAt }): Line => [strong('Your own digest: '), words(`${scheduleText(schedule)}.`), ...nextText(nextAt)]),
    ...here.map(
      ({ schedule, nextAt }): Line => [strong('By policy, here or to you: '), words(`${scheduleText(schedule)}.`), ...nextText(nextAt)],
    ),
    ...(own.length + here.length === 0 ? [say('No digest is sent here or to you.')] : []),
    say(
      `${how('digest on 08:00 Europe/Berlin weekdays')} sends you one; ${how('digest off')} ends it; ${how('digest now')} sends one at once; ${how('digest preview')} shows the next one.`,
    ),
  ];
}

export const onText = (schedule: DigestSchedule, nextAt: string | null, platform: Platform): Line[] => [
  [strong('Kept. '), words(`You get a digest in your own chat with the app, ${scheduleText(schedule)}.`), ...nextText(nextAt)],
  say(`${written[platform]('digest off')} ends it.`),
];

export const offText = (count: number): Line =>
  say(count === 0 ? 'You had no digest of your own.' : 'Your own digest is off. What the policy sends is not touched by this.');
export const nowText = (isNew: boolean): Line =>
  say(
    isNew
      ? 'A digest as of now follows in your own chat with the app.'
      : 'One of this minute is on its way to your own chat with the app already.',
  );
export const previewText = (next: string | null): Line =>
  next === null
    ? say('No digest is due to you or here. This is what one would say now.')
    : [words('The next one is sent '), time(next), words('. This is what it would say now.')];
export const noPlace: Line = say('This account has no chat of its own that a digest could be sent to.');

export type DigestProblem = { kind: 'time' | 'zone' | 'days' | 'word'; given: string; instead: string | null };

export function digestProblemText({ kind, given, instead }: DigestProblem, platform: Platform): Line[] {
  const how = written[platform];
  const what = {
    time: ' is no time of day',
    zone: ' is no time zone',
    days: ' are no weekdays; write weekdays, or a list such as mon,wed,fri',
    word: ' is nothing that digest knows',
  }[kind];
  const meant = instead === null ? '.' : `; did you mean ${instead}?`;
  const quoted: Line =
    given === ''
      ? [words(kind === 'time' ? 'A time of day is missing' : 'A time zone is missing')]
      : [words('“'), foreign(given, 60), words(`”${what}`)];
  return [[...quoted, words(`${meant} Nothing was changed.`)], say(`For example: ${how('digest on 08:00 Europe/Berlin weekdays')}`)];
}

export const digestRefusalText = (refusal: LookUpRefusal, platform: Platform): Line => lookUpRefusalText(refusal, platform);

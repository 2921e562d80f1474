/** Every sentence of the inbox. */
import type { ActionType, Platform, Severity, Verb } from '../action-center/action.ts';
import { catalogue, severityLabels } from '../action-center/catalogue.ts';
import { type InboxCount, type InboxRefusal, inboxLimits } from '../action-center/inbox.ts';
import { foreign, type Line, strong, time, words } from './show.ts';
import { platformLabels, rolesText, serviceText, usualCombinations } from './words.ts';

const say = (text: string): Line => [words(text)];

export const inboxTexts = {
  heading: 'What awaits you',
  decidedHeading: 'What you decided lately',
  nothingDecided: 'You decided nothing here yet.',
  refresh: 'Refresh',
  card: 'Card',
  showTitle: 'Action',
  showClose: 'Close',
} as const;

/** Rows are numbered, so that each button says which row it belongs to. */
export const openLabel = (number: number): string => `Open card ${number}`;
export const showLabel = (number: number): string => `Show ${number}`;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Rounded down: never more time than there is. */
function span(ms: number): string {
  if (ms < minuteMs) return 'less than a minute';
  if (ms < 2 * hourMs) return `${Math.floor(ms / minuteMs)} min`;
  if (ms < 2 * dayMs) return `${Math.floor(ms / hourMs)} h`;
  return `${Math.floor(ms / dayMs)} days`;
}

export function countdownText(ms: number): string {
  return ms <= 0 ? 'the deadline has passed' : `in ${span(ms)}`;
}

const ageText = (ms: number): string => `asked ${span(Math.max(0, ms))} ago`;
const severityText = (severity: Severity): string => `${severityLabels[severity]} severity`;

export function countText({ kind, count }: InboxCount): Line {
  if (kind === 'exact' && count === 0) return say('Nothing awaits your decision now.');
  if (kind === 'exact') return [strong(count === 1 ? '1 action awaits your decision.' : `${count} actions await your decision.`)];
  const looked = ` More is open than is looked at for one answer (${inboxLimits.lookedAt}), so the number is an estimate.`;
  return [strong(`About ${count} actions await your decision.`), words(looked)];
}

/** Empty when all there are is shown. `elsewhere`: where more is, when it is this place that has no room. */
export function shownText(shown: number, total: number, elsewhere = ''): Line[] {
  return shown < total ? [say(`The first ${shown} are shown here.${elsewhere}`)] : [];
}
export const homeHasMore = ' The Home tab of this app has room for more.';

export const rowHeading = (number: number, type: ActionType, subject: string): Line => [
  strong(`${number}. ${catalogue[type].label}: `),
  foreign(subject, 120),
];

/** `approvals`: as `approvalsText` says it. */
export const rowStanding = (severity: Severity, ageMs: number, approvals: Line): Line => [
  words(`${severityText(severity)}, ${ageText(ageMs)}, `),
  ...approvals,
];

export const decideByText = (expiresAt: string, leftMs: number): Line => [
  words('Decide '),
  strong(countdownText(leftMs)),
  words(', before '),
  time(expiresAt),
];

const done = { approve: 'You approved ', reject: 'You rejected ', undo: 'You undid ', cancel: 'You cancelled ' } as const;

export const decidedText = (verb: Verb, heading: string, at: string, standing: Line): Line => [
  words(done[verb]),
  foreign(heading, 150),
  words(', '),
  time(at),
  words('. '),
  ...standing,
];

/** `1 of 2 approvals: Alice Adams`. `names`: of those who approved. */
export function approvalsText(names: readonly string[], needed: number): Line {
  if (needed === 1) return say('needs one approval');
  if (names.length === 0) return say(`needs ${needed} approvals, none yet`);
  const shown = names.slice(0, 5).flatMap((name, index): Line => [...(index === 0 ? [] : [words(', ')]), foreign(name, 100)]);
  return [words(`${names.length} of ${needed} approvals: `), ...shown];
}

export const orderNote: Line = say(
  'What expires within 24 hours comes first, then by severity, risk and age. You decide on the card itself.',
);
export const asOfNote = (at: string): Line => [words('As of '), time(at), words('.')];
export const showFollows: Line = say('The action follows as a message that only you can see.');
export const showLate: Line = say('The record did not answer in time. Please close this and press Show again.');
export const inboxLate: Line = say('What awaits you could not be read in time. Please refresh in a minute.');

export function inboxRefusalText(refusal: InboxRefusal, platform: Platform): Line {
  const account = `${platformLabels[platform]} account`;
  switch (refusal.kind) {
    // The same words whether nobody or nobody suitable was found: an answer here must not tell which addresses exist.
    case 'unknown-person':
      return say(
        `Your ${account} is not connected to a person who may decide, so nothing is listed here. Ask your Countersign administrators to connect it, then refresh.`,
      );
    case 'ambiguous-person':
      return say(
        `Your ${account} cannot be matched to exactly one person, so nothing is listed here. Ask your Countersign administrators to connect it.`,
      );
    case 'disabled-person':
      return say('Your account is disabled in the directory, so nothing is listed here. Ask your identity administrators about it.');
    case 'guest':
      return say('Guest accounts cannot decide, so nothing is listed here. Please ask a member of your organisation.');
    case 'external-person':
      return say('Your account belongs to another organisation, so nothing is listed here.');
    case 'bot':
      return say('Apps and bots cannot decide, so nothing is listed here.');
    case 'identity-unavailable':
      return say(
        `Who you are could not be checked, because ${serviceText(refusal.service)} did not answer, so nothing is listed here. Please refresh in a minute.`,
      );
    case 'may-decide-nothing':
      return say(
        `Your roles let you decide nothing here, so nothing can await you. To decide you also need ${rolesText(usualCombinations(refusal.missing))}; ask your administrators if that is your work.`,
      );
  }
}

export const inboxFailed: Line = say('The record did not answer, so nothing is listed here. Please refresh in a minute.');
export const inboxBugText = (id: string): Line =>
  say(`Something went wrong on our side (${id}), so nothing is listed here. Please refresh, and tell your administrators if it stays.`);

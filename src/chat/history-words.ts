/** Every sentence around a look-up: what was asked in words, how much there is, what was not understood, what to do when there is nothing. */

import type { Platform } from '../action-center/action.ts';
import type { HistoryCount, HistoryFilters, Tab } from '../action-center/history.ts';
import { columnLabels } from '../action-center/history.ts';
import { type LookUp, type LookUpRefusal, me } from '../action-center/look-up.ts';
import { historyRoles, roleLabels } from '../action-center/permissions.ts';
import { lookRefusalText, written } from './command-words.ts';
import { longestLookUp, type Mistake } from './history-command.ts';
import { anyPeriodLabel, choiceLabels, filterLabels, isChoice, isMoment, periodLabels, tabLabels } from './history-labels.ts';
import { foreign, type Line, listed, strong, time, words } from './show.ts';

const say = (text: string): Line => [words(text)];
export const grouped = (count: number): string => count.toLocaleString('en-US');
/** Three digits that mean something: the rest of an estimate is noise. */
export const rounded = (count: number): number => (count < 1000 ? count : Number(count.toPrecision(3)));

export function countText({ kind, count }: HistoryCount): string {
  const shown = kind === 'about' ? rounded(count) : count;
  const amount = `${grouped(shown)} ${shown === 1 && kind === 'exact' ? 'action' : 'actions'}`;
  return kind === 'exact' ? amount : kind === 'about' ? `about ${amount}` : `at least ${amount}`;
}

const orWords = (values: readonly string[]): Line =>
  values.flatMap((value, index) => [...(index === 0 ? [] : [words(' or ')]), foreign(value, 80)]);

function filterPart(filter: keyof HistoryFilters, values: readonly string[]): Line {
  if (values.length === 0) return [];
  if (filter === 'text') return [words('; with the words '), ...orWords([values.join(' ')])];
  if (isMoment(filter)) return [words(`; ${filterLabels[filter]}: `), ...values.map(time)];
  const shown = isChoice(filter)
    ? values.map((value) => choiceLabels[filter][value] ?? value)
    : values.map((value) => (value === me ? 'you' : value));
  return [words(`; ${filterLabels[filter]}: `), ...orWords(shown)];
}

const placeText = ({ scope }: LookUp, everywhere: boolean): string =>
  everywhere ? (scope === 'here' ? 'everywhere, because this is your own chat' : 'everywhere') : 'with a card in this conversation';

function sortText({ sort: { column, descending } }: LookUp): string {
  if (column === 'updated') return descending ? 'newest first' : 'oldest first';
  return `sorted by ${columnLabels[column]}, ${descending ? 'descending' : 'ascending'}`;
}

/** How much there is, then what was asked. */
export const countedText = (count: HistoryCount, asked: Line): Line => [strong(`${countText(count)}. `), ...asked];

/** `past 30 days; Status: Failed; with a card in this conversation; newest first`. */
export function askedText(lookUp: LookUp, everywhere: boolean): Line {
  const { period, filters } = lookUp;
  const parts = Object.entries(filters).flatMap(([filter, values]) => filterPart(filter as keyof HistoryFilters, values));
  return [
    words(period === null ? anyPeriodLabel : periodLabels[period]),
    ...parts,
    words(`; ${placeText(lookUp, everywhere)}; ${sortText(lookUp)}; ${lookUp.size} a page.`),
  ];
}

export const nothingFound = (lookUp: LookUp, everywhere: boolean): Line => {
  const hasFilters = Object.values(lookUp.filters).some((values) => values.length > 0);
  const ways = [
    ...(lookUp.period === null ? [] : ['ask for a longer period']),
    ...(hasFilters ? ['leave out a filter'] : []),
    ...(everywhere ? [] : ['look everywhere, not only in this conversation']),
  ];
  return [strong('Nothing fits. '), words(ways.length === 0 ? 'There is nothing in the record yet.' : `You could ${listed(ways, 'or')}.`)];
};

export const tookTooLong: Line = [
  strong('No answer within the time limit of a look-up. '),
  words('That says nothing about what is there. A shorter period or one more filter makes it quick.'),
];

export const noMoment = 'is no date; write one as 2026-11-21 or 2026-11-21T08:00Z';

const instead = ({ kind, instead: meant, key }: Mistake): string => {
  if (kind === 'moment') return noMoment;
  if (kind === 'too-many') return `is left out: ${nameOf(key)} takes no more values`;
  if (kind === 'too-long') return `is left out: it is too long to look for`;
  if (kind === 'size') return 'is no page size; a page has 1 to 50 rows';
  if (kind === 'filter')
    return meant === null ? 'is no filter; put it in quotes to search for the words' : `is no filter; did you mean ${meant}?`;
  if (meant !== null) return `is not known to ${nameOf(key)}; did you mean ${meant}?`;
  return `is not known to ${nameOf(key)}, so it is left out`;
};
const nameOf = (key: string): string => `${key}:`;

const mistakeText = (mistake: Mistake): Line => [words('“'), foreign(mistake.written, 60), words(`” ${instead(mistake)}`)];
/** Beyond this a list of mistakes helps nobody. */
const mostMistakes = 8;

export function mistakesText(mistakes: readonly Mistake[], lookUp: LookUp, corrected: string, platform: Platform): Line[] {
  const left = mistakes.length - mostMistakes;
  return [
    [strong('Not everything was understood, so nothing was looked up.')],
    ...mistakes.slice(0, mostMistakes).map(mistakeText),
    ...(left > 0 ? [say(`… and ${left} more`)] : []),
    [strong('Understood: '), words(`${tabLabels[lookUp.tab]}, `), ...askedText(lookUp, lookUp.scope === 'all')],
    [strong('Corrected: '), foreign(written[platform](corrected), 900)],
  ];
}

export const tooLongText = (platform: Platform): Line =>
  say(
    `This is too long for one look-up. Please ask with at most ${longestLookUp} characters; ${written[platform]('help')} shows examples.`,
  );

export const saveWhatText = (tab: Tab, platform: Platform): Line =>
  say(`Say what to keep, for example ${written[platform](`${tab} save week status:failed`)}, or press Save as My Default under an answer.`);

export const savedText = (tab: Tab, platform: Platform): Line =>
  say(`Kept: ${written[platform](tab)} alone now shows you this. ${written[platform](`${tab} reset`)} takes it back.`);

export const resetText = (tab: Tab, platform: Platform, changed: boolean): Line =>
  say(
    changed
      ? `Your default is gone: ${written[platform](tab)} alone shows what it shows everybody.`
      : `You had no default of your own; ${written[platform](tab)} alone shows what it shows everybody.`,
  );

export const ownDefaultText: Line = say('This is your saved default.');
export const sharedByText = (name: string): Line => [words('Shared by '), foreign(name, 100), words('.')];
export const sharedText: Line = say('Shared in this conversation.');
export const shareFailed: Line = say(
  'It could not be shared here: the conversation cannot be reached, or another organisation reads along. Nothing was posted.',
);
export const notShared: Line = say(
  'Sharing look-ups is off in this deployment. Ask your Countersign administrators if your team needs it.',
);
export const shownBelow: Line = say('Shown in a message of its own, for your eyes only.');
export const menusLeftOut: Line = say('The menus are left out to fit; filters can be added to the command.');
export const shortened: Line = say('Shortened to fit. Show has the whole of an action; a smaller page-size shows more of each.');

const readers = listed(
  historyRoles.map((role) => roleLabels[role]),
  'or',
);

export function lookUpRefusalText(refusal: LookUpRefusal, platform: Platform): Line {
  if (refusal.kind !== 'may-not-read') return lookRefusalText(refusal, platform);
  return say(`To look actions up you need ${readers}. Ask your administrators for it.`);
}

export const historyTexts = {
  previous: 'Previous Page',
  next: 'Next Page',
  run: 'Run Corrected',
  everywhere: 'Look Everywhere',
  anyTime: 'Any Time',
  noFilters: 'Without Filters',
  shorter: 'Only the Past Week',
  save: 'Save as My Default',
  share: 'Share in Channel',
  open: 'Open for Me',
  show: 'Show',
  chooseRow: 'Show one of these',
  filter: 'Apply Filters',
  anyOf: (filter: string): string => `Any ${filter.toLowerCase()}`,
  period: 'Period',
  none: 'none',
} as const;

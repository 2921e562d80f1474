/** Neutral picture of an answer to a look-up: rows with the chosen columns, what was asked in words, and how to go on. Pure. */

import type { Platform } from '../action-center/action.ts';
import { catalogue, entityLabels, sourceLabels, statusLabels } from '../action-center/catalogue.ts';
import {
  type Column,
  type Cursor,
  columnLabels,
  decisionLabels,
  decisionWordOf,
  type HistoryRow,
  type Tab,
} from '../action-center/history.ts';
import { type LookedUp, type LookUp, usualLookUp } from '../action-center/look-up.ts';
import { subjectOf } from './evidence.ts';
import { type Mistake, printHistory, type QuickKey, quickKeys } from './history-command.ts';
import { anyPeriod, anyPeriodLabel, choiceLabels, filterLabels, periodLabels, tabLabels } from './history-labels.ts';
import {
  askedText,
  countedText,
  countText,
  mistakesText,
  nothingFound,
  ownDefaultText,
  sharedByText,
  historyTexts as texts,
  tookTooLong,
} from './history-words.ts';
import { exact, foreign, type Line, plain, showText, time, words } from './show.ts';

export type HistoryCell = { label: string; value: Line };
/** `lead` says which action it is; `describes` the same for who cannot see the row. */
export type HistoryCardRow = { number: number; actionId: string; lead: Line; cells: HistoryCell[]; describes: string };
/** `near`: picked, or on this page; where there is no room for all options, these are the ones to keep. */
export type HistoryMenu = { key: QuickKey; label: string; options: MenuOption[]; picked: string | null };
type MenuOption = { name: string; label: string; near: boolean };
/** A press sends the command `text`, on the page that begins at `cursor`. `share`: for the whole conversation. */
export type HistoryButton = { id: string; label: string; text: string; cursor: Cursor | null; share: boolean };

export type HistoryCard = {
  kind: 'history';
  heading: string;
  lines: Line[];
  rows: HistoryCardRow[];
  /** They change `text`, and are pressed like a button that sends it. */
  menus: HistoryMenu[];
  text: string;
  buttons: HistoryButton[];
  fallback: string;
};

/** Whom a shared look-up shows what: `readersOnly` only that there is one, which every reader can open; `everyone` its rows. */
export type Visibility = 'never' | 'readersOnly' | 'everyone';
type Shown = { visibility: Visibility; everywhere: boolean; cursor: Cursor | null };

const fallbackLimit = 300;
const cellLimit = 200;

const button = (id: string, label: string, text: string, cursor: Cursor | null = null): HistoryButton => ({
  id,
  label,
  text,
  cursor,
  share: false,
});

/** The private answer. */
export function historyCard(looked: LookedUp, shown: Shown): HistoryCard {
  const { lookUp, answer, count, isOwnDefault } = looked;
  const rows = answer.kind === 'page' ? answer.page.rows.map((row, index) => rowOf(row, index + 1, lookUp.columns)) : [];
  const lines = [...standing(looked, shown), ...(isOwnDefault ? [ownDefaultText] : [])];
  const text = printHistory(lookUp);
  return {
    kind: 'history',
    heading: tabLabels[lookUp.tab],
    lines,
    rows,
    menus: menusOf(lookUp, answer.kind === 'page' ? answer.page.rows : []),
    text,
    buttons: [...pageButtons(looked, text), ...widerButtons(looked, shown), ...keepButtons(looked, text, shown)],
    fallback: showText(`${tabLabels[lookUp.tab]}: ${answer.kind === 'page' ? countText(count) : plain(tookTooLong)}`, fallbackLimit),
  };
}

/** What everybody in the conversation sees: the rows only where policy lets everybody read them, and nothing that would change it for others. */
export function sharedCard(looked: LookedUp, { visibility, everywhere, cursor }: Shown): HistoryCard {
  const card = historyCard(looked, { visibility: 'never', everywhere, cursor });
  return {
    ...card,
    lines: [...standing(looked, { visibility, everywhere, cursor }), sharedByText(looked.reader.displayName)],
    rows: visibility === 'everyone' ? card.rows : [],
    menus: [],
    buttons: [button('open', texts.open, card.text, cursor)],
  };
}

/** What was understood, and the corrected command to press. */
export function mistakeCard(lookUp: LookUp, mistakes: readonly Mistake[], platform: Platform, isSave: boolean): HistoryCard {
  const text = isSave ? saving(printHistory(lookUp)) : printHistory(lookUp);
  const lines = mistakesText(mistakes, lookUp, text, platform);
  return {
    kind: 'history',
    heading: tabLabels[lookUp.tab],
    lines,
    rows: [],
    menus: [],
    text,
    buttons: [button('run', texts.run, text)],
    fallback: showText(lines.map(plain).join(' '), fallbackLimit),
  };
}

/** The command that keeps a look-up as the person's own default. */
const saving = (text: string): string => text.replace(/^\w+/, '$& save');

function standing({ lookUp, answer, count }: LookedUp, { everywhere }: Shown): Line[] {
  const asked = askedText(lookUp, everywhere);
  if (answer.kind === 'too-long') return [asked, tookTooLong];
  if (answer.page.rows.length === 0) return [asked, nothingFound(lookUp, everywhere)];
  return [countedText(count, asked)];
}

function pageButtons({ answer }: LookedUp, text: string): HistoryButton[] {
  if (answer.kind === 'too-long') return [];
  const { previous, next } = answer.page;
  return [
    ...(previous === null ? [] : [button('previous', texts.previous, text, previous)]),
    ...(next === null ? [] : [button('next', texts.next, text, next)]),
  ];
}

/** What helps when there was nothing, or no answer in time. */
function widerButtons({ lookUp, answer }: LookedUp, { everywhere }: Shown): HistoryButton[] {
  if (answer.kind === 'too-long')
    return lookUp.period === 'day' || lookUp.period === 'week'
      ? []
      : [button('shorter', texts.shorter, printHistory({ ...lookUp, period: 'week' }))];
  if (answer.page.rows.length > 0) return [];
  const bare = { ...lookUp, filters: usualLookUp(lookUp.tab).filters };
  return [
    ...(everywhere ? [] : [button('everywhere', texts.everywhere, printHistory({ ...lookUp, scope: 'all' }))]),
    ...(lookUp.period === null ? [] : [button('any-time', texts.anyTime, printHistory({ ...lookUp, period: null }))]),
    ...(printHistory(bare) === printHistory(lookUp) ? [] : [button('no-filters', texts.noFilters, printHistory(bare))]),
  ];
}

function keepButtons({ answer, isOwnDefault }: LookedUp, text: string, { visibility, cursor }: Shown): HistoryButton[] {
  if (answer.kind === 'too-long') return [];
  const mayShare = visibility !== 'never' && answer.page.rows.length > 0;
  return [
    ...(isOwnDefault ? [] : [button('save', texts.save, saving(text))]),
    ...(mayShare ? [{ ...button('share', texts.share, text, cursor), share: true }] : []),
  ];
}

function menusOf({ tab, period, filters }: LookUp, rows: readonly HistoryRow[]): HistoryMenu[] {
  const types = new Set<string>(rows.map(({ action }) => action.type));
  // What is open has no decision yet.
  const keys = quickKeys.filter((key) => key !== 'period' && (tab === 'history' || key !== 'decision')) as Exclude<QuickKey, 'period'>[];
  const periods = Object.entries({ ...periodLabels, [anyPeriod]: anyPeriodLabel }).map(([name, label]) => ({ name, label, near: true }));
  return [
    { key: 'period', label: texts.period, options: periods, picked: period ?? anyPeriod },
    ...keys.map((key): HistoryMenu => {
      const values: readonly string[] = filters[key];
      const known = Object.entries(choiceLabels[key]).filter(([name]) => values.includes(name) || !isElsewhere(tab, key, name));
      const options = known.map(([name, label]) => ({ name, label, near: key !== 'type' || types.has(name) || values.includes(name) }));
      const any = { name: anyPeriod, label: texts.anyOf(filterLabels[key]), near: true };
      // Several values at once are more than a menu can show.
      const picked = values.length > 1 ? null : (values[0] ?? anyPeriod);
      return { key, label: filterLabels[key], options: [any, ...options], picked };
    }),
  ];
}

/** Each tab has its own statuses, and only what is open has no decision. */
function isElsewhere(tab: Tab, key: QuickKey, name: string): boolean {
  if (key === 'decision') return name === 'none';
  const isOpenStatus = name === 'pending' || name === 'awaitingSecondApproval';
  return key === 'status' && isOpenStatus !== (tab === 'pending');
}

function rowOf(row: HistoryRow, number: number, columns: readonly Column[]): HistoryCardRow {
  const { action } = row;
  return {
    number,
    actionId: action.id,
    lead: [foreign(action.title, cellLimit)],
    cells: columns.map((column) => ({ label: columnLabels[column], value: cellOf(row, column) })),
    describes: `${catalogue[action.type].label}: ${subjectOf(action)}`,
  };
}

const none: Line = [words(texts.none)];
const orNone = (draw: (text: string, max: number) => Line[number], text: string | undefined): Line =>
  text ? [draw(text, cellLimit)] : none;
function cellOf({ action, decidedBy }: HistoryRow, column: Column): Line {
  switch (column) {
    case 'updated':
      return [time(action.updatedAt)];
    case 'investigation':
      return orNone(exact, action.investigationId);
    case 'approval':
      return orNone(exact, action.decision?.decisionId);
    case 'type':
      return [words(catalogue[action.type].label)];
    case 'details':
      return orNone(foreign, action.details);
    case 'entity':
      return [words([...new Set(action.entities.map(({ type }) => entityLabels[type]))].join(', '))];
    case 'asset':
      return orNone(foreign, action.asset);
    case 'decision':
      return [words(decisionLabels[decisionWordOf(action)])];
    case 'by':
      if (decidedBy !== null) return [foreign(decidedBy.displayName, cellLimit)];
      return decisionWordOf(action) === 'automation' ? [words(decisionLabels.automation)] : none;
    case 'source':
      return [words(sourceLabels[action.source])];
    case 'status':
      return [words(statusLabels[action.status])];
  }
}

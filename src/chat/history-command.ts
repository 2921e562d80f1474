/**
 * The text behind `history` and `pending` becomes a look-up and back. Pure. What was not understood is named, with the nearest thing that would
 * have been; the rest is understood all the same.
 */
import { Column, columnLabels, HistoryFilters, maxPageSize, type Period, type Tab } from '../action-center/history.ts';
import { type LookUp, me, usualLookUp } from '../action-center/look-up.ts';
import { anyPeriod, anyPeriodLabel, choiceLabels, isMoment, periodLabels } from './history-labels.ts';
import { type Token, tokensOf, writeValue } from './history-tokens.ts';
import { nearestOf } from './nearest.ts';

/** `written`: what was typed. `instead`: what was probably meant, as the corrected command has it; null: left out there. */
export type Mistake = {
  kind: 'filter' | 'value' | 'moment' | 'size' | 'too-many' | 'too-long';
  written: string;
  key: string;
  instead: string | null;
};

export type HistoryAsk =
  | { kind: 'usual'; tab: Tab }
  | { kind: 'look-up'; lookUp: LookUp; mistakes: Mistake[] }
  | { kind: 'save'; lookUp: LookUp; mistakes: Mistake[] }
  /** Nothing was said that could be kept. */
  | { kind: 'save-what'; tab: Tab }
  | { kind: 'reset'; tab: Tab }
  | { kind: 'too-long'; tab: Tab };

/** Longer ones fit into no button. */
export const longestLookUp = 700;

type Filter = keyof HistoryFilters;
type Key = Exclude<Filter, 'text'> | 'period' | 'in' | 'sort' | 'columns' | 'page-size';

const keys: Record<Key, readonly string[]> = {
  type: ['action-type'],
  source: ['action-source'],
  severity: [],
  status: [],
  entity: ['entity-type'],
  asset: ['device', 'mailbox'],
  decision: [],
  by: ['decided-by'],
  investigation: ['investigation-id'],
  platform: ['decided-in'],
  event: ['happened', 'events'],
  from: ['after'],
  to: ['until', 'before'],
  expires: ['deadline', 'expires-before'],
  period: ['time', 'since'],
  in: ['scope', 'where'],
  sort: ['sort-by', 'order'],
  columns: ['column', 'cols'],
  'page-size': ['size', 'per-page', 'rows'],
};
const keyNames = Object.keys(keys) as Key[];
const keyOf = (name: string): Key | null => keyNames.find((key) => key === name || keys[key].includes(name)) ?? null;

/** Words that stand for themselves. Put in quotes they are searched for. */
const bareWords: Record<string, (draft: LookUp) => void> = {
  ...Object.fromEntries(
    Object.entries({
      day: 'day',
      today: 'day',
      '24h': 'day',
      week: 'week',
      '7d': 'week',
      '30d': '30d',
      month: '30d',
      '6m': '6m',
      '6months': '6m',
    } satisfies Record<string, Period>).map(([word, period]) => [
      word,
      (draft: LookUp) => {
        draft.period = period;
      },
    ]),
  ),
  mine: ({ filters }) => {
    filters.by = [...new Set([...filters.by, me])];
  },
};

/** Without spaces, hyphens and capitals, so that `Isolate device`, `isolate-device` and `isolateDevice` are one. */
const folded = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, '');

type Choice = { name: string; words: string[] };
const choicesOf = (labels: Readonly<Record<string, string>>, also: Readonly<Record<string, string[]>> = {}): Choice[] =>
  Object.entries(labels).map(([name, label]) => ({ name, words: [name, label, ...(also[name] ?? [])].map(folded) }));

const periods = choicesOf(
  { ...periodLabels, [anyPeriod]: anyPeriodLabel },
  {
    day: ['1d', '24h', 'today', 'pastday'],
    week: ['7d', '7 days'],
    '30d': ['30 days', 'month', '1m'],
    '6m': ['6 months', '180d', 'half a year'],
    any: ['all', 'ever', 'everything'],
  },
);
const columns = choicesOf(columnLabels, { updated: ['time', 'date', 'update time'], by: ['who'], type: ['action'], source: ['from'] });
const scopes = choicesOf({ here: 'this channel', all: 'everywhere' }, { here: ['channel'], all: ['everything', 'anywhere'] });
const alsoSaid: Partial<Record<Filter, Record<string, string[]>>> = {
  decision: {
    approved: ['approve'],
    rejected: ['reject', 'declined'],
    undone: ['undo'],
    cancelled: ['cancel', 'canceled'],
    none: ['open', 'undecided'],
  },
  platform: { cli: ['cli', 'terminal'], teams: ['microsoft teams'] },
  event: {
    announced: ['new', 'submitted'],
    approved: ['approve'],
    rejected: ['reject', 'declined'],
    undo: ['undo asked'],
    refused: ['refusal'],
    timedOut: ['timeout'],
    cancelled: ['canceled'],
  },
  status: { timedOut: ['timeout'], completed: ['succeeded', 'success'], cancelled: ['canceled'], rejected: ['declined'] },
  type: {
    stopAndQuarantineFile: ['stop and quarantine', 'quarantine file', 'quarantine a file'],
    containDevice: ['contain devices from the network'],
  },
};
const filterChoices = Object.fromEntries(
  Object.entries(choiceLabels).map(([filter, labels]) => [filter, choicesOf(labels, alsoSaid[filter as Filter])]),
) as Partial<Record<Filter, Choice[]>>;

type Reading = { draft: LookUp; mistakes: Mistake[] };

/** `text`: what stands behind the tab's name. */
export function parseHistory(tab: Tab, text: string): HistoryAsk {
  if (text.length > longestLookUp * 2) return { kind: 'too-long', tab };
  const tokens = tokensOf(text);
  if (tokens.length === 0) return { kind: 'usual', tab };
  const [first = '', ...others] = tokens[0]?.key === null ? tokens[0].values : [];
  const verb = others.length === 0 && tokens[0]?.written === first ? first.toLowerCase() : '';
  if (verb === 'reset' && tokens.length === 1) return { kind: 'reset', tab };
  const isSave = verb === 'save';
  if (isSave && tokens.length === 1) return { kind: 'save-what', tab };
  const usual = usualLookUp(tab);
  // Whoever names a day does not mean that of the past 30 days only.
  const hasSpan = tokens.some(({ key }) => key !== null && ['from', 'to'].includes(keyOf(key) ?? ''));
  const reading: Reading = { draft: hasSpan ? { ...usual, period: null } : usual, mistakes: [] };
  for (const token of isSave ? tokens.slice(1) : tokens) readToken(reading, token);
  const { draft, mistakes } = reading;
  if (printHistory(draft).length > longestLookUp) return { kind: 'too-long', tab };
  return { kind: isSave ? 'save' : 'look-up', lookUp: draft, mistakes };
}

type ReadToken = (reading: Reading, token: Token) => void;

const readPeriod: ReadToken = (reading, token) =>
  readOne(reading, token, 'period', periods, (name) => {
    reading.draft.period = name === anyPeriod ? null : (name as Period);
  });

const readScope: ReadToken = (reading, token) =>
  readOne(reading, token, 'in', scopes, (name) => {
    reading.draft.scope = name as LookUp['scope'];
  });

function readToken(reading: Reading, token: Token): void {
  const key = token.key === null ? null : keyOf(token.key);
  if (token.key === null) readWords(reading, token);
  else if (key === null) readUnknown(reading, token);
  else readers(key)(reading, token);
}

function readers(key: Key): ReadToken {
  switch (key) {
    case 'period':
      return readPeriod;
    case 'in':
      return readScope;
    case 'sort':
      return readSort;
    case 'columns':
      return readColumns;
    case 'page-size':
      return readSize;
    default:
      return (reading, token) => (isMoment(key) ? readMoment(reading, key, token) : readFilter(reading, key, token));
  }
}

/** A quoted word is searched for, whatever it means elsewhere. */
function readWords(reading: Reading, { values, written }: Token): void {
  for (const value of values) {
    const word = value.toLowerCase();
    const isBare = values.length === 1 && written === value && Object.hasOwn(bareWords, word);
    if (isBare) bareWords[word]?.(reading.draft);
    else for (const one of value.split(/\s+/)) add(reading, 'text', one, one);
  }
}

function readUnknown(reading: Reading, { key, values, written }: Token): void {
  const near = nearestOf(key ?? '', [...keyNames, ...Object.values(keys).flat()]);
  const meant = near === null ? null : keyOf(near);
  reading.mistakes.push({ kind: 'filter', written: key ?? '', key: '', instead: meant });
  if (meant !== null) readToken(reading, { key: meant, values, written });
}

function readFilter(reading: Reading, filter: Filter, { key, values, written }: Token): void {
  if (values.length === 0) reading.mistakes.push({ kind: 'value', written, key: filter, instead: null });
  for (const value of values) {
    const choices = filterChoices[filter];
    const name = choices && filter !== 'text' ? choose(reading, filter, choices, value) : value;
    if (name !== null) add(reading, filter, filter === 'by' ? automation(name) : name, `${key}:${value}`);
  }
}

/** The record knows no years beyond, nor anything before 1970. */
const latest = Date.UTC(9999, 11, 31);

/** `2026-11-21` is its beginning in UTC; with a time an offset can be said, else it is UTC. */
const moment = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

function readMoment(reading: Reading, filter: 'from' | 'to' | 'expires', { key, values, written }: Token): void {
  const [value = ''] = values;
  const [, date = '', time = '00:00', offset = 'Z'] = moment.exec(value) ?? [];
  const instant = Date.parse(`${date}T${time}${offset.toUpperCase().replace(/(\d{2})(\d{2})$/, '$1:$2')}`);
  if (!(instant >= 0 && instant <= latest))
    reading.mistakes.push({ kind: 'moment', written: value || written, key: filter, instead: null });
  else add(reading, filter, momentText(instant), `${key}:${value}`);
}

/** `2026-11-21T08:00Z`: no longer than it has to be. */
export const momentText = (ms: number): string => new Date(ms).toISOString().replace(/(:00)?\.000Z$/, 'Z');

const automation = (name: string): string =>
  /^(automation|automatic|me)$/i.test(name) ? name.toLowerCase().replace(/^automatic$/, 'automation') : name;

/** Into the filter, unless it holds as much as it can. */
function add({ draft, mistakes }: Reading, filter: Filter, value: string, written: string): void {
  const list: readonly string[] = draft.filters[filter];
  if (list.includes(value)) return;
  const filters = HistoryFilters.safeParse({ ...draft.filters, [filter]: [...list, value] }).data;
  if (filters) draft.filters = filters;
  else {
    const fits = HistoryFilters.safeParse({ [filter]: [value] }).success;
    mistakes.push({ kind: fits ? 'too-many' : 'too-long', written, key: filter, instead: null });
  }
}

/** The known value, or the nearest one with a mistake noted. */
function choose({ mistakes }: Reading, key: string, choices: readonly Choice[], value: string): string | null {
  const wanted = folded(value);
  const exact = choices.find(({ words }) => words.includes(wanted));
  if (exact) return exact.name;
  const near = nearest(choices, wanted);
  mistakes.push({ kind: 'value', written: value, key, instead: near });
  return near;
}

function nearest(choices: readonly Choice[], wanted: string): string | null {
  const words = choices.flatMap((choice) => choice.words);
  const word =
    nearestOf(wanted, words) ??
    (wanted.length > 2 ? (words.find((one) => one.startsWith(wanted)) ?? words.find((one) => one.includes(wanted))) : undefined);
  return choices.find((choice) => choice.words.includes(word ?? ''))?.name ?? null;
}

function readOne(reading: Reading, { values, written }: Token, key: Key, choices: readonly Choice[], set: (name: string) => void): void {
  // `period:30 days` without quotes: the first word says enough.
  const value = values.at(-1);
  if (value === undefined) reading.mistakes.push({ kind: 'value', written, key, instead: null });
  const name = value === undefined ? null : choose(reading, key, choices, value);
  if (name !== null) set(name);
}

function readSort(reading: Reading, token: Token): void {
  const [first = ''] = token.values;
  const descending = first.startsWith('-');
  readOne(reading, { ...token, values: first === '' ? [] : [first.replace(/^[-+]/, '')] }, 'sort', columns, (name) => {
    reading.draft.sort = { column: name as Column, descending };
  });
}

function readColumns(reading: Reading, { values, written }: Token): void {
  if (values.length === 1 && values[0]?.toLowerCase() === 'all') {
    reading.draft.columns = [...Column.options];
    return;
  }
  if (values.length === 0) reading.mistakes.push({ kind: 'value', written, key: 'columns', instead: null });
  const names = values.flatMap((value) => choose(reading, 'columns', columns, value) ?? []) as Column[];
  if (names.length > 0) reading.draft.columns = [...new Set(names)];
}

function readSize(reading: Reading, { values, written }: Token): void {
  const [value = ''] = values;
  const size = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (size >= 1 && size <= maxPageSize) {
    reading.draft.size = size;
    return;
  }
  const instead = size > maxPageSize ? maxPageSize : size === 0 ? 1 : null;
  reading.mistakes.push({ kind: 'size', written: value || written, key: 'page-size', instead: instead === null ? null : String(instead) });
  if (instead !== null) reading.draft.size = instead;
}

const printedFilters = [
  'type',
  'source',
  'severity',
  'status',
  'entity',
  'asset',
  'decision',
  'by',
  'investigation',
  'platform',
  'event',
  'from',
  'to',
  'expires',
] as const;
const isReserved = (word: string): boolean =>
  /^\p{L}[\p{L}-]*:/u.test(word) || Object.hasOwn(bareWords, word.toLowerCase()) || /^(save|reset)$/i.test(word);

/** The command that asks for exactly this: period and place are always named, so that nobody's default comes in between. */
export function printHistory(lookUp: LookUp): string {
  const { tab, period, filters, sort, scope, size } = lookUp;
  const usual = usualLookUp(tab);
  const list = (key: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`${key}:${values.map((one) => writeValue(one)).join(',')}`];
  const isUsualSort = sort.column === usual.sort.column && sort.descending === usual.sort.descending;
  return [
    tab,
    period === null ? `period:${anyPeriod}` : period,
    `in:${scope}`,
    ...filters.text.map((word) => writeValue(word, isReserved)),
    ...printedFilters.flatMap((filter) => list(filter, filters[filter])),
    ...(isUsualSort ? [] : [`sort:${sort.descending ? '-' : ''}${sort.column}`]),
    ...(lookUp.columns.join() === usual.columns.join() ? [] : list('columns', lookUp.columns)),
    ...(size === usual.size ? [] : [`page-size:${size}`]),
  ].join(' ');
}

/** The same look-up with one menu set: null takes the filter away. */
export function withPick(lookUp: LookUp, key: QuickKey, value: string | null): LookUp {
  if (key === 'period')
    return { ...lookUp, period: value === null ? null : ((periods.find(({ name }) => name === value)?.name ?? lookUp.period) as Period) };
  const known = value === null || Object.hasOwn(choiceLabels[key], value);
  const filters = known ? HistoryFilters.safeParse({ ...lookUp.filters, [key]: value === null ? [] : [value] }).data : undefined;
  return filters ? { ...lookUp, filters } : lookUp;
}

/** The menus on an answer, in their order. */
export const quickKeys = ['period', 'type', 'status', 'source', 'decision'] as const;
export type QuickKey = (typeof quickKeys)[number];

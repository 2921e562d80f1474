/**
 * What a question finds by words, and how common that is. To look up what millions of actions have takes PostgreSQL seconds in which nothing can
 * interrupt it, so only what is rare is looked up; the rest is compared in the rows.
 */
import type { HistoryQuery } from '../action-center/history.ts';
import { askedStarts } from './history-tokens.ts';
import { askedWords, fold } from './history-words.ts';

/** Of a tsvector: a whole one, or all that begin so. */
export type Lexeme = { text: string; isStart: boolean };
/** An action has one of each group. */
type Groups = Lexeme[][];
type Filters = Pick<HistoryQuery['filters'], 'asset' | 'investigation' | 'text'>;

const nameLexeme = (asked: string): Lexeme => {
  const isStart = asked.endsWith('*');
  return { text: `@${fold(isStart ? asked.slice(0, -1) : asked)}`, isStart };
};

export function groupsOf({ asset, investigation, text }: Filters): Groups {
  const groups = [
    asset.map(nameLexeme),
    investigation.map((id) => ({ text: `#${fold(id)}`, isStart: false })),
    ...text.flatMap(askedWords).map((word) => [{ text: word, isStart: true }]),
  ];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.map((one) => ({ ...one, text: one.text.replaceAll('\u0000', '') })));
}

export const hasWords = ({ filters }: HistoryQuery): boolean => groupsOf(filters).length > 0;

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const printed = ({ text, isStart }: Lexeme): string => `${quoted(text)}${isStart ? ':*' : ''}`;

/** As a tsquery; null for none. */
export const queryOf = (groups: Groups): string | null =>
  groups.length === 0 ? null : groups.map((group) => `(${group.map(printed).join(' | ')})`).join(' & ');

/** How often a lexeme stands in the index, about. */
export type Frequency = (lexeme: Lexeme) => number;

/**
 * `asked`: all words as a tsquery, but for the starts of names that have tokens; null for none. `lookedUp`: those of them that are rare enough;
 * `postings`: how often these stand in the index; null when the record is too small to matter. `names`: whole names, which are rare each.
 * `form`: whether the planner may look up words by itself, which takes as long as if it were told to.
 */
export type Worded = {
  asked: string | null;
  lookedUp: string | null;
  postings: number | null;
  names: string | null;
  form: 'asked' | 'compared';
};

/** `most`: so often may stand what is looked up; half a million takes a third of a second. Null: whatever. */
export function wordedOf(query: HistoryQuery, bound: { frequency: Frequency; most: number } | null): Worded {
  const hasStarts = askedStarts(query) !== null;
  const groups = groupsOf(hasStarts ? { ...query.filters, asset: [] } : query.filters);
  const names = (of: Groups) => of.filter((group) => group.every(({ text, isStart }) => !isStart && /^[@#]/.test(text)));
  const asked = queryOf(groups);
  if (bound === null) return { asked, lookedUp: asked, postings: null, names: queryOf(names(groups)), form: 'asked' };
  const counted = groups.map((group) => ({ group, postings: group.reduce((sum, one) => sum + bound.frequency(one), 0) }));
  const rare = counted.filter(({ postings }) => postings <= bound.most);
  const groupsOfRare = rare.map(({ group }) => group);
  const postings = rare.reduce((sum, one) => sum + one.postings, 0);
  const form = hasStarts || rare.length < groups.length ? 'compared' : 'asked';
  return { asked, lookedUp: queryOf(groupsOfRare), postings, names: queryOf(names(groupsOfRare)), form };
}

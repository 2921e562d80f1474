/**
 * What a question finds by words, and how common that is. To look up what millions of actions have takes PostgreSQL seconds in which nothing can
 * interrupt it, so only what is rare is looked up; the rest is compared in the rows. How common a word is, a sample of the record tells, which each
 * process keeps for a while: it decides about time, never about an answer.
 */
import { sql } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import type { Database } from './database.ts';
import { within } from './history-session.ts';
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

/** How often a lexeme stands in the index, by the sample. */
export type Frequency = (lexeme: Lexeme) => number;

/** So often may stand what is looked up: a fifth of a second. */
const mostLookedUp = 400_000;

/**
 * `asked`: all words as a tsquery, but for the starts of names that have tokens; null for none. `lookedUp`: those of them that are rare enough;
 * `postings`: how often these stand in the index; null when the record is too small to matter. `names`: whole names, which are rare each.
 */
export type Worded = { asked: string | null; lookedUp: string | null; postings: number | null; names: string | null };

export function wordedOf(query: HistoryQuery, frequency: Frequency | null): Worded {
  const groups = groupsOf(askedStarts(query) === null ? query.filters : { ...query.filters, asset: [] });
  const names = (of: Groups) => of.filter((group) => group.every(({ text, isStart }) => !isStart && /^[@#]/.test(text)));
  const asked = queryOf(groups);
  if (frequency === null) return { asked, lookedUp: asked, postings: null, names: queryOf(names(groups)) };
  const counted = groups.map((group) => ({ group, postings: group.reduce((sum, one) => sum + frequency(one), 0) }));
  const rare = counted.filter(({ postings }) => postings <= mostLookedUp);
  const groupsOfRare = rare.map(({ group }) => group);
  const postings = rare.reduce((sum, one) => sum + one.postings, 0);
  return { asked, lookedUp: queryOf(groupsOfRare), postings, names: queryOf(names(groupsOfRare)) };
}

/** What is smaller is looked through in no time. */
const largeRows = 200_000;
const sampleRows = 2000;
const sampleLimitMs = 200;
const keptMs = 600_000;

/** Lexemes in order, and how many of the sample have each. */
type Sample = { lexemes: string[]; counts: Map<string, number>; each: number };

function frequencyIn({ lexemes, counts, each }: Sample): Frequency {
  return ({ text, isStart }) => {
    // What is not in the sample may still be there.
    if (!isStart) return each * (counts.get(text) ?? 0.3);
    let found = 0;
    for (let index = firstFrom(lexemes, text); lexemes[index]?.startsWith(text); index += 1) found += counts.get(lexemes[index] ?? '') ?? 0;
    return each * Math.max(found, 0.3);
  };
}

/** By halves: the first that is not before it. */
function firstFrom(lexemes: readonly string[], text: string): number {
  let [low, high] = [0, lexemes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lexemes[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Null: it took too long. */
async function readSample(db: Database): Promise<{ sample: Sample | null } | null> {
  return within(db, { limitMs: sampleLimitMs }, async ({ tx }) => {
    const { rows: sizes } = await sql<{ size: number }>`
      select reltuples::float8 as size from pg_class where oid = 'history_entries'::regclass`.execute(tx);
    const size = sizes[0]?.size ?? 0;
    if (size <= largeRows) return { sample: null };
    const { rows } = await sql<{ words: string[] }>`
      select tsvector_to_array(words) as words from history_entries tablesample system (${(100 * sampleRows) / size})`.execute(tx);
    const counts = new Map<string, number>();
    for (const lexeme of rows.flatMap(({ words }) => words)) counts.set(lexeme, (counts.get(lexeme) ?? 0) + 1);
    return { sample: { lexemes: [...counts.keys()].sort(), counts, each: size / Math.max(1, rows.length) } };
  });
}

/** Null as long as the record is small, or the sample takes too long. One sample for all who ask at once. */
export function lexemeFrequencies(db: Database): () => Promise<Frequency | null> {
  let kept: { until: number; frequency: Promise<Frequency | null> } | null = null;
  const forget = () => {
    kept = null;
  };
  const read = async (): Promise<Frequency | null> => {
    const answer = await readSample(db);
    if (answer === null) forget();
    return answer?.sample ? frequencyIn(answer.sample) : null;
  };
  return () => {
    if (kept === null || kept.until < performance.now()) {
      kept = { until: performance.now() + keptMs, frequency: read() };
      kept.frequency.catch(forget);
    }
    return kept.frequency;
  };
}

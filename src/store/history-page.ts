/**
 * Finds the rows of one page. First the next rows in the order of the question are looked through, so many and no more: what is common is among
 * them. What is rare is not, and is fetched from the inverted index and sorted, in order of time a span of weeks after the other.
 */
import { sql, type Transaction } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import type { Place, Start, Trail } from './history-cursor.ts';
import { isOfOneText, rareNames } from './history-filter.ts';
import {
  byWords,
  type Fetch,
  type Found,
  falls,
  hasTokens,
  inOrder,
  type Look,
  lookUpsOf,
  type Rarity,
  type Rows,
  rowsOf,
  type Until,
  type Way,
  type Weeks,
  weeksOf,
  wordsOf,
} from './history-rows.ts';
import { weekMs, weekStart } from './history-tokens.ts';
import type { Tables } from './tables.ts';

type Tx = Transaction<Tables>;

/** So many rows are looked through in their order before the inverted index is asked. */
const probed = 1000;
/** What is so frequent that a page is among this many is still read in order. */
const readOn = 5600;
/** So many rows are fetched from the inverted index at most; by words alone fewer, since others may be wanted together with them. */
const fetched = 3000;
const fetchedByWords = 1000;
/** By so much a span of weeks is made longer or shorter when nothing better is known. */
const steps = 8;
/** From so many rows on it can be told how many weeks hold a page of them. */
const tells = 3;

/** In order of time, what everybody asks for: planning anew takes the database longer than answering. Each other order would be a text of its own. */
export const isPrepared = ({ sort, filters }: HistoryQuery): boolean => sort.column === 'updated' && isOfOneText(filters);

/** How much to look at for two pages, given how many rows were found in a part of it. */
const enough = (part: number, found: number, limit: number): number => Math.max(1, Math.ceil((part * 2 * limit) / (found + 0.3)));

/** The rows of a page, and how the page beside it is found best. */
export type FoundPage = { found: Found[]; trail: Trail | null };
const untold = (found: Found[]): FoundPage => ({ found, trail: null });

export async function findPage(tx: Tx, way: Way): Promise<FoundPage> {
  const { query } = way;
  const look: Look = { ...way, tx, unfiled: null };
  const asks = hasTokens(query) || wordsOf(query) !== null;
  const hasOrder = query.tab === 'history' || query.sort.column === 'updated';
  if (!hasOrder || (!asks && query.sort.column !== 'updated')) return untold(await findAll(look));
  const names = rareNames(query.filters);
  const named = names === null ? null : await fetchByWords(look, names);
  return named === null ? ((await follow(look)) ?? search(look, asks)) : untold(named);
}

/** As the page before was found. Null: nothing is known of it, or it does not help here. */
async function follow(look: Look): Promise<FoundPage | null> {
  const { query, start } = look;
  const trail = start?.trail;
  if (!trail || trail.by === 'rows' || query.sort.column !== 'updated') return null;
  const text = wordsOf(query);
  if (trail.by === 'words') {
    const found = text === null ? null : await fetchByWords(look, text);
    return found && { found, trail };
  }
  if (!hasTokens(query) && text === null) return null;
  const weeks = await weeksOf(look.tx, look);
  if (weeks === null) return null;
  return findByWeeks(look, weeks, { span: trail.amount, compareWords: trail.by === 'weeksCompared', words: null, anew: true });
}

const probeOf = ({ query, start }: Way): number =>
  start?.trail?.by === 'rows' && query.sort.column === 'updated' ? Math.min(readOn, Math.max(probed, start.trail.amount)) : probed;

/** `anew`: it begins behind a week that is of another kind. */
async function search(look: Look, asks: boolean, anew = false): Promise<FoundPage> {
  const { query, limit } = look;
  const among = probeOf(look);
  const first = await rowsOf(look, { among, tellsHorizon: true });
  if (first.filed >= limit) return { found: first.found, trail: look.start?.trail ?? null };
  const { seen, weeks, rarity } = first.horizon;
  if (seen === null) return untold(first.found);
  const further = enough(among, first.filed, limit);
  const more = further <= readOn ? await readFurther(look, { first, edge: seen.edge, among: further, done: among }) : null;
  if (more !== null) return { found: more, trail: { by: 'rows', amount: further } };
  if (weeks === null || !asks) return untold(await findAll(look));
  return query.sort.column === 'updated'
    ? findInTime(look, weeks, { weeks: Math.abs(seen.to - seen.from) / weekMs, rows: among, found: first.filed, anew }, rarity)
    : untold(await findRare(look, weeks));
}

type SoFar = { first: Rows; edge: Place; among: number; done: number };

/** From the edge on; in another order than that of time all is read again. Null: there are too few. */
async function readFurther(look: Look, { first, edge, among, done }: SoFar): Promise<Found[] | null> {
  if (look.query.sort.column !== 'updated') {
    const again = await rowsOf(look, { among });
    return again.filed >= look.limit ? again.found : null;
  }
  const limit = look.limit - first.filed;
  const behind: Look = { ...look, limit, start: { place: edge, back: look.start?.back ?? false, trail: null }, unfiled: [] };
  const more = await rowsOf(behind, { among: among - done });
  return more.filed >= limit ? inOrder(look, [...first.found, ...more.found]) : null;
}

/** Here the planner has to know what is asked for. */
async function findAll(look: Look): Promise<Found[]> {
  if (look.prepared) await sql`select set_config('plan_cache_mode', 'auto', true)`.execute(look.tx);
  return (await rowsOf(look, { among: null })).found;
}

const lengthOf = ([low, high]: Weeks): number => high - low + 1;

/** The next `span` weeks, with what is left behind them if that is not much more; never more than `most`. */
function spanned([low, high]: Weeks, { span, most }: { span: number; most: number }, falling: boolean): Weeks {
  const left = lengthOf([low, high]);
  const length = Math.min(2 * span >= left ? left : span, most);
  return falling ? [high - length + 1, high] : [low, low + length - 1];
}

/** Null: there are no more. */
function behind([low, high]: Weeks, [first, last]: Weeks, falling: boolean): Weeks | null {
  const rest: Weeks = falling ? [low, first - 1] : [last + 1, high];
  return rest[0] <= rest[1] ? rest : null;
}

/** How many rows of those that were looked through, which lie in `weeks`, are wanted. */
type Seen = { weeks: number; rows: number; found: number; anew: boolean };

/** What part of all rows is wanted. Where hardly any was seen, words and properties tell it, as far as they have nothing to do with each other. */
function shareOf({ rows, found }: Seen, { words, properties, of }: Rarity, isWorded: boolean): number {
  const some = (part: number, all: number): number => (part + 0.3) / all;
  return isWorded && found < tells ? Math.min(some(found, rows), some(words, of) * some(properties, of)) : some(found, rows);
}

/** In order of time. */
async function findInTime(look: Look, weeks: Weeks, seen: Seen, rarity: Rarity): Promise<FoundPage> {
  const text = wordsOf(look.query);
  const isMixed = text !== null && hasTokens(look.query);
  const span = Math.ceil((2 * look.limit * seen.weeks) / (shareOf(seen, rarity, isMixed) * seen.rows));
  const others = isMixed ? (rarity.properties + 0.3) / rarity.of : 1;
  return findByWeeks(look, weeks, {
    span,
    compareWords: isMixed && rarity.properties < rarity.words,
    words: text !== null && rarity.words === 0 ? { text, others } : null,
    anew: seen.anew,
  });
}

/** `words`: rare ones, besides properties that so large a part of all rows has. */
type Spans = { span: number; compareWords: boolean; words: { text: string; others: number } | null; anew: boolean };

/** A span of weeks after the other; of what was found nothing is read again. */
async function findByWeeks(look: Look, all: Weeks, { span, compareWords, ...spans }: Spans): Promise<FoundPage> {
  let left = all;
  let next = { span, most: Number.POSITIVE_INFINITY };
  let kept: Found[] = [];
  for (;;) {
    const weeks = spanned(left, next, falls(look));
    const rest = behind(left, weeks, falls(look));
    const found = await fetchWeeks(look, { weeks, isLast: rest === null, compareWords });
    if (found === null) {
      const crowded = await findCrowded(look, { kept, weeks, isFirst: left === all });
      if (crowded !== null) return untold(crowded);
      next = { ...next, most: Math.ceil(lengthOf(weeks) / steps) };
      continue;
    }
    const known = inOrder(look, [...kept, ...found]);
    if (rest === null || known.length >= look.limit) return { found: known, trail: trailOf({ all, rest, compareWords }, known, look) };
    kept = known.filter(({ is_filed: isFiled }) => isFiled);
    const otherwise = left === all ? await findOtherwise(look, { ...spans, kept, rest, all }) : null;
    if (otherwise !== null) return otherwise;
    next = { ...next, span: nextSpan({ all, rest, found: known.length }, look) };
    left = rest;
  }
}

type Done = { all: Weeks; rest: Weeks | null; compareWords: boolean };
function trailOf({ all, rest, compareWords }: Done, { length }: Found[], { limit }: Way): Trail {
  const done = lengthOf(all) - (rest === null ? 0 : lengthOf(rest));
  return { by: compareWords ? 'weeksCompared' : 'weeks', amount: enough(done, length, limit) };
}

type Crowded = { kept: Found[]; weeks: Weeks; isFirst: boolean };

/** What there is more of than can be fetched is not far away: the next rows in order. Null: it is far away all the same, and fewer weeks are to be tried. */
async function findCrowded(look: Look, { kept, weeks, isFirst }: Crowded): Promise<Found[] | null> {
  const limit = look.limit - kept.length;
  const start = isFirst ? look.start : startOf(weeks, look);
  const more = await rowsOf({ ...look, limit, start, unfiled: [] }, { among: 2 * readOn });
  if (more.filed >= limit) return inOrder(look, [...(look.unfiled ?? []), ...kept, ...more.found]);
  return lengthOf(weeks) === 1 ? findAll(look) : null;
}

function nextSpan({ all, rest, found }: { all: Weeks; rest: Weeks; found: number }, { limit }: Way): number {
  const done = lengthOf(all) - lengthOf(rest);
  const next = Math.max(1, enough(done, found, limit) - done);
  // One week says little, and to look up in all weeks what is common takes long.
  return done === 1 ? Math.min(next, steps) : next;
}

type FirstSpan = Pick<Spans, 'words' | 'anew'> & { kept: Found[]; rest: Weeks; all: Weeks };

/** What the first span of weeks tells that the first rows did not. Null: nothing. */
async function findOtherwise(look: Look, { kept, rest, all, words, anew }: FirstSpan): Promise<FoundPage | null> {
  const done = lengthOf(all) - lengthOf(rest);
  // The index knows no weeks of rare words: where there are few rows with them, all are looked up.
  const wanted = ((kept.length + 0.3) * lengthOf(all)) / done;
  if (words !== null && wanted / words.others < fetchedByWords) {
    const found = await fetchByWords(look, words.text);
    return found && { found, trail: { by: 'words', amount: 1 } };
  }
  if (done > 1 || anew) return null;
  // The newest week may be of another kind than all before it, as after a mass expiry: those rows told nothing.
  const older = await search({ ...look, limit: look.limit - kept.length, start: startOf(rest, look), unfiled: [] }, true, true);
  return { ...older, found: inOrder(look, [...(look.unfiled ?? []), ...kept, ...older.found]) };
}

const startOf = ([first, last]: Weeks, look: Look): Start => ({
  place: { key: '', at: weekStart(falls(look) ? last + 1 : first), id: '' },
  back: look.start?.back ?? false,
  trail: null,
});

/** Null: there are more than can be fetched. */
async function fetchWeeks(look: Look, { compareWords, ...until }: NonNullable<Until> & { compareWords: boolean }): Promise<Found[] | null> {
  const { tokens, words } = lookUpsOf(look.query, until.weeks);
  const compared = compareWords ? await fetchRows(look, until, tokens) : null;
  return compared ?? fetchRows(look, until, [...words, ...tokens]);
}

/** Null: there are more than can be fetched. */
async function fetchRows(look: Look, until: Until, lookUps: Fetch['lookUps'], most = fetched): Promise<Found[] | null> {
  if (lookUps.length === 0) return null;
  const { found, seen } = await rowsOf(look, { until, lookUps, most });
  return seen < most ? found : null;
}

const fetchByWords = (look: Look, text: string) => fetchRows(look, null, [byWords(text)], fetchedByWords);

async function findRare(look: Look, weeks: Weeks): Promise<Found[]> {
  const { tokens, words } = lookUpsOf(look.query, weeks);
  const found = words.length > 0 ? await fetchRows(look, null, words) : null;
  return found ?? (await fetchRows(look, null, [...words, ...tokens])) ?? findAll(look);
}

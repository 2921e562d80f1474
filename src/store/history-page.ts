/**
 * Finds the rows of one page. First the next rows in the order of the question are looked through, so many and no more: what is common is among
 * them. What is rare is not, and is fetched from the inverted index and sorted, in order of time a span of weeks after the other.
 */
import { sql, type Transaction } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import type { Place, Start, Trail } from './history-cursor.ts';
import { isOfOneText } from './history-filter.ts';
import type { Worded } from './history-lexemes.ts';
import {
  byWords,
  extentOf,
  type Fetch,
  type Found,
  falls,
  hasTokens,
  inOrder,
  type Look,
  lookUpsOf,
  type Rarity,
  rowsOf,
  startsOf,
  type Until,
  type Way,
  type Weeks,
  weeksOf,
} from './history-rows.ts';
import { askedProperties, weekMs, weekOf, weekStart } from './history-tokens.ts';
import type { Tables } from './tables.ts';

type Tx = Transaction<Tables>;

/** So many rows are looked through in their order before the inverted index is asked. */
const probed = 1000;
/** What is so frequent that a page is among this many is still read in order. */
const readOn = 5600;
/** So many are read in order rather than words looked up; more where these are common: a row that is read takes as long as one that is looked up. */
const readAtMost = 24_000;
/** So many rows are fetched from the inverted index at most; by words alone fewer, since others may be wanted together with them. */
const fetched = 3000;
const fetchedByWords = 1000;
/** A row that is fetched takes three times as long as one that is read in order: of rows a page is among, and of weeks, when both take as long. */
const readOrFetch = 100;
/** How often words stand in the index, times the part of all rows that has them: from here on they are quicker compared in the rows than looked up. */
const comparedFrom = 200;
/** What so small a part of all rows has is rare: there may be few enough to fetch all of them. */
const rareWords = 0.001;
/** By so much a span of weeks is made longer or shorter at most; longer by less where it is known how common it is: then these weeks were of another kind. */
const steps = 8;
const stepsWhenKnown = 2;
/** From so many rows on it can be told how many weeks hold a page of them. */
const tells = 3;
/** How much more is looked at than a page needs by the estimate; what is read in order ends where the page is whole. */
const reserve = 1.5;
const reserveInOrder = 2.5;
const hourMs = 3_600_000;

/** In order of time, what everybody asks for: planning anew takes the database longer than answering. Each other order would be a text of its own. */
export const isPrepared = ({ sort, filters }: HistoryQuery): boolean => sort.column === 'updated' && isOfOneText(filters);

/** How much to look at for a page, given how many rows were found in a part of it. */
const enough = (part: number, found: number, limit: number, more = reserve): number =>
  Math.max(1, Math.ceil((part * more * limit) / (found + 0.3)));

/** The rows of a page, and how the page beside it is found best. */
export type FoundPage = { found: Found[]; trail: Trail | null };
const untold = (found: Found[]): FoundPage => ({ found, trail: null });

export async function findPage(tx: Tx, way: Way): Promise<FoundPage> {
  const { query } = way;
  const look: Look = { ...way, tx, unfiled: null };
  const asks = hasTokens(query) || way.words.asked !== null;
  const hasOrder = query.tab === 'history' || query.sort.column === 'updated';
  if (!hasOrder || (!asks && query.sort.column !== 'updated')) return untold(await findAll(look));
  const { names } = way.words;
  const named = names === null ? null : await fetchByWords(look, names);
  if (named !== null) return untold(named);
  return (await follow(look)) ?? (await expect(look)) ?? search(look, asks, { among: probeOf(look) });
}

/** As what is known of the record says; of events and deadlines nothing is. Null: nothing of this. */
async function expect(look: Look): Promise<FoundPage | null> {
  const { odds, query, limit, start } = look;
  if (odds === null || query.tab !== 'history' || !isPrepared(query) || start?.trail) return null;
  const seen = { found: [], filed: odds.found, rows: odds.rows, place: null, perWeek: odds.perWeek, rarity: odds.rarity, anew: true };
  const rows = limit / shareOf(seen, partsOf(look, odds.rarity));
  if (isQuickerRead(rows, odds.perWeek))
    return search(look, true, { among: Math.max(probed, Math.ceil(reserveInOrder * rows)), isExpected: true });
  const extent = await extentOf(look.tx, look);
  return extent && findInTime(look, extent.weeks, { ...seen, from: extent.from });
}

/** Whether so many rows are quicker read in order than those of them that are wanted are fetched, of at least a week. */
const isQuickerRead = (rows: number, perWeek: number): boolean => rows <= readOn && rows ** 2 / perWeek <= readOrFetch;

/** As the page before was found. Null: nothing is known of it, or it does not help here. */
async function follow(look: Look): Promise<FoundPage | null> {
  const { query, start } = look;
  const trail = start?.trail;
  if (!trail || trail.by === 'rows' || query.sort.column !== 'updated') return null;
  const { asked, lookedUp } = look.words;
  if (trail.by === 'words') {
    const found = lookedUp === null ? null : await fetchByWords(look, lookedUp);
    return found && { found, trail };
  }
  if (!hasTokens(query) && asked === null) return null;
  const weeks = await weeksOf(look.tx, look);
  if (weeks === null) return null;
  const span = weeksOver(look, Date.parse(start.place.at), reserve * trail.amount * hourMs);
  return findByWeeks(look, weeks, {
    span,
    perWeek: null,
    growth: steps,
    compareWords: trail.by === 'weeksCompared',
    words: null,
    anew: true,
  });
}

const probeOf = ({ query, start }: Way): number =>
  start?.trail?.by === 'rows' && query.sort.column === 'updated' ? Math.min(readAtMost, Math.max(probed, start.trail.amount)) : probed;

/** How many weeks are touched by so long a time from this instant on. */
function weeksOver(look: Look, from: number, ms: number): number {
  return Math.abs(weekOf(falls(look) ? from - ms : from + ms) - weekOf(from)) + 1;
}

/** `among`: so many rows first, and whether a page is expected there. `anew`: it begins behind a week that is of another kind. */
type Beginning = { among: number; isExpected?: boolean; anew?: boolean };

async function search(look: Look, asks: boolean, { among, isExpected = false, anew = false }: Beginning): Promise<FoundPage> {
  const { query, limit } = look;
  const first = await rowsOf(look, { among, tellsHorizon: true });
  if (first.filed >= limit) return { found: first.found, trail: look.start?.trail ?? null };
  const { seen, weeks, rarity } = first.horizon;
  if (seen === null) return untold(first.found);
  // The next rows are of another kind than the record, as after a mass expiry: what is common is behind them.
  const isBurst = isExpected && first.filed < limit / 4;
  const further = isBurst ? readAtMost : enough(among, first.filed, limit, 2);
  const edge = { found: first.found, filed: first.filed, place: seen.edge, rows: among };
  const more = isBurst || further <= readOn ? await readFurther(look, edge, further) : null;
  if (more !== null && more.filed >= limit) return { found: more.found, trail: { by: 'rows', amount: further } };
  if (weeks === null || !asks) return untold(await findAll(look));
  if (query.sort.column !== 'updated') return untold(await findRare(look, weeks));
  const perWeek = (among * weekMs) / Math.max(1, Math.abs(seen.to - seen.from));
  return findInTime(look, weeks, { ...(more ?? edge), from: seen.from, perWeek, rarity, anew });
}

/** Rows that were found among so many, which end at a place. */
type Edge = { found: Found[]; filed: number; place: Place | null; rows: number };

/** From the edge on, if there is one; in another order than that of time all is read again. */
async function readFurther(look: Look, edge: Edge, among: number): Promise<Edge> {
  if (look.query.sort.column !== 'updated' || edge.place === null) return { ...edge, ...(await rowsOf(look, { among })), rows: among };
  const limit = look.limit - edge.filed;
  const behind: Look = { ...look, limit, start: { place: edge.place, back: look.start?.back ?? false, trail: null }, unfiled: [] };
  const more = await rowsOf(behind, { among: among - edge.rows });
  return { ...edge, found: inOrder(look, [...edge.found, ...more.found]), filed: edge.filed + more.filed, rows: among };
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

/** What the next rows told: since when they are, and how many there are in a week. */
type Seen = Edge & { from: number; perWeek: number; rarity: Rarity; anew: boolean };

const some = (part: number, all: number): number => (part + 0.3) / all;

/** What part of all rows has the words, and what part has the rest; 1 where nothing of it is asked for. */
function partsOf({ query, words: { asked } }: Way, { words, starts, properties, of }: Rarity): { worded: number; others: number } {
  const part = (found: number, isAsked: boolean) => (isAsked ? some(found, of) : 1);
  const isStart = startsOf(query) !== null;
  const others = part(starts, isStart) * part(properties, askedProperties(query).length > 0 && (isStart || asked !== null));
  return { worded: part(words, asked !== null), others };
}

/** What part of all rows is wanted. Where hardly any was seen, its parts tell it, unless they have to do with each other: then more would have been seen. */
function shareOf({ rows, filed }: Edge, { worded, others }: { worded: number; others: number }): number {
  if (filed >= tells || worded * others === 1) return some(filed, rows);
  return Math.min((filed + 1) / rows, worded * others);
}

/** In order of time. */
async function findInTime(look: Look, weeks: Weeks, seen: Seen): Promise<FoundPage> {
  const { limit, query, words } = look;
  const parts = partsOf(look, seen.rarity);
  const share = shareOf(seen, parts);
  const { perWeek, rarity } = seen;
  const common = isCommon(words, parts.worded, perWeek * lengthOf(weeks));
  const isCrowded = !hasTokens(query) || parts.others * perWeek > fetched;
  const read = common && isCrowded ? await readOnwards(look, seen, seen.rows + Math.ceil((reserve * limit) / share)) : null;
  if (read !== null) return read;
  const span = weeksOver(look, seen.from, (reserve * limit * weekMs) / (share * perWeek));
  return findByWeeks(look, weeks, {
    // To look up common words takes long, whatever the weeks: once.
    span: common && isCrowded ? lengthOf(weeks) : span,
    perWeek,
    growth: seen.filed >= tells ? stepsWhenKnown : steps,
    compareWords: common && !isCrowded,
    words: words.lookedUp !== null && rarity.words <= rareWords * rarity.of ? { text: words.lookedUp, others: parts.others } : null,
    anew: seen.anew || seen.filed > 0,
  });
}

/** What is not looked up is read as far as the time allows. Null: there are too few, or they are further away than looking up takes. */
async function readOnwards(look: Look, seen: Seen, among: number): Promise<FoundPage | null> {
  const isOnlyWay = look.words.lookedUp === null;
  if (!isOnlyWay && among > Math.max(readAtMost, look.words.postings ?? 0)) return null;
  const more = await readFurther(look, seen, isOnlyWay ? Number.MAX_SAFE_INTEGER : among);
  return isOnlyWay || more.filed >= look.limit ? { found: more.found, trail: { by: 'rows', amount: among } } : null;
}

/** Whether words are quicker compared in the rows than looked up. */
const isCommon = ({ asked, lookedUp, postings }: Worded, worded: number, all: number): boolean =>
  asked !== null && (lookedUp === null || worded * (postings ?? worded * all) > comparedFrom);

/** `words`: rare ones, besides what so large a part of all rows has. `perWeek`: how many rows there are in all, as far as that is known. */
type Spans = {
  span: number;
  perWeek: number | null;
  growth: number;
  compareWords: boolean;
  words: { text: string; others: number } | null;
  anew: boolean;
};

/** A span of weeks after the other; of what was found nothing is read again. */
async function findByWeeks(look: Look, all: Weeks, { span, perWeek, growth, compareWords, ...spans }: Spans): Promise<FoundPage> {
  let left = all;
  let next = { span, most: Number.POSITIVE_INFINITY };
  let kept: Found[] = [];
  for (;;) {
    const weeks = spanned(left, next, falls(look));
    const rest = behind(left, weeks, falls(look));
    const found = await fetchWeeks(look, { weeks, isLast: rest === null, compareWords });
    if (found === null) {
      const crowded = await findCrowded(look, { kept, weeks, isFirst: left === all, compareWords });
      if (crowded !== null) return { found: crowded, trail: { by: 'rows', amount: readOn } };
      next = { ...next, most: Math.ceil(lengthOf(weeks) / steps) };
      continue;
    }
    const known = inOrder(look, [...kept, ...found]);
    if (rest === null || known.length >= look.limit) return { found: known, trail: trailOf(look, known, { perWeek, compareWords }) };
    kept = known.filter(({ is_filed: isFiled }) => isFiled);
    const otherwise = left === all ? await findOtherwise(look, { ...spans, kept, rest, all }) : null;
    if (otherwise !== null) return otherwise;
    next = { ...next, span: nextSpan({ all, rest, found: known.length, growth }, look) };
    left = rest;
  }
}

/** The page beside it will reach about as far. */
function trailOf({ limit, start }: Way, page: Found[], { perWeek, compareWords }: Pick<Spans, 'perWeek' | 'compareWords'>): Trail | null {
  const [first, last] = [page[0], page.at(-1)];
  if (!first || !last || page.length < limit) return null;
  const ms = Math.abs(Date.parse(start?.place.at ?? first.place_at) - Date.parse(last.place_at));
  const rows = ((perWeek ?? Number.POSITIVE_INFINITY) * ms) / weekMs;
  if (perWeek !== null && isQuickerRead(rows, perWeek)) return { by: 'rows', amount: Math.ceil(reserveInOrder * rows) };
  return { by: compareWords ? 'weeksCompared' : 'weeks', amount: Math.ceil(ms / hourMs) };
}

type Crowded = { kept: Found[]; weeks: Weeks; isFirst: boolean; compareWords: boolean };

/** What there is more of than can be fetched is not far away: the next rows in order. Null: it is far away all the same, and fewer weeks are to be tried. */
async function findCrowded(look: Look, { kept, weeks, isFirst, compareWords }: Crowded): Promise<Found[] | null> {
  // Of those there is only much that the words are to be compared of.
  if (compareWords && lengthOf(weeks) > 1) return null;
  const limit = look.limit - kept.length;
  const start = isFirst ? look.start : startOf(weeks, look);
  const more = await rowsOf({ ...look, limit, start, unfiled: [] }, { among: 2 * readOn });
  if (more.filed >= limit) return inOrder(look, [...(look.unfiled ?? []), ...kept, ...more.found]);
  return lengthOf(weeks) === 1 ? findAll(look) : null;
}

function nextSpan({ all, rest, found, growth }: { all: Weeks; rest: Weeks; found: number; growth: number }, { limit }: Way): number {
  const done = lengthOf(all) - lengthOf(rest);
  // Few weeks say little, and to look up in all weeks what is common takes long.
  return Math.min(Math.max(1, enough(done, found, limit) - done), done * growth);
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
  const older = await search({ ...look, limit: look.limit - kept.length, start: startOf(rest, look), unfiled: [] }, true, {
    among: probed,
    anew: true,
  });
  return { ...older, found: inOrder(look, [...(look.unfiled ?? []), ...kept, ...older.found]) };
}

const startOf = ([first, last]: Weeks, look: Look): Start => ({
  place: { key: '', at: weekStart(falls(look) ? last + 1 : first), id: '' },
  back: look.start?.back ?? false,
  trail: null,
});

/** Null: there are more than can be fetched. */
async function fetchWeeks(look: Look, { compareWords, ...until }: NonNullable<Until> & { compareWords: boolean }): Promise<Found[] | null> {
  const { tokens, words } = lookUpsOf(look, until.weeks);
  const compared = compareWords ? await fetchRows(look, until, tokens) : null;
  // Of fewer weeks there may be few enough to compare.
  if (compared !== null || (compareWords && (words.length === 0 || lengthOf(until.weeks) > 1))) return compared;
  return fetchRows(look, until, [...words, ...tokens]);
}

/** Null: there are more than can be fetched. */
async function fetchRows(look: Look, until: Until, lookUps: Fetch['lookUps'], most = fetched): Promise<Found[] | null> {
  if (lookUps.length === 0) return null;
  const { found, seen } = await rowsOf(look, { until, lookUps, most });
  return seen < most ? found : null;
}

const fetchByWords = (look: Look, text: string) => fetchRows(look, null, [byWords(text)], fetchedByWords);

async function findRare(look: Look, weeks: Weeks): Promise<Found[]> {
  const { tokens, words } = lookUpsOf(look, weeks);
  const found = words.length > 0 ? await fetchRows(look, null, words) : null;
  return found ?? (await fetchRows(look, null, [...words, ...tokens])) ?? findAll(look);
}

/**
 * Finds the rows of one page. First the next rows in the order of the question are looked through, so many and no more: what is common is among
 * them. What is rare is not, and is fetched from the inverted index and sorted, in order of time a span of weeks after the other.
 * Each statement sees what is filed and what is not at the same instant, so an action that is being filed is never missed or shown twice.
 */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import { actionColumns } from './actions.ts';
import { runPreparedWithin } from './database.ts';
import type { Place, Start } from './history-cursor.ts';
import { conditions, type Form, inTab, isOfOneText, keyOf, rareNames, type Side, sides, since, textQuery } from './history-filter.ts';
import { askedProperties, askedTokens, weekMs, weekOf, weekStart } from './history-tokens.ts';
import type { ActionRow, Tables } from './tables.ts';

type Sql = RawBuilder<unknown>;
type Tx = Transaction<Tables>;
export type Found = ActionRow & { place_key: string; place_at: string; found_id: string };
export type Way = {
  tenantId: string;
  query: HistoryQuery;
  now: string;
  start: Start | null;
  limit: number;
  /** Its statements have one of a few texts and are prepared (`isPrepared`). */
  prepared: boolean;
  /** Called before a further statement: all together have the time of one. */
  goOn(): Promise<void>;
};

/** So many rows are looked through in their order before the inverted index is asked. */
const probed = 1000;
/** What is so frequent that a page is among this many is still read in order. */
const readOn = 10_000;
/** So many rows are fetched from the inverted index at most; by words alone fewer, since others may be wanted together with them. */
const fetched = 3000;
const fetchedByWords = 1000;
/** So many of the next rows tell how rare words are beside properties, and so often may they be among them that looking all of them up is quick. */
const compared = 500;
const rareWords = 0;
/** From so many rows on it can be told how many weeks hold a page of them. */
const tells = 3;

/** In order of time, what everybody asks for: planning anew takes the database longer than answering. Each other order would be a text of its own. */
export const isPrepared = ({ sort, filters }: HistoryQuery): boolean => sort.column === 'updated' && isOfOneText(filters);

const and = (list: Sql[]): Sql => sql.join(list, sql` and `);
export const instant = (column: Sql): Sql => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Whether the rows are read in falling order: a page that ends before a place is read from there backwards. */
const falls = ({ query, start }: Pick<Way, 'query' | 'start'>): boolean => query.sort.descending !== (start?.back ?? false);

export function placeIn(side: Side, { query }: { query: HistoryQuery }): { columns: Sql; order(falling: boolean): Sql; key: Sql } {
  const key = keyOf(query.sort.column, side);
  const parts = [...(key ? [sql`${key} collate "C"`] : []), side.updated, side.id];
  return {
    key: key ?? sql`''`,
    columns: sql.join(parts),
    order: (falling) => sql.join(parts.map((part) => sql`${part} ${sql.raw(falling ? 'desc' : 'asc')}`)),
  };
}

const valuesOf = ({ key, at, id }: Place, { query }: Way): Sql =>
  query.sort.column === 'updated' ? sql`${at}::timestamptz, ${id}` : sql`${key}, ${at}::timestamptz, ${id}`;

function behind(side: Side, way: Way, place: Place, falling: boolean, included = false): Sql {
  return sql`(${placeIn(side, way).columns}) ${sql.raw((falling ? '<' : '>') + (included ? '=' : ''))} (${valuesOf(place, way)})`;
}

const afterStart = (side: Side, way: Way): Sql[] => (way.start ? [behind(side, way, way.start.place, falls(way))] : []);

/** Until where a statement looks: the end of a span of weeks. Null: to the end. */
type Until = { weeks: [number, number] } | null;

function upTo(side: Side, way: Way, until: Until): Sql[] {
  if (until === null) return [];
  const [first, last] = until.weeks;
  return [
    falls(way) ? sql`${side.updated} >= ${weekStart(first)}::timestamptz` : sql`${side.updated} < ${weekStart(last + 1)}::timestamptz`,
  ];
}

/** The next rows in their order, whatever they are: nothing but what an index has. */
function nextRows(way: Way): Sql {
  const side = sides.filed;
  const from = way.query.sort.column === 'updated' ? since(way.query.period, way.now) : null;
  const isBound = from !== null || way.prepared;
  const list = [
    sql`h.tenant_id = ${way.tenantId}`,
    sql`h.updated_at is not null`,
    inTab(way.query.tab, side),
    ...(isBound ? [sql`h.updated_at >= coalesce(${from}::timestamptz, '-infinity')`] : []),
    ...afterStart(side, way),
  ];
  return sql`from history_entries h where ${and(list)} order by ${placeIn(side, way).order(falls(way))}`;
}

/** What is not filed, as far as `until`. */
function unfiledPart(way: Way, until: Until, form: Form): Sql {
  const side = sides.unfiled;
  const { key, order } = placeIn(side, way);
  const list = [
    sql`a.tenant_id = ${way.tenantId}`,
    sql`not a.filed`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
    ...upTo(side, way, until),
  ];
  return sql`select a.id collate "C" as found_id, ${key} as place_key, a.updated_at as place_at
    from actions a left join history_entries h on h.id = a.id where ${and(list)} order by ${order(falls(way))} limit ${way.limit}`;
}

/** An entry is out of date once its action has changed. Not a join, so that it is only asked of rows that would be answered. */
export const current = (id: Sql): Sql => sql`(select c.filed from actions c where c.id = ${id} collate "default")`;

/** `among`: so many of the next rows are looked through and no more; null: all. It stops at a whole page. */
function orderedPart(way: Way, among: number | null, form: Form): Sql {
  const side = sides.filed;
  const { key, order } = placeIn(side, way);
  const list = [
    sql`h.tenant_id = ${way.tenantId}`,
    sql`h.updated_at is not null`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
    current(sql`h.id`),
  ];
  const rows = among === null ? sql`history_entries` : sql`(select * ${nextRows(way)} limit ${among})`;
  return sql`select h.id, ${key} as key, h.updated_at from ${rows} h where ${and(list)} order by ${order(falls(way))} limit ${way.limit}`;
}

const byWords = (text: string): Sql => sql`h.words @@ ${text}::tsquery`;

/** What to ask the inverted index for: of these weeks what has the properties, and everything with the words. */
export function lookUpsOf(query: HistoryQuery, weeks: Weeks): { tokens: Sql[]; words: Sql[] } {
  const text = textQuery(query.filters);
  return {
    tokens: askedTokens(askedProperties(query), weeks).map((set) => sql`h.tokens && ${set}::int[]`),
    words: text === null ? [] : [byWords(text)],
  };
}

type Rarity = { words: number; properties: number };

/** How many of the next rows have the words, and how many the properties: what is one of many there is one of very many in all. */
async function rarityOf(tx: Tx, way: Way, text: string): Promise<Rarity> {
  const { filters } = way.query;
  const others = { ...way.query, filters: { ...filters, text: [], asset: [], investigation: [] } };
  const { rows } = await sql<Rarity>`
    select count(*) filter (where ${byWords(text)}) as words, count(*) filter (where ${and(conditions(others, way.now, sides.filed))}) as properties
    from (select * ${nextRows(way)} limit ${compared}) as h`.execute(tx);
  return rows[0] ?? { words: 0, properties: 0 };
}

/**
 * No more than so many: what is common after all is found sooner in order. Whether a row fits is no condition but a column, so that it is looked up
 * by nothing else and the bound holds for the work, not for what comes of it.
 */
function fetchedRows(way: Way, { until, lookUps, most }: Fetch, form: Form): Sql {
  const side = sides.filed;
  const fits = [
    sql`h.tenant_id = ${way.tenantId}`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
    ...upTo(side, way, until),
  ];
  return sql`select h.id, ${placeIn(side, way).key} as key, h.updated_at, (${and(fits)}) as fits from history_entries h
    where h.updated_at is not null and ${and(lookUps)} limit ${most}`;
}

function sortedPart(way: Way): Sql {
  const order = sql.raw(falls(way) ? 'desc' : 'asc');
  return sql`select id, key, updated_at from (
      select * from fetched where fits order by key collate "C" ${order}, updated_at ${order}, id ${order} offset 0) as matching
    where ${current(sql`matching.id`)} limit ${way.limit}`;
}

/** Where the filed rows come from: the next ones in order, or what an inverted index finds. */
type Fetch = { until: Until; lookUps: Sql[]; most: number };
type Source = { among: number | null } | Fetch;
/** In the order of reading. `filed`: how many of them, or behind them, are filed; `seen`: how many the inverted index found. */
type Rows = { found: Found[]; filed: number; seen: number };

/** Among a bounded number of rows nothing is chosen by the conditions. */
const formOf = (way: Way, source: Source): Form => (way.prepared && !('among' in source && source.among === null) ? 'every' : 'asked');

async function run<Row>(tx: Tx, query: RawBuilder<Row>, form: Form): Promise<Row[]> {
  return form === 'every' ? runPreparedWithin(tx, query) : (await query.execute(tx)).rows;
}

async function rowsOf(tx: Tx, way: Way, source: Source): Promise<Rows> {
  await way.goOn();
  const form = formOf(way, source);
  const order = sql.raw(falls(way) ? 'desc' : 'asc');
  const byPlace = sql`place_key collate "C" ${order}, place_at ${order}, found_id ${order}`;
  const isOrdered = 'among' in source;
  const fetched = isOrdered ? sql`` : sql`fetched as materialized (${fetchedRows(way, source, form)}),`;
  const statement = sql<Found & { filed_found: number; seen: number }>`
    with ${fetched}
    filed (found_id, place_key, place_at) as materialized (${isOrdered ? orderedPart(way, source.among, form) : sortedPart(way)}),
    found as materialized (
      select * from ((${unfiledPart(way, isOrdered ? null : source.until, form)}) union all (select * from filed)) as both_parts
      order by ${byPlace} limit ${way.limit})
    select ${actionColumns}, found_id, place_key, ${instant(sql`place_at`)} as place_at, filed_found, seen
    from (select (select count(*) from filed) as filed_found, ${isOrdered ? sql`0` : sql`(select count(*) from fetched)`} as seen) as counted
      left join (found join actions on id = found_id collate "default") on true
    order by ${sql`place_key collate "C" ${order}, found.place_at ${order}, found_id ${order}`}`;
  const rows = await run(tx, statement, form);
  const [{ filed_found: filed = 0, seen = 0 } = {}] = rows;
  return { found: rows.filter((row) => row.id !== null), filed, seen };
}

type Weeks = [number, number];
type Extent = { first: Date | null; last: Date | null };
const newest = (way: Pick<Way, 'tenantId' | 'query'>, order: 'asc' | 'desc'): Sql =>
  sql`(select h.updated_at from history_entries h where h.tenant_id = ${way.tenantId} and h.updated_at is not null
    and ${inTab(way.query.tab, sides.filed)} order by h.updated_at ${sql.raw(order)}, h.id ${sql.raw(order)} limit 1)`;

/** The weeks in which there is anything to find, as far as the question says. */
export async function weeksOf(tx: Tx, way: Pick<Way, 'tenantId' | 'query' | 'now' | 'start'>): Promise<Weeks | null> {
  const { rows } = await sql<Extent>`select ${newest(way, 'asc')} as first, ${newest(way, 'desc')} as last`.execute(tx);
  return rows[0] ? weeksIn(rows[0], way) : null;
}

function weeksIn({ first, last }: Extent, way: Pick<Way, 'query' | 'now' | 'start'>): Weeks | null {
  if (first === null || last === null) return null;
  const from = since(way.query.period, way.now);
  let [low, high] = [weekOf(Math.max(first.getTime(), from === null ? 0 : Date.parse(from))), weekOf(last.getTime())];
  if (way.query.sort.column === 'updated' && way.start) {
    const week = weekOf(Date.parse(way.start.place.at));
    if (falls(way)) high = Math.min(high, week);
    else low = Math.max(low, week);
  }
  return low <= high ? [low, high] : null;
}

/** Between which two times was looked, and where that ended; null when that was all there is. And the weeks there are. */
type Horizon = { seen: { from: number; to: number; edge: Place } | null; weeks: Weeks | null };

async function horizonOf(tx: Tx, way: Way): Promise<Horizon> {
  await way.goOn();
  const { key } = placeIn(sides.filed, way);
  const edge = sql`(select ${key} as key, h.updated_at, h.id ${nextRows(way)} offset ${probed - 1} limit 1)`;
  const statement = sql<Extent & { [Part in keyof Place]: string | null }>`
    select ${newest(way, 'asc')} as first, ${newest(way, 'desc')} as last, edge.key, ${instant(sql`edge.updated_at`)} as at, edge.id
    from (select 1) as one left join lateral ${edge} as edge on true`;
  const rows = await run(tx, statement, way.prepared ? 'every' : 'asked');
  const [{ first, last, ...place } = { first: null, last: null, key: null, at: null, id: null }] = rows;
  const begun = way.start ? Date.parse(way.start.place.at) : (falls(way) ? last : first)?.getTime();
  const weeks = weeksIn({ first, last }, way);
  if (place.at === null || place.id === null || begun === undefined) return { seen: null, weeks };
  return { seen: { from: begun, to: Date.parse(place.at), edge: { key: place.key ?? '', at: place.at, id: place.id } }, weeks };
}

/** How much to look at for two pages, given how many rows were found in a part of it. */
const enough = (part: number, found: number, limit: number): number => Math.max(1, Math.ceil((part * 2 * limit) / (found + 0.3)));

export async function findPage(tx: Tx, way: Way): Promise<Found[]> {
  const { query, limit } = way;
  const text = textQuery(query.filters);
  const asks = askedProperties(query).length > 0 || text !== null;
  const hasOrder = query.tab === 'history' || query.sort.column === 'updated';
  if (!asks || !hasOrder) return findAll(tx, way);
  const names = rareNames(query.filters);
  const named = names === null ? null : await fetchByWords(tx, way, names);
  if (named !== null) return named;
  const first = await rowsOf(tx, way, { among: probed });
  if (first.filed >= limit) return first.found;
  const { seen, weeks } = await horizonOf(tx, way);
  if (seen === null) return first.found;
  const further = enough(probed, first.filed, limit);
  const more = further <= readOn ? await readFurther(tx, way, { first: first.found, edge: seen.edge, among: further }) : null;
  if (more !== null) return more;
  if (weeks === null) return findAll(tx, way);
  return query.sort.column === 'updated'
    ? findInTime(tx, way, weeks, { weeks: Math.abs(seen.to - seen.from) / weekMs, found: first.filed })
    : findRare(tx, way, weeks);
}

type SoFar = { first: Found[]; edge: Place; among: number };

/** From the edge on; all statements see the record at the same instant. Null: there are too few. In another order than that of time all is read again. */
async function readFurther(tx: Tx, way: Way, { first, edge, among }: SoFar): Promise<Found[] | null> {
  if (way.query.sort.column !== 'updated') {
    const again = await rowsOf(tx, way, { among });
    return again.filed >= way.limit ? again.found : null;
  }
  // Behind the edge there may be others between them.
  const kept = first.filter(({ place_at: at, found_id: id }) => (at === edge.at ? isBefore(id, edge.id, way) : isBefore(at, edge.at, way)));
  const limit = way.limit - kept.length;
  const more = await rowsOf(tx, { ...way, limit, start: { place: edge, back: way.start?.back ?? false } }, { among: among - probed });
  return more.filed >= limit ? [...kept, ...more.found] : null;
}

/** Or the same. */
const isBefore = (one: string, other: string, way: Way): boolean => one === other || (falls(way) ? one > other : one < other);

/** Here the planner has to know what is asked for. */
async function findAll(tx: Tx, way: Way): Promise<Found[]> {
  if (way.prepared) await sql`select set_config('plan_cache_mode', 'auto', true)`.execute(tx);
  return (await rowsOf(tx, way, { among: null })).found;
}

const spanned = ([low, high]: Weeks, span: number, falling: boolean): Weeks =>
  falling ? [Math.max(low, high - span + 1), high] : [low, Math.min(high, low + span - 1)];

type Seen = { weeks: number; found: number };

/** In order of time. Rare words at once, since the index knows no weeks of them; common ones are compared, where the rest is rarer. */
async function findInTime(tx: Tx, way: Way, weeks: Weeks, seen: Seen): Promise<Found[]> {
  const text = textQuery(way.query.filters);
  if (text === null) return findByWeeks(tx, way, weeks, { ...seen, compareWords: false });
  const isAlone = askedProperties(way.query).length === 0;
  const { words, properties } = isAlone ? { words: seen.found, properties: compared } : await rarityOf(tx, way, text);
  // The start of a name stands for many names, each of them rare.
  const areFew = words <= rareWords && (isAlone || way.query.filters.asset.every((name) => !name.endsWith('*')));
  const worded = areFew ? await fetchByWords(tx, way, text) : null;
  return worded ?? findByWeeks(tx, way, weeks, { ...seen, compareWords: properties < words });
}

/** A span of weeks after the other. */
async function findByWeeks(tx: Tx, way: Way, [low, high]: Weeks, seen: Seen & { compareWords: boolean }): Promise<Found[]> {
  let span = enough(seen.weeks, seen.found, way.limit);
  for (;;) {
    const weeks = spanned([low, high], span, falls(way));
    const whole = weeks[0] === low && weeks[1] === high;
    const { tokens, words } = lookUpsOf(way.query, weeks);
    const until = whole ? null : { weeks };
    const compared = seen.compareWords ? await fetchRows(tx, way, until, tokens) : null;
    const found = compared ?? (await fetchRows(tx, way, until, [...words, ...tokens]));
    if (found === null) return findAll(tx, way);
    if (whole || found.length >= way.limit) return found;
    span = found.length >= tells ? Math.max(span + 1, enough(span, found.length, way.limit)) : span * 8;
  }
}

/** Null: there are more than can be fetched. */
async function fetchRows(tx: Tx, way: Way, until: Until, lookUps: Sql[], most = fetched): Promise<Found[] | null> {
  if (lookUps.length === 0) return null;
  const { found, seen } = await rowsOf(tx, way, { until, lookUps, most });
  return seen < most ? found : null;
}

const fetchByWords = (tx: Tx, way: Way, text: string) => fetchRows(tx, way, null, [byWords(text)], fetchedByWords);

async function findRare(tx: Tx, way: Way, weeks: Weeks): Promise<Found[]> {
  const { tokens, words } = lookUpsOf(way.query, weeks);
  const found = words.length > 0 ? await fetchRows(tx, way, null, words) : null;
  return found ?? (await fetchRows(tx, way, null, [...words, ...tokens])) ?? findAll(tx, way);
}

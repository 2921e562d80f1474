/**
 * The statements that read rows of one page: the next ones in the order of the question, or what an inverted index finds. The first of them also reads
 * what is not filed, which is put between the rows of each; together they see the record at one instant, so an action that is being filed is never
 * missed or shown twice.
 */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import { actionColumns } from './actions.ts';
import { runPreparedWithin } from './database.ts';
import type { Place, Start } from './history-cursor.ts';
import { boundsOf, conditions, type Form, inTab, keyOf, type Side, sides, textQuery, wanted } from './history-filter.ts';
import type { Worded } from './history-lexemes.ts';
import type { Odds } from './history-sample.ts';
import { askedProperties, askedStarts, askedTokens, weekMs, weekOf, weekStart } from './history-tokens.ts';
import type { ActionRow, Tables } from './tables.ts';

type Sql = RawBuilder<unknown>;
type Tx = Transaction<Tables>;
export type Found = ActionRow & { place_key: string; place_at: string; found_id: string; is_filed: boolean };
export type Way = {
  tenantId: string;
  query: HistoryQuery;
  words: Worded;
  /** Null: nothing is known. */
  odds: Odds | null;
  now: string;
  start: Start | null;
  limit: number;
  /** Its statements have one of a few texts and are prepared (`isPrepared`). */
  prepared: boolean;
  /** Called before a further statement: all together have the time of one. */
  goOn(): Promise<void>;
};
/** `unfiled`: what of the page is not filed, as the first statement says; null before it. */
export type Look = Way & { tx: Tx; unfiled: Found[] | null };

const and = (list: Sql[]): Sql => sql.join(list, sql` and `);
export const instant = (column: Sql): Sql => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Whether the rows are read in falling order: a page that ends before a place is read from there backwards. */
export const falls = ({ query, start }: Pick<Way, 'query' | 'start'>): boolean => query.sort.descending !== (start?.back ?? false);

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

const afterStart = (side: Side, way: Way): Sql[] =>
  way.start ? [sql`(${placeIn(side, way).columns}) ${sql.raw(falls(way) ? '<' : '>')} (${valuesOf(way.start.place, way)})`] : [];

/** A span of weeks, of those there are the last ones in the order of reading or not. Null: all. */
export type Until = { weeks: Weeks; isLast: boolean } | null;

const inWeeks = (until: Until): Sql[] =>
  until === null
    ? []
    : [sql`h.updated_at >= ${weekStart(until.weeks[0])}::timestamptz and h.updated_at < ${weekStart(until.weeks[1] + 1)}::timestamptz`];

/** The next rows in their order, whatever they are: nothing but what an index has. */
function nextRows(way: Way): Sql {
  const side = sides.filed;
  const { from, to } = way.query.sort.column === 'updated' ? boundsOf(way.query, way.now) : { from: null, to: null };
  const between = [
    sql`h.updated_at >= coalesce(${from}::timestamptz, '-infinity')`,
    sql`h.updated_at < coalesce(${to}::timestamptz, 'infinity')`,
  ];
  const list = [
    sql`h.tenant_id = ${way.tenantId}`,
    sql`h.updated_at is not null`,
    inTab(way.query.tab, side),
    ...(from !== null || to !== null || way.prepared ? between : []),
    ...afterStart(side, way),
  ];
  return sql`from history_entries h where ${and(list)} order by ${placeIn(side, way).order(falls(way))}`;
}

function unfiledPart(way: Way, form: Form): Sql {
  const side = sides.unfiled;
  const { key, order } = placeIn(side, way);
  const list = [
    sql`a.tenant_id = ${way.tenantId}`,
    sql`not a.filed`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
  ];
  return sql`select a.id collate "C" as found_id, ${key} as place_key, a.updated_at as place_at, false as is_filed
    from actions a left join history_entries h on h.id = a.id where ${and(list)} order by ${order(falls(way))} limit ${way.limit}`;
}

/** An entry is out of date once its action has changed. Not a join, so that it is only asked of rows that would be answered. */
export const current = (id: Sql): Sql => sql`(select c.filed from actions c where c.id = ${id} collate "default")`;

/** `among`: so many of the next rows are looked through and no more; null: all. It stops at a whole page. */
function orderedPart(way: Way, among: number | null, form: Form): Sql {
  const side = sides.filed;
  const { key, order } = placeIn(side, way);
  const ofAll = [
    sql`h.tenant_id = ${way.tenantId}`,
    sql`h.updated_at is not null`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
  ];
  // The next rows are of this tab and time and behind the start.
  const ofNext = way.query.sort.column === 'updated' ? wanted(way.query, side, form) : conditions(way.query, way.now, side, form);
  const list = [...(among === null ? ofAll : ofNext), current(sql`h.id`)];
  const rows = among === null ? sql`history_entries` : sql`(select * ${nextRows(way)} limit ${among})`;
  return sql`select h.id, ${key} as key, h.updated_at, true from ${rows} h where ${and(list)} order by ${order(falls(way))} limit ${way.limit}`;
}

export const byWords = (text: string): Sql => sql`h.words @@ ${text}::tsquery`;

/** What is asked for by the start of a name, which has tokens. */
export const startsOf = (query: HistoryQuery): string | null =>
  askedStarts(query) === null ? null : textQuery({ ...query.filters, text: [], investigation: [] });

/** Whether there are tokens of what is asked for. */
export const hasTokens = (query: HistoryQuery): boolean => askedProperties(query).length > 0 || askedStarts(query) !== null;

/** Of two sets the index compares every number of one with every number of the other, so of many weeks it is asked by parts: so many, that the text stays the same. */
const parts = 8;

function byTokens(query: HistoryQuery, weeks: Weeks): Sql[] {
  const sets = (of: Weeks) => askedTokens(query, of).map((set) => sql`h.tokens && ${set}::int[]`);
  const whole = sets(weeks);
  const [first, last] = weeks;
  const length = last - first + 1;
  if (whole.length < 2 || length < 2 * parts) return whole;
  const bound = (part: number) => first + Math.floor((part * length) / parts);
  const each = Array.from({ length: parts }, (_, part) => sql`(${and(sets([bound(part), bound(part + 1) - 1]))})`);
  return [sql`(${sql.join(each, sql` or `)})`];
}

/** What to ask the inverted index for: of these weeks what has the properties, and everything with the words that are rare. */
export function lookUpsOf({ query, words }: Pick<Way, 'query' | 'words'>, weeks: Weeks): { tokens: Sql[]; words: Sql[] } {
  return {
    tokens: byTokens(query, weeks),
    words: words.lookedUp === null ? [] : [byWords(words.lookedUp)],
  };
}

/** No more than so many: what is common after all is found sooner in order. Nothing is asked of them but the index, so that the bound holds for the work. */
function fetchedRows(way: Way, { lookUps, most }: Fetch): Sql {
  return sql`select h.ctid as tid, h.id, ${placeIn(sides.filed, way).key} as key, h.updated_at from history_entries h
    where h.updated_at is not null and ${and(lookUps)} limit ${most}`;
}

/** In order of time all have the same key, which would be compared again and again. */
function byPlace(way: Way, { key, at, id }: Record<keyof Place, string>): Sql {
  const keys = way.query.sort.column === 'updated' ? [at, id] : [`${key} collate "C"`, at, id];
  return sql.raw(keys.map((one) => `${one} ${falls(way) ? 'desc' : 'asc'}`).join(', '));
}

/** Of what was fetched only as many are looked at as make a page. A query of its own for each row, so that they stay in order. */
function sortedPart(way: Way, { until }: Fetch, form: Form): Sql {
  const side = sides.filed;
  const fits = [
    sql`h.tenant_id = ${way.tenantId}`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
    ...inWeeks(until),
  ];
  return sql`select id, key, updated_at, true from (
      select * from fetched order by ${byPlace(way, { key: 'key', at: 'updated_at', id: 'id' })} offset 0) as placed
    where (select ${and(fits)} from history_entries h where h.ctid = placed.tid) and ${current(sql`placed.id`)} limit ${way.limit}`;
}

export type Weeks = [number, number];
type Extent = { first: Date | null; last: Date | null };
const newest = (way: Pick<Way, 'tenantId' | 'query'>, order: 'asc' | 'desc'): Sql =>
  sql`(select h.updated_at from history_entries h where h.tenant_id = ${way.tenantId} and h.updated_at is not null
    and ${inTab(way.query.tab, sides.filed)} order by h.updated_at ${sql.raw(order)}, h.id ${sql.raw(order)} limit 1)`;

/** The weeks in which there is anything to find, as far as the question says. */
export const weeksOf = async (tx: Tx, way: Extended): Promise<Weeks | null> => (await extentOf(tx, way))?.weeks ?? null;

type Extended = Pick<Way, 'tenantId' | 'query' | 'now' | 'start' | 'prepared'>;

/** `from`: the time at which the reading begins. */
export async function extentOf(tx: Tx, way: Extended): Promise<{ weeks: Weeks; from: number } | null> {
  const extent = sql<Extent>`select ${newest(way, 'asc')} as first, ${newest(way, 'desc')} as last`;
  const [row] = await run(tx, extent, way.prepared ? 'every' : 'asked');
  const weeks = row ? weeksIn(row, way) : null;
  if (!row || !weeks) return null;
  const { from, to } = boundsOf(way.query, way.now);
  const [bound, end] = falls(way) ? [to, row.last] : [from, row.first];
  return { weeks, from: Date.parse(way.start?.place.at ?? bound ?? end?.toISOString() ?? '') };
}

function weeksIn({ first, last }: Extent, way: Pick<Way, 'query' | 'now' | 'start'>): Weeks | null {
  if (first === null || last === null) return null;
  const { from, to } = boundsOf(way.query, way.now);
  let low = weekOf(Math.max(first.getTime(), from === null ? 0 : Date.parse(from)));
  let high = weekOf(Math.min(last.getTime(), to === null ? Number.POSITIVE_INFINITY : Date.parse(to)));
  if (way.query.sort.column === 'updated' && way.start) {
    // Before every id: nothing of that instant itself is behind it in falling order.
    const { at, id } = way.start.place;
    const week = weekOf(Date.parse(at) - (id === '' && falls(way) ? 1 : 0));
    if (falls(way)) high = Math.min(high, week);
    else low = Math.max(low, week);
  }
  return low <= high ? [low, high] : null;
}

/** How many of `of` rows have the words, the start of a name, and the properties: what is one of many there is one of very many in all. */
export type Rarity = Odds['rarity'];
/** Between which two times was looked, and where that ended; null when that was all there is. The weeks there are; and how rare what is asked for is. */
export type Horizon = { seen: { from: number; to: number; edge: Place } | null; weeks: Weeks | null; rarity: Rarity };
type HorizonRow = Extent & {
  begun: Date | null;
  edge_key: string | null;
  edge_at: string | null;
  edge_id: string | null;
  words: number;
  starts: number;
  properties: number;
};

/** So many of the next rows tell how rare words are beside properties. */
const compared = 500;

/** Of the first `among` rows; looked for only where they hold no page. */
function horizonPart(way: Way, among: number, form: Form): Sql {
  const { key } = placeIn(sides.filed, way);
  const { filters } = way.query;
  const text = way.words.asked;
  const starts = startsOf(way.query);
  const others = { ...way.query, filters: { ...filters, text: [], asset: [], investigation: [] } };
  const next = sql`select * ${nextRows(way)} limit ${text === null && starts === null ? 0 : compared}`;
  return sql`select ${newest(way, 'asc')} as first, ${newest(way, 'desc')} as last, edge.key as edge_key,
      (select h.updated_at ${nextRows(way)} limit 1) as begun, ${instant(sql`edge.updated_at`)} as edge_at, edge.id as edge_id, rarity.*
    from (select count(*) filter (where h.words @@ ${text}::tsquery) as words,
        count(*) filter (where h.words @@ ${starts}::tsquery) as starts,
        count(*) filter (where ${and([sql`true`, ...wanted(others, sides.filed, form)])}) as properties from (${next}) as h) as rarity
      left join lateral (select ${key} as key, h.updated_at, h.id ${nextRows(way)} offset ${among - 1} limit 1) as edge on true
    where filed_found < ${way.limit}`;
}

function horizonIn(
  { first, last, begun, edge_key: key, edge_at: at, edge_id: id, words, starts, properties }: HorizonRow,
  way: Way,
): Horizon {
  const weeks = weeksIn({ first, last }, way);
  const rarity = { words, starts, properties, of: compared };
  if (at === null || id === null || begun === null) return { seen: null, weeks, rarity };
  return { seen: { from: begun.getTime(), to: Date.parse(at), edge: { key: key ?? '', at, id } }, weeks, rarity };
}

/** How far, by what, and how many at most. */
export type Fetch = { until: Until; lookUps: Sql[]; most: number };
/** Where the filed rows come from: the next ones in order, or what an inverted index finds. */
export type Source = { among: number | null; tellsHorizon?: boolean } | Fetch;
/** In the order of reading. `filed`: how many of them, or behind them, are filed; `seen`: how many the inverted index found. */
export type Rows = { found: Found[]; filed: number; seen: number; horizon: Horizon };

/** Among a bounded number of rows nothing is chosen by the conditions. */
const formOf = ({ prepared, words }: Way, source: Source): Form => {
  if ('among' in source && source.among === null) return words.form;
  return prepared ? 'every' : 'asked';
};

async function run<Row>(tx: Tx, query: RawBuilder<Row>, form: Form): Promise<Row[]> {
  return form === 'every' ? runPreparedWithin(tx, query) : (await query.execute(tx)).rows;
}

type Counted = { filed_found: number; seen: number } & HorizonRow;
const nothing: Counted = {
  filed_found: 0,
  seen: 0,
  first: null,
  last: null,
  begun: null,
  edge_key: null,
  edge_at: null,
  edge_id: null,
  words: 0,
  starts: 0,
  properties: 0,
};
const noHorizon = sql`select null::timestamptz as first, null::timestamptz as last, null::timestamptz as begun,
  null as edge_key, null as edge_at, null as edge_id, 0 as words, 0 as starts, 0 as properties`;

export async function rowsOf(look: Look, source: Source): Promise<Rows> {
  await look.goOn();
  const form = formOf(look, source);
  const isOrdered = 'among' in source;
  const fetched = isOrdered ? sql`` : sql`fetched as materialized (${fetchedRows(look, source)}),`;
  const both = sql`((${unfiledPart(look, form)}) union all (select * from filed))`;
  const horizon = isOrdered && source.tellsHorizon && source.among !== null ? horizonPart(look, source.among, form) : noHorizon;
  const statement = sql<Found & Counted>`
    with ${fetched}
    filed (found_id, place_key, place_at, is_filed) as materialized (${isOrdered ? orderedPart(look, source.among, form) : sortedPart(look, source, form)}),
    found as materialized (
      select * from ${look.unfiled === null ? both : sql`filed`} as parts
      order by ${byPlace(look, { key: 'place_key', at: 'place_at', id: 'found_id' })} limit ${look.limit})
    select ${actionColumns}, found_id, place_key, ${instant(sql`place_at`)} as place_at, is_filed, counted.*, horizon.*
    from (select (select count(*) from filed) as filed_found, ${isOrdered ? sql`0` : sql`(select count(*) from fetched)`} as seen) as counted
      left join lateral (${horizon}) as horizon on true
      left join (found join actions on id = found_id collate "default") on true`;
  const rows = await run(look.tx, statement, form);
  const read = rows.filter(({ id }) => id !== null);
  look.unfiled ??= read.filter(({ is_filed: isFiled }) => !isFiled);
  const unfiled = look.unfiled.filter((row) => isOrdered || isBefore(row, look, source.until));
  const filed = read.filter(({ is_filed: isFiled }) => isFiled);
  const [first = nothing] = rows;
  return { found: inOrder(look, [...unfiled, ...filed]), filed: first.filed_found, seen: first.seen, horizon: horizonIn(first, look) };
}

/** What is not filed may lie in weeks of its own. */
function isBefore({ place_at: at }: Found, way: Way, until: Until): boolean {
  if (until === null || until.isLast) return true;
  const [first, last] = until.weeks;
  return falls(way) ? Date.parse(at) >= first * weekMs : Date.parse(at) < (last + 1) * weekMs;
}

const bytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** No more than a page, as the database orders them. */
export function inOrder(way: Way, rows: Found[]): Found[] {
  const sign = falls(way) ? -1 : 1;
  const compare = (one: Found, other: Found): number =>
    sign * (bytes(one.place_key, other.place_key) || bytes(one.place_at, other.place_at) || bytes(one.found_id, other.found_id));
  return rows.toSorted(compare).slice(0, way.limit);
}

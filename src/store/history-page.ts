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
import { conditions, type Form, inTab, isOfOneText, keyOf, type Side, sides, since, textQuery } from './history-filter.ts';
import { askedProperties, askedTokens, weekMs, weekOf, weekStart } from './history-tokens.ts';
import type { ActionRow, Tables } from './tables.ts';

type Sql = RawBuilder<unknown>;
type Tx = Transaction<Tables>;
export type Found = ActionRow & { place_key: string; place_at: string };
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
const probed = 1500;
/** What is so frequent that a page is among this many is still read in order. */
const readOn = 8000;
/** So many rows are fetched from the inverted index at most. */
const fetched = 3000;
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

/**
 * What to ask the inverted index for, best first; the rest is compared row by row. Each costs as much as there are actions with it: names and
 * investigations are rare, of words and properties the rarer ones go first.
 */
export function waysToFetch(query: HistoryQuery, weeks: Weeks, wordsAreRarer = true): Sql[][] {
  const asked = askedProperties(query);
  const tokens = askedTokens(asked, weeks).map((set) => sql`h.tokens && ${set}::int[]`);
  const text = textQuery(query.filters);
  if (text === null) return [tokens];
  const words = sql`h.words @@ ${text}::tsquery`;
  return [wordsAreRarer ? [words] : tokens, [words, ...tokens]];
}

/** Among the next rows, as long as nobody knows better. */
async function areWordsRarer(tx: Tx, way: Way): Promise<boolean> {
  const { filters } = way.query;
  if (askedProperties(way.query).length === 0 || filters.asset.length + filters.investigation.length > 0) return true;
  const others = { ...way.query, filters: { ...filters, text: [] } };
  const { rows } = await sql<{ words: number; others: number }>`
    select count(*) filter (where h.words @@ ${textQuery(filters) ?? ''}::tsquery) as words,
      count(*) filter (where ${and(conditions(others, way.now, sides.filed))}) as others
    from (select * ${nextRows(way)} limit ${probed}) as h`.execute(tx);
  const { words = 0, others: properties = 0 } = rows[0] ?? {};
  return words <= properties;
}

/**
 * No more than so many: what is common after all is found sooner in order. Whether a row fits is no condition but a column, so that it is looked up
 * by nothing else and the bound holds for the work, not for what comes of it.
 */
function fetchedRows(way: Way, { until, lookUps }: Fetch, form: Form): Sql {
  const side = sides.filed;
  const fits = [
    sql`h.tenant_id = ${way.tenantId}`,
    ...conditions(way.query, way.now, side, form),
    ...afterStart(side, way),
    ...upTo(side, way, until),
  ];
  return sql`select h.id, ${placeIn(side, way).key} as key, h.updated_at, (${and(fits)}) as fits from history_entries h
    where h.updated_at is not null and ${and(lookUps)} limit ${fetched}`;
}

function sortedPart(way: Way): Sql {
  const order = sql.raw(falls(way) ? 'desc' : 'asc');
  return sql`select id, key, updated_at from (
      select * from fetched where fits order by key collate "C" ${order}, updated_at ${order}, id ${order} offset 0) as matching
    where ${current(sql`matching.id`)} limit ${way.limit}`;
}

/** Where the filed rows come from: the next ones in order, or what an inverted index finds. */
type Fetch = { until: Until; lookUps: Sql[] };
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
    select ${actionColumns}, place_key, ${instant(sql`place_at`)} as place_at, filed_found, seen
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

/** Between which two times was looked, null when that was all there is; and the weeks there are. */
type Horizon = { seen: { from: number; to: number } | null; weeks: Weeks | null };

async function horizonOf(tx: Tx, way: Way): Promise<Horizon> {
  await way.goOn();
  const statement = sql<Extent & { edge: Date | null }>`select ${newest(way, 'asc')} as first, ${newest(way, 'desc')} as last,
    (select h.updated_at ${nextRows(way)} offset ${probed - 1} limit 1) as edge`;
  const rows = await run(tx, statement, way.prepared ? 'every' : 'asked');
  const [{ first, last, edge } = { first: null, last: null, edge: null }] = rows;
  const begun = way.start ? Date.parse(way.start.place.at) : (falls(way) ? last : first)?.getTime();
  const seen = edge === null || begun === undefined ? null : { from: begun, to: edge.getTime() };
  return { seen, weeks: weeksIn({ first, last }, way) };
}

/** How much to look at for two pages, given how many rows were found in a part of it. */
const enough = (part: number, found: number, limit: number): number => Math.max(1, Math.ceil((part * 2 * limit) / (found + 0.3)));

export async function findPage(tx: Tx, way: Way): Promise<Found[]> {
  const { query, limit } = way;
  const asks = askedProperties(query).length > 0 || textQuery(query.filters) !== null;
  const hasOrder = query.tab === 'history' || query.sort.column === 'updated';
  if (!asks || !hasOrder) return findAll(tx, way);
  const first = await rowsOf(tx, way, { among: probed });
  if (first.filed >= limit) return first.found;
  const { seen, weeks } = await horizonOf(tx, way);
  if (seen === null) return first.found;
  const further = enough(probed, first.filed, limit);
  if (further <= readOn) {
    const more = await rowsOf(tx, way, { among: further });
    if (more.filed >= limit) return more.found;
  }
  if (weeks === null) return findAll(tx, way);
  return query.sort.column === 'updated'
    ? findByWeeks(tx, way, weeks, { weeks: Math.abs(seen.to - seen.from) / weekMs, found: first.filed })
    : findRare(tx, way, weeks);
}

/** Here the planner has to know what is asked for. */
async function findAll(tx: Tx, way: Way): Promise<Found[]> {
  if (way.prepared) await sql`select set_config('plan_cache_mode', 'auto', true)`.execute(tx);
  return (await rowsOf(tx, way, { among: null })).found;
}

const spanned = ([low, high]: Weeks, span: number, falling: boolean): Weeks =>
  falling ? [Math.max(low, high - span + 1), high] : [low, Math.min(high, low + span - 1)];

/** In order of time, a span of weeks after the other. */
async function findByWeeks(tx: Tx, way: Way, [low, high]: Weeks, seen: { weeks: number; found: number }): Promise<Found[]> {
  const wordsAreRarer = textQuery(way.query.filters) === null || (await areWordsRarer(tx, way));
  let span = enough(seen.weeks, seen.found, way.limit);
  for (;;) {
    const weeks = spanned([low, high], span, falls(way));
    const whole = weeks[0] === low && weeks[1] === high;
    const found = await fetchRows(tx, way, whole ? null : { weeks }, waysToFetch(way.query, weeks, wordsAreRarer));
    if (found === null) return findAll(tx, way);
    if (whole || found.length >= way.limit) return found;
    span = found.length >= tells ? Math.max(span + 1, enough(span, found.length, way.limit)) : span * 8;
  }
}

/** Null: there are more than can be fetched, whatever the inverted index is asked for. */
async function fetchRows(tx: Tx, way: Way, until: Until, ways: Sql[][]): Promise<Found[] | null> {
  for (const lookUps of ways) {
    if (lookUps.length === 0) continue;
    const { found, seen } = await rowsOf(tx, way, { until, lookUps });
    if (seen < fetched) return found;
  }
  return null;
}

const findRare = async (tx: Tx, way: Way, weeks: Weeks): Promise<Found[]> =>
  (await fetchRows(tx, way, null, waysToFetch(way.query, weeks))) ?? findAll(tx, way);

/**
 * Look-ups in History: the first and the next page of every single filter and of every pair of filters, beside the same question as one hand-written
 * query on the same tables; counts; `/actions history` from request to answer; and an export beside a bare cursor. See README.md.
 *   node bench/history.ts [--rows 10000000] [--database URL] [--samples 8] [--answers 200] [--export-rows 1000000] [--out folder] [--pages-only]
 * A database that is given keeps its rows for the next run. `--pages-only` asks for pages by themselves and writes nothing.
 */
import { cpus, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { HistoryStore } from '../src/action-center/history.ts';
import { openDatabase } from '../src/store/database.ts';
import { openEngine } from '../src/store/engine.ts';
import { historyStore } from '../src/store/history.ts';
import { startPostgres } from '../test/setup/local-services.ts';
import { loadNow, publish, round, tableOf } from './harness/figures.ts';
import { measureAnswers } from './harness/history-answers.ts';
import { fillHistory } from './harness/history-data.ts';
import { measureExport } from './harness/history-export.ts';
import { pagesAlone } from './harness/history-pages.ts';
import { type Asked, bareQuery, combinations } from './harness/history-questions.ts';
import { benchNow, daysCovered } from './harness/history-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    database: { type: 'string' },
    samples: { type: 'string', default: '8' },
    answers: { type: 'string', default: '200' },
    'export-rows': { type: 'string', default: '1000000' },
    out: { type: 'string' },
    'pages-only': { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const bareLimitMs = 2000;
const statementTimeout = '57014';
const classNames = ['no filter', 'one filter', 'two filters'] as const;

type Times = { p50: number; p95: number; max: number; measured: number };
function timesOf(millis: number[]): Times {
  const sorted = millis.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN, 2);
  return { p50: at(0.5), p95: at(0.95), max: at(1), measured: sorted.length };
}

async function timed<T>(run: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const begun = performance.now();
  const value = await run();
  return { ms: performance.now() - begun, value };
}

type Measured = {
  name: string;
  filters: string[];
  first: number;
  next: number | null;
  bare: number;
  tooLong: number;
  count: string;
  counting: number;
};

/** The clock says how long it was let run; anything else that fails would pass for quick. */
function gaveUp(error: unknown): null {
  if (error instanceof pg.DatabaseError && error.code === statementTimeout) return null;
  throw error;
}

async function measure(store: HistoryStore, bare: pg.Pool, { filters, query }: Asked): Promise<Measured> {
  const first = await timed(() => store.page(query, { now: benchNow, cursor: null, size: 25 }));
  const cursor = first.value.kind === 'page' ? first.value.page.next : null;
  const next = cursor === null ? null : await timed(() => store.page(query, { now: benchNow, cursor, size: 25 }));
  const { text, params } = bareQuery(query);
  const written = await timed(() => bare.query(text, params).catch(gaveUp));
  const counted = await timed(() => store.count(query, { now: benchNow, hurried: true }));
  const tooLong = [first, next].filter((one) => one?.value.kind === 'too-long').length;
  return {
    name: JSON.stringify(query),
    filters,
    first: first.ms,
    next: next?.ms ?? null,
    bare: written.ms,
    tooLong,
    count: counted.value.kind,
    counting: counted.ms,
  };
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
const aimMs = 5;

/** By how many filters were asked for. `within`: of so many combinations of filters, in how many p95 of the medians keeps to the aim. */
async function measureAlone(store: HistoryStore, all: readonly Asked[]) {
  const pages = await pagesAlone(store, all);
  return classNames.map((name, count) => {
    const own = pages.filter(({ filters }) => filters.length === count);
    const groups = [...Map.groupBy(own, ({ filters }) => filters.join(' + ')).values()];
    const within = groups.filter((group) => timesOf(group.map(({ times }) => median(times))).p95 <= aimMs).length;
    return {
      name,
      firstTime: timesOf(own.map(({ times: [first = Number.NaN] }) => first)),
      median: timesOf(own.map(({ times }) => median(times))),
      best: timesOf(own.map(({ times }) => Math.min(...times))),
      within: `${within} of ${groups.length}`,
    };
  });
}

const aloneTable = (alone: Awaited<ReturnType<typeof measureAlone>>): string =>
  tableOf(
    [
      'nothing between them',
      'pages',
      ...['first time', 'median of five', 'best of five'].flatMap((of) => [`${of}: p50 ms`, 'p95 ms', 'max ms']),
      'combinations with p95 of 5 ms',
    ],
    alone.map(({ name, firstTime, median: middle, best, within }) => [
      ...[name, firstTime.measured],
      ...[firstTime, middle, best].flatMap(({ p50, p95, max }) => [p50, p95, max]),
      within,
    ]),
  );

/** So many of them, from all over. */
const spread = <T>(all: readonly T[], amount: number): T[] => {
  const every = Math.max(1, all.length / Math.max(1, amount));
  return Array.from({ length: Math.min(all.length, amount) }, (_, index) => all[Math.floor(index * every)] as T);
};

function summary(all: Measured[]) {
  const pages = all.flatMap(({ first, next }) => (next === null ? [first] : [first, next]));
  const kinds = ['exact', 'about', 'many'].map((kind) => [kind, all.filter(({ count }) => count === kind).length]);
  return {
    pages: timesOf(pages),
    handWritten: timesOf(all.map(({ bare }) => bare)),
    counts: { ...timesOf(all.map(({ counting }) => counting)), ...Object.fromEntries(kinds) },
    tooLong: all.reduce((sum, { tooLong }) => sum + tooLong, 0),
  };
}

function slowest(all: Measured[]) {
  const groups = Map.groupBy(all, ({ filters }) => filters.join(' + ') || 'none');
  const times = [...groups].map(([filters, of]) => ({
    filters,
    ...timesOf(of.flatMap(({ first, next }) => (next === null ? [first] : [first, next]))),
  }));
  return times.toSorted((a, b) => b.p95 - a.p95);
}

async function main(databaseUrl: string): Promise<void> {
  const loading = await fillHistory(databaseUrl, rows);
  const engine = await openEngine({ databaseUrl }, { onError: (error) => console.error(error) });
  const bare = new pg.Pool({ connectionString: databaseUrl, max: 1, statement_timeout: bareLimitMs });
  const store = historyStore(openDatabase(engine.pool, { prepares: true }), 'default');
  const results: Measured[] = [];
  const all = [...combinations(Number(values.samples), rows)];
  // Once to fill the caches of planner and disk with what everybody asks for.
  for (const one of all.slice(0, 100)) await measure(store, bare, one);
  const alone = await measureAlone(store, all);
  console.log(aloneTable(alone));
  if (values['pages-only']) {
    await Promise.all([bare.end(), engine.close()]);
    return;
  }
  for (const one of all) results.push(await measure(store, bare, one));
  const classes = classNames.map((name, count) => [name, results.filter(({ filters }) => filters.length === count)] as const);
  const exported = await measureExport(store, databaseUrl, Number(values['export-rows']));
  // Last: a bot of its own works on the record meanwhile.
  const answers = await measureAnswers(databaseUrl, spread(all, Number(values.answers)));
  await bare.end();
  const [version] = (
    await engine.pool.query<{ v: string; m: string }>(
      `select current_setting('server_version') as v, current_setting('shared_buffers') as m`,
    )
  ).rows;
  await engine.close();
  const machine = {
    cpu: cpus()[0]?.model ?? '?',
    cores: cpus().length,
    memoryGiB: round(totalmem() / 2 ** 30, 1),
    os: `${type()} ${release()}`,
    node: process.version,
    postgres: version?.v,
    sharedBuffers: version?.m,
    load: loadNow(),
  };
  const summaries = Object.fromEntries(classes.map(([name, measured]) => [name, summary(measured)]));
  const table = tableOf(
    ['each after a hand-written one', 'p50 ms', 'p95 ms', 'max ms', 'hand-written p50', 'p95', 'max', 'counts p95', 'too long'],
    classes.map(([name, measured]) => {
      const { pages, handWritten, counts, tooLong } = summary(measured);
      return [name, pages.p50, pages.p95, pages.max, handWritten.p50, handWritten.p95, handWritten.max, counts.p95, tooLong];
    }),
  );
  const asked = answers.map(({ platform, millis }) => ({ platform, ...timesOf(millis) }));
  const answered = tableOf(
    ['`/actions history`, request to answer', 'p50 ms', 'p95 ms', 'max ms'],
    asked.map(({ platform, p50, p95, max }) => [platform, p50, p95, max]),
  );
  for (const { platform, complaints } of answers)
    if (complaints.length > 0) console.log(`the bot on ${platform} complained: ${complaints[0]}`);
  const text = `${aloneTable(alone)}\n\n${table}\n\n${answered}\n\nExport of ${exported.rows.toLocaleString('en')} rows: ${exported.perSecond} rows/s, bare cursor ${exported.barePerSecond} rows/s (${exported.ratio} x), ${exported.addedMiB} MiB of memory added.`;
  console.log(text);
  console.log(
    tableOf(
      ['slowest', 'p50', 'p95', 'max'],
      slowest(results)
        .slice(0, 15)
        .map(({ filters, p50, p95, max }) => [filters, p50, p95, max]),
    ),
  );
  const folder = import.meta.dirname;
  const where =
    values.out === undefined
      ? { out: path.join(folder, 'results'), readme: path.join(folder, 'README.md') }
      : { out: values.out, readme: null };
  publish(
    where,
    'history',
    { machine, rows, days: daysCovered, loading, summaries, alone, answers: asked, exported, byFilters: slowest(results) },
    text,
  );
}

if (values.database !== undefined) await main(values.database);
else {
  const postgres = await startPostgres();
  await main(postgres.url).finally(() => postgres.stop());
}

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HistoryQuery, type HistoryStore } from '../../src/action-center/history.ts';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { historyStore } from '../../src/store/history.ts';
import { cursorOf, startOf } from '../../src/store/history-cursor.ts';
import { fileActions } from '../../src/store/history-filing.ts';
import { engines } from './engines.ts';
import { type Case, inMemory, now, randomCase, randomFrom, randomQuery } from './history-cases.ts';
import { insertActions, insertCards, insertEntries, withoutIndexes } from './history-fill.ts';

/** What every run can afford; HISTORY_ROWS=200000 HISTORY_QUESTIONS=2000 is the full size, which takes some ten minutes. */
const rows = Number(process.env['HISTORY_ROWS'] ?? 20_000);
const questions = Number(process.env['HISTORY_QUESTIONS'] ?? 600);

/** For all questions; at full size PGlite takes its time. */
const patienceMs = rows > 20_000 ? 1_200_000 : 300_000;

/** A record, what is asked of it, and what memory says. Records of one size are the same ones. */
function sampleOf(total: number) {
  const random = randomFrom(20261121);
  const cases = Array.from({ length: total }, (_, index) => randomCase(random, index, total));
  const answerInMemory = inMemory(cases);
  const asked = Array.from({ length: questions }, () => HistoryQuery.parse(randomQuery(random)));
  const answers = new Map<HistoryQuery, string[]>();
  const rightAnswer = (query: HistoryQuery): string[] => {
    const known = answers.get(query) ?? answerInMemory(query);
    answers.set(query, known);
    return known;
  };
  const filed = cases.slice(0, total - 3000);
  return {
    asked,
    rightAnswer,
    filed,
    /** Changed since they were filed: their entries are out of date. */
    changed: filed.slice(-1500),
    /** Not filed yet: entered with the action, or from before there was a search. */
    entered: cases.slice(total - 3000, total - 1500),
    fromBefore: cases.slice(total - 1500),
  };
}
type Sample = ReturnType<typeof sampleOf>;

const tenDays = 10 * 86_400_000;
/** As it was before it was changed. */
const asItWas = (one: Case): Case => ({
  ...one,
  status: 'failed',
  updatedAt: new Date(Date.parse(one.updatedAt) - tenDays).toISOString(),
});

const batches = function* (list: readonly Case[]) {
  for (let start = 0; start < list.length; start += 2000) yield list.slice(start, start + 2000);
};

async function fill(db: Database, { filed, changed, entered, fromBefore }: Sample): Promise<void> {
  const isChanged = new Set(changed.map(({ id }) => id));
  const asFiled = (one: Case) => (isChanged.has(one.id) ? asItWas(one) : one);
  await withoutIndexes(db, async () => {
    for (const batch of batches(filed)) {
      await insertActions(db, batch, true);
      await insertEntries(db, batch.map(asFiled), true);
    }
  });
  await insertActions(db, entered, false);
  await insertEntries(db, entered, false);
  await insertActions(db, fromBefore, false);
  await insertCards(db, fromBefore);
  expect(await fileActions(db, 'default', { before: now, limit: 10_000 })).toBe(3000);
  const ids = [...changed, ...entered].map(({ id }) => id);
  await sql`update actions set filed = false where id = any(${ids}::text[])`.execute(db);
}

const trails = [
  null,
  ...(['rows', 'weeks', 'weeksCompared', 'words'] as const).flatMap((by) => [1, 40, 999_999].map((amount) => ({ by, amount }))),
];
/** A page is the same whatever is said of how the page before was found. */
function withTrail({ sort: { column } }: HistoryQuery, cursor: string, index: number): string {
  const start = startOf(column, cursor);
  if (start === null) throw new Error('no cursor');
  return cursorOf(column, { ...start, trail: trails[index % trails.length] ?? null });
}

describe.each(engines)('History on $name', ({ options }) => {
  let sample: Sample;
  let engine: Engine;
  let clean: () => Promise<void>;
  let store: HistoryStore;
  /** As of a record so large that it is sampled, and few words are looked up. */
  let sampled: HistoryStore;

  beforeAll(async () => {
    const made = await options();
    clean = made.clean;
    engine = await openEngine(
      { ...made.options, statementTimeoutMs: 60_000 },
      {
        onError: (error) => {
          throw error;
        },
      },
    );
    const db = openDatabase(engine.pool, { prepares: engine.kind === 'postgres' });
    await migrate(db);
    sample = sampleOf(rows);
    await fill(db, sample);
    // Other tests run beside these; what is slow here is no wrong answer.
    store = historyStore(db, 'default', { ms: 30_000 });
    await sql`analyze history_entries`.execute(db);
    sampled = historyStore(db, 'default', { ms: 30_000, sampledFrom: 0, lookedUp: rows / 50 });
  }, 300_000);

  afterAll(async () => {
    await engine.close();
    await clean();
  });

  const pagesOf = (asked: HistoryStore) => async (query: HistoryQuery, cursor: string | null, size: number) => {
    const answer = await asked.page(query, { now, cursor, size });
    if (answer.kind !== 'page') throw new Error(`too long: ${JSON.stringify(query)}`);
    return { ...answer.page, ids: answer.page.rows.map(({ action }) => action.id as string) };
  };

  it(
    `answers ${questions} random questions about ${rows} random actions as memory does, page by page both ways`,
    async () => {
      const { asked, rightAnswer } = sample;
      for (const [index, query] of asked.entries()) {
        const right = rightAnswer(query);
        const size = 1 + (index % 50);
        const pageOf = pagesOf(index % 2 === 0 ? store : sampled);
        const first = await pageOf(query, null, size);
        const found = { first: first.ids, previous: first.previous, hasNext: first.next !== null };
        expect(found, JSON.stringify(query)).toEqual({ first: right.slice(0, size), previous: null, hasNext: right.length > size });
        if (first.next === null) continue;
        const second = await pageOf(query, first.next, size);
        expect(second.ids, JSON.stringify(query)).toEqual(right.slice(size, 2 * size));
        expect(second.next !== null).toBe(right.length > 2 * size);
        const otherwise = await pageOf(query, withTrail(query, first.next, index), size);
        expect(otherwise.ids, JSON.stringify(query)).toEqual(second.ids);
        if (index % 5 !== 0) continue;
        const back = await pageOf(query, second.previous, size);
        expect({ ids: back.ids, previous: back.previous }, JSON.stringify(query)).toEqual({ ids: first.ids, previous: null });
      }
    },
    patienceMs,
  );

  it('counts exactly', async () => {
    const { asked, rightAnswer } = sample;
    for (const query of asked.filter((_, index) => index % 4 === 0))
      expect(await store.count(query, { now }), JSON.stringify(query)).toEqual({ kind: 'exact', count: rightAnswer(query).length });
  }, 300_000);

  it('streams every row in order', async () => {
    const { asked, rightAnswer } = sample;
    for (const query of asked.filter((one) => rightAnswer(one).length < 3000).slice(0, 20)) {
      const ids: string[] = [];
      for await (const { action } of store.stream(query, { now }, new AbortController().signal)) ids.push(action.id);
      expect(ids, JSON.stringify(query)).toEqual(rightAnswer(query));
    }
  }, 60_000);
});

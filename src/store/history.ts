/** HistoryStore: look-ups in the record, a page at a time, each within a time limit. */
import type { Cursor, HistoryQuery, HistoryRow, HistoryStore, PageAnswer } from '../action-center/history.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { actionOf } from './actions.ts';
import { type Database, hasOneSession, storing } from './database.ts';
import { countMatches, isLarge } from './history-count.ts';
import { cursorOf, type Place, startOf } from './history-cursor.ts';
import { hasWords, wordedOf } from './history-lexemes.ts';
import { type FoundPage, findPage, isPrepared } from './history-page.ts';
import { type Found, hasTokens, type Way } from './history-rows.ts';
import { recordSamples } from './history-sample.ts';
import { within } from './history-session.ts';
import { streamActions } from './history-stream.ts';

/** How long the database may look for one answer, so that it is there within half a second: PostgreSQL may end late. PGlite cannot be interrupted. */
const usualLimitMs = 420;
/** How long it may count before somebody who waits gets the page: the count of a large record is an estimate anyway. */
const hurriedMs = 44;

/** A page is few rows out of many: left to itself, the planner thinks that sets of tokens fit half of all actions. */
const indexesOnly = [
  ...['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'].map((name) => `${name} = off`),
  'max_parallel_workers_per_gather = 0',
  "work_mem = '64MB'",
];

/** For every question alike: what is asked for chooses no index where the text is the same. */
const plannedOnce = [...indexesOnly, 'plan_cache_mode = force_generic_plan'];

const placeOfRow = (row: Found): Place => ({ key: row.place_key, at: row.place_at, id: row.id });

function rowOf(action: RemediationAction): HistoryRow {
  const actor = action.decision?.actor;
  return { action, decidedBy: actor ? { entraId: actor.entraId, displayName: actor.displayName, upn: actor.upn } : null };
}

function pageOf({ found, trail }: FoundPage, { query, start, limit }: Omit<Way, 'goOn'>): PageAnswer {
  const back = start?.back ?? false;
  const more = found.length === limit;
  const inOrder = found.slice(0, limit - 1);
  if (back) inOrder.reverse();
  const cursor = (place: Place | undefined, backwards: boolean): Cursor | null =>
    place ? cursorOf(query.sort.column, { place, back: backwards, trail }) : null;
  const [first, last] = [inOrder[0], inOrder.at(-1)];
  // Nothing there any more: the way back starts where we are.
  const before = first ? placeOfRow(first) : start?.place;
  const behind = last ? placeOfRow(last) : start?.place;
  return {
    kind: 'page',
    page: {
      rows: inOrder.map((row) => rowOf(actionOf(row))),
      next: back || more ? cursor(behind, false) : null,
      previous: (back ? more : start !== null) ? cursor(before, true) : null,
    },
  };
}

/** `ms`: for one answer. Records larger than `sampledFrom` are sampled; of their words those are looked up that stand at most `lookedUp` times in the index. */
export type HistoryLimits = { ms: number; sampledFrom: number; lookedUp: number };
const usual: HistoryLimits = { ms: usualLimitMs, sampledFrom: 200_000, lookedUp: 500_000 };

export function historyStore(db: Database, tenantId: string, limits: Partial<HistoryLimits> = {}): HistoryStore {
  const { ms: limitMs, sampledFrom, lookedUp } = { ...usual, ...limits };
  const samples = recordSamples(db, tenantId, sampledFrom);
  const asked = async (query: HistoryQuery) => {
    const sample = hasWords(query) || hasTokens(query) ? await samples() : null;
    return { query, words: wordedOf(query, sample && { frequency: sample.frequency, most: lookedUp }), odds: sample?.odds(query) ?? null };
  };
  const page: HistoryStore['page'] = (query, { now, cursor, size }) =>
    storing('reading History', async () => {
      const endsAt = performance.now() + limitMs;
      const prepared = !hasOneSession(db) && isPrepared(query);
      const way = { tenantId, ...(await asked(query)), now, start: startOf(query.sort.column, cursor), limit: size + 1, prepared };
      const sitting = { limitMs: Math.max(1, endsAt - performance.now()), settings: prepared ? plannedOnce : indexesOnly };
      const found = await within(db, sitting, ({ tx, goOn }) => findPage(tx, { ...way, goOn }));
      return found === null ? { kind: 'too-long' } : pageOf(found, way);
    });
  return {
    page,
    count: (query, { now, hurried = false }) =>
      storing('counting History', async () => {
        const isHurried = hurried && (await isLarge(db));
        const ms = isHurried ? Math.min(hurriedMs, limitMs) : limitMs;
        const take: Parameters<typeof countMatches>[1] = (effort, run) =>
          within(db, { limitMs: effort.share * ms, settings: effort.indexesOnly ? indexesOnly : [] }, ({ tx }) => run(tx));
        return countMatches({ tenantId, ...(await asked(query)), now }, take, isHurried);
      }),
    async *stream(query, { now }, signal) {
      try {
        for await (const actions of streamActions(db, { tenantId, query, now }, signal)) for (const action of actions) yield rowOf(action);
      } catch (error) {
        signal.throwIfAborted();
        await storing('reading all of History', () => Promise.reject(error));
      }
    },
  };
}

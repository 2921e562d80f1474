/** HistoryStore: look-ups in the record, a page at a time, each within a time limit. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { EntraId } from '../action-center/action.ts';
import type { Cursor, HistoryCount, HistoryQuery, HistoryRow, HistoryStore, PageAnswer } from '../action-center/history.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, storing } from './database.ts';
import { cursorOf, type Place, type Start, startOf } from './history-cursor.ts';
import { conditions, keyOf, sides } from './history-filter.ts';
import type { ActionRow, Tables } from './tables.ts';

/** How long the database may look for one answer. PGlite cannot be interrupted. */
const pageLimitMs = 500;
const countLimitMs = 500;

type Found = ActionRow & { place_key: string; place_at: string };
type Way = { query: HistoryQuery; now: string; start: Start | null; limit: number };

const and = (list: RawBuilder<unknown>[]) => sql.join(list, sql` and `);

/** In the order of reading: a page that ends before a place is read from there backwards. */
async function read(tx: Transaction<Tables>, tenantId: string, { query, now, start, limit }: Way): Promise<Found[]> {
  const { column, descending } = query.sort;
  const side = sides.unfiled;
  const falling = descending !== (start?.back ?? false);
  const order = sql.raw(falling ? 'desc' : 'asc');
  const key = keyOf(column, side);
  const list = [sql`a.tenant_id = ${tenantId}`, ...conditions(query, now, side)];
  if (start) {
    const { place } = start;
    list.push(sql`(${key}, a.updated_at, a.id) ${sql.raw(falling ? '<' : '>')} (${place.key}, ${place.at}::timestamptz, ${place.id})`);
  }
  const { rows } = await sql<Found>`
    with found as (
      select a.id as found_id, ${key} as place_key, a.updated_at as place_at from actions a left join history_entries h on h.id = a.id
      where ${and(list)} order by 2 ${order}, 3 ${order}, 1 ${order} limit ${limit})
    select ${actionColumns}, place_key, to_char(place_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place_at
    from found join actions on id = found_id order by place_key ${order}, updated_at ${order}, id ${order}`.execute(tx);
  return rows;
}

const isTimeout = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '57014';

/** Null: it took longer than the limit. */
async function within<T>(db: Database, limitMs: number, run: (tx: Transaction<Tables>) => Promise<T>): Promise<T | null> {
  try {
    return await db
      .transaction()
      .setAccessMode('read only')
      .execute(async (tx) => {
        await sql`select set_config('statement_timeout', ${String(limitMs)}, true)`.execute(tx);
        return await run(tx);
      });
  } catch (error) {
    if (isTimeout(error)) return null;
    throw error;
  }
}

const placeOfRow = (row: Found): Place => ({ key: row.place_key, at: row.place_at, id: row.id });

function rowOf(row: Found): HistoryRow {
  const action: RemediationAction = actionOf(row);
  const actor = action.decision?.actor;
  return { action, decidedBy: actor ? { entraId: actor.entraId as EntraId, displayName: actor.displayName, upn: actor.upn } : null };
}

function pageOf(found: Found[], { query, start, limit }: Way): PageAnswer {
  const back = start?.back ?? false;
  const more = found.length === limit;
  const inOrder = found.slice(0, limit - 1);
  if (back) inOrder.reverse();
  const cursor = (place: Place | undefined, backwards: boolean): Cursor | null =>
    place ? cursorOf(query.sort.column, { place, back: backwards }) : null;
  const [first, last] = [inOrder[0], inOrder.at(-1)];
  // Nothing there any more: the way back starts where we are.
  const before = first ? placeOfRow(first) : start?.place;
  const behind = last ? placeOfRow(last) : start?.place;
  return {
    kind: 'page',
    page: {
      rows: inOrder.map(rowOf),
      next: back || more ? cursor(behind, false) : null,
      previous: (back ? more : start !== null) ? cursor(before, true) : null,
    },
  };
}

export function historyStore(db: Database, tenantId: string): HistoryStore {
  const page: HistoryStore['page'] = (query, { now, cursor, size }) =>
    storing('reading History', async () => {
      const way: Way = { query, now, start: startOf(query.sort.column, cursor), limit: size + 1 };
      const found = await within(db, pageLimitMs, (tx) => read(tx, tenantId, way));
      return found === null ? { kind: 'too-long' } : pageOf(found, way);
    });
  return {
    page,
    count: (query, { now }) =>
      storing('counting History', async (): Promise<HistoryCount> => {
        const list = [sql`a.tenant_id = ${tenantId}`, ...conditions(query, now, sides.unfiled)];
        const counted = await within(db, countLimitMs, (tx) =>
          sql<{ n: number }>`select count(*) as n from actions a left join history_entries h on h.id = a.id where ${and(list)}`.execute(tx),
        );
        return counted === null ? { kind: 'many', count: 0 } : { kind: 'exact', count: counted.rows[0]?.n ?? 0 };
      }),
    async *stream(query, { now }, signal) {
      let cursor: Cursor | null = null;
      do {
        signal.throwIfAborted();
        const answer: PageAnswer = await page(query, { now, cursor, size: 500 });
        if (answer.kind === 'too-long') throw new Error('History could not be read in time');
        yield* answer.page.rows;
        cursor = answer.page.next;
      } while (cursor !== null);
    },
  };
}

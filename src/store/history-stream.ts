/**
 * All rows of a question, for an export. PostgreSQL reads them from a cursor within one transaction: everything as it was at the beginning. PGlite
 * has one session, which nobody may keep for so long: it notes the ids at the beginning and reads the actions bit by bit.
 */
import { randomBytes } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, hasOneSession } from './database.ts';
import { conditions, keyOf, type Side, sides } from './history-filter.ts';
import { current } from './history-page.ts';
import type { ActionRow } from './tables.ts';

type Question = { tenantId: string; query: HistoryQuery; now: string };

const batch = 500;
/** Sorting what has no order of its own takes its time before the first row. */
const statementLimitMs = 120_000;

function allOf({ tenantId, query, now }: Question): RawBuilder<unknown> {
  const order = sql.raw(query.sort.descending ? 'desc' : 'asc');
  const place = (side: Side) =>
    sql`${side.id} as found_id, ${keyOf(query.sort.column, side) ?? sql`''`} collate "C" as place_key, ${side.updated} as place_at`;
  const fitting = (side: Side) => sql.join(conditions(query, now, side), sql` and `);
  return sql`select found_id from (
      select ${place(sides.unfiled)} from actions a left join history_entries h on h.id = a.id
        where a.tenant_id = ${tenantId} and not a.filed and ${fitting(sides.unfiled)}
      union all
      select ${place(sides.filed)} from history_entries h
        where h.tenant_id = ${tenantId} and h.updated_at is not null and ${fitting(sides.filed)} and ${current(sql`h.id`)}) as found
    order by place_key ${order}, place_at ${order}, found_id ${order}`;
}

/** Where the cursor lives: in a transaction that stays open, or, kept without one, in the only session there is. */
async function openCursor(db: Database, name: string, rows: RawBuilder<unknown>): Promise<{ within: Database; close(): Promise<void> }> {
  const declare = async (within: Database, hold: string) => {
    await sql`select set_config('statement_timeout', ${String(statementLimitMs)}, true), set_config('jit', 'off', true)`.execute(within);
    await sql`declare ${sql.ref(name)} no scroll cursor ${sql.raw(hold)} for ${rows}`.execute(within);
  };
  if (hasOneSession(db)) {
    await db.transaction().execute((tx) => declare(tx, 'with hold'));
    return {
      within: db,
      close: async () => {
        await sql`close ${sql.ref(name)}`.execute(db);
      },
    };
  }
  const tx = await db.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute();
  const close = async () => {
    await tx.rollback().execute();
  };
  try {
    await declare(tx, '');
  } catch (error) {
    await close();
    throw error;
  }
  return { within: tx, close };
}

async function nextBatch(db: Database, tenantId: string, name: string): Promise<RemediationAction[]> {
  const { rows } = await sql<{ found_id: string }>`fetch ${sql.lit(batch)} from ${sql.ref(name)}`.execute(db);
  const ids = rows.map(({ found_id }) => found_id);
  if (ids.length === 0) return [];
  const read =
    await sql<ActionRow>`select ${actionColumns} from actions where tenant_id = ${tenantId} and id = any(${ids}::text[])`.execute(db);
  const byId = new Map(read.rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []).map(actionOf);
}

export async function* streamActions(db: Database, question: Question, signal: AbortSignal): AsyncGenerator<RemediationAction> {
  signal.throwIfAborted();
  const name = `history_${randomBytes(8).toString('hex')}`;
  const cursor = await openCursor(db, name, allOf(question));
  try {
    for (;;) {
      const actions = await nextBatch(cursor.within, question.tenantId, name);
      signal.throwIfAborted();
      yield* actions;
      if (actions.length === 0) return;
    }
  } finally {
    await cursor.close();
  }
}

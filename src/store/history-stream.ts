/**
 * All rows of a question, for an export. PostgreSQL reads them within one transaction: everything as it was at the beginning. PGlite has one session,
 * which nobody may keep for so long: it notes the places at the beginning and reads the actions bit by bit. What is filed and what is not are two
 * cursors, each in the order of an index, merged here: sorting both together would take as long as reading.
 */
import { randomBytes } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, hasOneSession } from './database.ts';
import type { Place } from './history-cursor.ts';
import { conditions, type Side, sides } from './history-filter.ts';
import { current, instant, placeIn } from './history-rows.ts';
import type { ActionRow } from './tables.ts';

type Question = { tenantId: string; query: HistoryQuery; now: string };

const batch = 500;
/** Sorting what has no order of its own takes its time before the first row. */
const statementLimitMs = 120_000;

function placesOf(question: Question, side: Side, from: RawBuilder<unknown>): RawBuilder<unknown> {
  const { key, order } = placeIn(side, question);
  const fitting = sql.join(conditions(question.query, question.now, side), sql` and `);
  return sql`select ${side.id} as id, ${key} as key, ${instant(side.updated)} as at from ${from} and ${fitting}
    order by ${order(question.query.sort.descending)}`;
}

/** The names of the cursors, and what they read. */
function cursorsOf(question: Question): [string, RawBuilder<unknown>][] {
  const name = `history_${randomBytes(8).toString('hex')}`;
  const { tenantId } = question;
  const unfiled = sql`actions a left join history_entries h on h.id = a.id where a.tenant_id = ${tenantId} and not a.filed`;
  const filed = sql`history_entries h where h.tenant_id = ${tenantId} and h.updated_at is not null and ${current(sql`h.id`)}`;
  return [
    [`${name}_unfiled`, placesOf(question, sides.unfiled, unfiled)],
    [`${name}_filed`, placesOf(question, sides.filed, filed)],
  ];
}

type Cursors = { within: Database; names: string[]; close(): Promise<void> };

/** In a transaction that stays open, or, kept without one, in the only session there is. */
async function openCursors(db: Database, question: Question): Promise<Cursors> {
  const cursors = cursorsOf(question);
  const names = cursors.map(([name]) => name);
  const declare = async (within: Database, hold: string) => {
    await sql`select set_config('statement_timeout', ${String(statementLimitMs)}, true), set_config('jit', 'off', true)`.execute(within);
    for (const [name, rows] of cursors) await sql`declare ${sql.ref(name)} no scroll cursor ${sql.raw(hold)} for ${rows}`.execute(within);
  };
  if (hasOneSession(db)) {
    await db.transaction().execute((tx) => declare(tx, 'with hold'));
    const close = async () => {
      for (const name of names) await sql`close ${sql.ref(name)}`.execute(db);
    };
    return { within: db, names, close };
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
  return { within: tx, names, close };
}

/** The next places of one cursor; `first` is undefined at its end. */
async function openEnd(within: Database, name: string) {
  let places: Place[] = [];
  let next = 0;
  const fill = async () => {
    places = (await sql<Place>`fetch ${sql.lit(batch)} from ${sql.ref(name)}`.execute(within)).rows;
    next = 0;
  };
  await fill();
  return {
    get first(): Place | undefined {
      return places[next];
    },
    step: async () => {
      next += 1;
      if (next === places.length) await fill();
    },
  };
}

/** As the database compares in the collation `C`. */
function compare(one: Place, other: Place): number {
  const bytes = (text: string) => Buffer.from(text);
  return Buffer.compare(bytes(one.key), bytes(other.key)) || Buffer.compare(bytes(one.at + one.id), bytes(other.at + other.id));
}

type End = Awaited<ReturnType<typeof openEnd>>;

/** The one whose place comes first. */
function nearer(ends: End[], descending: boolean): End | undefined {
  const [one, other] = ends.filter(({ first }) => first !== undefined);
  if (!one?.first || !other?.first) return one;
  return compare(one.first, other.first) < 0 === descending ? other : one;
}

async function* mergedIds({ within, names }: Cursors, descending: boolean): AsyncGenerator<string[]> {
  const ends: End[] = [];
  for (const name of names) ends.push(await openEnd(within, name));
  let ids: string[] = [];
  for (let end = nearer(ends, descending); end?.first; end = nearer(ends, descending)) {
    ids.push(end.first.id);
    await end.step();
    if (ids.length < batch) continue;
    yield ids;
    ids = [];
  }
  if (ids.length > 0) yield ids;
}

async function actionsWith(within: Database, tenantId: string, ids: string[]): Promise<RemediationAction[]> {
  const { rows } =
    await sql<ActionRow>`select ${actionColumns} from actions where tenant_id = ${tenantId} and id = any(${ids}::text[])`.execute(within);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []).map(actionOf);
}

/** Batch by batch: a row by itself would cost a turn of the event loop more. */
export async function* streamActions(db: Database, question: Question, signal: AbortSignal): AsyncGenerator<RemediationAction[]> {
  signal.throwIfAborted();
  const cursors = await openCursors(db, question);
  try {
    for await (const ids of mergedIds(cursors, question.query.sort.descending)) {
      signal.throwIfAborted();
      yield await actionsWith(cursors.within, question.tenantId, ids);
    }
  } finally {
    await cursors.close();
  }
}

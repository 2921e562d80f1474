/** How many actions fit a question: exactly where that is quick; else from a sample; else as many as were seen. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { HistoryCount, HistoryQuery } from '../action-center/history.ts';
import type { Database } from './database.ts';
import { conditions, sides } from './history-filter.ts';
import type { Worded } from './history-lexemes.ts';
import { lookUpsOf, weeksOf } from './history-rows.ts';
import type { Tables } from './tables.ts';

type Sql = RawBuilder<unknown>;
type Tx = Transaction<Tables>;
export type Question = { tenantId: string; query: HistoryQuery; words: Worded; now: string };
/** `indexesOnly`: few rows of many are wanted. */
export type Effort = { share: number; indexesOnly: boolean };
/** With a share of the time there is; null: it took longer. */
type Within = <T>(effort: Effort, run: (tx: Tx) => Promise<T>) => Promise<T | null>;

/** What is rarer than this is counted by the inverted index. */
const fewRows = 20_000;
const sampleRows = 8000;
/** Fewer hits of a sample than this say too little; from `goodHits` on two figures are true, before it one. */
const enoughHits = 20;
const goodHits = 100;
const muchUnfiled = 1000;
/** What is smaller is counted in no time. */
const largeRows = 200_000;

const and = (list: Sql[]): Sql => sql.join(list, sql` and `);

/** An entry that is out of date belongs to an action that is not filed: counted as if it were, and taken off again. */
const others = ({ tenantId, query, words, now }: Question): Sql => sql`
    (select count(*) from actions a left join history_entries h on h.id = a.id
      where a.tenant_id = ${tenantId} and not a.filed and ${and(conditions(query, now, sides.unfiled, words.form))})
  - (select count(*) from actions a join history_entries h on h.id = a.id
      where a.tenant_id = ${tenantId} and not a.filed and h.updated_at is not null and ${and(conditions(query, now, sides.filed, words.form))})`;

const fitting = ({ tenantId, query, words, now }: Question): Sql =>
  and([sql`h.tenant_id = ${tenantId}`, sql`h.updated_at is not null`, ...conditions(query, now, sides.filed, words.form)]);

/** Null: there are too many for that. */
async function countFew(tx: Tx, question: Question): Promise<number | null> {
  const weeks = await weeksOf(tx, { ...question, start: null, prepared: false });
  const { words, tokens } = weeks === null ? { words: [], tokens: [] } : lookUpsOf(question, weeks);
  const lookUps = words.length > 0 ? words : tokens;
  if (lookUps.length === 0) return null;
  const { rows } = await sql<{
    n: number;
    seen: number;
  }>`select count(*) filter (where ${fitting(question)}) + ${others(question)} as n, count(*) as seen
    from (select * from history_entries h where h.updated_at is not null and ${and(lookUps)} limit ${fewRows}) as h`.execute(tx);
  const [row] = rows;
  return row && row.seen < fewRows ? row.n : null;
}

async function countAll(tx: Tx, question: Question): Promise<number> {
  const { rows } = await sql<{
    n: number;
  }>`select count(*) + ${others(question)} as n from history_entries h where ${fitting(question)}`.execute(tx);
  return rows[0]?.n ?? 0;
}

/** As the database last noticed; -1 before it did. */
async function sizeOf(db: Tx | Database): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    select reltuples::float8 as size from pg_class where oid = 'history_entries'::regclass`.execute(db);
  return rows[0]?.size ?? 0;
}

export const isLarge = async (db: Database): Promise<boolean> => (await sizeOf(db)) > largeRows;

/** What is not filed is in no sample: with much of it, as after an upgrade, the sample is not of the whole. */
async function isMostlyFiled(tx: Tx, { tenantId }: Question): Promise<boolean> {
  const { rows } = await sql<{ waiting: number }>`select count(*) as waiting
    from (select 1 from actions where tenant_id = ${tenantId} and not filed limit ${muchUnfiled}) as a`.execute(tx);
  return (rows[0]?.waiting ?? 0) < muchUnfiled;
}

async function sampled(tx: Tx, question: Question): Promise<{ count: number; hits: number; isOfAll: boolean }> {
  const size = await sizeOf(tx);
  const share = Math.min(100, (100 * sampleRows) / Math.max(size, 1));
  const { rows } = await sql<{ hits: number }>`
    select count(*) filter (where ${fitting(question)}) as hits from history_entries h tablesample system (${share})`.execute(tx);
  const hits = rows[0]?.hits ?? 0;
  return { hits, count: Math.round((hits * 100) / share), isOfAll: await isMostlyFiled(tx, question) };
}

/** More figures would claim to know more. */
function rounded(count: number, figures: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(count, 1))) + 1 - figures);
  return Math.round(count / unit) * unit;
}

/** `hurried`: of a large record; to look through all of it would take too long anyway. */
export async function countMatches(question: Question, within: Within, hurried = false): Promise<HistoryCount> {
  const few = await within({ share: hurried ? 0.5 : 0.4, indexesOnly: true }, (tx) => countFew(tx, question));
  const exact = few ?? (hurried ? null : await within({ share: 0.3, indexesOnly: false }, (tx) => countAll(tx, question)));
  if (exact !== null) return { kind: 'exact', count: exact };
  const sample = await within({ share: hurried ? 0.5 : 0.3, indexesOnly: false }, (tx) => sampled(tx, question));
  if (sample?.isOfAll && sample.hits >= enoughHits) {
    return { kind: 'about', count: rounded(sample.count, sample.hits >= goodHits ? 2 : 1) };
  }
  return { kind: 'many', count: sample?.hits ?? 0 };
}

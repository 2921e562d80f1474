/** How many actions fit a question: exactly where that is quick; else from a sample; else as many as were seen. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { HistoryCount, HistoryQuery } from '../action-center/history.ts';
import { conditions, sides, since } from './history-filter.ts';
import { indexed } from './history-page.ts';
import { weekOf } from './history-tokens.ts';
import type { Tables } from './tables.ts';

type Sql = RawBuilder<unknown>;
type Tx = Transaction<Tables>;
type Question = { tenantId: string; query: HistoryQuery; now: string };
/** With a share of the time there is; null: it took longer. */
type Within = <T>(share: number, run: (tx: Tx) => Promise<T>) => Promise<T | null>;

/** Of the time limit of a look-up. */
const shares = { exact: 0.6, sample: 0.4 };
const sampleRows = 20_000;
/** Fewer hits of a sample than this say too little. */
const enoughHits = 50;

const and = (list: Sql[]): Sql => sql.join(list, sql` and `);

/** An entry that is out of date belongs to an action that is not filed: counted as if it were, and taken off again. */
async function exactly(tx: Tx, { tenantId, query, now }: Question): Promise<number> {
  const filed = and([
    sql`h.tenant_id = ${tenantId}`,
    sql`h.updated_at is not null`,
    ...indexed(query, weeksOf(query, now)),
    ...conditions(query, now, sides.filed),
  ]);
  const unfiled = and([sql`a.tenant_id = ${tenantId}`, sql`not a.filed`, ...conditions(query, now, sides.unfiled)]);
  const { rows } = await sql<{ n: number }>`select
      (select count(*) from actions a left join history_entries h on h.id = a.id where ${unfiled})
    + (select count(*) from history_entries h where ${filed})
    - (select count(*) from actions a join history_entries h on h.id = a.id where a.tenant_id = ${tenantId} and not a.filed and ${filed}) as n`.execute(
    tx,
  );
  return rows[0]?.n ?? 0;
}

/** The tokens of a period; of all time there would be too many. */
function weeksOf(query: HistoryQuery, now: string): [number, number] | null {
  const from = since(query.period, now);
  return from === null ? null : [weekOf(Date.parse(from)), weekOf(Date.parse(now)) + 1];
}

async function sampled(tx: Tx, { tenantId, query, now }: Question): Promise<{ count: number; hits: number }> {
  const { rows: sizes } = await sql<{ size: number }>`
    select reltuples::float8 as size from pg_class where oid = 'history_entries'::regclass`.execute(tx);
  const size = sizes[0]?.size ?? 0;
  const share = Math.min(100, (100 * sampleRows) / Math.max(size, 1));
  const list = and([sql`h.tenant_id = ${tenantId}`, sql`h.updated_at is not null`, ...conditions(query, now, sides.filed)]);
  const { rows } = await sql<{ hits: number }>`
    select count(*) filter (where ${list}) as hits from history_entries h tablesample system (${share})`.execute(tx);
  const hits = rows[0]?.hits ?? 0;
  return { hits, count: Math.round((hits * 100) / share) };
}

/** Two figures: more would claim to know more. */
function rounded(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(count, 1))) - 1);
  return Math.round(count / unit) * unit;
}

export async function countMatches(question: Question, within: Within): Promise<HistoryCount> {
  const exact = await within(shares.exact, (tx) => exactly(tx, question));
  if (exact !== null) return { kind: 'exact', count: exact };
  const sample = await within(shares.sample, (tx) => sampled(tx, question));
  if (sample !== null && sample.hits >= enoughHits) return { kind: 'about', count: rounded(sample.count) };
  return { kind: 'many', count: sample?.hits ?? 0 };
}

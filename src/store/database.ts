/** The typed database, one dialect for both engines, and the one place where a failing store becomes an UpstreamError. */
import { createHash } from 'node:crypto';
import { type CompiledQuery, Kysely, PostgresDialect, type PostgresPool, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { UpstreamError } from '../action-center/errors.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './tables.ts';

export type Database = Kysely<Tables>;

type NamedQuery = { name: string; text: string; values: readonly unknown[] };
/** What pg's Pool can do beyond Kysely's view of it. */
type PreparingPool = { query(query: NamedQuery): Promise<{ rows: unknown[] }> };
const preparing = new WeakMap<Database, PreparingPool>();

/** Whether all share one session, as on PGlite: a transaction keeps everybody else out. */
export const hasOneSession = (db: Database): boolean => !preparing.has(db);

/** `pool` is pg's Pool or the embedded look-alike; whoever opened it closes it. `prepares`: it is pg's, and takes named statements. */
export function openDatabase(pool: unknown, { prepares = false }: { prepares?: boolean } = {}): Database {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as PostgresPool }) });
  if (prepares) preparing.set(db, pool as PreparingPool);
  return db;
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known) return known;
  const name = `countersign_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
  names.set(text, name);
  return name;
}

/**
 * Runs a statement of the click path as a prepared one: planning it anew takes PostgreSQL longer than running it. The text must be one of a few
 * and name its columns: with `*` a later migration would break the statements that are prepared already.
 */
export async function runPrepared<Row>(db: Database, query: { compile(db: Database): CompiledQuery<Row> }): Promise<Row[]> {
  const compiled = query.compile(db);
  const pool = preparing.get(db);
  if (!pool) return (await db.executeQuery(compiled)).rows;
  const { sql: text, parameters } = compiled;
  return (await pool.query({ name: nameOf(text), text, values: parameters })).rows as Row[];
}

/** The same within a transaction; on pg alone, which takes a named statement in the place of its text. */
export async function runPreparedWithin<Row>(
  tx: Transaction<Tables>,
  query: { compile(tx: Database): CompiledQuery<Row> },
): Promise<Row[]> {
  const compiled = query.compile(tx);
  const named = { name: nameOf(compiled.sql), text: compiled.sql };
  const { rows } = await tx.executeQuery<Row>({ ...compiled, sql: named as unknown as string });
  return rows;
}

/** Brings the schema up to date; several processes may call it at once. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (!error) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new UpstreamError('store', `the schema could not be brought up to date: ${reason}`, { retryable: true, cause: error });
}

/** Runs one store operation; every failure of the engine leaves as UpstreamError{service:'store'}. */
export async function storing<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new UpstreamError('store', `${what}: ${message}`, { retryable: true, cause: error });
  }
}

/** jsonb is always written as text with a cast: pg would turn a plain array into a PostgreSQL array. */
export const json = (value: unknown): string => JSON.stringify(value);
export const iso = (value: Date | string): string => (value instanceof Date ? value : new Date(value)).toISOString();
export const at = (ms: number): string => new Date(ms).toISOString();

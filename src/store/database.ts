/** The typed database, one dialect for both engines, and the one place where a failing store becomes an UpstreamError. */
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { Migrator } from 'kysely/migration';
import { ConfigError, UpstreamError } from '../action-center/errors.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './tables.ts';

export type Database = Kysely<Tables>;

/** `pool` is pg's Pool or the embedded look-alike; whoever opened it closes it. */
export function openDatabase(pool: unknown): Database {
  const shared = pool as PostgresPool;
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: shared }) });
}

/** Brings the schema up to date; several processes may call it at once. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (!error) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new ConfigError([`DATABASE_URL: the schema could not be brought up to date: ${reason}`]);
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

/** The record's engine: a PostgreSQL server, or PGlite in this process. The same SQL, values and errors on both. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'pg';
import { lockDataDir } from './data-dir-lock.ts';
import { openDurablePglite } from './durable-pglite.ts';
import { PglitePool } from './pglite-pool.ts';
import { PgliteSession } from './pglite-session.ts';
import { rowTypes, type SqlPool } from './sql-pool.ts';

export type { SqlPool } from './sql-pool.ts';

export type Engine = {
  kind: 'postgres' | 'pglite';
  pool: SqlPool;
  /** A pool of its own for BullMQ's tables, which live in the schema `bullmq`. Closed with the engine, or earlier. */
  queuePool(): SqlPool;
  /** Where the record is, without a password. */
  describe: string;
  /** What an operator should know about this engine's durability. */
  warnings: readonly string[];
  close(): Promise<void>;
};

export type EngineOptions = ({ databaseUrl: string } | { dataDir: string }) & Partial<EngineLimits>;
export type EngineHooks = { onError(error: unknown): void };

export type EngineLimits = {
  /** How long to wait for a server that is still coming up. */
  startDeadlineMs: number;
  /** How long a query may wait for a connection, or for PGlite's one session. */
  connectionTimeoutMs: number;
  /** PostgreSQL only: PGlite cannot interrupt a statement. */
  statementTimeoutMs: number;
  idleInTransactionMs: number;
  /** Connections of the store's pool; every worker of the queue's pool keeps one for itself. */
  max: number;
  queueMax: number;
  /** Bound of the line before PGlite's one session. */
  maxWaiting: number;
};

const usualLimits: EngineLimits = {
  startDeadlineMs: 15_000,
  connectionTimeoutMs: 5000,
  statementTimeoutMs: 10_000,
  idleInTransactionMs: 30_000,
  max: 10,
  queueMax: 20,
  maxWaiting: 5000,
};

const storePath = 'public';
const queuePath = 'bullmq,public';

export function openEngine(options: EngineOptions, hooks: EngineHooks): Promise<Engine> {
  const limits: EngineLimits = { ...usualLimits, ...options };
  return 'dataDir' in options ? openPglite(options.dataDir, limits, hooks) : openPostgres(options.databaseUrl, limits, hooks);
}

async function openPglite(dataDir: string, limits: EngineLimits, { onError }: EngineHooks): Promise<Engine> {
  const folder = path.resolve(dataDir);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = await lockDataDir(folder, onError);
  try {
    const { db } = await openDurablePglite(path.join(folder, 'database'));
    const session = new PgliteSession(db, { waitMs: limits.connectionTimeoutMs, maxWaiting: limits.maxWaiting }, onError);
    const pools: SqlPool[] = [];
    const openPool = (searchPath: string) => {
      const pool = new PglitePool(session, { searchPath, idleInTransactionMs: limits.idleInTransactionMs });
      pools.push(pool.on('error', onError));
      return pool;
    };
    const close = async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await session.close().finally(lock.release);
    };
    return {
      kind: 'pglite',
      pool: openPool(storePath),
      queuePool: () => openPool(queuePath),
      describe: `embedded PGlite in ${folder}`,
      warnings: [],
      close: once(close),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openPostgres(databaseUrl: string, limits: EngineLimits, { onError }: EngineHooks): Promise<Engine> {
  const { url, serverOptions, describe } = parseUrl(databaseUrl);
  const pools: (() => Promise<void>)[] = [];
  const openPool = (searchPath: string | null, max: number): SqlPool => {
    const ownOptions = `-c timezone=UTC${searchPath ? ` -c search_path=${searchPath}` : ''}`;
    const pool = new Pool({
      connectionString: url,
      options: `${serverOptions} ${ownOptions}`.trim(),
      application_name: 'countersign',
      max,
      connectionTimeoutMillis: limits.connectionTimeoutMs,
      statement_timeout: limits.statementTimeoutMs,
      idle_in_transaction_session_timeout: limits.idleInTransactionMs,
      keepAlive: true,
      types: rowTypes,
    });
    // Lent out or idle: without a listener on the connection its error would end the process. The pool repeats those of idle ones.
    pool.on('connect', (client) => client.on('error', onError));
    pool.on('error', () => {});
    // Every queue and every worker listens.
    pool.setMaxListeners(0);
    pools.push(async () => {
      if (!pool.ending) await pool.end();
    });
    // Its types differ from BullMQ's in a detail: an absent payload is not an undefined one.
    return pool as SqlPool;
  };
  const pool = openPool(null, limits.max);
  const close = once(async () => {
    await Promise.all(pools.map((end) => end()));
  });
  try {
    const warnings = await answers(pool, describe, limits.startDeadlineMs);
    return { kind: 'postgres', pool, queuePool: () => openPool(queuePath, limits.queueMax), describe, warnings, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const oldestVersion = 130_000;
/** A server that is coming up, or a network that is. Anything else will not mend itself. */
const startingUp = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EAI_AGAIN', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', '57P03']);

async function answers(pool: SqlPool, describe: string, deadlineMs: number): Promise<string[]> {
  const giveUpAt = Date.now() + deadlineMs;
  for (;;) {
    try {
      const { rows } = await pool.query<{ version: number; fsync: string; commit: string }>(
        `select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
                current_setting('synchronous_commit') as commit`,
      );
      return judge(rows[0] ?? { version: 0, fsync: 'unknown', commit: 'unknown' }, describe);
    } catch (error) {
      if (!isStartingUp(error) || Date.now() + 250 >= giveUpAt) {
        const reason = reasonOf(error);
        throw new Error(`${describe} cannot be used: ${reason}`, { cause: error });
      }
      await wait(250);
    }
  }
}

function judge({ version, fsync, commit }: { version: number; fsync: string; commit: string }, describe: string): string[] {
  if (version < oldestVersion) throw new Error(`PostgreSQL ${Math.floor(version / 10_000)} is too old; 13 is the oldest that works`);
  const warnings: string[] = [];
  if (fsync === 'off') warnings.push(`${describe} runs with fsync = off: a power cut can destroy the record.`);
  if (commit === 'off') warnings.push(`${describe} runs with synchronous_commit = off: a crash can lose acknowledged decisions.`);
  return warnings;
}

function isStartingUp(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isStartingUp);
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') return startingUp.has(error.code);
  return /timeout|terminated/i.test(error.message);
}

/** Node leaves the message empty when several addresses of one name failed. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** pg lets an `options` of the URL replace ours; both are wanted. */
function parseUrl(databaseUrl: string): { url: string; serverOptions: string; describe: string } {
  if (!URL.canParse(databaseUrl)) throw new Error('DATABASE_URL is not a URL like postgres://user:password@host:5432/database');
  const url = new URL(databaseUrl);
  const serverOptions = url.searchParams.get('options') ?? '';
  url.searchParams.delete('options');
  const host = url.host || url.searchParams.get('host') || 'localhost';
  const user = url.username ? `${url.username}@` : '';
  return { url: url.href, serverOptions, describe: `PostgreSQL at ${user}${host}${url.pathname}` };
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => {
    closing ??= close();
    return closing;
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { type Generated, Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provesDurable } from '../../src/store/durable-pglite.ts';
import { type Engine, type EngineOptions, openEngine, type SqlPool } from '../../src/store/engine.ts';
import { PglitePool } from '../../src/store/pglite-pool.ts';
import { PgliteSession } from '../../src/store/pglite-session.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { startPostgres } from '../setup/local-services.ts';

const errors: unknown[] = [];
const hooks = { onError: (error: unknown) => void errors.push(error) };
const folders: string[] = [];
const children = new Set<ChildProcess>();

function freshFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-engine-'));
  folders.push(folder);
  return folder;
}

beforeEach(() => {
  errors.length = 0;
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function waitFor(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`waited too long for: ${what}`);
    await wait(10);
  }
}

type Thing = { id: Generated<number>; label: string; size: number; at: Date; data: unknown };
type Tables = { things: Thing };

const kysely = (pool: SqlPool) => new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }) });

describe.each(['pglite', 'postgres'] as const)('the engine %s', (kind) => {
  let engine: Engine;
  let db: Kysely<Tables>;

  beforeAll(async () => {
    const options = kind === 'pglite' ? { dataDir: freshFolder() } : { databaseUrl: await freshDatabase() };
    engine = await openEngine({ ...options, connectionTimeoutMs: 2000, idleInTransactionMs: 400 }, hooks);
    db = kysely(engine.pool);
    await sql`create table things (id serial primary key, label text unique, size int8 not null default 0, at timestamptz default now(), data jsonb)`.execute(
      db,
    );
  });
  afterAll(() => engine.close());
  afterEach(async () => {
    await db.deleteFrom('things').execute();
  });

  const thing = (label: string) => ({ label, size: 1, at: new Date(), data: sql`'{}'::jsonb` });
  const labels = async () => (await db.selectFrom('things').select('label').orderBy('label').execute()).map((row) => row.label);

  it('says what it is', () => {
    expect(engine.kind).toBe(kind);
    expect(engine.describe).toMatch(kind === 'pglite' ? /^embedded PGlite in \// : /^PostgreSQL at postgres@127\.0\.0\.1:\d+\/t_/);
    expect(engine.warnings).toEqual([]);
  });

  it('counts the rows of statements that return none', async () => {
    const inserted = await engine.pool.query('insert into things (label) values ($1), ($2), ($3)', ['a', 'b', 'c']);
    expect([inserted.command, inserted.rowCount, inserted.rows]).toEqual(['INSERT', 3, []]);
    const updated = await engine.pool.query("update things set size = 5 where label in ('a', 'b')");
    expect([updated.command, updated.rowCount]).toEqual(['UPDATE', 2]);
    expect((await engine.pool.query('update things set size = 6 where label = $1', ['nobody'])).rowCount).toBe(0);
    expect((await engine.pool.query('delete from things where size = $1', [5])).rowCount).toBe(2);
    const result = await db.updateTable('things').set({ size: 7 }).executeTakeFirst();
    expect(result.numUpdatedRows).toBe(1n);
  });

  it('reads int8 as number, timestamptz as Date, jsonb parsed, arrays and bytea as pg does', async () => {
    const at = new Date('2026-11-21T08:00:00.123Z');
    const { rows } = await engine.pool.query(
      'select $1::int8 as big, count(*) as counted, $2::timestamptz as at, $3::jsonb as data, $4::text[] as list, $5::bytea as bytes, null as nothing',
      ['9007199254740991', at, JSON.stringify({ a: [1, null] }), ['x', 'y,"z'], Buffer.from([0, 255])],
    );
    expect(rows).toEqual([
      {
        big: 9_007_199_254_740_991,
        counted: 1,
        at,
        data: { a: [1, null] },
        list: ['x', 'y,"z'],
        bytes: Buffer.from([0, 255]),
        nothing: null,
      },
    ]);
    const zone = await engine.pool.query('show timezone');
    expect(zone.rows).toEqual([{ TimeZone: 'UTC' }]);
  });

  it('keeps transactions whole and parallel ones apart', async () => {
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('things').values(thing('lost')).execute();
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        if (index % 2)
          return db
            .insertInto('things')
            .values(thing(`single-${index}`))
            .execute();
        return db
          .transaction()
          .execute(async (trx) => {
            const before = await trx
              .selectFrom('things')
              .select(({ fn }) => fn.countAll<number>().as('count'))
              .executeTakeFirstOrThrow();
            await trx
              .insertInto('things')
              .values(thing(`whole-${index}`))
              .execute();
            if (index % 4) throw new Error(`undo ${before.count}`);
            return [];
          })
          .catch((error: Error) => (error.message.startsWith('undo') ? [] : Promise.reject(error)));
      }),
    );
    const found = await labels();
    expect(found.filter((label) => label.startsWith('single'))).toHaveLength(10);
    expect(found.filter((label) => label.startsWith('whole'))).toEqual(['whole-0', 'whole-12', 'whole-16', 'whole-4', 'whole-8']);
    expect(found).not.toContain('lost');
  });

  it('reports a broken constraint with the code of PostgreSQL, and goes on', async () => {
    await db.insertInto('things').values(thing('one')).execute();
    await expect(db.insertInto('things').values(thing('one')).execute()).rejects.toMatchObject({
      code: '23505',
      constraint: 'things_label_key',
    });
    await expect(engine.pool.query('select nonsense')).rejects.toMatchObject({ code: '42703' });
    expect(await labels()).toEqual(['one']);
  });

  it('does not commit a transaction whose statement failed', async () => {
    const client = await engine.pool.connect();
    await client.query('begin');
    await client.query("insert into things (label) values ('half')");
    await expect(client.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
    expect((await client.query('commit')).command).toBe('ROLLBACK');
    client.release();
    expect(await labels()).toEqual([]);
  });

  it('rolls back savepoints alone', async () => {
    const trx = await db.startTransaction().execute();
    await trx.insertInto('things').values(thing('kept')).execute();
    const point = await trx.savepoint('here').execute();
    await point.insertInto('things').values(thing('dropped')).execute();
    await (await point.rollbackToSavepoint('here').execute()).commit().execute();
    expect(await labels()).toEqual(['kept']);
  });

  it('ends a transaction in which nothing happens', async () => {
    const client = await engine.pool.connect();
    client.on('error', () => {});
    await client.query('begin');
    await client.query("insert into things (label) values ('forgotten')");
    await waitFor('the idle transaction to end', () => errors.length > 0);
    await expect(client.query('select 1')).rejects.toThrow();
    client.release(true);
    expect(await labels()).toEqual([]);
  });

  it('delivers notifications', async () => {
    const client = await engine.pool.connect();
    const heard: unknown[] = [];
    client.on('notification', ({ channel, payload }) => heard.push([channel, payload]));
    await client.query('listen somewhere');
    await engine.pool.query("select pg_notify('somewhere', 'hello')");
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([['somewhere', 'hello']]);
    client.release(true);
  });

  it("keeps the queue's tables in a schema of their own", async () => {
    const queuePool = engine.queuePool();
    await queuePool.query('create schema if not exists bullmq; create table if not exists bullmq.things (label text)');
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        Promise.all([
          queuePool.query('insert into things (label) values ($1)', [`queue-${index}`]),
          engine.pool.query('insert into things (label) values ($1)', [`store-${index}`]),
        ]),
      ),
    );
    const { rows } = await queuePool.query('select count(*) from things');
    expect(rows).toEqual([{ count: 10 }]);
    expect((await labels()).every((label) => label.startsWith('store-'))).toBe(true);
    await queuePool.end();
    expect(await labels()).toHaveLength(10);
  });
});

describe('the embedded engine', () => {
  it('keeps its rows over a restart and refuses work after it was closed', async () => {
    const dataDir = freshFolder();
    const first = await openEngine({ dataDir }, hooks);
    await first.pool.query('create table kept as select 42 as answer');
    await first.close();
    await first.close();
    await expect(first.pool.query('select 1')).rejects.toThrow('after calling end');
    const second = await openEngine({ dataDir }, hooks);
    expect((await second.pool.query('select answer from kept')).rows).toEqual([{ answer: 42 }]);
    await second.close();
  });

  it('starts anew over a database that was never finished', async () => {
    const dataDir = freshFolder();
    mkdirSync(path.join(dataDir, 'database.unfinished'));
    writeFileSync(path.join(dataDir, 'database.unfinished', 'PG_VERSION'), '18');
    const engine = await openEngine({ dataDir }, hooks);
    expect((await engine.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await engine.close();
    expect(readdirSync(dataDir).sort()).toEqual(['countersign.lock', 'database']);
  });

  it('refuses to run when a commit is not forced to the disk', async () => {
    const db = await PGlite.create();
    await expect(provesDurable({ db, syncs: () => 0 })).rejects.toThrow('does not force commits to the disk');
    await db.close();
  });

  it('refuses a second process on the same folder, naming the first, and takes over when that was killed', async () => {
    const dataDir = freshFolder();
    const child = commitUntilKilled({ dataDir });
    await child.opened;
    const refused = openEngine({ dataDir }, hooks);
    await expect(refused).rejects.toThrow(new RegExp(`The data folder ${dataDir} is in use by process ${child.pid} since`));
    await child.kill();
    const engine = await openEngine({ dataDir }, hooks);
    await engine.close();
    expect(readdirSync(path.join(dataDir, 'countersign.lock'))).toEqual([]);
  });

  it('lets at most one of many processes in that start together', async () => {
    const dataDir = freshFolder();
    await openEngine({ dataDir }, hooks).then((engine) => engine.close());
    const together = await Promise.all([1, 2, 3].map(() => openEngine({ dataDir }, hooks).catch(() => null)));
    expect(together.filter((engine) => engine !== null).length).toBeLessThanOrEqual(1);
    for (const engine of together) await engine?.close();
  });

  it('believes a claim of another machine only while it shows signs of life', async () => {
    const dataDir = freshFolder();
    const claim = path.join(dataDir, 'countersign.lock', 'elsewhere.json');
    mkdirSync(path.dirname(claim));
    writeFileSync(claim, JSON.stringify({ pid: 1, processStart: '1', where: 'elsewhere', claimedAt: 'then' }));
    await expect(openEngine({ dataDir }, hooks)).rejects.toThrow(
      'in use by process 1 on another machine or in another container (elsewhere)',
    );
    const long = new Date(Date.now() - 60_000);
    utimesSync(claim, long, long);
    const engine = await openEngine({ dataDir }, hooks);
    expect(existsSync(claim)).toBe(false);
    await engine.close();
  });

  it('tells a reused process id from the process that held the folder', async () => {
    const dataDir = freshFolder();
    const engine = await openEngine({ dataDir }, hooks);
    const locks = path.join(dataDir, 'countersign.lock');
    const [name = ''] = readdirSync(locks);
    const claim = JSON.parse(readFileSync(path.join(locks, name), 'utf8')) as Record<string, unknown>;
    await engine.close();
    expect(claim).toMatchObject({ pid: process.pid });
    writeFileSync(path.join(locks, name), JSON.stringify({ ...claim, processStart: '1' }));
    const next = await openEngine({ dataDir }, hooks);
    await next.close();
  });

  it('loses nothing it acknowledged when it is killed again and again', { timeout: 60_000 }, async () => {
    const dataDir = freshFolder();
    const seen: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const child = commitUntilKilled({ dataDir });
      await child.acknowledged(60 + 17 * round);
      await child.kill();
      seen.push(...child.numbers);
    }
    const engine = await openEngine({ dataDir }, hooks);
    await expectKept(engine, seen);
    await engine.close();
  });
});

describe("the embedded engine's one session", () => {
  let db: PGlite;
  let pool: PglitePool;

  beforeAll(async () => {
    db = await PGlite.create();
  });
  beforeEach(async () => {
    await db.exec('create table if not exists marks (mark text); truncate marks');
    const session = new PgliteSession(db, { waitMs: 300, maxWaiting: 2 }, hooks.onError);
    pool = new PglitePool(session, { searchPath: 'public', idleInTransactionMs: 5000 });
    pool.on('error', hooks.onError);
  });
  afterAll(() => db.close());

  const marks = async () => (await pool.query<{ mark: string }>('select mark from marks order by mark')).rows.map(({ mark }) => mark);

  it('is free again when a client is released in a transaction, which is rolled back', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("insert into marks values ('open')");
    client.release();
    expect(await marks()).toEqual([]);
    expect(() => client.release()).toThrow('already been released');
    await expect(client.query('select 1')).rejects.toThrow('released already');
  });

  it('is free again when a client is released in a transaction that failed', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await expect(client.query('select 1/0')).rejects.toThrow('division by zero');
    client.release(new Error('thrown away'));
    expect(await marks()).toEqual([]);
  });

  it('is free again when the pool itself was asked to begin', async () => {
    await pool.query('begin');
    expect(await marks()).toEqual([]);
  });

  it('comes back after its connection failed in a transaction, and does not mix what was before with what is after', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("insert into marks values ('before')");
    const answer = db.execProtocolStream;
    db.execProtocolStream = () => Promise.reject(new Error('the connection broke'));
    await expect(client.query("insert into marks values ('during')")).rejects.toThrow('the connection broke');
    db.execProtocolStream = answer;
    await expect(client.query("insert into marks values ('after')")).rejects.toThrow('lost in a transaction');
    expect(await marks()).toEqual([]);
    client.release();
    await pool.query("insert into marks values ('anew')");
    expect(await marks()).toEqual(['anew']);
    expect(errors.map(String)).toContain('Error: the connection broke');
  });

  it('says so when a query waits for its own open transaction, and when too many wait', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    const waiting = [pool.query('select 1'), pool.query('select 2')].map((query) => query.catch((error: Error) => error.message));
    await expect(pool.query('select 3')).rejects.toThrow('overloaded: 2 statements wait');
    const busy = 'The embedded database was busy for 300 ms. Does a query wait for its own open transaction?';
    expect(await Promise.all(waiting)).toEqual([busy, busy]);
    await client.query('COMMIT');
    client.release();
    expect(await marks()).toEqual([]);
  });

  it("runs one client's statements in the order they were asked", async () => {
    const client = await pool.connect();
    const statements = ['BEGIN', "insert into marks values ('1')", "insert into marks values ('2')", 'COMMIT'].map((text) =>
      client.query(text),
    );
    const other = pool.query("insert into marks values ('3')");
    expect((await Promise.all(statements)).map(({ command }) => command)).toEqual(['BEGIN', 'INSERT', 'INSERT', 'COMMIT']);
    await other;
    client.release();
    expect(await marks()).toEqual(['1', '2', '3']);
  });
});

describe('the engine on a PostgreSQL server', () => {
  it('names the server without its password when it does not answer in time', async () => {
    const databaseUrl = 'postgres://countersign:hidden@127.0.0.1:1/record?password=hidden';
    const started = Date.now();
    const opening = openEngine({ databaseUrl, startDeadlineMs: 600 }, hooks);
    await expect(opening).rejects.toThrow(/^PostgreSQL at countersign@127\.0\.0\.1:1\/record cannot be used: .*ECONNREFUSED/);
    await expect(opening).rejects.not.toThrow('hidden');
    expect(Date.now() - started).toBeLessThan(3000);
    await expect(openEngine({ databaseUrl: 'nonsense' }, hooks)).rejects.toThrow('DATABASE_URL is not a URL');
  });

  it('does not wait for what cannot mend itself', async () => {
    const url = new URL(await freshDatabase());
    url.pathname = '/no_such_database';
    const started = Date.now();
    await expect(openEngine({ databaseUrl: url.href }, hooks)).rejects.toThrow('"no_such_database" does not exist');
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('cuts a statement that takes too long, and keeps the options of the URL', async () => {
    const url = new URL(await freshDatabase());
    url.searchParams.set('options', '-c work_mem=5MB');
    const engine = await openEngine({ databaseUrl: url.href, statementTimeoutMs: 100 }, hooks);
    await expect(engine.pool.query('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    expect((await engine.pool.query('show work_mem')).rows).toEqual([{ work_mem: '5MB' }]);
    await engine.close();
  });

  it('waits for a server that is coming up, survives its crash, loses nothing, and warns of fsync = off', { timeout: 60_000 }, async () => {
    const server = await startPostgres();
    try {
      await server.kill9();
      const [engine] = await Promise.all([openEngine({ databaseUrl: server.url }, hooks), wait(400).then(() => server.restart())]);
      const seen: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const child = commitUntilKilled({ databaseUrl: server.url });
        await child.acknowledged(100);
        await server.kill9();
        await child.kill();
        await expect(engine.pool.query('select 1')).rejects.toThrow();
        seen.push(...child.numbers);
        await server.restart();
      }
      await expectKept(engine, seen);
      expect(errors.length).toBeGreaterThan(0);
      await engine.pool.query('alter system set fsync = off');
      await engine.close();
      await server.restart();
      const careless = await openEngine({ databaseUrl: server.url }, hooks);
      expect(careless.warnings).toEqual([expect.stringContaining('runs with fsync = off')]);
      await careless.close();
    } finally {
      await server.stop();
    }
  });
});

async function expectKept(engine: Engine, seen: readonly number[]): Promise<void> {
  const { rows } = await engine.pool.query<{ n: number }>('select n from acknowledged');
  const kept = new Set(rows.map(({ n }) => n));
  expect(seen.length).toBeGreaterThan(200);
  expect(seen.filter((n) => !kept.has(n))).toEqual([]);
}

function commitUntilKilled(options: EngineOptions) {
  const script = path.join(import.meta.dirname, 'commit-until-killed.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const lines: string[] = [];
  const failure: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const read = once(reader, 'close');
  child.stderr.on('data', (chunk: Buffer) => failure.push(chunk.toString()));
  const reaches = (count: number) =>
    waitFor(`${count} lines of the child`, () => {
      if (child.exitCode !== null) throw new Error(`the child ended: ${failure.join('')}`);
      return lines.length >= count;
    });
  return {
    pid: child.pid,
    opened: reaches(1),
    acknowledged: (count: number) => reaches(count + 1),
    get numbers() {
      return lines.slice(1).map(Number);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await read;
      children.delete(child);
    },
  };
}

import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provesDurable } from '../../src/store/durable-pglite.ts';
import { openEngine } from '../../src/store/engine.ts';
import { PglitePool } from '../../src/store/pglite-pool.ts';
import { PgliteSession } from '../../src/store/pglite-session.ts';
import { commitUntilKilled, freshFolder } from './surroundings.ts';

const errors: unknown[] = [];
const hooks = { onError: (error: unknown) => void errors.push(error) };

beforeEach(() => {
  errors.length = 0;
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

import { type Generated, Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine, type SqlPool } from '../../src/store/engine.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { poll } from '../setup/poll.ts';
import { freshFolder } from './surroundings.ts';

const errors: unknown[] = [];
const hooks = { onError: (error: unknown) => void errors.push(error) };

beforeEach(() => {
  errors.length = 0;
});

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
    await poll('the idle transaction to end', () => errors.length > 0);
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
    await poll('the notification', () => heard.length > 0);
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
});

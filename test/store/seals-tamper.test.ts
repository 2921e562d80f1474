/**
 * Somebody with all rights in the database changes the sealed record: a byte of any column, a row gone, a row too many, two rows exchanged. Each
 * trial is made in a transaction, checked by the code that `audit verify` runs, and rolled back.
 */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/action-center/check-chain.ts';
import type { Database } from '../../src/store/database.ts';
import { sealedColumns } from '../../src/store/seals-read.ts';
import { engines } from './engines.ts';
import { briefly, check, checked, openRecord, type Record, sealAll, skip, tenant, write } from './sealed-record.ts';

const trials = 1000;
type Table = keyof typeof sealedColumns;
type Trial = { what: string; isNamedBy: (first: Finding) => boolean };
type Random = (below: number) => number;

/** mulberry32: the seed of a failing run is in its message. */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

const casts: { [column: string]: string } = { at: 'timestamptz', data: 'jsonb', marks: 'bytea' };
const castOf = (column: string): string =>
  casts[column] ?? (/^(seq|number|count|first_seq|last_seq|through_number)$/.test(column) ? 'bigint' : 'text');

const alphabet = [...'0123456789abcdefXYZ-+ :."{}é\u0001'];

function mutate(random: Random, text: string): string {
  const chars = [...text];
  if (chars.length === 0) return pick(random, alphabet);
  const place = random(chars.length);
  // Mostly digits for digits: much else is no number or no time, and the engine refuses it.
  const by = /[0-9a-f]/.test(chars[place] ?? '') && random(3) > 0 ? String(random(10)) : pick(random, alphabet);
  const how = random(8);
  if (how === 0) chars.splice(place, 1);
  else if (how === 1) chars.splice(place, 0, by);
  else chars[place] = by;
  return chars.join('');
}

const keyOf: { [T in Table]: string } = { audit_events: 'seq', audit_seals: 'number', audit_heads: 'number' };

type Rows = { ctid: string; key: string }[];
/** Where the untouched rows are: a trial that is rolled back leaves them there. */
const places = new Map<string, Promise<Rows>>();

function rowsOf(trx: Database, engine: string, table: Table): Promise<Rows> {
  const known = places.get(engine + table) ?? readRows(trx, table);
  places.set(engine + table, known);
  return known;
}

async function readRows(trx: Database, table: Table): Promise<Rows> {
  const { rows } = await sql<{
    ctid: string;
    key: string;
  }>`select ctid::text as ctid, ${sql.ref(keyOf[table])}::text as key from ${sql.table(table)}
    where tenant_id = ${tenant} ${table === 'audit_events' ? sql`and seq <= (select last_seq from audit_heads where tenant_id = ${tenant})` : sql``}
    order by 2`.execute(trx);
  return rows;
}

const names = (table: Table, ...keys: (string | null | undefined)[]) => {
  const isNamedBy = ({ what, seq, number, to }: Finding): boolean => {
    if (table === 'audit_heads') return what.startsWith('head-');
    if (table === 'audit_events') return keys.includes(seq);
    const [from, end] = [Number(number), Number(to ?? number)];
    return seq === null && keys.some((key) => typeof key === 'string' && Number(key) >= from && Number(key) <= end);
  };
  return isNamedBy;
};

/** Null: the engine refused it, or nothing changed. */
async function changeByte(trx: Database, random: Random, engine: string): Promise<Trial | null> {
  const table = pick(random, ['audit_events', 'audit_events', 'audit_seals', 'audit_seals', 'audit_heads'] as const);
  const { ctid, key } = pick(random, await rowsOf(trx, engine, table));
  const column = pick(random, sealedColumns[table]);
  const cast = castOf(column);
  const [target, ref, type] = [sql.table(table), sql.ref(column), sql.raw(cast)];
  const before = await sql<{ text: string | null }>`select ${ref}::text as text from ${target} where ctid = ${ctid}::tid`.execute(trx);
  const text = before.rows[0]?.text ?? null;
  const wanted = text === null ? (cast === 'bigint' ? '7' : 'x') : mutate(random, text);
  const after = await sql<{
    text: string | null;
    key: string;
  }>`update ${target} set ${ref} = ${wanted}::text::${type} where ctid = ${ctid}::tid
    returning ${ref}::text as text, ${sql.ref(keyOf[table])}::text as key`.execute(trx);
  if (after.rows[0]?.text === text) return null;
  return { what: `${table} ${key} ${column}: ${text} -> ${wanted}`, isNamedBy: names(table, key, after.rows[0]?.key) };
}

async function removeRow(trx: Database, random: Random, engine: string): Promise<Trial> {
  const table = pick(random, ['audit_events', 'audit_seals', 'audit_heads'] as const);
  const { ctid, key } = pick(random, await rowsOf(trx, engine, table));
  await sql`delete from ${sql.table(table)} where ctid = ${ctid}::tid`.execute(trx);
  return { what: `${table} ${key} removed`, isNamedBy: names(table, key) };
}

/** A copy of another row, under a number that is free: a hole, before the first, or after the last seal. */
async function addRow(trx: Database, random: Random, engine: string): Promise<Trial | null> {
  const table = pick(random, ['audit_events', 'audit_seals'] as const);
  const rows = await rowsOf(trx, engine, table);
  const taken = new Set(rows.map(({ key }) => Number(key)));
  const end = Math.max(...taken) + (table === 'audit_seals' ? 2 : 0);
  const number = random(end + 3) - 2;
  if (taken.has(number)) return null;
  const columns = sealedColumns[table].filter((column) => column !== keyOf[table]).join(', ');
  await sql`insert into ${sql.table(table)} (${sql.ref(keyOf[table])}, ${sql.raw(columns)})
    select ${number}, ${sql.raw(columns)} from ${sql.table(table)} where ctid = ${pick(random, rows).ctid}::tid`.execute(trx);
  return { what: `${table} ${number} added`, isNamedBy: names(table, String(number)) };
}

async function swapRows(trx: Database, random: Random, engine: string): Promise<Trial | null> {
  const table = pick(random, ['audit_events', 'audit_seals'] as const);
  const rows = await rowsOf(trx, engine, table);
  const [one, other] = [pick(random, rows), pick(random, rows)];
  if (one.key === other.key) return null;
  const set = async (ctid: string, key: string) => {
    const { rows: moved } = await sql<{
      ctid: string;
    }>`update ${sql.table(table)} set ${sql.ref(keyOf[table])} = ${key}::bigint where ctid = ${ctid}::tid
      returning ctid::text as ctid`.execute(trx);
    return moved[0]?.ctid ?? '';
  };
  const aside = await set(one.ctid, '-99');
  await set(other.ctid, one.key);
  await set(aside, other.key);
  const isNamedBy = (first: Finding) =>
    table === 'audit_seals'
      ? names(table, one.key, other.key)(first)
      : first.what === 'events-swapped' && [first.seq, first.to].toSorted().join() === [one.key, other.key].toSorted().join();
  return { what: `${table} ${one.key} and ${other.key} exchanged`, isNamedBy };
}

const attacks = { changeByte, removeRow, addRow, swapRows };
const rollBack = new Error('rolled back on purpose');
/** A value that is none of its type, or a number that is taken: the engine refuses it. */
const isRefused = (error: unknown): boolean => error instanceof Error && 'code' in error && /^(22|23)/.test(String(error.code));

describe.each(engines)('tampering with the sealed record on $name', ({ options }) => {
  let record: Record;

  beforeAll(async () => {
    record = await openRecord(options);
    const { db } = record;
    for (const [events, holes] of [
      [13, 2],
      [20, 3],
      [18, 1],
      [9, 0],
    ] as const) {
      await write(db, events);
      await skip(db, holes);
    }
    await sealAll(record);
    await write(db, 4);
    await sql`alter table audit_events alter column seq drop identity`.execute(db);
  });
  afterAll(() => record.close());

  it('seals every column there is', async () => {
    for (const [table, columns] of Object.entries(sealedColumns)) {
      const { rows } = await sql<{
        name: string;
      }>`select column_name as name from information_schema.columns where table_name = ${table}`.execute(record.db);
      expect(rows.map(({ name }) => name).toSorted()).toEqual(columns.toSorted());
    }
  });

  it('finds nothing where nothing was done', async () => {
    const report = await checked(record.db);
    expect(briefly(report)).toEqual([]);
    expect(report).toMatchObject({ events: 60, seals: 6 });
  });

  async function tryOne(kind: keyof typeof attacks, random: Random): Promise<string | null> {
    let verdict: string | null = null;
    await record.db
      .transaction()
      .execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx);
        const trial = await attacks[kind](trx, random, record.engine.kind);
        if (trial !== null) {
          const report = await check(trx);
          const [first] = report.findings;
          verdict = first !== undefined && trial.isNamedBy(first) ? 'found' : `${trial.what}: ${briefly(report).join(', ') || 'not found'}`;
        }
        throw rollBack;
      })
      .catch((error: unknown) => {
        if (error !== rollBack && !isRefused(error)) throw error;
      });
    return verdict;
  }

  it(`finds and names ${trials} of ${trials} random changes`, { timeout: 120_000 }, async () => {
    const seed = Date.now();
    const random = randomFrom(seed);
    const kinds = Object.keys(attacks) as (keyof typeof attacks)[];
    const counts: { [kind: string]: number } = {};
    const missed: string[] = [];
    for (let done = 0; done < trials; done += 1) {
      // Half of them are changed bytes.
      const kind = done % 2 === 0 ? 'changeByte' : pick(random, kinds);
      let verdict: string | null = null;
      while (verdict === null) verdict = await tryOne(kind, random);
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (verdict !== 'found') missed.push(verdict);
    }
    expect(missed, `seed ${seed}`).toEqual([]);
    expect(Math.min(...kinds.map((kind) => counts[kind] ?? 0))).toBeGreaterThan(50);
    expect(briefly(await checked(record.db))).toEqual([]);
  });
});

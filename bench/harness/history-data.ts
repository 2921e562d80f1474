/** Fills an empty record with invented actions: loaded without indexes, which are made afterwards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { recordPool } from '../../test/setup/record.ts';

const loader = path.join(import.meta.dirname, '../history-load-process.ts');

async function load(url: string, rows: number, from: number, to: number): Promise<void> {
  const child = spawn(process.execPath, [loader, url, String(rows), String(from), String(to)], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`loading rows ${from} to ${to} ended with ${code}`);
}

/** Seconds it took, by step. Nothing is done when the rows are there already. */
export async function fillHistory(url: string, rows: number): Promise<Record<string, number>> {
  const pool = recordPool(url, 2);
  const seconds: Record<string, number> = {};
  const timed = async (step: string, run: () => Promise<unknown>) => {
    const begun = performance.now();
    await run();
    seconds[step] = Number(((performance.now() - begun) / 1000).toFixed(1));
    console.log(`${step}: ${seconds[step]} s`);
  };
  try {
    await migrate(openDatabase(pool));
    const there = await pool.query<{ n: number }>('select count(*)::int as n from (select 1 from history_entries limit 1) x');
    if (there.rows[0]?.n === 1) return seconds;
    const { rows: indexes } = await pool.query<{ name: string; definition: string }>(
      `select indexname as name, indexdef as definition from pg_indexes where tablename in ('actions', 'history_entries')
       and indexname not in ('actions_pkey', 'history_entries_pkey', 'actions_tenant_id_producer_key_key') order by 1`,
    );
    for (const { name } of indexes) await pool.query(`drop index ${name}`);
    const half = Math.floor(rows / 2);
    await timed('load', () => Promise.all([load(url, rows, 0, half), load(url, rows, half, rows)]));
    // The inverted index is made by one process and takes as long as all others.
    const build = async (chosen: typeof indexes) => {
      const client = await pool.connect();
      await client.query(`set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 1`);
      for (const { name, definition } of chosen) await timed(name, () => client.query(definition));
      client.release();
    };
    const isInverted = ({ definition }: { definition: string }) => definition.includes('USING gin');
    await Promise.all([build(indexes.filter(isInverted)), build(indexes.filter((index) => !isInverted(index)))]);
    await timed('vacuum and analyze', async () => {
      await pool.query('vacuum analyze actions');
      await pool.query('vacuum analyze history_entries');
    });
  } finally {
    await pool.end();
  }
  return seconds;
}

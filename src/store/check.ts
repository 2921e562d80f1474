/** Whether the record can be reached and used, without changing anything in it. */
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { openDatabase } from './database.ts';
import { openEngine } from './engine.ts';
import { migrations } from './migrations.ts';

const startMs = 5000;

/** Throws where it cannot be used. `missing`: migrations that the next start will run. */
export async function checkPostgres(databaseUrl: string): Promise<{ describe: string; missing: number }> {
  const engine = await openEngine({ databaseUrl, startDeadlineMs: startMs, max: 1 }, { onError: () => {} });
  try {
    const db = openDatabase(engine.pool);
    const there = await sql<{ is: boolean }>`select to_regclass('kysely_migration') is not null as is`.execute(db);
    if (there.rows[0]?.is !== true) return { describe: engine.describe, missing: Object.keys(migrations).length };
    const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
    const done = new Set(rows.map(({ name }) => name));
    return { describe: engine.describe, missing: Object.keys(migrations).filter((name) => !done.has(name)).length };
  } finally {
    await engine.close();
  }
}

/** The embedded record belongs to one process at a time, which may be running: only its folder is looked at. Throws when it cannot be written. */
export async function checkDataDir(dataDir: string): Promise<void> {
  let folder = path.resolve(dataDir);
  while (!existsSync(folder) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  await access(folder, constants.W_OK | constants.X_OK);
}

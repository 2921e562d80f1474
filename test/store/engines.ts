/** Both engines, each with a record of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { type Engine, type EngineLimits, openEngine } from '../../src/store/engine.ts';
import { freshDatabase } from '../setup/fresh.ts';

export const engines = [
  { name: 'PostgreSQL', options: async () => ({ options: { databaseUrl: await freshDatabase() }, clean: async () => {} }) },
  {
    name: 'PGlite',
    options: async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'countersign-store-'));
      return { options: { dataDir }, clean: () => rm(dataDir, { recursive: true, force: true }) };
    },
  },
];

export type EmptyRecord = { engine: Engine; db: Database; close(): Promise<void> };

/** With every table and no row. `more`: what the engine is opened with besides. */
export async function openEmptyRecord(make: (typeof engines)[number]['options'], more: Partial<EngineLimits> = {}): Promise<EmptyRecord> {
  const { options, clean } = await make();
  const engine = await openEngine({ ...options, ...more }, { onError: () => {} });
  const db = openDatabase(engine.pool, { prepares: engine.kind === 'postgres' });
  await migrate(db);
  const close = async () => {
    await engine.close();
    await clean();
  };
  return { engine, db, close };
}

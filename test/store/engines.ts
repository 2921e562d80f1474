/** Both engines, each with a record of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

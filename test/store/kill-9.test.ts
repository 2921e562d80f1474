/** What was acknowledged is there after the process, or the server, was killed. */
import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { startPostgres } from '../setup/local-services.ts';
import { commitUntilKilled, freshFolder } from './surroundings.ts';

const errors: unknown[] = [];
const hooks = { onError: (error: unknown) => void errors.push(error) };

beforeEach(() => {
  errors.length = 0;
});

describe('kill -9', () => {
  it('loses nothing of the embedded engine, again and again', { timeout: 60_000 }, async () => {
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

  it('waits for a server that is coming up, survives its crash, loses nothing, and warns of what it does not force to the disk', {
    timeout: 60_000,
  }, async () => {
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
      await engine.pool.query('alter database postgres set synchronous_commit = off');
      await engine.close();
      const careless = await openEngine({ databaseUrl: server.url }, hooks);
      expect(careless.warnings).toEqual([expect.stringContaining('runs with synchronous_commit = off')]);
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

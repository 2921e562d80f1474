/** "Apply to 299 more instances of this file", and kill -9 of the bot in the middle of it: every instance once, and an exact count in the end. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { freePort, startRedis } from '../setup/local-services.ts';
import { patienceMs, poll } from '../setup/poll.ts';
import { type Service, serve, untilReady } from '../setup/processes.ts';
import { recordPool } from '../setup/record.ts';
import type { ChatWorld } from './chat-world.ts';
import { addCompleted } from './completed.ts';
import { alice, people } from './people.ts';
import { slackWorld } from './platforms.ts';
import { intakeSecret } from './world.ts';

const total = 300;
let chat: ChatWorld;
let redis: Awaited<ReturnType<typeof startRedis>>;
let pool: pg.Pool;
let db: Database;
let folder: string;
let env: Record<string, string>;
let url: string;
const running: Service[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-many-'));
  chat = await slackWorld();
  redis = await startRedis();
  const databaseUrl = await freshDatabase();
  pool = recordPool(databaseUrl, 4);
  db = openDatabase(pool);
  await writeFile(join(folder, 'directory.json'), JSON.stringify({ people }));
  await writeFile(join(folder, 'policy.yaml'), chat.policy);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    DIRECTORY_FILE: join(folder, 'directory.json'),
    POLICY_FILE: join(folder, 'policy.yaml'),
    BACKEND: 'simulator',
    INTAKE_SECRETS: intakeSecret,
    LOG_LEVEL: 'silent',
    ...chat.env,
  };
  chat.connect([url]);
}, 60_000);
afterAll(async () => {
  await Promise.all(running.map((one) => one.kill9()));
  await pool.end();
  await chat.close();
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(command: 'bot' | 'worker'): Promise<Service> {
  const service = serve([command], env);
  running.push(service);
  if (command === 'bot') await untilReady(url);
  return service;
}

const count = async (text: string): Promise<number> => Number((await pool.query<{ n: string }>(text)).rows[0]?.n);

it('survives the bot', { timeout: 150_000 }, async () => {
  const bot = await start('bot');
  await start('worker');
  const file = { type: 'file' as const, sha256: 'd'.repeat(64), name: 'dropper.exe' };
  const ids: string[] = [];
  for (let index = 0; index < total; index += 1) {
    const device = { type: 'device' as const, name: `wks-${String(index).padStart(4, '0')}.contoso.example`, group: 'Workstations' };
    ids.push(await addCompleted(db, { type: 'stopAndQuarantineFile', entities: [device, file] }));
  }
  await chat.command(alice, `undo ${ids[0]}`);
  const told = await poll('what would be undone', () => chat.told(alice).find((text) => text.includes('To be undone')), patienceMs);
  expect(told).toContain('299 more instances of this file');
  expect(told).toContain('and 289 more');
  await chat.pressPrivate(alice, 'Undo this and 299 more');

  const ended = () => count("select count(*) as n from batch_members where state <> 'waiting'");
  await poll('a good part is decided', async () => (await ended()) >= 60, patienceMs);
  await bot.kill9();
  const atTheKill = await ended();
  expect(atTheKill).toBeLessThan(total);
  await start('bot');

  await poll('it is finished', async () => (await count("select count(*) as n from batches where status = 'finished'")) === 1, 90_000);
  const { rows } = await pool.query('select counts, total from batches');
  expect(rows).toEqual([{ counts: { done: total }, total }]);
  expect(await count("select count(*) as n from actions where status = 'undone'")).toBe(total);
  expect(await count('select count(*) as n from simulator_runs')).toBe(total);
  expect(await count('select count(distinct decision_id) as n from simulator_runs')).toBe(total);
  expect(await count("select count(*) as n from audit_events where kind = 'decided' and data ->> 'verb' = 'undo'")).toBe(total);
  await poll('the counter says so', () => chat.everything().find((text) => text.includes(`Finished: ${total} undone.`)), 45_000);
});

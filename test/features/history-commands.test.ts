/** `countersign history` and `countersign export`, as processes of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anAction } from '../setup/builders.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { completedNow, copyAction, fillRecord } from '../setup/many-actions.ts';
import { run } from '../setup/processes.ts';

const many = 20_000;
const first = completedNow({ id: 'A-01JD6Q00000000000000000001', title: 'Quarantine 請求書.exe \u202egpj', asset: '東京-WKS-0042' });

describe('look-ups in a terminal', () => {
  let folder: string;
  let database: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-terminal-'));
    database = await freshDatabase();
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, 'routes:\n  - slack: [C0SOC]\n');
    env = { DATABASE_URL: database, REDIS_URL: inject('redisUrl'), POLICY_FILE: policy };
    await fillRecord(database, [first, anAction({ id: 'A-01JD6Q00000000000000000002', key: 'waits', title: 'Waits for somebody' })]);
    await copyAction(database, first.id, many - 1);
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('an export of 100,000 rows holds all of them and takes less than 64 MB more than one of none', async () => {
    const [none, all] = [join(folder, 'none.csv'), join(folder, 'all.csv')];
    const small = await measured(['export', 'period:any', 'type:disableUser', '--out', none], env);
    const started = performance.now();
    const large = await measured(['export', 'period:any', '--out', all], env);
    console.log(small.maxRssKb, large.maxRssKb, performance.now() - started, (await stat(all)).size);
    expect(small.code).toBe(0);
    expect(large.code).toBe(0);
    expect((await readFile(none, 'utf8')).split('\r\n')).toHaveLength(2);
    expect((await readFile(all, 'utf8')).split('\r\n')).toHaveLength(many + 2);
    expect((large.maxRssKb - small.maxRssKb) / 1024).toBeLessThan(64);
  }, 120_000);
});

/** Runs the source itself and has it tell how much memory it took at most. */
async function measured(args: string[], env: Record<string, string>): Promise<{ code: number | null; maxRssKb: number }> {
  const telling = "process.on('exit', () => process.stdout.write('maxRSS ' + process.resourceUsage().maxRSS))";
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(telling)}`, 'src/main.ts', ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, maxRssKb: Number(/maxRSS (\d+)/.exec(out)?.[1]) };
}

/** `countersign history` and `countersign export`, as processes of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { displayWidth } from '../../src/terminal-table.ts';
import { anAction } from '../setup/builders.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { completedNow, copyAction, fillRecord } from '../setup/many-actions.ts';
import { run, surroundings } from '../setup/processes.ts';
import { eventsIn } from '../setup/record.ts';

/** With more, paging through a record that is not filed yet takes longer than a test may. */
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

  it('history shows a page as a table that fits, with wide letters and nothing that turns the reading direction', async () => {
    const { code, out } = await run(['history', 'period:any', 'type:stopAndQuarantineFile', 'page-size:3', '--width', '100'], { env });
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^Action update time +Action type +Details +Asset +Decision +Decided by +Status$/);
    for (const line of lines.slice(0, 5)) expect(displayWidth(line)).toBeLessThanOrEqual(100);
    expect(out).toContain('東京');
    expect(out).not.toContain('\u202e');
    expect(out).toMatch(/3 of (about )?[\d,]+ actions|3 of many/);
    const [, cursor = ''] = /--after (\S+)/.exec(out) ?? [];
    const next = await run(['history', 'period:any type:stopAndQuarantineFile page-size:3', '--after', cursor, '--width', '60'], { env });
    expect(next.out).toContain('Details: Copy 3');
  });

  it('words that are not understood are named with the corrected command, and end with 2', async () => {
    const { code, err } = await run(['export', 'stauts:completed'], { env });
    expect(code).toBe(2);
    expect(err).toContain('Corrected: countersign export 30d in:all status:completed');
    expect((await run(['history', 'by:me'], { env })).code).toBe(2);
  });

  it('export writes to standard output, and the record says somebody at a terminal took it', async () => {
    const { code, out, err } = await run(['export', 'pending', 'period:any', '--format', 'jsonl'], { env });
    expect(code).toBe(0);
    expect((JSON.parse(out) as { title: string }).title).toBe('Waits for somebody');
    expect(err).toContain('1 rows.');
    expect((await eventsIn(database, 'exported')).at(-1)?.data).toMatchObject({
      standing: 'whole',
      way: 'terminal',
      platform: 'cli',
      rows: 1,
      query: { tab: 'pending' },
    });
  });

  it('EXPORT_MAX_ROWS ends an export, and that is said; no unfinished file stays', async () => {
    const out = join(folder, 'cut.csv');
    const { code, err } = await run(['export', 'period:any', '--out', out], { env: { ...env, EXPORT_MAX_ROWS: '250' } });
    expect(code).toBe(0);
    expect(err).toContain('250 rows');
    expect(err).toContain('EXPORT_MAX_ROWS is the end');
    expect((await readFile(out, 'utf8')).split('\r\n')).toHaveLength(252);
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('an export of many rows holds all of them and takes less than 64 MB more than one of none', async () => {
    const [none, all] = [join(folder, 'none.csv'), join(folder, 'all.csv')];
    const small = await measured(['export', 'period:any', 'type:disableUser', '--out', none], env);
    const large = await measured(['export', 'period:any', '--out', all], env);
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
    env: { ...surroundings(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, maxRssKb: Number(/maxRSS (\d+)/.exec(out)?.[1]) };
}

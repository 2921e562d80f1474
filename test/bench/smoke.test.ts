/** The benchmarks run and measure what they say: each voids itself when the record holds fewer decisions than presses were answered. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

async function quick(script: string, ...more: string[]): Promise<{ code: number | null; out: string }> {
  // Never longer than the test that waits for it.
  const child = spawn(process.execPath, [`bench/${script}`, '--quick', ...more], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 115_000 });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

it.each([
  ['presses.ts', ['| bare Bolt + the same commit', '| bare CloudAdapter + the same commit']],
  ['job-start.ts', ['| bare BullMQ']],
])('%s runs and compares ours with the bare pairs', { timeout: 120_000 }, async (script, pairs) => {
  const { code, out } = await quick(script);
  expect(code, out).toBe(0);
  expect(out.match(/^\| Countersign/gm)?.length, out).toBeGreaterThanOrEqual(pairs.length);
  for (const pair of pairs) expect(out).toContain(pair);
});

it('directory.ts runs and counts the calls to Graph', { timeout: 120_000 }, async () => {
  const { code, out } = await quick('directory.ts', '--platform', 'teams');
  expect(code, out).toBe(0);
  expect(out).toMatch(/^\| DIRECTORY=graph/m);
  expect(out).toMatch(/at most 2 calls to Graph: 1 \(met\)/);
});

it('seal.ts runs, and what it sealed can be checked', { timeout: 120_000 }, async () => {
  const { code, out } = await quick('seal.ts');
  expect(code, out).toBe(0);
  expect(out).toMatch(/^Everything fits: [\d,]+ events in \d+ seals/m);
  expect(out).toContain('| decisions stored, sealed and signed meanwhile |');
});

it('storm.ts runs, and every action can be seen on both platforms', { timeout: 120_000 }, async () => {
  const { code, out } = await quick('storm.ts');
  expect(code, out).toBe(0);
  expect(out).toMatch(/every action seen within 60 s: [\d.]+ \(met\)/);
  expect(out).toMatch(/"refused":0/);
});

/** Folders and processes of one test file, gone when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';
import type { EngineOptions } from '../../src/store/engine.ts';
import { poll } from '../setup/poll.ts';

const folders: string[] = [];
const children = new Set<ChildProcess>();

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function freshFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-engine-'));
  folders.push(folder);
  return folder;
}

/** Starts commit-until-killed.ts. Answers what it acknowledged. */
export function commitUntilKilled(options: EngineOptions) {
  const script = path.join(import.meta.dirname, 'commit-until-killed.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const lines: string[] = [];
  const failure: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const read = once(reader, 'close');
  child.stderr.on('data', (chunk: Buffer) => failure.push(chunk.toString()));
  const reaches = (count: number) =>
    poll(`${count} lines of the child`, () => {
      if (child.exitCode !== null) throw new Error(`the child ended: ${failure.join('')}`);
      return lines.length >= count;
    });
  return {
    pid: child.pid,
    opened: reaches(1),
    acknowledged: (count: number) => reaches(count + 1),
    get numbers() {
      return lines.slice(1).map(Number);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await read;
      children.delete(child);
    },
  };
}

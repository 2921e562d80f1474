/** Our own command line as a child process, for tests that kill it or read what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { poll } from './poll.ts';

export type Ended = { code: number | null; out: string; err: string };

/** What a process needs of its surroundings to start at all, and quickly; nothing of them that configures. */
export const surroundings = (): Record<string, string> =>
  Object.fromEntries(['PATH', 'HOME', 'NODE_COMPILE_CACHE'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

/** Runs a command to its end. `via` is the launcher of the package, or the source itself. */
export async function run(args: string[], options: { env?: Record<string, string>; input?: string; cwd?: string } = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['bin/countersign.cjs', ...args], { env: { ...surroundings(), ...options.env }, stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

export type Service = { child: ChildProcess; kill9(): Promise<void> };

/** Starts a long-running command straight from its source, so that a kill hits the process itself. */
export function serve(args: string[], env: Record<string, string>, script = 'src/main.ts'): Service {
  const child = spawn(process.execPath, [script, ...args], { env: { ...surroundings(), ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    child,
    kill9: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Until the bot says it is ready. */
export async function untilReady(url: string, forMs = 30_000): Promise<void> {
  const isReady = async () => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })).status === 200;
  await poll(`${url} is ready`, isReady, forMs, 50);
}

/** Processes of a benchmark: each does one thing, answers questions over Node's channel and ends with its parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import path from 'node:path';
import { surroundings } from '../../test/setup/processes.ts';

type Question = { id: number; ask: unknown };
type Told = { id: number; value?: unknown; error?: string } | { ready: unknown } | { tell: unknown };

export type Child = {
  pid: number;
  /** What it said when it was ready. */
  ready: unknown;
  ask<T>(question: unknown): Promise<T>;
  onTold(listener: (told: unknown) => void): void;
  stop(): Promise<void>;
};

export type ChildOptions = {
  args?: string[];
  env?: Record<string, string>;
  /** Its standard output; the bot's log. */
  logFile: string;
  /** A folder for its CPU profile. */
  profile?: string | null;
};

const folder = path.resolve(import.meta.dirname, '..');

export async function startChild(script: string, options: ChildOptions): Promise<Child> {
  const { args = [], env = {}, logFile, profile = null } = options;
  const child = fork(path.join(folder, script), args, {
    env: { ...surroundings(), ...env },
    execArgv: profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${script}-${args.join('-')}.cpuprofile`],
    stdio: ['ignore', openSync(logFile, 'a'), 'inherit', 'ipc'],
  });
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const listeners: ((told: unknown) => void)[] = [];
  const ready = Promise.withResolvers<unknown>();
  const gone = (reason: string) => {
    const error = new Error(`${script} ${reason}`);
    ready.reject(error);
    for (const { reject } of open.values()) reject(error);
  };
  child.on('error', (error) => gone(error.message));
  child.on('exit', (code, signal) => gone(`ended (${code ?? signal})`));
  child.on('message', (told: Told) => {
    if ('ready' in told) return ready.resolve(told.ready);
    if ('tell' in told) return listeners.forEach((listener) => void listener(told.tell));
    const asked = open.get(told.id);
    open.delete(told.id);
    if (told.error === undefined) asked?.resolve(told.value as never);
    else asked?.reject(new Error(told.error));
  });
  let last = 0;
  return {
    ready: await ready.promise,
    pid: child.pid ?? 0,
    ask: (question) =>
      new Promise((resolve, reject) => {
        last += 1;
        open.set(last, { resolve, reject });
        child.send({ id: last, ask: question } satisfies Question);
      }),
    onTold: (listener) => void listeners.push(listener),
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.disconnect();
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(late);
}

export const tell = (what: unknown): void => {
  process.send?.({ tell: what } satisfies Told);
};

/** In the child: says that it is ready, answers until the parent lets go, then ends. */
export function serveParent(parts: { ready: unknown; answer?: (question: never) => unknown; stop?: () => Promise<void> }): void {
  process.on('message', ({ id, ask }: Question) => {
    const answer = async () => parts.answer?.(ask as never);
    answer().then(
      (value) => process.send?.({ id, value } satisfies Told),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Told),
    );
  });
  process.once('disconnect', () => {
    const stopped = parts.stop?.() ?? Promise.resolve();
    stopped.catch((error: unknown) => console.error(error)).finally(() => process.exit(0));
  });
  process.send?.({ ready: parts.ready } satisfies Told);
}

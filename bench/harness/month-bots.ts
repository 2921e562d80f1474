/** Bots of the simulated month: each the real one, whole, on a foundation of its own; only its clock stands still until it is told to go on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RunningBot, startBot } from '../../src/bot.ts';
import { readConfig } from '../../src/config.ts';
import { type Foundation, openFoundation } from '../../src/foundation.ts';
import { openLog } from '../../src/log.ts';
import { recordPool } from '../../test/setup/record.ts';
import { everybody, policy } from './month-places.ts';
import { openSteppedLoops, type SteppedLoops, type VirtualClock } from './virtual-time.ts';

export type Bot = { name: string; ground: Foundation; running: RunningBot; loops: SteppedLoops };

export type Services = { databaseUrl: string; redisUrl: string; queuePrefix: string };

export type Bots = {
  up(): readonly Bot[];
  start(name: string): Promise<void>;
  /** As a restart for an update: what is being done is done. */
  stop(name: string): Promise<void>;
  /** As kill -9 in the middle of whatever `work` does: the record hears nothing more of it. */
  kill(name: string, work: () => Promise<void>): Promise<void>;
  /** Log lines at `error`, by their message and why. */
  errors: Map<string, number>;
  secret: string;
  close(): Promise<void>;
};

const secret = 'intake-secret-of-the-month';
/** Long enough that a run is under way, short enough that it is not over. */
const killAfterMs = 25;

type Asked = { services: Services; env: Record<string, string>; clock: VirtualClock };

export async function openBots({ services, env, clock }: Asked): Promise<Bots> {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-month-'));
  const files = { directory: path.join(folder, 'directory.json'), policy: path.join(folder, 'policy.yaml') };
  writeFileSync(files.directory, JSON.stringify({ people: everybody }));
  writeFileSync(files.policy, policy);
  const server = recordPool(services.databaseUrl);
  const bots = new Map<string, Bot>();
  const errors = new Map<string, number>();
  const log = openLog('error', {
    write: (line) => {
      const { msg, err } = JSON.parse(line) as { msg: string; err?: { message?: string } };
      const what = err?.message === undefined ? msg : `${msg}: ${err.message}`;
      errors.set(what, (errors.get(what) ?? 0) + 1);
    },
  });

  const roleOf = (name: string): string => `month_${name}`;
  const start = async (name: string): Promise<void> => {
    const role = roleOf(name);
    const { rowCount } = await server.query('select 1 from pg_roles where rolname = $1', [role]);
    await server.query(rowCount === 0 ? `create role ${role} superuser login` : `alter role ${role} login`);
    // Processes are killed here, the server is not: what it has taken it keeps, and need not wait for the disk.
    await server.query(`alter role ${role} set synchronous_commit = off`);
    const url = new URL(services.databaseUrl);
    url.username = role;
    const config = readConfig({
      HOST: '127.0.0.1',
      PORT: '0',
      DIRECTORY: 'file',
      DIRECTORY_FILE: files.directory,
      POLICY_FILE: files.policy,
      BACKEND: 'simulator',
      INTAKE_SECRETS: secret,
      DATABASE_URL: url.href,
      REDIS_URL: services.redisUrl,
      ...env,
    });
    const loops = openSteppedLoops(clock);
    const own = { now: () => new Date(clock.now()), platformNow: clock.now, startLoop: loops.startLoop };
    const ground = await openFoundation(config, log, { ...own, queuePrefix: services.queuePrefix });
    bots.set(name, { name, ground, running: await startBot(ground), loops });
  };
  const stop = async (name: string): Promise<void> => {
    const bot = bots.get(name);
    if (bot === undefined) return;
    bots.delete(name);
    await bot.running.stop();
    await bot.ground.close();
  };
  const kill = async (name: string, work: () => Promise<void>): Promise<void> => {
    const bot = bots.get(name);
    if (bot === undefined) throw new Error(`no bot ${name} to kill`);
    const done = work();
    await new Promise((resolve) => setTimeout(resolve, killAfterMs));
    await server.query(`alter role ${roleOf(name)} nologin`);
    await server.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [roleOf(name)]);
    bot.loops.abandon();
    await done;
    await stop(name);
  };
  return {
    up: () => [...bots.values()],
    start,
    stop,
    kill,
    errors,
    secret,
    close: async () => {
      for (const name of [...bots.keys()]) await stop(name);
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

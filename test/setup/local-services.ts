/** Real servers for tests: each on a port and in a folder of its own, both gone after stop(). */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';

export type LocalService = {
  url: string;
  /** Of the server that runs now. */
  readonly pid: number;
  /** Ends the server gently and removes its data. */
  stop(): Promise<void>;
  /** Ends the server and all its children at once, as a power cut would; the data stays. */
  kill9(): Promise<void>;
  /** Starts it again (after ending it, when it still runs) on the same port and data. */
  restart(): Promise<void>;
};

export type LocalRedis = LocalService & { args: readonly string[] };

const startDeadlineMs = 20_000;
const stopDeadlineMs = 10_000;

/** PostgreSQL with its usual durability (fsync on). Needs `initdb` and `postgres`. */
export async function startPostgres(): Promise<LocalService> {
  const initdb = findProgram('initdb', 'apt-get install postgresql, or brew install postgresql');
  const server = findProgram('postgres', 'apt-get install postgresql, or brew install postgresql');
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-postgres-'));
  const data = path.join(folder, 'data');
  const port = await freePort();
  const owner = serverAccount();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  try {
    execFileSync(initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'], {
      stdio: 'pipe',
      cwd: folder,
      ...owner,
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'fsync=on',
  ];
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return serve({ program: server, args, folder, owner, url, ping: pingPostgres, gentle: 'SIGINT' });
}

/** Redis that keeps an append-only file, unless `args` say otherwise. Needs `redis-server`. */
export async function startRedis(options: { args?: readonly string[] } = {}): Promise<LocalRedis> {
  const server = findProgram('redis-server', 'apt-get install redis-server, or brew install redis');
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-redis-'));
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    ...(options.args ?? []),
  ];
  const url = `redis://127.0.0.1:${port}`;
  const service = await serve({ program: server, args, folder, owner: null, url, ping: pingRedis, gentle: 'SIGTERM' });
  return Object.assign(service, { args });
}

type Account = { uid: number; gid: number };
type Recipe = {
  program: string;
  args: readonly string[];
  folder: string;
  owner: Account | null;
  url: string;
  ping(url: string): Promise<void>;
  gentle: NodeJS.Signals;
};

async function serve(recipe: Recipe): Promise<LocalService> {
  let running: Running | null = null;
  const discard = () => rmSync(recipe.folder, { recursive: true, force: true });
  const end = async (signal: NodeJS.Signals) => {
    await running?.end(signal);
    running = null;
  };
  try {
    running = await launch(recipe);
  } catch (error) {
    discard();
    throw error;
  }
  // Tests that end early must leave nothing behind.
  const onExit = () => {
    running?.endNow();
    discard();
  };
  process.once('exit', onExit);
  return {
    url: recipe.url,
    get pid() {
      if (!running) throw new Error('The server does not run.');
      return running.pid;
    },
    stop: async () => {
      await end(recipe.gentle);
      process.off('exit', onExit);
      discard();
    },
    kill9: () => end('SIGKILL'),
    restart: async () => {
      await end(recipe.gentle);
      // A killed server's children may hold on to its memory for a moment; the second try finds it free.
      running = await launch(recipe).catch(() => wait(500).then(() => launch(recipe)));
    },
  };
}

type Running = { pid: number; end(signal: NodeJS.Signals): Promise<void>; endNow(): void };

async function launch(recipe: Recipe): Promise<Running> {
  const { program, args, folder, owner, url, ping } = recipe;
  // A process group of its own, so that kill9 reaches every child of the server, and Ctrl-C does not.
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...owner });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? Number.NaN));
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      last.push(chunk.toString());
      last.splice(0, last.length - 20);
    });
  }
  const server: Running = {
    pid,
    endNow: () => killAll(pid, 'SIGKILL'),
    end: async (signal) => {
      if (signal === 'SIGKILL') killAll(pid, signal);
      else child.kill(signal);
      if (await ended(child, stopDeadlineMs)) return;
      killAll(pid, 'SIGKILL');
      await ended(child, stopDeadlineMs);
    },
  };
  const giveUpAt = Date.now() + startDeadlineMs;
  for (;;) {
    const failure = await ping(url).then(
      () => null,
      (error: Error) => error,
    );
    if (!failure) return server;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > giveUpAt) {
      server.endNow();
      throw new Error(`${program} did not start: ${failure.message}\n${last.join('')}`);
    }
    await wait(25);
  }
}

async function ended(child: ChildProcess, deadlineMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + deadlineMs;
  while (child.exitCode === null && child.signalCode === null) {
    if (Date.now() > giveUpAt) return false;
    await wait(10);
  }
  return true;
}

/** PostgreSQL's children lead process groups of their own: they are looked up before their parent goes. */
function killAll(pid: number, signal: NodeJS.Signals): void {
  for (const one of [-pid, ...childrenOf(pid)]) {
    try {
      process.kill(one, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : listChildren(pid);
  return text.split(/\s+/).filter(Boolean).map(Number);
}

function listChildren(pid: number): string {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  } catch {
    // It found none.
    return '';
  }
}

async function pingPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

async function pingRedis(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2000, commandTimeout: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}

/** PostgreSQL refuses to run as root; its package brings an account for it. */
function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((entry) => entry.split(':'));
  const [, , uid, gid] = line.find(([name]) => name === 'postgres') ?? line.find(([name]) => name === 'nobody') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error('PostgreSQL cannot run as root, and there is no account `postgres` or `nobody`.');
  return { uid: Number(uid), gid: Number(gid) };
}

function findProgram(name: string, hint: string): string {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, name));
  const packaged = [...globSync(`/usr/lib/postgresql/*/bin/${name}`), ...globSync(`/{opt/homebrew,usr/local}/opt/postgresql*/bin/${name}`)];
  const newestFirst = packaged.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const found = [...onPath, ...newestFirst].find((file) => existsSync(file));
  if (!found) throw new Error(`These tests need ${name}, which was not found. Install it: ${hint}.`);
  return found;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
  if (address === null || typeof address === 'string') throw new Error('No free port was found.');
  return address.port;
}

/**
 * kill -9 of the bots, the workers, Redis and PostgreSQL at any moment while 500 decisions are made. Nothing that was acknowledged is lost,
 * nothing is carried out twice. Everything runs as separate processes on a PostgreSQL and a Redis of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { device, quarantineFile } from '../features/actions.ts';
import { crowd, type DirectoryPerson } from '../features/people.ts';
import { intakeSecret, signed } from '../features/world.ts';
import { startPostgres, startRedis } from '../setup/local-services.ts';
import { poll } from '../setup/poll.ts';
import { surroundings, untilReady } from '../setup/processes.ts';
import { askRecord } from '../setup/record.ts';
import { type Chat, chats } from './chats.ts';

/** What a person would press in a night, times fifty; fewer for a quick look. */
const total = Number(process.env['CHAOS_DECISIONS'] ?? 500);
const lanes = 50;
const analysts = crowd(20);
const killEveryMs = 1200;
/** A card whose bot was killed is free again after its lease; a bot may die several times over the same card. */
const patienceMs = 240_000;

type Service = { url: string; kill9(): Promise<void>; restart(): Promise<void>; stop(): Promise<void> };
type Process = { name: string; start(): void; kill9(): Promise<void>; stop(): Promise<void> };

let folder: string;
let postgres: Service;
let redis: Service;
let chat: Chat;
let botUrls: string[];
let processes: Process[] = [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A bot or worker as its own process: started again whenever it ends, as a supervisor would. */
function supervise(name: string, command: string, env: Record<string, string>): Process {
  let child: ChildProcess | null = null;
  let wanted = true;
  const start = (): void => {
    const running = spawn(process.execPath, ['src/main.ts', command], {
      env: { ...surroundings(), NODE_ENV: 'test', ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child = running;
    running.once('exit', () => {
      if (wanted) setTimeout(start, 100);
    });
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    await gone;
  };
  return {
    name,
    start,
    kill9: () => kill('SIGKILL'),
    stop: async () => {
      wanted = false;
      await kill('SIGKILL');
    },
  };
}

async function open(chatOf: (typeof chats)[number]['open']): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'countersign-chaos-'));
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  chat = await chatOf({ lanes, people: analysts });
  const routes = Array.from({ length: lanes }, (_, lane) => `  - match: { group: "group-${lane}" }\n    ${chat.route(lane)}\n`).join('');
  await writeFile(join(folder, 'policy.yaml'), `routes:\n${routes}  - ${chat.route(0)}\n`);
  await writeFile(join(folder, 'directory.json'), JSON.stringify({ people: analysts }));
  const shared = {
    HOST: '127.0.0.1',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    DIRECTORY: 'file',
    DIRECTORY_FILE: join(folder, 'directory.json'),
    POLICY_FILE: join(folder, 'policy.yaml'),
    BACKEND: 'simulator',
    INTAKE_SECRETS: intakeSecret,
    LOG_LEVEL: 'silent',
    ...chat.env,
  };
  const ports = await Promise.all([freePort(), freePort()]);
  botUrls = ports.map((port) => `http://127.0.0.1:${port}`);
  chat.connect(botUrls);
  processes = [];
  for (const [index, port] of ports.entries()) processes.push(supervise(`bot ${index + 1}`, 'bot', { ...shared, PORT: String(port) }));
  for (const index of [1, 2]) processes.push(supervise(`worker ${index}`, 'worker', shared));
  for (const one of processes) one.start();
  await Promise.all(botUrls.map((url) => untilReady(url, 60_000)));
}

async function close(): Promise<void> {
  await Promise.all(processes.map((one) => one.stop()));
  await Promise.all([chat?.close(), postgres?.stop(), redis?.stop()]);
  await rm(folder, { recursive: true, force: true });
}

/** Tries until it is true; a refused connection is what this test is about. */
const persist = (what: string, attempt: () => Promise<boolean>, forMs = 120_000) => poll(what, attempt, forMs, 100);

/** Any of the bots will do, as behind a balancer. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  turn += 1;
  return fetch(`${botUrls[turn % botUrls.length]}${path}`, { ...init, signal: AbortSignal.timeout(5000) });
}
let turn = 0;

async function submit(body: object): Promise<string> {
  const text = JSON.stringify(body);
  let id = '';
  await persist('an action is taken', async () => {
    const answer = await ask('/v1/actions', { method: 'POST', headers: signed(text), body: text });
    if (answer.status !== 202) return false;
    id = ((await answer.json()) as { id: string }).id;
    return true;
  });
  return id;
}

type Case = { body: ReturnType<typeof quarantineFile>; lane: number; who: DirectoryPerson };

/** Presses, looks whether it counted, and presses again if not: what a person does whose press got no answer. */
async function pressUntilDecided(id: string, { body, lane, who }: Case): Promise<void> {
  let last = 'nothing';
  const decided = async () => {
    last = await chat.approve(who, lane, body.title).catch(String);
    const answer = await ask(`/v1/actions/${id}`, { headers: signed('') });
    return answer.status === 200 && ((await answer.json()) as { status: string }).status !== 'pending';
  };
  await persist(`${id} is decided`, decided, patienceMs).catch(async (error: unknown) => {
    throw new Error(`${id} was never decided; the last press: ${last}; its cards: ${JSON.stringify(await cardsOf(id).catch(String))}`, {
      cause: error,
    });
  });
}

const cardsOf = (id: string) => askRecord(postgres.url, 'select *, now() as now from cards where action_id = $1', [id]);

describe.each(chats)('while everything is killed in turn, with $name', ({ open: chatOf }) => {
  beforeAll(() => open(chatOf), 120_000);
  afterAll(close, 60_000);

  it(`loses none of ${total} decisions and carries none out twice`, { timeout: 500_000 }, async () => {
    const victims = [...processes, { name: 'Redis', ...restarting(redis) }, { name: 'PostgreSQL', ...restarting(postgres) }];
    const kills = new Map<string, number>();
    let killing = true;
    const killer = (async () => {
      for (let turn = 0; killing; turn += 1) {
        await wait(killEveryMs);
        const victim = victims[turn % victims.length];
        if (!victim || !killing) continue;
        kills.set(victim.name, (kills.get(victim.name) ?? 0) + 1);
        await victim.kill9();
      }
    })();

    const cases = Array.from({ length: total }, (_, index): Case => {
      const lane = index % lanes;
      // Some end at once, some are being worked on when their worker is killed.
      const body = quarantineFile({
        parameters: { simulator: { takesMs: (index % 4) * 500 } },
        entities: [
          { ...device, group: `group-${lane}` },
          { type: 'file', sha1: '3395856ce81f2b7382dee72602f798b642f14140' },
        ],
      });
      return { body, lane, who: analysts[index % analysts.length] as DirectoryPerson };
    });
    const work = [...cases];
    const hands = Array.from({ length: 40 }, async () => {
      for (let one = work.shift(); one; one = work.shift()) {
        const id = await submit(one.body);
        await pressUntilDecided(id, one);
      }
    });
    try {
      await Promise.all(hands);
    } finally {
      // Else it would go on after a failure, and start again what was stopped.
      killing = false;
      await killer;
    }

    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const count = async (query: string): Promise<number> => Number((await client.query<{ n: string }>(query)).rows[0]?.n);
    try {
      const underWay = "select count(*) as n from actions where status in ('queued', 'inProgress')";
      await persist('everything has its outcome', async () => (await count(underWay)) === 0, 150_000);
      const figures = {
        submitted: total,
        stored: await count('select count(*) as n from actions'),
        decided: await count("select count(*) as n from audit_events where kind = 'decided'"),
        completed: await count("select count(*) as n from actions where status = 'completed'"),
        carriedOut: await count('select count(*) as n from simulator_runs'),
        carriedOutTwice: await count(
          'select count(*) as n from (select decision_id from simulator_runs group by decision_id having count(*) > 1) as twice',
        ),
        kills: Object.fromEntries(kills),
      };
      process.stdout.write(`kill -9: ${JSON.stringify(figures)}\n`);
      expect(figures).toMatchObject({ stored: total, decided: total, completed: total, carriedOut: total, carriedOutTwice: 0 });
      // Every kind of victim had its turn.
      expect(kills.size).toBe(victims.length);
    } finally {
      await client.end();
    }
  });
});

const restarting = (service: Service) => ({
  kill9: async () => {
    await service.kill9();
    // Long enough away to be missed.
    await wait(300);
    await service.restart();
  },
});

/**
 * From commit to job start: how long after `decide` returned in the bot its job starts in the worker, each a process of its own, beside a bare
 * BullMQ `add` -> start between two processes on the same Redis. See README.md.
 *   node bench/job-start.ts [--quick] [--rounds 3] [--amount 600] [--profile folder] [--out folder]
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Learned, people } from './harness/chat-side.ts';
import { type Aim, loadNow, machineFacts, median, publish, round, type Spread, spreadOf, tableOf } from './harness/figures.ts';
import { type Connection, openConnection } from './harness/http-connection.ts';
import { type CleanUp, type Options, readOptions, withCleanUp } from './harness/options.ts';
import { pressRequests } from './harness/press.ts';
import { type Child, startChild } from './harness/process.ts';
import { openSeeder, type Seeder } from './harness/seed.ts';
import { openSetting, type Setting } from './harness/setting.ts';

/** 50 a second, one at a time. */
const paceMs = 20;
const atOnce = 20;
const giveUpMs = 30_000;

/** `begin` starts one and returns once its beginning is known; `started` holds when each began to run. */
type Way = {
  begin(index: number): Promise<void>;
  prepare(amount: number): Promise<void>;
  collect(): Promise<{ millis: number[]; lost: number }>;
};
type Pattern = 'paced' | 'in flight';
type Kind = 'bare' | 'ours';
type Round = { way: Kind; pattern: Pattern; round: number; samples: number; millis: Spread; perSecond: number; machineLoad: number };

const names: Record<Kind, string> = { bare: 'bare BullMQ, add to start', ours: 'Countersign, commit to start' };
const patterns: Record<Pattern, string> = { paced: 'one at a time, 50/s', 'in flight': `${atOnce} in flight` };

type Started = { decisionId: string; actionId?: string; at: number };

/** When jobs started, told by the process that runs them. A job that is polled again keeps its first start. */
function startsOf(worker: Child, keyOf: (started: Started) => string) {
  const at = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  worker.onTold((told) => {
    const started = told as Started;
    const key = keyOf(started);
    if (!at.has(key)) at.set(key, started.at);
    waiting.get(key)?.();
    waiting.delete(key);
  });
  return {
    at,
    until: async (key: string): Promise<void> => {
      if (at.has(key)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(key, resolve);
      await Promise.race([promise, wait(giveUpMs, undefined, { ref: false })]);
      if (!at.has(key)) throw new Error(`${key} was not started within ${giveUpMs} ms`);
    },
  };
}

async function openOurs(setting: Setting, options: Options, cleanUp: CleanUp): Promise<{ way: Way; databaseUrl: string }> {
  const databaseUrl = await setting.createDatabase('ours');
  const seeder = await openSeeder(databaseUrl, setting.policyFile);
  cleanUp.push(seeder.close);
  const [bot, worker] = await Promise.all(
    (['bot', 'worker'] as const).map((part) => setting.startPart(part, databaseUrl, { args: ['watch'], profile: options.profile })),
  );
  if (!bot || !worker) throw new Error('a part did not start');
  cleanUp.push(bot.stop, worker.stop);
  const { url } = bot.ready as { url: string };
  const learned = await setting.chat.learn(url, seeder.announceOne);
  return { way: ourWay({ bot, worker, seeder, learned, port: Number(new URL(url).port) }), databaseUrl };
}

type Ours = { bot: Child; worker: Child; seeder: Seeder; learned: Learned; port: number };

function ourWay({ bot, worker, seeder, learned, port }: Ours): Way {
  const byAction = startsOf(worker, ({ actionId = '' }) => actionId);
  const decisionStarts = new Map<string, number>();
  worker.onTold((told) => {
    const { decisionId, at } = told as Started;
    if (!decisionStarts.has(decisionId)) decisionStarts.set(decisionId, at);
  });
  let idle: Connection[] = [];
  let requests: Buffer[] = [];
  let actionIds: string[] = [];
  return {
    prepare: async (amount) => {
      const pressables = await seeder.seed(amount, learned.card);
      for (const { close } of idle) close();
      idle = await Promise.all(Array.from({ length: atOnce }, () => openConnection(port)));
      requests = pressRequests(await learned.presser('good'), pressables);
      actionIds = pressables.map(({ actionId }) => actionId);
    },
    begin: async (index) => {
      const [connection, request] = [idle.pop(), requests[index]];
      if (!connection || !request) throw new Error('nothing is left to press');
      const { status } = await connection.send(request);
      idle.push(connection);
      if (status !== 200) throw new Error(`a press was answered with ${status}`);
      await byAction.until(actionIds[index] ?? '');
    },
    collect: async () => {
      const { decidedAt } = await bot.ask<{ decidedAt: [string, number][] }>(null);
      const millis = decidedAt.flatMap(([decisionId, at]) => {
        const started = decisionStarts.get(decisionId);
        return started === undefined ? [] : [(started - at) / 1000];
      });
      return { millis, lost: decidedAt.length - millis.length };
    },
  };
}

async function openBare(setting: Setting, cleanUp: CleanUp): Promise<Way> {
  const start = (kind: string) => {
    return startChild('queue-process.ts', { args: [kind], env: { REDIS_URL: setting.redisUrl }, logFile: `${setting.logFile}.bare` });
  };
  const worker = await start('worker');
  cleanUp.push(worker.stop);
  const adder = await start('adder');
  cleanUp.push(adder.stop);
  const starts = startsOf(worker, ({ decisionId }) => decisionId);
  /** As large as a decision's message. */
  const data = { decision: 'x'.repeat(1400) };
  let added: { jobId: string; at: number }[] = [];
  let generation = 0;
  return {
    prepare: async () => {
      added = [];
      generation += 1;
    },
    begin: async (index) => {
      const jobId = `D-${generation}-${index}`;
      added.push({ jobId, at: await adder.ask<number>({ jobId, data }) });
      await starts.until(jobId);
    },
    collect: async () => ({ millis: added.map(({ jobId, at }) => ((starts.at.get(jobId) ?? Number.NaN) - at) / 1000), lost: 0 }),
  };
}

async function paced(way: Way, amount: number): Promise<void> {
  const began = performance.now();
  for (let index = 0; index < amount; index += 1) {
    await wait(Math.max(0, began + index * paceMs - performance.now()));
    await way.begin(index);
  }
}

async function inFlight(way: Way, amount: number): Promise<void> {
  let next = 0;
  const loop = async () => {
    while (next < amount) await way.begin(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
}

async function runRound(kind: Kind, way: Way, pattern: Pattern, amount: number, number: number): Promise<Round> {
  await way.prepare(amount);
  await way.collect();
  const machineLoad = loadNow();
  const began = performance.now();
  await (pattern === 'paced' ? paced(way, amount) : inFlight(way, amount));
  const seconds = (performance.now() - began) / 1000;
  const { millis, lost } = await way.collect();
  if (millis.length !== amount || lost > 0) throw new Error(`${kind}: ${millis.length} of ${amount} were measured, ${lost} never started`);
  const done = {
    way: kind,
    pattern,
    round: number,
    samples: amount,
    millis: spreadOf(millis),
    perSecond: round(amount / seconds, 0),
    machineLoad,
  };
  console.log(
    `round ${number}  ${pattern.padEnd(9)} ${kind}  p50 ${done.millis.p50}  p99 ${done.millis.p99} ms  ${done.perSecond}/s  load ${machineLoad}`,
  );
  return done;
}

type Row = { way: Kind; pattern: Pattern; samples: number; p50Ms: number; p99Ms: number };

function mediansOf(rounds: Round[]): Row[] {
  return [...Map.groupBy(rounds, ({ way, pattern }) => `${pattern} ${way}`).values()].map((group) => ({
    way: group[0]?.way ?? 'bare',
    pattern: group[0]?.pattern ?? 'paced',
    samples: group.reduce((sum, { samples }) => sum + samples, 0),
    p50Ms: round(median(group.map(({ millis }) => millis.p50))),
    p99Ms: round(median(group.map(({ millis }) => millis.p99))),
  }));
}

const aimP50Ms = 3;
const aimP99Ms = 20;

function aimsOf(rows: Row[]): Aim[] {
  const ours = rows.find(({ way, pattern }) => way === 'ours' && pattern === 'paced');
  if (!ours) return [];
  return [
    { aim: `unloaded, p50 of commit to job start at most ${aimP50Ms} ms`, measured: ours.p50Ms, met: ours.p50Ms <= aimP50Ms },
    { aim: `unloaded, p99 of commit to job start at most ${aimP99Ms} ms`, measured: ours.p99Ms, met: ours.p99Ms <= aimP99Ms },
  ];
}

async function main(options: Options, cleanUp: CleanUp): Promise<void> {
  const setting = await openSetting('slack');
  cleanUp.push(setting.close);
  const { way: ours, databaseUrl } = await openOurs(setting, options, cleanUp);
  const ways: [Kind, Way][] = [
    ['bare', await openBare(setting, cleanUp)],
    ['ours', ours],
  ];
  const loadAtStart = loadNow();
  const rounds: Round[] = [];
  for (const [kind, way] of ways) await runRound(kind, way, 'in flight', Math.ceil(options.amount / 2), 0);
  for (let number = 1; number <= options.rounds; number += 1) {
    for (const pattern of ['paced', 'in flight'] as const) {
      const turn = number % 2 === 0 ? ways.toReversed() : ways;
      for (const [kind, way] of turn) rounds.push(await runRound(kind, way, pattern, options.amount, number));
    }
  }
  const rows = mediansOf(rounds);
  const aims = aimsOf(rows);
  const result = {
    what: 'job-start',
    date: new Date().toISOString(),
    machine: await machineFacts(databaseUrl, setting.redisUrl),
    machineLoad: { atStart: loadAtStart, atEnd: loadNow() },
    settings: { rounds: options.rounds, samplesPerRound: options.amount, paceMs, inFlight: atOnce, people: people.length },
    median: rows,
    aims,
    complaints: setting.complaints(),
    rounds,
  };
  const table = tableOf(
    ['path', 'pattern', 'samples', 'p50 ms', 'p99 ms'],
    rows.map(({ way, pattern, samples, p50Ms, p99Ms }) => [names[way], patterns[pattern], samples, p50Ms, p99Ms]),
  );
  const text = ['', table, '', ...aims.map(({ aim, measured, met }) => `* ${aim}: ${measured} (${met ? 'met' : 'missed'})`), ''].join('\n');
  console.log(text);
  if (result.complaints.length > 0) console.log(`there were ${result.complaints.length} complaints, first: ${result.complaints[0]}`);
  publish(options, 'job-start', result, text);
}

const options = readOptions({ rounds: 3, amount: 600, quickAmount: 60 });
await withCleanUp((cleanUp) => main(options, cleanUp));

/** One round of presses on one server, and what has to be true of it to count. */
import { setTimeout as wait } from 'node:timers/promises';
import type { LoadAnswer, LoadQuestion } from '../load-process.ts';
import type { Learned } from './chat-side.ts';
import { cpuMicrosOf } from './cpu.ts';
import { loadNow, round, type Spread, spreadOf } from './figures.ts';
import type { Child } from './process.ts';
import type { Seeder } from './seed.ts';

export type Server = { kind: string; process: Child; url: string; seeder: Seeder | null };
type Cpu = Record<'server' | 'load' | 'postgres' | 'redis', number | null>;
export type Round = {
  server: string;
  connections: number;
  round: number;
  presses: number;
  perSecond: number;
  millis: Spread;
  /** Processor time until everything is handed over; the server's includes private answers and relay. */
  cpuMicrosPerPress: Cpu;
  /** What the record gained: as many as were answered with 200, or the run is void. */
  decisions: number | null;
  /** From the last answer until every decision was on the queue. */
  relayBehindMs: number | null;
  machineLoad: number;
};

/** What every round needs: who presses, and whose processor time is looked at. */
export type Stage = { pids: { postgres: number; redis: number }; load: Child; learned: Learned; pressBytes: number };

export const serverOf = (kind: string, process: Child, seeder: Seeder | null): Server => {
  return { kind, process, seeder, url: (process.ready as { url: string }).url };
};

const portOf = (url: string): number => Number(new URL(url).port);

/** Without a record any action will do. */
const invented = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    actionId: `A-01${String(index).padStart(24, '0')}`,
    digest: `sha256:${'0'.repeat(64)}`,
    version: 1,
  }));

/** Microseconds of processor time so far. */
function cpuOf({ pids: { postgres, redis }, load }: Stage, server: Server): Cpu {
  const pids = { server: server.process.pid, load: load.pid, postgres, redis };
  return {
    server: cpuMicrosOf(pids.server),
    load: cpuMicrosOf(pids.load),
    postgres: cpuMicrosOf(pids.postgres),
    redis: cpuMicrosOf(pids.redis),
  };
}

function perPress(before: Cpu, after: Cpu, presses: number): Cpu {
  const each = (part: keyof Cpu) => {
    const [from, to] = [before[part], after[part]];
    return from === null || to === null ? null : round((to - from) / presses, 0);
  };
  return { server: each('server'), load: each('load'), postgres: each('postgres'), redis: each('redis') };
}

export async function runRound(stage: Stage, server: Server, connections: number, amount: number, number: number): Promise<Round> {
  const { load, learned } = stage;
  const { seeder } = server;
  const pressables = seeder ? await seeder.seed(amount, learned.card) : invented(amount);
  const presser = await learned.presser('good');
  stage.pressBytes = await load.ask<number>({ kind: 'prepare', presser, pressables } satisfies LoadQuestion);
  const before = await seeder?.facts();
  const machineLoad = loadNow();
  const cpuBefore = cpuOf(stage, server);
  const { seconds, answers, millis } = await load.ask<LoadAnswer>({
    kind: 'run',
    port: portOf(server.url),
    connections,
  } satisfies LoadQuestion);
  const relayBehindMs = server.kind !== 'commit' && seeder ? await untilRelayed(seeder) : null;
  const cpuAfter = cpuOf(stage, server);
  await seeder?.showAll();
  const answered = answers['200'] ?? 0;
  if (answered !== amount) throw new Error(`${server.kind}: ${JSON.stringify(answers)} instead of ${amount} answers with 200`);
  const after = await seeder?.facts();
  const decisions = before && after ? after.decisions - before.decisions : null;
  if (
    before &&
    after &&
    (decisions !== answered || after.outbox - before.outbox !== answered || after.queued - before.queued !== answered)
  ) {
    throw new Error(
      `${server.kind}: ${answered} presses were answered with 200, but the record went from ${JSON.stringify(before)} to ${JSON.stringify(after)}`,
    );
  }
  return {
    server: server.kind,
    connections,
    round: number,
    presses: amount,
    perSecond: round(answered / seconds, 0),
    millis: spreadOf(millis),
    cpuMicrosPerPress: perPress(cpuBefore, cpuAfter, amount),
    decisions,
    relayBehindMs,
    machineLoad,
  };
}

/** Who would take a press that nobody proved does less than is measured here. */
export async function refuseForged({ load, learned }: Stage, { kind, url }: Server): Promise<void> {
  const presser = await learned.presser('forged');
  await load.ask({ kind: 'prepare', presser, pressables: invented(1) } satisfies LoadQuestion);
  const { answers } = await load.ask<LoadAnswer>({ kind: 'run', port: portOf(url), connections: 1 } satisfies LoadQuestion);
  if (Object.keys(answers).some((answer) => answer.startsWith('2')))
    throw new Error(`${kind} took a forged press: ${JSON.stringify(answers)}`);
}

/** The next round begins with nothing left over from this one. */
async function untilRelayed(seeder: Seeder): Promise<number> {
  const began = performance.now();
  while ((await seeder.unsent()) > 0) {
    if (performance.now() - began > 60_000) throw new Error('the relay did not hand everything over within a minute');
    await wait(5);
  }
  return round(performance.now() - began, 0);
}

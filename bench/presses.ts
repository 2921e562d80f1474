/**
 * Presses per second: a signed press on a card, every one a decision by somebody who may decide, from the first byte sent to the whole HTTP
 * answer. Our bot beside the platform's bare SDK that answers at once, and beside one that commits with our statement first. See README.md.
 *   node bench/presses.ts [--platform slack|teams|both] [--quick] [--rounds 5] [--amount 6000] [--profile folder] [--only ours|ack|commit]
 *     [--out folder]
 */
import path from 'node:path';
import { captureStatement } from './harness/capture.ts';
import { type ChatPlatform, people } from './harness/chat-side.ts';
import { type Aim, loadNow, machineFacts, median, publish, round, tableOf } from './harness/figures.ts';
import { type CleanUp, type Options, readOptions, withCleanUp } from './harness/options.ts';
import { startChild } from './harness/process.ts';
import { type Round, refuseForged, runRound, type Server, type Stage, serverOf } from './harness/rounds.ts';
import { openSeeder } from './harness/seed.ts';
import { openSetting, type Setting } from './harness/setting.ts';

const kinds: readonly string[] = ['ack', 'commit', 'ours'] satisfies Kind[];
type Kind = 'ack' | 'commit' | 'ours';
const bareNames: Record<ChatPlatform, string> = { slack: 'bare Bolt', teams: 'bare CloudAdapter' };
const namesOn = (platform: ChatPlatform): Record<string, string> & Record<Kind, string> => ({
  ack: `${bareNames[platform]}, ${platform === 'slack' ? 'acknowledges' : 'answers'} at once`,
  commit: `${bareNames[platform]} + the same commit`,
  ours: 'Countersign',
});
const levels = [1, 10, 50];
/** One connection cannot keep up; fewer presses take the same time. */
const amountFor = (connections: number, amount: number): number => (connections === 1 ? Math.ceil(amount / 2) : amount);

type PressStage = Stage & { setting: Setting; servers: Server[]; databaseUrl: string };

async function openStage(setting: Setting, options: Options, cleanUp: CleanUp): Promise<PressStage> {
  const { chat } = setting;
  const { only } = options;
  const profile = options.profile && path.join(options.profile, chat.platform);
  const [oursUrl, commitUrl] = [await setting.createDatabase('ours'), await setting.createDatabase('bare')];
  const [oursSeeder, commitSeeder] = [await openSeeder(oursUrl, setting.policyFile), await openSeeder(commitUrl, setting.policyFile)];
  for (const { close } of [oursSeeder, commitSeeder]) cleanUp.push(close);
  const ours = serverOf('ours', await setting.startPart('bot', oursUrl, { profile }), oursSeeder);
  cleanUp.push(ours.process.stop);
  const learned = await chat.learn(ours.url, oursSeeder.announceOne);
  const [actor] = people;
  if (!actor) throw new Error('nobody is there to decide');
  const decision = { actor: actor as never, platform: chat.platform, clickId: 'f'.repeat(32) };
  const statement = await captureStatement(await commitSeeder.announceOne(), decision);
  const bare = async (kind: Kind) => {
    const process = await startChild('bare-process.ts', {
      args: [chat.platform, kind],
      env: { ...chat.env, DATABASE_URL: commitUrl, STATEMENT: JSON.stringify(statement) },
      logFile: `${setting.logFile}.bare`,
      profile,
    });
    cleanUp.push(process.stop);
    return process;
  };
  const all = [serverOf('ack', await bare('ack'), null), serverOf('commit', await bare('commit'), commitSeeder), ours];
  const load = await startChild('load-process.ts', { logFile: `${setting.logFile}.load` });
  cleanUp.push(load.stop);
  const servers = only === null ? all : all.filter(({ kind }) => kind === only);
  return { setting, pids: setting.pids, servers, load, learned, pressBytes: 0, databaseUrl: oursUrl };
}

async function runAll(stage: PressStage, options: Options): Promise<Round[]> {
  const { rounds, amount, quick } = options;
  const connectionLevels = quick ? [10] : levels;
  console.log('every server has to refuse a forged press first; what they say of it:');
  for (const server of stage.servers) await refuseForged(stage, server);
  for (const server of stage.servers) await runRound(stage, server, 10, Math.ceil(amount / 3), 0);
  const done: Round[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    for (const connections of connectionLevels) {
      // Another one begins each time.
      const turn = stage.servers
        .map((_, index) => stage.servers[(index + number) % stage.servers.length])
        .filter((one) => one !== undefined);
      for (const server of turn) {
        const one = await runRound(stage, server, connections, amountFor(connections, amount), number);
        const { perSecond, millis, cpuMicrosPerPress, relayBehindMs, machineLoad } = one;
        const cpu = `cpu us/press: server ${cpuMicrosPerPress.server} load ${cpuMicrosPerPress.load} postgres ${cpuMicrosPerPress.postgres}`;
        const more = relayBehindMs === null ? '' : `  relay behind ${relayBehindMs} ms`;
        console.log(
          `round ${number}  ${connections} conn  ${server.kind.padEnd(6)} ${perSecond}/s  p50 ${millis.p50}  p99 ${millis.p99} ms  load ${machineLoad}  ${cpu}${more}`,
        );
        done.push(one);
      }
    }
  }
  return done;
}

type Row = { server: string; connections: number; perSecond: number; p50Ms: number; p99Ms: number };

function mediansOf(rounds: Round[]): Row[] {
  const groups = [...Map.groupBy(rounds, ({ server, connections }) => `${connections} ${server}`).values()];
  return groups
    .map((group) => ({
      server: group[0]?.server ?? 'ack',
      connections: group[0]?.connections ?? 0,
      perSecond: median(group.map(({ perSecond }) => perSecond)),
      p50Ms: round(median(group.map(({ millis }) => millis.p50))),
      p99Ms: round(median(group.map(({ millis }) => millis.p99))),
    }))
    .sort((a, b) => a.connections - b.connections || kinds.indexOf(a.server) - kinds.indexOf(b.server));
}

const halfOfThePair = 0.5;

function aimsOf(rows: Row[], platform: ChatPlatform): Aim[] {
  return rows.flatMap(({ server, connections, perSecond }) => {
    const pair = rows.find((row) => row.server === 'commit' && row.connections === connections);
    if (server !== 'ours' || !pair) return [];
    const measured = round(perSecond / pair.perSecond, 2);
    return [
      { aim: `at ${connections} connections at least half of ${namesOn(platform).commit}`, measured, met: measured >= halfOfThePair },
    ];
  });
}

function textOf(rows: Row[], aims: Aim[], platform: ChatPlatform): string {
  const names = namesOn(platform);
  const heads = ['server', 'connections', 'presses/s', 'p50 ms', 'p99 ms'];
  const table = tableOf(
    heads,
    rows.map(({ server, connections, perSecond, p50Ms, p99Ms }) => [names[server] ?? server, connections, perSecond, p50Ms, p99Ms]),
  );
  const told = aims.map(({ aim, measured, met }) => `* ${aim}: ${measured} (${met ? 'met' : 'missed'})`);
  return ['', table, '', ...told, ''].join('\n');
}

async function measure(platform: ChatPlatform, options: Options, cleanUp: CleanUp): Promise<void> {
  console.log(`\n${platform}`);
  const setting = await openSetting(platform);
  cleanUp.push(setting.close);
  const stage = await openStage(setting, options, cleanUp);
  const loadAtStart = loadNow();
  const rounds = await runAll(stage, options);
  const rows = mediansOf(rounds);
  const aims = aimsOf(rows, platform);
  const result = {
    what: 'presses',
    platform,
    date: new Date().toISOString(),
    machine: await machineFacts(stage.databaseUrl, setting.redisUrl),
    machineLoad: { atStart: loadAtStart, atEnd: loadNow() },
    settings: {
      rounds: options.rounds,
      pressesPerRound: options.amount,
      pressBytes: stage.pressBytes,
      people: people.length,
      worker: 'off',
      privateAnswers: setting.chat.answersTaken(),
    },
    median: rows,
    aims,
    complaints: setting.complaints(),
    rounds,
  };
  const text = textOf(rows, aims, platform);
  console.log(text);
  if (result.complaints.length > 0) console.log(`the bot complained ${result.complaints.length} times, first: ${result.complaints[0]}`);
  publish(options, `presses-${platform}`, result, text);
}

const options = readOptions({ rounds: 5, amount: 6000, quickAmount: 300 });
for (const platform of options.platforms) await withCleanUp((cleanUp) => measure(platform, options, cleanUp));

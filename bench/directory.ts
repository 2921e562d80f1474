/**
 * What asking Microsoft Graph costs a decision: the same bot on the same record, with DIRECTORY=file and with DIRECTORY=graph against the simulated
 * Entra. Warm: the people are remembered, as they are for up to a minute. Cold: nobody is, and the calls to Graph are counted. See README.md.
 *   node bench/directory.ts [--platform slack|teams|both] [--quick] [--rounds 5] [--amount 4000] [--out folder]
 */
import { graphWorld } from '../test/features/graph-world.ts';
import { startGraphFront } from '../test/identity/graph-front.ts';
import { type ChatPlatform, people } from './harness/chat-side.ts';
import { type Aim, loadNow, machineFacts, median, publish, round, tableOf } from './harness/figures.ts';
import { type CleanUp, type Options, readOptions, withCleanUp } from './harness/options.ts';
import { startChild } from './harness/process.ts';
import { type Round, runRound, type Server, type Stage, serverOf } from './harness/rounds.ts';
import { openSeeder } from './harness/seed.ts';
import { openSetting } from './harness/setting.ts';

const connections = 10;
const mostOfTheFile = 1.3;
const mostCallsCold = 2;
const names: Record<string, string> = { file: 'DIRECTORY=file', graph: 'DIRECTORY=graph' };

/** Both servers, one round each in turn; another one begins each time. */
async function runAll(stage: Stage, servers: Server[], { rounds, amount }: Options): Promise<Round[]> {
  const done: Round[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    for (const server of number % 2 === 0 ? servers : servers.toReversed()) {
      const one = await runRound(stage, server, connections, amount, number);
      console.log(
        `round ${number}  ${server.kind.padEnd(5)} ${one.perSecond}/s  p50 ${one.millis.p50}  p99 ${one.millis.p99} ms  cpu us/press ${one.cpuMicrosPerPress.server}  load ${one.machineLoad}`,
      );
      done.push(one);
    }
  }
  return done;
}

function rowsOf(rounds: Round[]) {
  return [...Map.groupBy(rounds, ({ server }) => server)].map(([server, group]) => ({
    server,
    perSecond: median(group.map(({ perSecond }) => perSecond)),
    p50Ms: round(median(group.map(({ millis }) => millis.p50))),
    p99Ms: round(median(group.map(({ millis }) => millis.p99))),
    cpuMicros: median(group.map(({ cpuMicrosPerPress }) => cpuMicrosPerPress.server ?? Number.NaN)),
  }));
}
type Row = ReturnType<typeof rowsOf>[number];

function aimsOf(rows: Row[], callsPerPerson: number): Aim[] {
  const [file, graph] = ['file', 'graph'].map((kind) => rows.find(({ server }) => server === kind));
  const ratio = round((file?.perSecond ?? Number.NaN) / (graph?.perSecond ?? Number.NaN), 2);
  return [
    {
      aim: `a decision by a remembered person costs at most ${mostOfTheFile} x of the file directory`,
      measured: ratio,
      met: ratio <= mostOfTheFile,
    },
    {
      aim: `a decision by somebody who is not remembered makes at most ${mostCallsCold} calls to Graph`,
      measured: callsPerPerson,
      met: callsPerPerson <= mostCallsCold,
    },
  ];
}

async function measure(platform: ChatPlatform, options: Options, cleanUp: CleanUp): Promise<void> {
  console.log(`\n${platform}`);
  const setting = await openSetting(platform);
  cleanUp.push(setting.close);
  const graph = await graphWorld(people);
  cleanUp.push(graph.close);
  const front = await startGraphFront(graph.entra.graphUrl);
  cleanUp.push(front.close);
  const start = async (kind: string, env: Record<string, string>) => {
    const databaseUrl = await setting.createDatabase(kind);
    const seeder = await openSeeder(databaseUrl, setting.policyFile);
    cleanUp.push(seeder.close);
    const server = serverOf(kind, await setting.startPart('bot', databaseUrl, { env }), seeder);
    cleanUp.push(server.process.stop);
    return { server, seeder, databaseUrl };
  };
  const file = await start('file', {});
  const asking = await start('graph', { ...graph.env, GRAPH_URL: front.url });
  const learned = await setting.chat.learn(file.server.url, file.seeder.announceOne);
  const load = await startChild('load-process.ts', { logFile: `${setting.logFile}.load` });
  cleanUp.push(load.stop);
  const stage: Stage = { pids: setting.pids, load, learned, pressBytes: 0 };
  const loadAtStart = loadNow();

  // Everybody once, one after the other, before anybody is remembered.
  const before = front.calls.length;
  await runRound(stage, asking.server, 1, people.length, 0);
  const callsPerPerson = round((front.calls.length - before) / people.length, 2);
  await runRound(stage, file.server, 1, people.length, 0);
  for (const { server } of [file, asking]) await runRound(stage, server, connections, Math.ceil(options.amount / 3), 0);
  const rounds = await runAll(stage, [file.server, asking.server], options);

  const rows = rowsOf(rounds);
  const aims = aimsOf(rows, callsPerPerson);
  const result = {
    what: 'directory',
    platform,
    date: new Date().toISOString(),
    machine: await machineFacts(file.databaseUrl, setting.redisUrl),
    machineLoad: { atStart: loadAtStart, atEnd: loadNow() },
    settings: { rounds: options.rounds, pressesPerRound: options.amount, connections, people: people.length, worker: 'off' },
    median: rows,
    coldGraphCallsPerPerson: callsPerPerson,
    graphCalls: front.calls.length,
    questionsPerCall: median(front.sizes),
    aims,
    complaints: setting.complaints(),
    rounds,
  };
  const table = tableOf(
    ['directory', 'presses/s', 'p50 ms', 'p99 ms', 'processor time/press, us'],
    rows.map(({ server, perSecond, p50Ms, p99Ms, cpuMicros }) => [names[server] ?? server, perSecond, p50Ms, p99Ms, cpuMicros]),
  );
  const text = ['', table, '', ...aims.map(({ aim, measured, met }) => `* ${aim}: ${measured} (${met ? 'met' : 'missed'})`), ''].join('\n');
  console.log(text);
  if (result.complaints.length > 0) console.log(`the bot complained ${result.complaints.length} times, first: ${result.complaints[0]}`);
  publish(options, `directory-${platform}`, result, text);
}

const options = readOptions({ rounds: 5, amount: 4000, quickAmount: 300 });
for (const platform of options.platforms) await withCleanUp((cleanUp) => measure(platform, options, cleanUp));

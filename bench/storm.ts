/**
 * A storm: actions as a producer sends them, signed, at a steady rate, to the bot as a process of its own, with a simulated Slack and a simulated Teams
 * that enforce the platforms' real limits. Tells when every action could be seen on both, when the urgent one in the middle had its own card, and how
 * much memory the bot took. See README.md.
 *   node bench/storm.ts [--quick] [--built] [--amount 10000] [--seconds 10] [--profile folder] [--out folder]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Aim, machineFacts, publish, round, tableOf } from './harness/figures.ts';
import { withCleanUp } from './harness/options.ts';
import { startChild } from './harness/process.ts';
import { type Arrived, openStormSetting, type Seen, type StormSetting } from './harness/storm-setting.ts';

const folder = import.meta.dirname;
const aims = { seenSeconds: 60, urgentSeconds: 5, rssMegabytes: 300 };
/** Nobody waits for longer than this. */
const patienceMs = 300_000;
const lookEveryMs = 250;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    amount: { type: 'string' },
    seconds: { type: 'string' },
    /** The bot from `dist`: run `npm run build` before. */
    built: { type: 'boolean', default: false },
    profile: { type: 'string' },
    out: { type: 'string' },
  },
});
const quick = values.quick;
const amount = Number(values.amount ?? (quick ? 400 : 10_000));
const seconds = Number(values.seconds ?? (quick ? 2 : 10));

async function whenAllSeen(setting: StormSetting, from: number): Promise<Seen & { ms: number }> {
  for (;;) {
    const seen = await setting.seen();
    const ms = Date.now() - from;
    if (seen.unseen === 0) return { ...seen, ms };
    if (ms > patienceMs) throw new Error(`after ${ms} ms nobody can see ${seen.unseen} actions`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

await withCleanUp(async (cleanUp) => {
  const setting = await openStormSetting({
    profile: values.profile === undefined ? null : path.resolve(values.profile),
    built: values.built,
  });
  cleanUp.push(setting.close);
  const { url } = setting;
  const producer = await startChild('storm-producer.ts', { args: [], logFile: setting.logFile });
  cleanUp.push(producer.stop);
  const begun = Date.now();
  const urgent = setting.urgentShown();
  const sent = producer.ask<Arrived>({ url, secret: setting.secret, amount, seconds });
  const arrived = await sent;
  const seen = await whenAllSeen(setting, begun);
  const shown = await urgent;
  const memory = await setting.memory();
  const urgentSeconds = Object.fromEntries(
    Object.entries(shown).map(([platform, at]) => [platform, round((at - arrived.urgentSentAt) / 1000, 2)]),
  );
  const worst = Math.max(...Object.values(urgentSeconds));
  const rss = round(memory.rssPeak / 2 ** 20, 0);
  const result = {
    amount,
    wantedSeconds: seconds,
    takenInSeconds: round(arrived.ms / 1000, 2),
    refused: arrived.refused,
    seenAfterSeconds: round(seen.ms / 1000, 2),
    own: seen.own,
    grouped: seen.grouped,
    groups: seen.groups,
    urgentSeconds,
    memoryMegabytes: { rss, heap: round(memory.heapPeak / 2 ** 20, 0), atRest: round(memory.rssAtRest / 2 ** 20, 0) },
    botCpuSeconds: round(memory.cpuSeconds, 1),
    problems: setting.problems(),
  };
  const measured: Aim[] = [
    {
      aim: `every action seen within ${aims.seenSeconds} s`,
      measured: result.seenAfterSeconds,
      met: result.seenAfterSeconds <= aims.seenSeconds,
    },
    { aim: `the urgent one has its own card within ${aims.urgentSeconds} s`, measured: worst, met: worst <= aims.urgentSeconds },
    { aim: `the bot stays under ${aims.rssMegabytes} MB`, measured: rss, met: rss <= aims.rssMegabytes },
  ];
  const table = tableOf(
    [
      'actions',
      'sent in s',
      'taken in s',
      'seen on both after s',
      'urgent on Slack s',
      'urgent on Teams s',
      'bot RSS MB',
      'bot heap MB',
      'before MB',
    ],
    [
      [
        amount,
        seconds,
        result.takenInSeconds,
        result.seenAfterSeconds,
        urgentSeconds['slack'] ?? '?',
        urgentSeconds['teams'] ?? '?',
        rss,
        result.memoryMegabytes.heap,
        result.memoryMegabytes.atRest,
      ],
    ],
  );
  const told = measured.map(({ aim, measured: value, met }) => `* ${aim}: ${value} (${met ? 'met' : 'missed'})`).join('\n');
  const text = `\n${table}\n\n${told}\n`;
  console.log(text);
  console.log(JSON.stringify(result));
  if (result.problems.length > 0) throw new Error(`the bot broke the platforms' rules: ${result.problems.slice(0, 5).join('; ')}`);
  const out = values.out ?? (quick ? null : path.join(folder, 'results'));
  const readme = quick || values.out !== undefined ? null : path.join(folder, 'README.md');
  const machine = await machineFacts(setting.databaseUrl, setting.redisUrl);
  publish({ out, readme }, 'storm', { ...result, aims: measured, machine }, text);
});

/** PostgreSQL, Redis, a simulated Slack and a simulated Teams at their real limits, and the bot between them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bothWorlds } from '../../test/features/both-worlds.ts';
import { people } from '../../test/features/people.ts';
import { startPostgres, startRedis } from '../../test/setup/local-services.ts';
import { recordPool } from '../../test/setup/record.ts';
import { startChild } from './process.ts';

export type Arrived = { ms: number; refused: number; urgentSentAt: number };
/** Open actions in all their conversations: seen in a card of their own, in a group's card, or not at all. */
export type Seen = { own: number; grouped: number; unseen: number; groups: number };
export type Memory = { rssPeak: number; rssAtRest: number; heapPeak: number; cpuSeconds: number };

export type StormSetting = {
  url: string;
  secret: string;
  logFile: string;
  databaseUrl: string;
  redisUrl: string;
  seen(): Promise<Seen>;
  /** When the urgent one stood in each channel, in ms since epoch. */
  urgentShown(): Promise<{ slack: number; teams: number }>;
  memory(): Promise<Memory>;
  problems(): string[];
  close(): Promise<void>;
};

const secret = 'intake-secret-of-the-storm-benchmark';
const urgentTitle = 'The urgent one';
const patienceMs = 300_000;

const seenQuery = `select
    count(*) filter (where c.group_id is null and c.ref is not null)::int as own,
    count(*) filter (where g.ref is not null)::int as grouped,
    count(*) filter (where coalesce(c.ref, g.ref) is null)::int as unseen,
    (select count(*)::int from card_groups) as groups
  from actions a join cards c on c.action_id = a.id and c.kind = 'action' left join cards g on g.card_id = c.group_id
  where a.status = 'pending'`;

export async function openStormSetting({ profile, built }: { profile: string | null; built: boolean }): Promise<StormSetting> {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-storm-'));
  const logFile = path.join(folder, 'log.ndjson');
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ args: ['--appendfsync', 'everysec'] })]);
  const { slack, teams, chat } = await bothWorlds();
  // As a channel at night: the cards are looked at later.
  teams.onlooker(false);
  const database = recordPool(postgres.url);
  await database.query('create database storm');
  const databaseUrl = postgres.url.replace(/postgres$/, 'storm');
  const record = recordPool(databaseUrl);
  writeFileSync(path.join(folder, 'directory.json'), JSON.stringify({ people }));
  const policyFile = path.join(folder, 'policy.yaml');
  writeFileSync(policyFile, chat.policy);
  const bot = await startChild('storm-bot.ts', {
    args: built ? ['built'] : [],
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      DIRECTORY_FILE: path.join(folder, 'directory.json'),
      POLICY_FILE: policyFile,
      BACKEND: 'simulator',
      REDIS_URL: redis.url,
      DATABASE_URL: databaseUrl,
      INTAKE_SECRETS: secret,
      ...chat.env,
    },
    logFile,
    profile,
  });
  const { url } = bot.ready as { url: string };
  chat.connect([url]);
  return {
    url,
    secret,
    logFile,
    databaseUrl,
    redisUrl: redis.url,
    seen: async () => (await record.query<Seen>(seenQuery)).rows[0] ?? { own: 0, grouped: 0, unseen: Number.NaN, groups: 0 },
    urgentShown: async () => {
      const inSlack = slack.slack.next('message', ({ blocks }) => JSON.stringify(blocks).includes(urgentTitle), patienceMs);
      const inTeams = teams.teams.next('message', ({ card }) => JSON.stringify(card).includes(urgentTitle), patienceMs);
      const [atSlack, atTeams] = await Promise.all([inSlack.then(() => Date.now()), inTeams.then(() => Date.now())]);
      return { slack: atSlack, teams: atTeams };
    },
    memory: async () => ({ ...(await bot.ask<Omit<Memory, 'rssPeak'>>('memory')), rssPeak: rssPeakOf(bot.pid) }),
    problems: chat.problems,
    close: async () => {
      await bot.stop();
      await Promise.all([record.end(), database.end(), chat.close()]);
      await Promise.all([postgres.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The kernel's own high-water mark, in bytes. */
const rssPeakOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024;

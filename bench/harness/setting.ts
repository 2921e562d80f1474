/** What every benchmark of the product stands on: real PostgreSQL and Redis, the simulated Slack, and a sink for private answers. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startSlack } from '../../sandbox/slack/server.ts';
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import { crowd, team } from '../../test/features/people.ts';
import { startPostgres, startRedis } from '../../test/setup/local-services.ts';
import { type Child, startChild } from './process.ts';

export const channel = 'C0SOC';
const signingSecret = 'slack-signing-secret-for-the-benchmark';
const botToken = 'xoxb-benchmark';
/** A shift of analysts; they press in turn. */
const people = crowd(20);
export const userIds = people.map(({ slack }) => slack[0]?.userId ?? '');

export type Setting = {
  slack: SlackWorld;
  signingSecret: string;
  sinkUrl: string;
  /** Private answers, and the connections they came through. */
  answersTaken(): { answers: number; connections: number };
  redisUrl: string;
  /** The servers' processes, to look at what they use. */
  pids: { postgres: number; redis: number };
  policyFile: string;
  logFile: string;
  createDatabase(name: string): Promise<string>;
  /** Bot or worker as a process of its own, configured as an operator would. */
  startPart(part: 'bot' | 'worker', databaseUrl: string, options?: { args?: string[]; profile?: string | null }): Promise<Child>;
  /** Warnings and errors in the logs: none is expected. */
  complaints(): string[];
  close(): Promise<void>;
};

export async function openSetting(): Promise<Setting> {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-bench-'));
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ args: ['--appendfsync', 'everysec'] })]);
  const slack = await startSlack({
    signingSecret,
    botToken,
    teamId: team,
    channels: [{ id: channel, name: 'soc-approvals' }],
    people: people.map((one) => ({ id: one.slack[0]?.userId ?? '', name: one.upn, realName: one.displayName, email: one.email })),
  });
  const sink = await openSink();
  const [directoryFile, policyFile, logFile] = ['directory.json', 'policy.yaml', 'log.ndjson'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(directoryFile, JSON.stringify({ people }));
  writeFileSync(policyFile, `routes:\n  - slack: [${channel}]\n`);
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    DIRECTORY_FILE: directoryFile,
    POLICY_FILE: policyFile,
    BACKEND: 'simulator',
    REDIS_URL: redis.url,
    SLACK_BOT_TOKEN: botToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: slack.apiUrl,
  };
  return {
    slack,
    signingSecret,
    sinkUrl: sink.url,
    answersTaken: sink.taken,
    redisUrl: redis.url,
    pids: { postgres: postgres.pid, redis: redis.pid },
    policyFile,
    logFile,
    createDatabase: (name) => createDatabase(postgres.url, name),
    startPart: async (part, databaseUrl, { args = [], profile = null } = {}) => {
      if (profile !== null) mkdirSync(profile, { recursive: true });
      return startChild('part-process.ts', { args: [part, ...args], env: { ...env, DATABASE_URL: databaseUrl }, logFile, profile });
    },
    complaints: () => complaintsIn(logFile),
    close: async () => {
      await slack.close();
      await sink.close();
      await Promise.all([postgres.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 5000 });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return serverUrl.replace(/postgres$/, name);
}

/** Takes every private answer as Slack's response_url would, and reads none. */
async function openSink() {
  let count = 0;
  let connections = 0;
  const server = createServer((req, res) => {
    count += 1;
    req.resume();
    req.on('end', () => res.writeHead(200, { 'content-length': 2 }).end('ok'));
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answers`,
    taken: () => ({ answers: count, connections }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The simulator says at the start that it is one. */
const expected = /simulator|INTAKE_SECRETS/;
const warnLevel = 40;

function complaintsIn(logFile: string): string[] {
  const lines = readFileSync(logFile, 'utf8').split('\n').filter(Boolean);
  const told = lines.map((line) => JSON.parse(line) as { level: number; msg: string; err?: { message: string }; reason?: string });
  return told
    .filter(({ level, msg }) => level >= warnLevel && !expected.test(msg))
    .map(({ msg, err, reason }) => [msg, err?.message ?? reason].filter(Boolean).join(': '));
}

/** What every benchmark of the product stands on: real PostgreSQL and Redis, and one simulated chat platform. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startPostgres, startRedis } from '../../test/setup/local-services.ts';
import { type ChatPlatform, type ChatSide, people } from './chat-side.ts';
import { type Child, startChild } from './process.ts';
import { openSlackSide } from './slack-side.ts';
import { openTeamsSide } from './teams-side.ts';

type PartOptions = { args?: string[]; profile?: string | null; env?: Record<string, string> };

export type Setting = {
  chat: ChatSide;
  redisUrl: string;
  /** The servers' processes, to look at what they use. */
  pids: { postgres: number; redis: number };
  policyFile: string;
  logFile: string;
  createDatabase(name: string): Promise<string>;
  /** Bot or worker as a process of its own, configured as an operator would. */
  startPart(part: 'bot' | 'worker', databaseUrl: string, options?: PartOptions): Promise<Child>;
  /** Warnings and errors in the logs: none is expected. */
  complaints(): string[];
  close(): Promise<void>;
};

export async function openSetting(platform: ChatPlatform): Promise<Setting> {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-bench-'));
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ args: ['--appendfsync', 'everysec'] })]);
  const chat = await (platform === 'slack' ? openSlackSide() : openTeamsSide());
  const [directoryFile, policyFile, logFile] = ['directory.json', 'policy.yaml', 'log.ndjson'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(directoryFile, JSON.stringify({ people }));
  writeFileSync(policyFile, `routes:\n  - ${chat.route}\n`);
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    DIRECTORY_FILE: directoryFile,
    POLICY_FILE: policyFile,
    BACKEND: 'simulator',
    REDIS_URL: redis.url,
    ...chat.env,
  };
  return {
    chat,
    redisUrl: redis.url,
    pids: { postgres: postgres.pid, redis: redis.pid },
    policyFile,
    logFile,
    createDatabase: (name) => createDatabase(postgres.url, name),
    startPart: async (part, databaseUrl, { args = [], profile = null, env: more = {} } = {}) => {
      if (profile !== null) mkdirSync(profile, { recursive: true });
      return startChild('part-process.ts', {
        args: [part, ...args],
        env: { ...env, DATABASE_URL: databaseUrl, ...more },
        logFile,
        profile,
      });
    },
    complaints: () => complaintsIn(logFile),
    close: async () => {
      await chat.close();
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

/** Stand-ins are named at the start; the forged press before the rounds is written down, and any other refusal voids a round. */
const expected = /simulator|INTAKE_SECRETS|TEAMS_OPENID_URL|was refused|ENTRA_AUTHORITY_URL|GRAPH_URL/;
const warnLevel = 40;

function complaintsIn(logFile: string): string[] {
  const lines = readFileSync(logFile, 'utf8').split('\n').filter(Boolean);
  const told = lines.map((line) => JSON.parse(line) as { level: number; msg: string; err?: { message: string }; reason?: string });
  return told
    .filter(({ level, msg }) => level >= warnLevel && !expected.test(msg))
    .map(({ msg, err, reason }) => [msg, err?.message ?? reason].filter(Boolean).join(': '));
}

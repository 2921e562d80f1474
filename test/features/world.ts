/** One deployment for a feature test: the real bot and worker on a real store and queue, against a simulated chat platform. */

import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SignIns } from '../../src/action-center/ports.ts';
import { readConfig } from '../../src/config.ts';
import type { Extras } from '../../src/foundation.ts';
import { launch, type Parts } from '../../src/launch.ts';
import { openLog } from '../../src/log.ts';
import type { Stage } from '../../src/stage.ts';
import { patienceMs, poll } from '../setup/poll.ts';
import type { ChatWorld } from './chat-world.ts';
import { type DirectoryPerson, people } from './people.ts';

export const intakeSecret = 'test-intake-secret-0123456789';

type Services = { databaseUrl: string; redisUrl: string; queuePrefix?: string } | { dataDir: string };
export type WorldOptions = {
  chat: ChatWorld;
  services: Services;
  env?: Record<string, string>;
  directory?: DirectoryPerson[];
  policy?: string;
  timing?: Extras['timing'];
  /** Whoever can be asked to sign in anew; without, nobody can. */
  signIns?: SignIns;
  /** What the deployment takes for the time; the platforms keep their own. */
  now?: () => Date;
  defenderTiming?: Extras['defenderTiming'];
};

export type Deployment = { parts: Parts; url: string; stop(): Promise<void> };

export type World = {
  chat: ChatWorld;
  stages: Stage[];
  logLines: string[];
  directoryFile: string;
  /** Read at the start of each bot or worker. */
  policyFile: string;
  /** The bot's address; of the first one when there are several. */
  url(): string;
  /** Starts one more bot, worker or both on the same services. */
  add(parts: Parts): Promise<Deployment>;
  /** Stops the bot or worker that was added first, gracefully. */
  stopOne(kind: 'bot' | 'worker'): Promise<void>;
  submit(body: object, url?: string): Promise<{ status: number; body: { id: string; status: string; new: boolean } }>;
  read(id: string): Promise<StoredAction>;
  /** Resolves when a stage that fits was reached, also if it was before the call. */
  reached(fits: (stage: Stage) => boolean, what?: string): Promise<Stage>;
  /** What `look` finds as soon as it finds something. */
  until: typeof poll;
  /** Submits and waits until the card is there. */
  raise(body: { title: string }): Promise<{ id: string; title: string }>;
  /** Until the card says this. */
  cardSays(title: string, text: string | RegExp): Promise<unknown>;
  statusIs(id: string, status: string): Promise<unknown>;
  /** What that person is told in private first, once this is done. */
  newlyTold(who: DirectoryPerson, act: () => Promise<unknown>): Promise<string>;
  close(): Promise<void>;
};

export type StoredAction = {
  id: string;
  key: string;
  status: string;
  approvals: unknown[];
  decision: { decisionId: string; verb: string; comment: string | null; actor: { upn: string; rolesUsed: string[] } } | null;
  outcome: { status: string; message: string | null } | null;
  history: { kind: string }[];
};

export const signed = (body: string, secret = intakeSecret, at = Math.floor(Date.now() / 1000)): Record<string, string> => ({
  'content-type': 'application/json',
  'x-countersign-timestamp': String(at),
  'x-countersign-signature': `v1=${createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex')}`,
});

export async function openWorld(options: WorldOptions): Promise<World> {
  const { chat } = options;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-test-'));
  const directoryFile = join(folder, 'directory.json');
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(directoryFile, JSON.stringify({ people: options.directory ?? people }));
  await writeFile(policyFile, options.policy ?? chat.policy);
  const stages: Stage[] = [];
  const waiting = new Set<() => void>();
  const logLines: string[] = [];
  const running: Deployment[] = [];
  const watch = (stage: Stage) => {
    stages.push(stage);
    for (const look of waiting) look();
  };

  const add = async (parts: Parts): Promise<Deployment> => {
    const env = {
      HOST: '127.0.0.1',
      PORT: '0',
      DIRECTORY: 'file',
      DIRECTORY_FILE: directoryFile,
      POLICY_FILE: policyFile,
      BACKEND: 'simulator',
      INTAKE_SECRETS: intakeSecret,
      LOG_LEVEL: 'debug',
      PORTAL_URL: 'https://security.microsoft.com',
      ...chat.env,
      ...servicesEnv(options.services),
      ...options.env,
    };
    const log = openLog('debug', { write: (line) => void logLines.push(line) });
    const { services, timing } = options;
    const prefix = 'queuePrefix' in services && services.queuePrefix !== undefined ? { queuePrefix: services.queuePrefix } : {};
    const extras = {
      watch,
      ...prefix,
      ...(timing ? { timing } : {}),
      ...(options.signIns ? { signIns: options.signIns } : {}),
      ...(options.now ? { now: options.now } : {}),
      ...(options.defenderTiming === undefined ? {} : { defenderTiming: options.defenderTiming }),
    };
    const deployment = await launch(readConfig(env, { executes: parts.worker }), log, parts, extras);
    const one: Deployment = {
      parts,
      url: deployment.url,
      stop: async () => {
        running.splice(running.indexOf(one), 1);
        chat.connect(running.map(({ url }) => url).filter(Boolean));
        await deployment.stop();
      },
    };
    running.push(one);
    chat.connect(running.map(({ url }) => url).filter(Boolean));
    return one;
  };

  const url = (): string => running.find((one) => one.url)?.url ?? '';
  const world: World = {
    chat,
    stages,
    logLines,
    directoryFile,
    policyFile,
    url,
    add,
    stopOne: async (kind) => {
      await running.find(({ parts }) => parts[kind])?.stop();
    },
    submit: async (body, to = url()) => {
      const text = JSON.stringify(body);
      const response = await fetch(`${to}/v1/actions`, { method: 'POST', headers: signed(text), body: text });
      return { status: response.status, body: await response.json() };
    },
    read: async (id) => {
      const response = await fetch(`${url()}/v1/actions/${id}`, { headers: signed('') });
      if (response.status !== 200) throw new Error(`GET /v1/actions/${id} answered ${response.status}`);
      return response.json();
    },
    reached: (fits, what = 'a stage') => reached(stages, waiting, fits, what),
    until: (what, look, forMs = patienceMs) => poll(what, look, forMs),
    raise: async (body) => {
      const { status, body: answer } = await world.submit(body);
      if (status !== 202) throw new Error(`a submission was answered ${status} ${JSON.stringify(answer)}`);
      await world.until('the card is posted', () => chat.card(body.title));
      return { id: answer.id, title: body.title };
    },
    cardSays: (title, text) =>
      world.until(`the card says ${String(text)}`, () => {
        const said = chat.card(title);
        return typeof text === 'string' ? said?.includes(text) : said !== null && text.test(said);
      }),
    statusIs: (id, status) => world.until(`${id} is ${status}`, async () => (await world.read(id)).status === status),
    newlyTold: async (who, act) => {
      const before = chat.told(who).length;
      await act();
      return world.until(`${who.displayName} is told`, () => chat.told(who)[before]);
    },
    close: async () => {
      for (const one of [...running]) await one.stop();
      await chat.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

const servicesEnv = (services: Services): Record<string, string> =>
  'dataDir' in services ? { DATA_DIR: services.dataDir } : { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl };

function reached(stages: Stage[], waiting: Set<() => void>, fits: (stage: Stage) => boolean, what: string): Promise<Stage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(look);
      reject(
        new Error(
          `${what} was not reached in ${patienceMs} ms; seen: ${stages.map(({ stage, detail }) => `${stage} ${detail ?? ''}`).join(', ')}`,
        ),
      );
    }, patienceMs);
    const look = () => {
      const found = stages.find(fits);
      if (!found) return;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });
}

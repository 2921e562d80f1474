import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseSubmission } from '../../src/action-center/announce.ts';
import { ConfigError } from '../../src/action-center/errors.ts';
import type { Intake } from '../../src/action-center/intake.ts';
import { intakeHandler } from '../../src/intake/http.ts';
import { httpSender } from '../../src/intake/sender.ts';
import { openLog } from '../../src/log.ts';
import { announceInMemory, aSubmission } from './record.ts';

const secret = 'intake-secret-0123456789';
const announce = announceInMemory();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const aBot = () => {
  const handle = intakeHandler({
    secrets: [secret],
    now: Date.now,
    log: openLog('silent'),
    announce,
    get: async () => null,
    history: async () => [],
  });
  return listen((req, res) => void handle(req, res).catch(() => res.destroy()));
};

/** Answers with these statuses one after the other. */
async function aMoodyBot(...answers: { status: number; headers?: { [name: string]: string }; body?: unknown }[]) {
  let calls = 0;
  const url = await listen((req, res) => {
    req.resume().once('end', () => {
      const { status, headers = {}, body = {} } = answers[Math.min(calls, answers.length - 1)] ?? { status: 500 };
      calls += 1;
      res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  });
  return { url, calls: () => calls };
}

function anIntake(changes: object = {}): Intake {
  const parsed = parseSubmission(aSubmission(changes));
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.intake;
}

const waits: number[] = [];
const sender = (url: string, key = secret) => {
  waits.length = 0;
  return httpSender({ url, secret: key, wait: async (ms) => void waits.push(ms) });
};

describe('submitting to a running bot', () => {
  it('stores the action once', async () => {
    const send = sender(await aBot());
    const intake = anIntake();
    expect(await send(intake)).toEqual({ kind: 'accepted' });
    expect(await send(intake)).toEqual({ kind: 'known' });
    expect(await send({ ...intake, title: 'Other words' })).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('with other content'),
    });
  });

  it('is the same action as one that was put into the record directly', async () => {
    const intake = anIntake({ requestedAt: new Date(Date.now() - 60_000).toISOString().replace('Z', '+00:00') });
    await announce(intake);
    expect(await sender(await aBot())(intake)).toEqual({ kind: 'known' });
  });

  it('hands on what the bot found wrong', async () => {
    expect(await sender(await aBot())(anIntake({ expiresAt: '2020-01-01T00:00:00Z' }))).toMatchObject({
      kind: 'invalid',
      issues: [{ path: 'expiresAt' }],
    });
  });

  it('with a wrong secret says what to compare, and does not try again', async () => {
    expect(await sender(await aBot(), 'another-secret-0123')(anIntake())).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('INTAKE_SECRETS'),
    });
    expect(waits).toEqual([]);
  });

  it('waits as long as it is told to, within reason', async () => {
    const bot = await aMoodyBot(
      { status: 429, headers: { 'retry-after': '2' } },
      { status: 503, headers: { 'retry-after': '86400' } },
      { status: 502 },
      { status: 202, body: { id: 'A-1', status: 'pending', new: true } },
    );
    expect(await sender(bot.url)(anIntake())).toEqual({ kind: 'accepted' });
    expect(waits).toEqual([2000, 30_000, 2000]);
  });

  it('gives up in the end', async () => {
    const bot = await aMoodyBot({ status: 503 });
    expect(await sender(bot.url)(anIntake())).toEqual({ kind: 'failed', reason: 'the bot answered 503; gave up after 6 tries' });
    expect(bot.calls()).toBe(6);
  });

  it('tries again when nobody answers', async () => {
    const url = await aBot();
    const [server] = servers;
    if (!server) throw new Error('no server');
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    expect(await sender(url)(anIntake())).toMatchObject({ kind: 'failed', reason: expect.stringContaining('ECONNREFUSED') });
    expect(waits).toHaveLength(5);
  });

  it('does not follow a redirect with a signed body', async () => {
    const elsewhere = await aMoodyBot({ status: 202, body: { new: true } });
    const bot = await aMoodyBot({ status: 307, headers: { location: `${elsewhere.url}/v1/actions` } });
    expect(await sender(bot.url)(anIntake())).toMatchObject({ kind: 'failed' });
    expect(elsewhere.calls()).toBe(0);
  });
});

describe('the address of the bot', () => {
  it.each(['', '/', '/v1/actions', '/v1/actions/'])('may end in %j', async (ending) => {
    expect(await sender(`${await aBot()}${ending}`)(anIntake())).toEqual({ kind: 'accepted' });
  });

  it.each(['', 'bot.example', 'ftp://bot.example'])('is not %j', (url) => {
    expect(() => sender(url)).toThrow(ConfigError);
  });
});

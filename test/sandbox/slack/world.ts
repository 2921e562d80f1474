// What the tests of the simulated Slack start from: a workspace, and a small app that answers as each test says.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { startSlack } from '../../../sandbox/slack/server.ts';
import type { SlackOptions, SlackWorld } from '../../../sandbox/slack/types.ts';

export const SIGNING_SECRET = 'a-signing-secret-of-the-sandbox';
export const BOT_TOKEN = 'xoxb-sandbox';
export const APP_TOKEN = 'xapp-sandbox';
export const SOC = 'C0SOC';

const OPTIONS: SlackOptions = {
  signingSecret: SIGNING_SECRET,
  botToken: BOT_TOKEN,
  appToken: APP_TOKEN,
  people: [
    { id: 'U0ALICE', name: 'alice', realName: 'Alice Adams', email: 'alice@contoso.example' },
    { id: 'U0BOB', name: 'bob', realName: 'Bob Brown', email: 'bob@contoso.example', isRestricted: true },
    { id: 'U0GONE', name: 'gone', realName: 'Gwen Gone', email: 'gone@contoso.example', deleted: true },
    { id: 'U0EVE', name: 'eve', realName: 'Eve Elsewhere', email: 'eve@fabrikam.example', teamId: 'T0FABRIKAM', isStranger: true },
  ],
  channels: [
    { id: SOC, name: 'soc' },
    { id: 'C0SHARED', name: 'shared', isExtShared: true },
    { id: 'C0OUT', name: 'out', botIsMember: false },
    { id: 'C0OLD', name: 'old', isArchived: true },
  ],
};

export async function startWorld(options: Partial<SlackOptions> = {}): Promise<SlackWorld> {
  const world = await startSlack({ ...OPTIONS, ...options });
  onTestFinished(() => world.close());
  return world;
}

export type Answered = { ok: boolean; status: number; retryAfter: string | null; error?: string; [field: string]: unknown };

/** Calls a method the way a plain client does, with JSON. */
export async function call(world: SlackWorld, method: string, args: object, token = BOT_TOKEN): Promise<Answered> {
  const response = await fetch(world.apiUrl + method, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(args),
    signal: AbortSignal.timeout(5_000),
  });
  const body = (await response.json()) as { ok: boolean };
  return { ...body, status: response.status, retryAfter: response.headers.get('retry-after') };
}

export async function respond(url: string, body: object): Promise<{ status: number; body: { ok: boolean; error?: string } }> {
  const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as { ok: boolean } };
}

export type Got = { headers: IncomingMessage['headers']; body: string; payload: Payload };
export type Payload = Record<string, unknown> & {
  trigger_id: string;
  response_url: string;
  user: { id: string; team_id: string };
  team: { id: string };
  actions: Record<string, unknown>[];
  message: Record<string, unknown>;
  container: Record<string, unknown>;
  view: { id: string; state: { values: Record<string, Record<string, unknown>> }; private_metadata: string };
  state: { values: Record<string, Record<string, unknown>> };
};
type Reply = { status?: number; json?: unknown; text?: string; never?: boolean };

/** An app at `POST /slack/events` that keeps what it got and answers as told. */
export async function startApp(
  world: SlackWorld,
  answer: (got: Got) => Reply | Promise<Reply> = () => ({}),
): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const fields = req.headers['content-type'] === 'application/json' ? {} : Object.fromEntries(new URLSearchParams(body));
    const entry: Got = { headers: req.headers, body, payload: fields['payload'] === undefined ? fields : JSON.parse(fields['payload']) };
    got.push(entry);
    const reply = await answer(entry);
    if (reply.never === true) return;
    res.statusCode = reply.status ?? 200;
    if (reply.json !== undefined) res.setHeader('Content-Type', 'application/json');
    res.end(reply.json === undefined ? reply.text : JSON.stringify(reply.json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  world.setRequestUrls([...world.requestUrls, url]);
  return { url, got };
}

export const first = <T>(list: readonly T[]): T => {
  const [entry] = list;
  if (entry === undefined) throw new Error('Expected at least one entry');
  return entry;
};

/** A clock that stands still until it is moved. */
export function settableClock(start = 1_790_000_000_000): { now: () => number; forward(ms: number): void } {
  let at = start;
  return {
    now: () => at,
    forward: (ms) => {
      at += ms;
    },
  };
}

// What the tests of the simulated Teams start from: an organisation, and a small bot that answers as each test says.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { startTeams } from '../../../sandbox/teams/server.ts';
import type { AdaptiveCard, TeamsOptions, TeamsWorld } from '../../../sandbox/teams/types.ts';

export const APP_ID = '5b1c4a3e-8f7d-4c7a-9e61-1f2d3c4b5a69';
export const APP_PASSWORD = 'a-client-secret-of-the-sandbox';
export const TENANT = '3f9c2d10-5e1b-4a7c-8d2f-9b0a1c2d3e4f';
export const FABRIKAM = '9a8b7c6d-1122-4333-8444-555566667777';
export const SOC = '19:soc@thread.tacv2';
export const MAIL = '19:mail@thread.tacv2';
export const GROUP = '19:night-shift@thread.v2';
export const ALICE = '29:alice';
export const BOB = '29:bob';

export const OPTIONS: TeamsOptions = {
  appId: APP_ID,
  appPassword: APP_PASSWORD,
  tenantId: TENANT,
  people: [
    { id: ALICE, aadObjectId: '11111111-1111-4111-8111-111111111111', name: 'Alice Adams', upn: 'alice@contoso.example' },
    { id: BOB, aadObjectId: '22222222-2222-4222-8222-222222222222', name: 'Bob Brown', upn: 'bob@contoso.example' },
    { id: '29:anonymous', name: 'Somebody', upn: '' },
    {
      id: '29:eve',
      aadObjectId: '33333333-3333-4333-8333-333333333333',
      name: 'Eve Elsewhere',
      upn: 'eve@fabrikam.example',
      tenantId: FABRIKAM,
    },
  ],
  conversations: [
    { id: '19:general@thread.tacv2', type: 'channel', name: 'General', teamId: '19:general@thread.tacv2' },
    { id: SOC, type: 'channel', name: 'soc', teamId: '19:general@thread.tacv2' },
    { id: MAIL, type: 'channel', name: 'mail', members: [ALICE, BOB] },
    { id: GROUP, type: 'groupChat', name: 'Night shift', members: [ALICE, BOB] },
    { id: '19:out@thread.tacv2', type: 'channel', name: 'out', botInstalled: false },
  ],
};

export async function startWorld(options: Partial<TeamsOptions> = {}): Promise<TeamsWorld> {
  const world = await startTeams({ ...OPTIONS, ...options });
  onTestFinished(() => world.close());
  return world;
}

export type Answered = {
  status: number;
  body: Record<string, unknown> & { id: string; error?: { code: string } };
  retryAfter: string | null;
};

export async function tokenFor(world: TeamsWorld, change: Record<string, string> = {}, tenant = TENANT): Promise<Response> {
  const scope = 'https://api.botframework.com/.default';
  const form = { grant_type: 'client_credentials', client_id: APP_ID, client_secret: APP_PASSWORD, scope, ...change };
  return fetch(`${world.loginUrl}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
}

const tokens = new WeakMap<TeamsWorld, Promise<string>>();

async function goodToken(world: TeamsWorld): Promise<string> {
  return ((await (await tokenFor(world)).json()) as { access_token: string }).access_token;
}

/** Calls the Bot Connector the way a plain client does. `path` begins after `/v3/conversations`; ids in it are to be encoded. */
export async function call(world: TeamsWorld, method: string, path: string, body?: unknown, token?: string | null): Promise<Answered> {
  const known = tokens.get(world) ?? goodToken(world);
  tokens.set(world, known);
  const bearer = token === undefined ? await known : token;
  const response = await fetch(`${world.serviceUrl}v3/conversations${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), retryAfter: response.headers.get('retry-after') };
}

export const at = (conversation: string, rest = '/activities'): string => `/${encodeURIComponent(conversation)}${rest}`;

export const execute = (title: string, more: object = {}) => ({
  type: 'Action.Execute',
  title,
  verb: 'approve',
  data: { actionId: 'a1' },
  ...more,
});

export function card(...actions: object[]): AdaptiveCard {
  return {
    type: 'AdaptiveCard',
    version: '1.5',
    body: [
      { type: 'TextBlock', text: 'A card' },
      { type: 'ActionSet', actions },
    ],
  };
}

export const withCard = (content: object) => ({
  type: 'message',
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
});

/** Posts a message or a card into a channel as a new thread; its id. */
export async function post(world: TeamsWorld, content: object = card(execute('Approve')), conversation = SOC): Promise<string> {
  return (await call(world, 'POST', at(conversation), 'type' in content && content.type === 'message' ? content : withCard(content))).body
    .id;
}

export const edit = (world: TeamsWorld, id: string, content: object, conversation = SOC): Promise<Answered> =>
  call(world, 'PUT', at(conversation, `/activities/${id}`), withCard(content));

export type Activity = Record<string, unknown> & {
  id: string;
  from: Record<string, unknown>;
  conversation: Record<string, unknown>;
  value: Record<string, unknown>;
};
export type Got = { headers: IncomingMessage['headers']; body: string; activity: Activity };
type Reply = { status?: number; json?: unknown; text?: string; never?: boolean; reset?: boolean };

/** A bot at `POST /api/messages` that keeps what it got and answers as told. */
export async function startBot(
  world: TeamsWorld,
  answer: (got: Got) => Reply | Promise<Reply> = () => ({}),
): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const entry: Got = { headers: req.headers, body, activity: JSON.parse(body) };
    got.push(entry);
    const reply = await answer(entry);
    if (reply.reset === true) res.socket?.resetAndDestroy();
    if (reply.never === true || reply.reset === true) return;
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
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`;
  world.setMessagesUrls([...world.messagesUrls, url]);
  return { url, got };
}

export const says = (text: string): Reply => ({
  json: { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: text },
});
export const shows = (value: object): Reply => ({ json: { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value } });
export const opens = (content: object, title = 'Reject'): Reply => ({
  json: {
    task: {
      type: 'continue',
      value: { title, height: 'small', width: 'small', card: { contentType: 'application/vnd.microsoft.card.adaptive', content } },
    },
  },
});

export const first = <T>(list: readonly T[]): T => {
  const [entry] = list;
  if (entry === undefined) throw new Error('Expected at least one entry');
  return entry;
};

/** A clock that stands still until it is moved. */
export function settableClock(start = 1_790_000_000_000): { now: () => number; forward(ms: number): void } {
  let moment = start;
  return {
    now: () => moment,
    forward: (ms) => {
      moment += ms;
    },
  };
}

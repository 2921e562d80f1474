// The Office 365 Management Activity API on this machine, with its rules: https://learn.microsoft.com/office/office-365-management-api/
// Blobs are listed a few at a time, in the order in which they came, whatever is in them, and one may be listed again.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenHolder } from './types.ts';

const FEED_AUDIENCE = 'https://manage.office.com';

type FeedRoute = 'start' | 'list' | 'blob';
/** `lostAnswer`: it was done, and the caller does not learn it. `gone`: a blob that has run out. */
export type FeedFault = {
  route?: FeedRoute;
  kind: 'throttle' | 'http500' | 'http403' | 'garbage' | 'hang' | 'lostAnswer' | 'gone';
  /** The blob that meets it; left out: any. */
  blob?: string;
  /** How many calls meet it; left out: all, until the faults are cleared. */
  times?: number;
};
export type FeedOptions = {
  tenantId: string;
  tokens: (token: string) => TokenHolder | undefined;
  port?: number;
  now?: () => number;
  /** Blobs on a page. */
  perPage?: number;
  callsPerMinute?: number;
};
type FeedCall = { route: FeedRoute; path: string; status: number };
export type FeedWorld = {
  url: string;
  /** Makes a blob available; `created`: when that was, in ms. Answers its id. */
  add(records: readonly object[], created?: number): string;
  /** Lists a blob once more. */
  repeat(id: string): void;
  /** Somebody stops the subscription. */
  stop(): void;
  faults: { add(fault: FeedFault): void; clear(): void };
  calls: FeedCall[];
  problems: string[];
  close(): Promise<void>;
};

type Answer = { status: number; body: unknown; headers?: Record<string, string> };
type State = {
  options: FeedOptions;
  now: () => number;
  origin: string;
  isStarted: boolean;
  listed: { id: string; created: number }[];
  blobs: Map<string, readonly object[]>;
  faults: (FeedFault & { left: number })[];
  made: number[];
  calls: FeedCall[];
  problems: string[];
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const CALLS_PER_MINUTE = 2000;
const KEPT_MOST = 20_000;

export async function startActivityFeed(options: FeedOptions): Promise<FeedWorld> {
  const now = options.now ?? Date.now;
  const state: State = {
    ...{ options, now, origin: '', isStarted: false },
    ...{ listed: [], blobs: new Map(), faults: [], made: [], calls: [], problems: [] },
  };
  const server = createServer({ keepAliveTimeout: 65_000 }, (req, res) => handle(state, req, res));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: state.origin,
    add: (records, created = now()) => {
      const id = `${new Date(created).toISOString().replaceAll(/\D/g, '')}$${randomUUID()}$audit_general`;
      state.blobs.set(id, structuredClone(records));
      state.listed.push({ id, created });
      return id;
    },
    repeat: (id) => {
      const found = state.listed.find((one) => one.id === id);
      if (found !== undefined) state.listed.push({ ...found });
    },
    stop: () => {
      state.isStarted = false;
    },
    faults: {
      add: (fault) => void state.faults.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
      clear: () => {
        state.faults = [];
      },
    },
    calls: state.calls,
    problems: state.problems,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const refused = (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { error: { code, message } },
  headers,
});

function handle(state: State, req: IncomingMessage, res: ServerResponse): void {
  req.resume();
  const url = new URL(req.url ?? '/', state.origin);
  const route = routeOf(state, req.method ?? 'GET', url.pathname);
  if (route === undefined) {
    state.problems.push(`${req.method} ${url.pathname}: no such operation`);
    write(res, refused(404, 'AF20000', 'No such operation.'));
    return;
  }
  const fault = takeFault(state, route.name, decodeURIComponent(route.id));
  const answer = fault === undefined || fault.kind === 'lostAnswer' ? answerTo(state, route, url, req) : faultAnswer(fault);
  if (state.calls.length < KEPT_MOST) state.calls.push({ route: route.name, path: url.pathname + url.search, status: answer?.status ?? 0 });
  if (fault?.kind === 'lostAnswer') res.socket?.resetAndDestroy();
  else if (answer !== null) write(res, answer);
}

type Route = { name: FeedRoute; id: string };

function routeOf({ options }: State, method: string, path: string): Route | undefined {
  const root = `/api/v1.0/${options.tenantId}/activity/feed`;
  if (method === 'POST' && path === `${root}/subscriptions/start`) return { name: 'start', id: '' };
  if (method === 'GET' && path === `${root}/subscriptions/content`) return { name: 'list', id: '' };
  const [, id] = method === 'GET' && path.startsWith(`${root}/audit/`) ? path.split('/audit/') : [];
  return id === undefined ? undefined : { name: 'blob', id };
}

function takeFault(state: State, route: FeedRoute, id: string): FeedFault | undefined {
  const found = state.faults.find((fault) => (fault.route ?? route) === route && (fault.blob ?? id) === id);
  if (found === undefined) return undefined;
  found.left -= 1;
  state.faults = state.faults.filter(({ left }) => left > 0);
  return found;
}

/** Null: none. */
function faultAnswer({ kind }: FeedFault): Answer | null {
  switch (kind) {
    case 'throttle':
      return refused(429, 'AF429', 'Too many requests.', { 'Retry-After': '1' });
    case 'http403':
      return refused(403, 'AF10001', 'The permission set of the app does not hold the permission.');
    case 'gone':
      return refused(404, 'AF20051', 'Content requested with the key has already expired.');
    case 'garbage':
      return { status: 200, body: '<html>' };
    case 'hang':
      return null;
    default:
      return refused(500, 'AF50000', 'An internal error occurred.');
  }
}

function answerTo(state: State, route: Route, url: URL, req: IncomingMessage): Answer {
  const { options, now } = state;
  state.made = state.made.filter((at) => at > now() - MINUTE_MS);
  if (state.made.length >= (options.callsPerMinute ?? CALLS_PER_MINUTE))
    return refused(429, 'AF429', 'Too many requests.', { 'Retry-After': '5' });
  state.made.push(now());
  const [, token = ''] = /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '') ?? [];
  const held = options.tokens(token);
  if (held === undefined || held.until <= now() || held.audience !== FEED_AUDIENCE)
    return refused(401, 'AF10000', 'The token is not valid.');
  if (held.permissions !== null && !held.permissions.includes('ActivityFeed.Read'))
    return refused(403, 'AF10001', 'The permission set of the app does not hold the permission.');
  if (url.searchParams.get('PublisherIdentifier') !== options.tenantId)
    state.problems.push(`${url.pathname}: without its PublisherIdentifier`);
  if (route.name === 'blob') return blobOf(state, decodeURIComponent(route.id));
  if (url.searchParams.get('contentType') !== 'Audit.General') return refused(400, 'AF20020', 'The specified content type is not valid.');
  return route.name === 'start' ? start(state) : list(state, url);
}

function start(state: State): Answer {
  if (state.isStarted) return refused(400, 'AF20024', 'The subscription is already enabled. No property change.');
  state.isStarted = true;
  return { status: 200, body: { contentType: 'Audit.General', status: 'enabled', webhook: null } };
}

function blobOf({ blobs }: State, id: string): Answer {
  const found = blobs.get(id);
  return found === undefined ? refused(404, 'AF20050', 'The specified content does not exist.') : { status: 200, body: found };
}

function list(state: State, url: URL): Answer {
  const { options, now, origin } = state;
  if (!state.isStarted) return refused(400, 'AF20022', 'No subscription found for the specified content type.');
  const [from, until] = ['startTime', 'endTime'].map((name) => Date.parse(`${url.searchParams.get(name)}Z`)) as [number, number];
  if (!(until > from) || until - from > DAY_MS || from < now() - 7 * DAY_MS) {
    state.problems.push(`list: the times ${url.search} are not taken`);
    return refused(400, 'AF20030', 'Start time and end time must both be given, 24 hours apart at most and not more than 7 days ago.');
  }
  const perPage = options.perPage ?? 5;
  const skip = Number(url.searchParams.get('nextPage') ?? 0);
  const found = state.listed.filter(({ created }) => created >= from && created < until);
  const body = found.slice(skip, skip + perPage).map(({ id, created }) => ({
    contentUri: `${origin}/api/v1.0/${options.tenantId}/activity/feed/audit/${encodeURIComponent(id)}`,
    contentId: id,
    contentType: 'Audit.General',
    contentCreated: new Date(created).toISOString(),
    contentExpiration: new Date(created + 7 * DAY_MS).toISOString(),
  }));
  if (found.length <= skip + perPage) return { status: 200, body };
  const next = new URL(url);
  next.searchParams.set('nextPage', String(skip + perPage));
  return { status: 200, body, headers: { NextPageUri: next.href } };
}

function write(res: ServerResponse, { status, body, headers }: Answer): void {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
}

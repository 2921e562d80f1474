/** The browser's way in: `/link/start`, `/link/callback`, `/link/deny`. No GET among them decides anything, and none of the three decides an action. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UpstreamError } from '../action-center/errors.ts';
import type { Log } from '../action-center/ports.ts';
import type { Returned, SignInOutcome } from '../action-center/sign-in.ts';
import { htmlOf, pageHeaders, type SignInPage } from './sign-in-page.ts';

export type SignInWays = {
  start(asked: { state: string; browser: string }): Promise<SignInOutcome>;
  finish(returned: Returned): Promise<SignInOutcome>;
  deny(token: string): Promise<SignInOutcome>;
};

export type SignInHttpDeps = {
  ways: SignInWays;
  publicUrl: string;
  /** What a person reads about an outcome, or when there was none. */
  page: (outcome: SignInOutcome | { kind: 'failed' } | { kind: 'busy' } | { kind: 'nothing-here' }) => SignInPage;
  log: Pick<Log, 'error' | 'warn'>;
};

/** Anybody may knock: more at once than people sign in at once are asked to come back. */
const mostAtOnce = 64;
const bodyBytes = 1024;
const cookieSeconds = 3600;
const secret = /^[\w-]{43}$/;
/** As the login service makes it: long, and never with anything that breaks a line. */
const codeShape = /^[\x21-\x7e]{1,4096}$/;

type Answer = { status: number; outcome: Parameters<SignInHttpDeps['page']>[0]; headers?: Record<string, string> };

export function signInHandler(deps: SignInHttpDeps): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const finish = atMost(mostAtOnce, deps.ways.finish);
  return async (req, res) => {
    const answer = await answered(deps, finish, req);
    if (answer.outcome.kind === 'go') return redirect(res, answer.outcome.url, answer.headers);
    res.writeHead(answer.status, { ...pageHeaders, ...answer.headers });
    res.end(htmlOf(deps.page(answer.outcome), `${deps.publicUrl}/link/deny`));
  };
}

type Finish = (returned: Returned) => Promise<SignInOutcome> | null;

/** Null for whoever comes while that many wait for the login service. */
function atMost(most: number, finish: SignInWays['finish']): Finish {
  let running = 0;
  return (returned) => {
    if (running >= most) return null;
    running += 1;
    return finish(returned).finally(() => {
      running -= 1;
    });
  };
}

const busy: Answer = { status: 503, outcome: { kind: 'busy' }, headers: { 'retry-after': '10' } };
const nothingHere: Answer = { status: 404, outcome: { kind: 'nothing-here' } };
const notAllowed = (allow: string): Answer => ({ status: 405, outcome: { kind: 'nothing-here' }, headers: { allow } });

function redirect(res: ServerResponse, location: string, headers: Record<string, string> = {}): void {
  const { 'cache-control': cacheControl = '', 'referrer-policy': referrerPolicy = '' } = pageHeaders;
  res.writeHead(302, { location, 'cache-control': cacheControl, 'referrer-policy': referrerPolicy, ...headers });
  res.end();
}

async function answered(deps: SignInHttpDeps, finish: Finish, req: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams } = URL.parse(req.url ?? '/', 'http://here.invalid') ?? new URL('http://here.invalid');
  try {
    switch (pathname) {
      case '/link/start':
        return req.method === 'GET' ? await start(deps, req, searchParams) : notAllowed('GET');
      case '/link/callback':
        return req.method === 'GET' ? await callback(deps, finish, req, searchParams) : notAllowed('GET');
      case '/link/deny':
        return req.method === 'POST' ? await deny(deps, req) : notAllowed('POST');
      default:
        return nothingHere;
    }
  } catch (error) {
    // The address holds secrets; it is in no message of these errors.
    const service = error instanceof UpstreamError ? error.service : null;
    deps.log.error({ service, path: pathname, err: error }, 'a sign-in failed');
    return { status: 503, outcome: { kind: 'failed' } };
  }
}

async function start({ ways, publicUrl }: SignInHttpDeps, req: IncomingMessage, query: URLSearchParams): Promise<Answer> {
  const state = oneOf(query, 'state', secret);
  if (state === null) return { status: 400, outcome: { kind: 'refused', trouble: 'unknown-address' } };
  // The same for all tabs of a browser: two sign-ins at once must not spoil each other.
  const browser = browserOf(req, publicUrl) ?? randomBytes(32).toString('base64url');
  const outcome = await ways.start({ state, browser });
  if (outcome.kind !== 'go') return { status: 400, outcome };
  const isSecure = publicUrl.startsWith('https:');
  const cookie = `${cookieName(publicUrl)}=${browser}; Path=/; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return { status: 302, outcome, headers: { 'set-cookie': cookie } };
}

async function callback({ publicUrl, log }: SignInHttpDeps, finish: Finish, req: IncomingMessage, query: URLSearchParams): Promise<Answer> {
  const state = oneOf(query, 'state', secret);
  if (state === null) return { status: 400, outcome: { kind: 'refused', trouble: 'unknown-address' } };
  const code = query.has('error') ? null : oneOf(query, 'code', codeShape);
  const finished = finish({ state, browser: browserOf(req, publicUrl), code });
  if (finished === null) return busy;
  const outcome = await finished;
  if (outcome.kind === 'refused') log.warn({ trouble: outcome.trouble }, 'a sign-in was refused');
  const status = outcome.kind !== 'refused' ? 200 : outcome.trouble === 'no-answer' ? 503 : 400;
  return { status, outcome };
}

async function deny({ ways }: SignInHttpDeps, req: IncomingMessage): Promise<Answer> {
  const body = await readForm(req);
  const token = body === null ? null : oneOf(new URLSearchParams(body), 'token', secret);
  if (token === null) return { status: 400, outcome: { kind: 'refused', trouble: 'unknown-address' } };
  const outcome = await ways.deny(token);
  return { status: outcome.kind === 'denied' ? 200 : 400, outcome };
}

/** A parameter that is there once and looks as it must. */
function oneOf(query: URLSearchParams, name: string, shape: RegExp): string | null {
  const [value, ...more] = query.getAll(name);
  return value !== undefined && more.length === 0 && shape.test(value) ? value : null;
}

/** With the prefix no other host of the domain can set it; browsers take it over https alone. */
const cookieName = (publicUrl: string): string => `${publicUrl.startsWith('https:') ? '__Host-' : ''}countersign-sign-in`;

function browserOf(req: IncomingMessage, publicUrl: string): string | null {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const [value, ...more] = pairs.filter(([name]) => name === cookieName(publicUrl)).map(([, one = '']) => one);
  return value !== undefined && more.length === 0 && secret.test(value) ? value : null;
}

async function readForm(req: IncomingMessage): Promise<string | null> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '')) return null;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    // Read to its end: a request that is cut off gets no answer. The server's own time limit ends what never ends.
    if (bytes <= bodyBytes) parts.push(part);
  }
  return bytes > bodyBytes ? null : Buffer.concat(parts).toString('utf8');
}

// The Defender API on this machine, with its rules. It shares no code with the bot, so that the two cannot share a mistake.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readUpTo } from '../read-body.ts';
import { type Answer, badRequest, broken, forbidden, notFound, throttled, unauthorized } from './answers.ts';
import { keepIndicator } from './indicators.ts';
import { type Call, callOf } from './routes.ts';
import {
  addAction,
  addCall,
  addProblem,
  changeDevice,
  createState,
  type DefenderState,
  deviceOf,
  executionsOf,
  recordOf,
  takeFault,
} from './state.ts';
import type { DefenderFault, DefenderOptions, DefenderWorld } from './types.ts';

const BODY_MAX_BYTES = 1_048_576;
const KEEP_ALIVE_MS = 65_000;
const AUDIENCE = 'https://api.securitycenter.microsoft.com';
const MICROSOFTS_LIMITS = { perMinute: 100, perHour: 1500 };

/** Starts it; `close` ends everything it started. */
export async function startDefender(options: DefenderOptions): Promise<DefenderWorld> {
  const state = createState(options);
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (req, res) => void handle(state, req, res).catch((error: unknown) => fail(state, res, error)),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const device = (id: string) => {
    const found = deviceOf(state, id);
    if (found === undefined) throw new Error(`The simulated Defender knows no device ${id}`);
    return found;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    device: (id) => ({ ...device(id) }),
    change: (id, changes) => changeDevice(state, device(id), changes),
    machineActions: () => [...state.actions.values()].map((one) => recordOf(state, one)),
    startElsewhere: (machineId, type, more) =>
      addAction(state, {
        type,
        machineId,
        requestor: 'frank@contoso.example',
        comment: 'From the portal',
        scope: null,
        file: null,
        ...more,
      }),
    indicators: () => [...state.indicators.values()],
    addIndicator: (indicator) => keepIndicator(state, indicator),
    executions: () => executionsOf(state),
    faults: {
      add: (fault) => void state.faults.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
      clear: () => {
        state.faults = [];
      },
    },
    calls: state.calls,
    problems: state.problems,
    close: async () => {
      state.closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(state: DefenderState, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://127.0.0.1');
  const method = req.method ?? 'GET';
  const body = await bodyOf(req);
  const call = body === undefined ? undefined : callOf(state, { method, url, body });
  if (call === undefined) {
    addProblem(state, `${method} ${url.pathname}: no such operation`);
    return write(res, body === undefined ? badRequest('The body is no JSON object', 'InvalidRequestBody') : notFound(url.pathname));
  }
  const fault = takeFault(state, call.route);
  const answer = answerTo(state, call, fault, req.headers.authorization);
  const status = typeof answer === 'string' ? 0 : answer.status;
  addCall(state, { route: call.route, method, path: url.pathname + url.search, at: state.now(), status });
  if (answer === 'reset') res.socket?.resetAndDestroy();
  else if (answer !== 'hang') write(res, answer);
}

/** What is done, and what the caller hears of it. */
function answerTo(
  state: DefenderState,
  call: Call,
  fault: DefenderFault | undefined,
  authorization: string | undefined,
): Answer | 'reset' | 'hang' {
  switch (fault?.kind) {
    case 'throttle':
      return throttled(fault.retryAfterSeconds ?? 1);
    case 'http500':
      return broken(500);
    case 'http503':
      return broken(503);
    case 'http403':
      return forbidden();
    case 'http401':
      return unauthorized();
    case 'reset':
    case 'hang':
      return fault.kind;
    default: {
      const answer = perform(state, call, authorization);
      if (fault?.kind === 'lostAnswer') return 'reset';
      if (fault?.kind === 'http500After') return broken(500);
      return fault?.kind === 'garbage' ? { status: 200, body: '<html>' } : answer;
    }
  }
}

function perform(state: DefenderState, { permissions, run }: Call, authorization: string | undefined): Answer {
  const wait = overLimit(state);
  if (wait > 0) return throttled(wait);
  const [, token = ''] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
  const held = state.options.tokens(token);
  if (held === undefined || held.until <= state.now() || held.audience !== AUDIENCE) return unauthorized();
  const isAllowed = held.permissions === null || permissions.some((one) => held.permissions?.includes(one));
  return isAllowed ? run() : forbidden();
}

/** Seconds to wait; 0: the call counts and goes on. */
function overLimit(state: DefenderState): number {
  const { perMinute, perHour } = state.options.limits ?? MICROSOFTS_LIMITS;
  const now = state.now();
  while ((state.made[0] ?? now) <= now - 3_600_000) state.made.shift();
  const inMinute = state.made.filter((at) => at > now - 60_000);
  const free = (list: number[], limit: number, windowMs: number) =>
    list.length < limit ? 0 : Math.max(1, Math.ceil(((list[list.length - limit] ?? now) + windowMs - now) / 1000));
  const wait = Math.max(free(inMinute, perMinute, 60_000), free(state.made, perHour, 3_600_000));
  if (wait === 0) state.made.push(now);
  return wait;
}

/** Undefined: no JSON object. Nothing is an empty one. */
async function bodyOf(req: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const bytes = await readUpTo(req, BODY_MAX_BYTES);
  if (bytes === undefined) return undefined;
  const text = bytes.toString();
  if (text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function write(res: ServerResponse, { status, body, headers }: Answer): void {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  res.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

/** A mistake in the simulation itself must fail the test that met it. */
function fail(state: DefenderState, res: ServerResponse, error: unknown): void {
  if (state.closing.signal.aborted) return void res.destroy();
  addProblem(state, `the simulated Defender failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (res.headersSent) res.destroy();
  else write(res, broken(500));
}

// One HTTP request to Teams: read, faults, answer, log.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readUpTo } from '../read-body.ts';
import {
  broken,
  conflicting,
  errorCodeOf,
  type HttpAnswer,
  isAnswer,
  noActivity,
  noConversation,
  noRoute,
  notInRoster,
  tooBig,
  tooMany,
} from './answers.ts';
import { answerConnector, type ConnectorRequest, isConnectorPath, operationOf } from './connector.ts';
import { ONEDRIVE, takePiece } from './files.ts';
import { openIdConfiguration } from './keys.ts';
import { answerToken } from './login.ts';
import { addCall, addProblem, type TeamsState } from './state.ts';
import type { ApiMethod, Fault } from './types.ts';
import { parseJson } from './values.ts';

const BODY_MAX_BYTES = 4 * 1_048_576;
const SLOW_MS = 1_000;

type Call = { method: ApiMethod; path: string; body: unknown; process: () => HttpAnswer | Promise<HttpAnswer> };

export async function handleRequest(state: TeamsState, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', state.origin);
  if (url.pathname.startsWith(ONEDRIVE)) return takePiece(state, url.pathname, req, res);
  const text = (await readUpTo(req, BODY_MAX_BYTES))?.toString();
  if (text === undefined) return write(res, tooBig());
  const request: ConnectorRequest = { verb: req.method ?? 'GET', url, authorization: req.headers.authorization, text };
  const call = callOf(state, request);
  if (isAnswer(call)) {
    addProblem(state, `${request.verb} ${url.pathname}: refused with ${call.status} ${errorCodeOf(call) ?? ''}`);
    return write(res, call);
  }
  await answerCall(state, call, res);
}

function callOf(state: TeamsState, request: ConnectorRequest): Call | HttpAnswer {
  const { url, text } = request;
  const path = readable(url.pathname) + url.search;
  const openId = openIdCall(state, url.pathname);
  if (openId !== undefined) return { method: 'openid', path, body: undefined, process: openId };
  const [, tenant] = /^\/login\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(url.pathname) ?? [];
  if (tenant !== undefined) return tokenCall(state, path, decodeURIComponent(tenant), request);
  if (!isConnectorPath(url.pathname)) return noRoute();
  const operation = operationOf(state, request);
  if (isAnswer(operation)) return operation;
  return { method: operation.method, path, body: parseJson(text), process: () => answerConnector(state, operation, request) };
}

function openIdCall(state: TeamsState, path: string): Call['process'] | undefined {
  if (path === '/v1/.well-known/openidconfiguration') return () => ({ status: 200, body: openIdConfiguration(state.origin) });
  if (path === '/v1/.well-known/keys') return async () => ({ status: 200, body: await state.keys.jwks() });
  return undefined;
}

function tokenCall(state: TeamsState, path: string, tenant: string, { authorization, text }: ConnectorRequest): Call {
  const form = new URLSearchParams(text);
  const { client_secret: _secret, ...body } = Object.fromEntries(form);
  return { method: 'token', path, body, process: () => answerToken(state, { tenant, form, authorization }) };
}

function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // refused further on
  }
}

async function answerCall(state: TeamsState, call: Call, res: ServerResponse): Promise<void> {
  const at = state.now();
  const { method, path, body } = call;
  const fault = method === 'openid' ? undefined : state.faults.take(method);
  const log = (status: number, error?: string): void =>
    addCall(state, { method, path, body, at, status, ...(error === undefined ? {} : { error }) });
  const instead = fault === undefined ? undefined : faultAnswer(fault, method);
  if (instead !== undefined) {
    log(instead.status, errorCodeOf(instead));
    return write(res, instead);
  }
  if (fault?.kind === 'hang' || fault?.kind === 'reset') {
    log(0, fault.kind);
    if (fault.kind === 'reset') res.socket?.resetAndDestroy();
    return;
  }
  const answer = await call.process();
  log(answer.status, errorCodeOf(answer));
  if (fault?.kind === 'lostAnswer') return void res.socket?.destroy();
  if (fault?.kind === 'slow') await delay(fault.ms ?? SLOW_MS, undefined, { signal: state.closing.signal });
  write(res, answer);
}

/** The faults that answer in place of Teams, before anything was done. */
function faultAnswer(fault: Fault, method: ApiMethod): HttpAnswer | undefined {
  switch (fault.kind) {
    case 'ratelimit':
      return tooMany(fault.retryAfterSeconds);
    case 'http412':
      return conflicting();
    case 'http500':
      return broken(500);
    case 'http502':
      return broken(502);
    case 'http403':
      return notInRoster();
    case 'http404':
      return method === 'update' || method === 'delete' ? noActivity() : noConversation();
    case 'hang':
    case 'lostAnswer':
    case 'reset':
    case 'slow':
      return undefined;
  }
}

function write(res: ServerResponse, { status, body, headers }: HttpAnswer): void {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  res.end(body === undefined ? '' : JSON.stringify(body));
}

/** A mistake in the simulation itself must fail the test that met it; a caller that hung up is no mistake. */
export function failRequest(state: TeamsState, req: IncomingMessage, res: ServerResponse, error: unknown): void {
  if (state.closing.signal.aborted || !req.complete) return void res.destroy();
  addProblem(state, `the simulated Teams failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (res.headersSent) res.destroy();
  else write(res, broken(500));
}

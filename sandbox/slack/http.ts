// One HTTP request to Slack: read, faults, answer, log.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readUpTo } from '../read-body.ts';
import { takeUpload, UPLOADS } from './files.ts';
import { answerResponseUrl } from './response-url.ts';
import type { SocketMode } from './socket-mode.ts';
import { addCall, addProblem, type SlackState } from './state.ts';
import type { Args, Fault, HttpAnswer } from './types.ts';
import { answerApi, rateLimited } from './web-api.ts';

const BODY_MAX_BYTES = 4 * 1_048_576;
const SLOW_MS = 1_000;
const RETRY_AFTER_SECONDS = 1;
/** Arguments that travel as JSON text in a form. */
const JSON_ARGS = ['blocks', 'attachments', 'metadata', 'view', 'files'];

type Call = { method: string; args: Args; token: string | undefined; process: () => HttpAnswer };

export async function handleRequest(state: SlackState, sockets: SocketMode, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', state.origin);
  if (url.pathname.startsWith(UPLOADS)) return takeUpload(state, url.pathname, req, res);
  const body = (await readUpTo(req, BODY_MAX_BYTES))?.toString();
  if (body === undefined) return write(res, { status: 413, body: { ok: false, error: 'request_too_large' } });
  const call = callOf(state, sockets, req, url, body);
  if (call === undefined) return write(res, { status: 404, body: { ok: false, error: 'not_found' } });
  await answerCall(state, call, res);
}

function callOf(state: SlackState, sockets: SocketMode, req: IncomingMessage, url: URL, body: string): Call | undefined {
  const isResponse = /^\/(actions|commands)\//.test(url.pathname);
  if (!isResponse && !url.pathname.startsWith('/api/')) return undefined;
  const args = { ...Object.fromEntries(url.searchParams), ...parseArgs(req.headers['content-type'] ?? '', body) };
  if (isResponse) return { method: 'response_url', args, token: undefined, process: () => answerResponseUrl(state, url.pathname, args) };
  const { token: inBody, ...rest } = args;
  const token = req.headers.authorization?.replace(/^Bearer\s*/i, '') ?? (typeof inBody === 'string' ? inBody : undefined);
  const method = url.pathname.slice('/api/'.length);
  return { method, args: rest, token, process: () => answerApi(state, sockets, method, rest, token) };
}

async function answerCall(state: SlackState, call: Call, res: ServerResponse): Promise<void> {
  const at = state.now();
  const fault = state.faults.take(call.method, call.args);
  const log = (status: number, ok: boolean, error?: string): void => {
    const { method, args, token } = call;
    addCall(state, { method, args, token, at, ok, status, ...(error === undefined ? {} : { error }) });
  };
  if (fault?.kind === 'slow') await delay(fault.ms ?? SLOW_MS, undefined, { signal: state.closing.signal });
  const instead = fault === undefined ? undefined : faultAnswer(fault);
  if (instead !== undefined) {
    log(instead.status, instead.body.ok, instead.body.error);
    return write(res, instead);
  }
  if (fault?.kind === 'hang' || fault?.kind === 'reset') {
    log(0, false, fault.kind);
    if (fault.kind === 'reset') res.socket?.resetAndDestroy();
    return;
  }
  const answer = call.process();
  log(answer.status, answer.body.ok, answer.body.error);
  if (fault?.kind === 'lostAnswer') res.socket?.destroy();
  else write(res, answer);
}

/** The faults that answer in place of Slack, before anything was done. */
function faultAnswer(fault: Fault): HttpAnswer | undefined {
  if (fault.kind === 'ratelimit') return rateLimited(fault.retryAfterSeconds ?? RETRY_AFTER_SECONDS);
  if (fault.kind === 'http500') return { status: 500, body: { ok: false, error: fault.error ?? 'internal_error' } };
  return fault.kind === 'error' ? { status: 200, body: { ok: false, error: fault.error ?? 'fatal_error' } } : undefined;
}

function write(res: ServerResponse, { status, body, headers }: HttpAnswer): void {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  res.end(JSON.stringify(body));
}

function parseArgs(contentType: string, body: string): Args {
  if (body === '') return {};
  if (contentType.startsWith('application/json')) return asRecord(parseJson(body));
  const args: Args = Object.fromEntries(new URLSearchParams(body));
  for (const name of JSON_ARGS) if (typeof args[name] === 'string') args[name] = parseJson(args[name]) ?? args[name];
  return args;
}

const asRecord = (value: unknown): Args => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Args) : {});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // left as text, which the method then refuses
  }
}

/** A mistake in the simulation itself must fail the test that met it. */
export function failRequest(state: SlackState, res: ServerResponse, error: unknown): void {
  if (state.closing.signal.aborted) return void res.destroy();
  addProblem(state, `the simulated Slack failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (res.headersSent) res.destroy();
  else write(res, { status: 500, body: { ok: false, error: 'fatal_error' } });
}

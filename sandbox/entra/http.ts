// One HTTP request to Entra: read, answer, write.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readUpTo } from '../read-body.ts';
import { failure, type HttpAnswer, tooBig } from './answers.ts';
import { answerBatch, isBatch } from './batch.ts';
import type { GraphRequest } from './graph.ts';
import { perform } from './outcome.ts';
import { addProblem, type EntraState } from './state.ts';

const BODY_MAX_BYTES = 4 * 1_048_576;

export async function handleRequest(state: EntraState, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = URL.parse(req.url ?? '/', state.origin) ?? new URL(state.origin);
  const text = (await readUpTo(req, BODY_MAX_BYTES))?.toString();
  if (text === undefined) return write(res, tooBig());
  const request: GraphRequest = { verb: req.method ?? 'GET', url, headers: req.headers, text };
  const outcome = await (isBatch(request) ? answerBatch(state, request, (part) => perform(state, part)) : perform(state, request));
  if (outcome === 'reset') res.socket?.resetAndDestroy();
  // Whoever hangs is let go when the world is closed.
  else if (outcome !== 'hang') write(res, outcome);
}

function write(res: ServerResponse, { status, body, headers }: HttpAnswer): void {
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
  res.writeHead(status, { 'Content-Type': type, ...headers });
  res.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

/** A mistake in the simulation itself must fail the test that met it; a caller that hung up is no mistake. */
export function failRequest(state: EntraState, req: IncomingMessage, res: ServerResponse, error: unknown): void {
  if (state.closing.signal.aborted || !req.complete) return void res.destroy();
  addProblem(state, `the simulated Entra failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (res.headersSent) res.destroy();
  else write(res, failure(500, 'InternalServerError'));
}

// Several questions to Graph in one call: https://learn.microsoft.com/graph/json-batching. Each is answered, throttled and counted by itself.

import { badRequest, type HttpAnswer, isAnswer, withInnerError } from './answers.ts';
import { bearerOf, type GraphRequest } from './graph.ts';
import type { Outcome } from './outcome.ts';
import { addProblem, type EntraState } from './state.ts';
import { isObject, parseJson } from './values.ts';

const PARTS_MAX = 20;

type Part = { id: string; request: GraphRequest };

export const isBatch = ({ url }: Pick<GraphRequest, 'url'>): boolean => /^\/(v1\.0|beta)\/\$batch$/.test(url.pathname);

/** `perform` answers one question as if it had come alone. */
export async function answerBatch(
  state: EntraState,
  request: GraphRequest,
  perform: (request: GraphRequest) => Promise<Outcome>,
): Promise<Outcome> {
  const token = bearerOf(state, request.headers.authorization);
  if (isAnswer(token)) return withInnerError(token, state.now(), undefined);
  const parts = partsOf(request);
  if (isAnswer(parts)) {
    addProblem(state, `a batch was refused with ${parts.status}`);
    return withInnerError(parts, state.now(), undefined);
  }
  const outcomes = await Promise.all(parts.map(({ request: part }) => perform(part)));
  const lost = outcomes.find((outcome) => typeof outcome === 'string');
  if (lost !== undefined) return lost;
  const responses = parts.flatMap(({ id }, index) => {
    const outcome = outcomes[index];
    return outcome === undefined || typeof outcome === 'string' ? [] : [responseOf(id, outcome)];
  });
  // In no particular order, so that nobody learns to count on one.
  return { status: 200, body: { responses: responses.reverse() } };
}

function partsOf(request: GraphRequest): Part[] | HttpAnswer {
  if (request.verb !== 'POST') return badRequest('A batch is a POST.');
  const body = parseJson(request.text);
  const asked = isObject(body) ? body['requests'] : undefined;
  if (!Array.isArray(asked) || asked.length === 0) return badRequest("Invalid batch payload format: 'requests' is missing.");
  if (asked.length > PARTS_MAX) return badRequest(`Number of batch request steps exceeds the maximum value of ${PARTS_MAX}.`);
  const parts: Part[] = [];
  for (const one of asked) {
    const part = partOf(request, one);
    if (part === undefined) return badRequest('Invalid batch payload format: each request needs an id, a method and a relative url.');
    if (parts.some(({ id }) => id === part.id)) return badRequest('Invalid batch payload format: two requests have one id.');
    parts.push(part);
  }
  return parts;
}

function partOf(outer: GraphRequest, asked: unknown): Part | undefined {
  if (!isObject(asked)) return undefined;
  const { id, method, url, body } = asked;
  // The parts that depend on others are not simulated.
  if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string' || 'dependsOn' in asked) return undefined;
  const version = outer.url.pathname.split('/')[1];
  const inner = URL.parse(`${outer.url.origin}/${version}/${url.replace(/^\//, '')}`);
  if (inner === null || isBatch({ url: inner })) return undefined;
  const headers = headersOf(asked['headers']);
  if (body !== undefined && headers['content-type'] === undefined) return undefined;
  const text = body === undefined ? '' : JSON.stringify(body);
  return { id, request: { verb: method, url: inner, headers: { authorization: outer.headers.authorization, ...headers }, text } };
}

const headersOf = (headers: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(isObject(headers) ? headers : {}).map(([name, value]) => [name.toLowerCase(), String(value)]));

/** What is no JSON comes in base64. */
function responseOf(id: string, { status, headers, body }: HttpAnswer): object {
  const told = typeof body === 'string' ? Buffer.from(body).toString('base64') : body;
  return { id, status, headers: { 'Content-Type': 'application/json', ...headers }, ...(told === undefined ? {} : { body: told }) };
}

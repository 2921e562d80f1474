// One question to Entra: faults, answer, log.

import { setTimeout as delay } from 'node:timers/promises';
import { badRequest, failure, type HttpAnswer, isAnswer, withInnerError } from './answers.ts';
import { faultAnswer } from './faults.ts';
import { answerGraph, type GraphRequest, operationOf } from './graph.ts';
import { loginCall } from './login.ts';
import { addCall, addProblem, type EntraState } from './state.ts';
import type { EntraRoute } from './types.ts';
import { decoded, isObject, parseJson } from './values.ts';

/** An answer, or none. */
export type Outcome = HttpAnswer | 'hang' | 'reset';

const SLOW_MS = 1_000;

/** Whether the tenant has Unified RBAC, and which tables its licences cover. */
const tenantsOwn: ReadonlySet<EntraRoute> = new Set(['defenderRoles', 'hunting']);

type Call = { route: EntraRoute; body: unknown; process: () => HttpAnswer | Promise<HttpAnswer> };

export async function perform(state: EntraState, request: GraphRequest): Promise<Outcome> {
  const { url, verb, headers } = request;
  const call = callOf(state, request);
  if (isAnswer(call)) {
    addProblem(state, `${verb} ${url.pathname}: refused with ${call.status}`);
    return withInnerError(call, state.now(), undefined);
  }
  const outcome = await outcomeOf(state, call, (status) => {
    const path = (decoded(url.pathname) ?? url.pathname) + url.search;
    addCall(state, { route: call.route, method: verb, path, body: call.body, at: state.now(), status });
  });
  if (typeof outcome === 'string' || url.pathname.startsWith('/login/')) return outcome;
  const clientRequestId = headers['client-request-id'];
  return withInnerError(outcome, state.now(), typeof clientRequestId === 'string' ? clientRequestId : undefined);
}

function callOf(state: EntraState, request: GraphRequest): Call | HttpAnswer {
  if (request.url.pathname.startsWith('/login/')) return loginCall(state, request) ?? { ...badRequest('No such endpoint.'), status: 404 };
  const found = operationOf(request);
  if (isAnswer(found)) return found;
  const { operation, named } = found;
  return {
    route: operation.route,
    body: request.text === '' ? undefined : parseJson(request.text),
    process: async () => {
      const answer = await answerGraph(state, operation, named, request);
      // A right client never asks what cannot be asked; what the tenant has and bears, it cannot know.
      if (answer.status === 400 && !tenantsOwn.has(operation.route)) addProblem(state, `${operation.route}: ${messageOf(answer)}`);
      return answer;
    },
  };
}

const messageOf = ({ body }: HttpAnswer): string =>
  isObject(body) && isObject(body['error']) ? String(body['error']['message']) : 'refused with 400';

async function outcomeOf(state: EntraState, call: Call, log: (status: number) => void): Promise<Outcome> {
  const fault = state.faults.take(call.route);
  if (fault?.kind === 'hang' || fault?.kind === 'reset') {
    log(0);
    return fault.kind;
  }
  const answer = (fault === undefined ? undefined : faultAnswer(fault, call.route)) ?? (await call.process());
  log(fault?.kind === 'lostAnswer' ? 0 : answer.status);
  if (fault?.kind === 'lostAnswer') return 'reset';
  if (fault?.kind === 'http500After') return failure(500, 'InternalServerError');
  if (fault?.kind === 'slow') await delay(fault.ms ?? SLOW_MS, undefined, { signal: state.closing.signal });
  return answer;
}

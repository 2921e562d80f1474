// Microsoft Graph: which request is which operation, and who may ask it.

import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, denied, type HttpAnswer, isAnswer, noSegment, noToken, notAllowed } from './answers.ts';
import { type GraphVersion, type Operation, operations } from './graph-operations.ts';
import { mayRead } from './permissions.ts';
import { queryOf } from './query.ts';
import type { AccessToken, EntraState } from './state.ts';
import { GRAPH } from './tokens.ts';
import { decoded, parseJson } from './values.ts';

export type GraphRequest = { verb: string; url: URL; headers: IncomingHttpHeaders; text: string };

/** The operation asked for, with the person that its path names, or how a request that asks for none is refused. */
export function operationOf({ verb, url }: GraphRequest): { operation: Operation; named: string } | HttpAnswer {
  const [, version, rest = ''] = /^\/(v1\.0|beta)(\/.*)?$/.exec(url.pathname) ?? [];
  const path = decoded(rest);
  if (version === undefined || path === undefined) return badRequest('Invalid version or path.');
  const matching = operations.filter(({ versions }) => versions.includes(version as GraphVersion));
  let isThere = false;
  for (const operation of matching) {
    const match = operation.path.exec(path);
    if (match !== null && operation.verb === verb) return { operation, named: match[1] ?? '' };
    isThere ||= match !== null;
  }
  if (isThere) return notAllowed();
  return noSegment(path.split('/').at(-1) ?? path);
}

/** Everything between the door and the work: token, permissions, options. */
export async function answerGraph(state: EntraState, operation: Operation, named: string, request: GraphRequest): Promise<HttpAnswer> {
  const token = bearerOf(state, request.headers.authorization);
  if (isAnswer(token)) return token;
  const body = parseJson(request.text);
  if (!mayRead(token, operation.needs(body, state))) return denied();
  const query = queryOf(request.url.searchParams, operation.options);
  if (isAnswer(query)) return query;
  return operation.run({ state, named, body, query, url: request.url, headers: request.headers });
}

export function bearerOf(state: EntraState, authorization: string | undefined): AccessToken | HttpAnswer {
  const [, token] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) return noToken('Access token is empty.');
  const held = state.tokens.get(token);
  if (held === undefined) return noToken('Access token validation failure. Invalid token.');
  if (held.audience !== GRAPH) return noToken('Access token validation failure. Invalid audience.');
  return held.until > state.now() ? held : noToken('Lifetime validation failed, the token is expired.');
}

// The login service: which request is which. https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc

import type { IncomingHttpHeaders } from 'node:http';
import { type HttpAnswer, type LoginRefusal, loginRefused } from './answers.ts';
import { publishedKeys } from './keys.ts';
import { answerAuthorize } from './sign-in.ts';
import { errorPage } from './sign-in-page.ts';
import { authorityUrlOf, type EntraState } from './state.ts';
import { answerToken, tokenUrlOf } from './token-endpoint.ts';
import { issuerOf } from './tokens.ts';
import type { EntraRoute } from './types.ts';
import { decoded, same } from './values.ts';

export type LoginRequest = { verb: string; url: URL; headers: IncomingHttpHeaders; text: string };
export type LoginCall = { route: EntraRoute; body: unknown; process: () => HttpAnswer | Promise<HttpAnswer> };

const ROUTES: ReadonlyMap<string, EntraRoute> = new Map([
  ['oauth2/v2.0/token', 'token'],
  ['oauth2/v2.0/authorize', 'authorize'],
  ['v2.0/.well-known/openid-configuration', 'openid'],
  ['discovery/v2.0/keys', 'keys'],
]);
const VERBS: Partial<Record<EntraRoute, readonly string[]>> = { token: ['POST'], authorize: ['GET', 'POST'] };
/** Authorities for apps of many tenants; the apps here are of one. */
const SHARED = ['common', 'organizations', 'consumers'];

/** Undefined where there is nothing. */
export function loginCall(state: EntraState, request: LoginRequest): LoginCall | undefined {
  const [, tenant = '', path = ''] = /^\/login\/([^/]+)\/(.+)$/.exec(request.url.pathname) ?? [];
  const route = ROUTES.get(path);
  if (route === undefined) return undefined;
  const form = new URLSearchParams(request.verb === 'POST' ? request.text : '');
  const { client_secret: _secret, client_assertion: _assertion, ...body } = Object.fromEntries(form);
  return {
    route,
    body: request.verb === 'POST' ? body : undefined,
    process: () => tenantTrouble(state, decoded(tenant) ?? tenant, route) ?? answer(state, route, request, form),
  };
}

function tenantTrouble({ options }: EntraState, tenant: string, route: EntraRoute): HttpAnswer | undefined {
  if (same(tenant, options.tenantId)) return undefined;
  const trouble: LoginRefusal = SHARED.includes(tenant)
    ? { status: 400, error: 'invalid_request', code: 50194, text: 'The application is not configured as a multi-tenant application.' }
    : { status: 400, error: 'invalid_tenant', code: 90002, text: `Tenant '${tenant}' not found.` };
  return route === 'authorize' ? errorPage(trouble) : loginRefused(trouble);
}

function answer(
  state: EntraState,
  route: EntraRoute,
  { verb, url, headers }: LoginRequest,
  form: URLSearchParams,
): HttpAnswer | Promise<HttpAnswer> {
  const verbs = VERBS[route] ?? ['GET'];
  if (!verbs.includes(verb)) {
    const text = `The endpoint only accepts ${verbs.join(', ')} requests. Received a ${verb} request.`;
    return loginRefused({ status: 400, error: 'invalid_request', code: 900561, text });
  }
  if (route === 'token') return answerToken(state, { form, authorization: headers.authorization });
  if (route === 'authorize') return answerAuthorize(state, { verb, query: url.searchParams, form, cookie: headers.cookie });
  return route === 'keys' ? keys(state) : { status: 200, body: metadata(state) };
}

const keys = async (state: EntraState): Promise<HttpAnswer> => ({ status: 200, body: await publishedKeys(issuerOf(state)) });

function metadata(state: EntraState): object {
  const base = `${authorityUrlOf(state)}/${state.options.tenantId}`;
  return {
    issuer: issuerOf(state),
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: tokenUrlOf(state),
    jwks_uri: `${base}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    response_modes_supported: ['query'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'preferred_username', 'name', 'tid', 'oid', 'ver'],
  };
}

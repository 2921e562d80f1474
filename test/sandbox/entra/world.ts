// What the tests of the simulated Entra start from: a tenant, and a plain client for Graph and the login service.
import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startEntra } from '../../../sandbox/entra/server.ts';
import type { EntraApp, EntraOptions, EntraPerson, EntraWorld } from '../../../sandbox/entra/types.ts';

export const TENANT = '3f9c2d10-5e1b-4a7c-8d2f-9b0a1c2d3e4f';
export const OTHER_TENANT = '9a8b7c6d-1122-4333-8444-555566667777';
export const APP_ID = '5b1c4a3e-8f7d-4c7a-9e61-1f2d3c4b5a69';
export const SECRET = 'a-client-secret-of-the-sandbox';
export const REDIRECT = 'http://127.0.0.1:4000/link/done';
export const APP: EntraApp = { clientId: APP_ID, secret: SECRET, redirectUris: [REDIRECT, 'https://bot.contoso.example/link/done'] };

export const SECURITY_ADMIN = '194ae4cb-b126-40b2-bd5b-6091b380977d';
export const SECURITY_READER = '5d6b6bb7-de71-4623-b4af-96380a352509';
export const GLOBAL_ADMIN = '62e90394-69f5-4237-9190-012177145e10';

export const guid = (number: number): string => `11111111-2222-4333-8444-${String(number).padStart(12, '0')}`;
export const GROUPS = { purgers: guid(901), middle: guid(902), inner: guid(903), admins: guid(904), empty: guid(905) };

let count = 0;
export function person(name: string, more: Partial<EntraPerson> = {}): EntraPerson {
  count += 1;
  return {
    id: guid(count),
    userPrincipalName: `${name}@contoso.example`,
    displayName: name,
    mail: `${name}@contoso.example`,
    userType: 'Member',
    accountEnabled: true,
    ...more,
  };
}

export const ALICE = person('alice', { roles: [SECURITY_ADMIN], groups: [GROUPS.purgers] });
export const BOB = person('bob', { groups: [GROUPS.inner, GROUPS.admins] });
export const URSULA = person('ursula', { unitRoles: [SECURITY_ADMIN] });
export const ELLEN = person('ellen', { eligibleRoles: [SECURITY_ADMIN] });
export const DORA = person('dora', { accountEnabled: false, roles: [SECURITY_READER] });
export const GUSTAV = person('gustav', { userType: 'Guest', homeTenantId: OTHER_TENANT });

export const OPTIONS: EntraOptions = {
  tenantId: TENANT,
  apps: [APP],
  people: [ALICE, BOB, URSULA, ELLEN, DORA, GUSTAV],
  groups: [
    { id: GROUPS.purgers, displayName: 'Purgers' },
    { id: GROUPS.middle, displayName: 'Middle', memberOf: [GROUPS.purgers] },
    { id: GROUPS.inner, displayName: 'Inner', memberOf: [GROUPS.middle] },
    { id: GROUPS.admins, displayName: 'Admins', roles: [SECURITY_ADMIN] },
    { id: GROUPS.empty, displayName: 'Empty' },
  ],
};

export async function startWorld(options: Partial<EntraOptions> = {}): Promise<EntraWorld> {
  const world = await startEntra({ ...OPTIONS, ...options });
  onTestFinished(() => world.close());
  return world;
}

export type Answered = { status: number; body: Record<string, unknown>; headers: Headers };

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}

const patience = () => AbortSignal.timeout(5_000);

/** `change` with an empty text leaves a parameter out. */
export async function askToken(world: EntraWorld, change: Record<string, string> = {}, tenant = TENANT): Promise<Answered> {
  const scope = 'https://graph.microsoft.com/.default';
  const form = { grant_type: 'client_credentials', client_id: APP_ID, client_secret: SECRET, scope, ...change };
  const body = new URLSearchParams(Object.entries(form).filter(([, value]) => value !== ''));
  return answered(await fetch(`${world.authorityUrl}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body, signal: patience() }));
}

export const tokenOf = async (world: EntraWorld): Promise<string> => String((await askToken(world)).body['access_token']);
const tokens = new WeakMap<EntraWorld, Promise<string>>();
function knownToken(world: EntraWorld): Promise<string> {
  const known = tokens.get(world) ?? tokenOf(world);
  tokens.set(world, known);
  return known;
}

type Ask = { method?: string; body?: unknown; headers?: Record<string, string>; token?: string | null };

/** `path` begins with the version. */
export async function graph(world: EntraWorld, path: string, { method, body, headers, token }: Ask = {}): Promise<Answered> {
  const bearer = token === undefined ? await knownToken(world) : token;
  const url = path.startsWith('http') ? path : `${world.graphUrl}/${path}`;
  const init = { method: method ?? (body === undefined ? 'GET' : 'POST'), ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const authorization: Record<string, string> = bearer === null ? {} : { Authorization: `Bearer ${bearer}` };
  return answered(
    await fetch(url, { ...init, headers: { 'Content-Type': 'application/json', ...authorization, ...headers }, signal: patience() }),
  );
}

export const codeOf = ({ body }: Answered): unknown => (body['error'] as { code?: string } | undefined)?.code;
export const rowsOf = ({ body }: Answered): Record<string, unknown>[] => body['value'] as Record<string, unknown>[];
export const idsOf = (answer: Answered): unknown => answer.body['value'];
export const byPrincipal = ({ id }: EntraPerson): string => `$filter=${encodeURIComponent(`principalId eq '${id}'`)}`;
export const checked = (world: EntraWorld, { id }: Pick<EntraPerson, 'id'>, ids: unknown) =>
  graph(world, `v1.0/users/${id}/checkMemberObjects`, { body: { ids } });

const VERIFIER = 'a-verifier-that-is-long-enough-to-be-one-0123456789';
const challenge = createHash('sha256').update(VERIFIER).digest('base64url');

/** A change with an empty text leaves a parameter out. */
export function authorizeUrl(world: EntraWorld, change: Record<string, string> = {}, tenant = TENANT): string {
  const query = {
    client_id: APP_ID,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...change,
  };
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  return `${world.authorityUrl}/${tenant}/oauth2/v2.0/authorize?${parameters}`;
}

export const redeem = (world: EntraWorld, code: string, change: Record<string, string> = {}): Promise<Answered> =>
  askToken(world, { grant_type: 'authorization_code', scope: '', code, redirect_uri: REDIRECT, code_verifier: VERIFIER, ...change });

export function parameterOf(location: string | null, name: string): string {
  return new URL(location ?? 'http://nowhere.example').searchParams.get(name) ?? '';
}

export function settableClock(start = Date.UTC(2026, 10, 21)): { now: () => number; pass(ms: number): void } {
  let at = start;
  return {
    now: () => at,
    pass: (ms) => {
      at += ms;
    },
  };
}

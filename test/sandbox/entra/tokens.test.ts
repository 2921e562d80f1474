import { createHash, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { settingsFor } from '../../../sandbox/entra/settings.ts';
import type { EntraWorld } from '../../../sandbox/entra/types.ts';
import { ALICE, APP, APP_ID, askToken, codeOf, graph, OTHER_TENANT, SECRET, settableClock, startWorld, TENANT, tokenOf } from './world.ts';

describe('an app', () => {
  test('gets a token for its secret, and reads with it until it ends', async () => {
    const clock = settableClock();
    const world = await startWorld({ now: clock.now });
    const { status, body } = await askToken(world);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 });
    const token = String(body['access_token']);
    expect(await graph(world, `v1.0/users/${ALICE.id}`, { token })).toMatchObject({ status: 200 });
    clock.pass(3_599_000);
    const late = await graph(world, `v1.0/users/${ALICE.id}`, { token });
    expect(late.status).toBe(401);
    expect(codeOf(late)).toBe('InvalidAuthenticationToken');
  });

  test('may send its secret in the header, and name Graph by any address of this machine', async () => {
    const world = await startWorld();
    const response = await fetch(`${world.authorityUrl}/${TENANT}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`${APP_ID}:${SECRET}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: `${world.graphUrl}/.default` }),
    });
    expect(response.status).toBe(200);
    expect(await askToken(world, { scope: 'http://127.0.0.1:9/.default' })).toMatchObject({ status: 200 });
  });

  test.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', 7000215],
    ['no secret', { client_secret: '' }, 401, 'invalid_client', 7000218],
    ['an app nobody knows', { client_id: OTHER_TENANT }, 400, 'unauthorized_client', 700016],
    ['no app', { client_id: '' }, 400, 'invalid_request', 900144],
    ['no grant', { grant_type: '' }, 400, 'invalid_request', 900144],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
    ['a scope of one permission', { scope: 'https://graph.microsoft.com/User.Read.All' }, 400, 'invalid_scope', 1002012],
    ['another resource', { scope: 'https://api.botframework.com/.default' }, 400, 'invalid_resource', 500011],
    ['no scope', { scope: '' }, 400, 'invalid_request', 900144],
  ])('gets none for %s', async (_, change, status, error, code) => {
    const answer = await askToken(await startWorld(), change);
    expect(answer).toMatchObject({
      status,
      body: { error, error_codes: [code], error_description: expect.stringContaining(`AADSTS${code}:`) },
    });
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  });

  test('gets none from another tenant, nor by GET', async () => {
    const world = await startWorld();
    expect(await askToken(world, {}, OTHER_TENANT)).toMatchObject({ status: 400, body: { error_codes: [90002] } });
    expect(await askToken(world, {}, 'common')).toMatchObject({ status: 400, body: { error_codes: [50194] } });
    expect((await fetch(`${world.authorityUrl}/${TENANT}/oauth2/v2.0/token`)).status).toBe(400);
    expect(await askToken(world, {}, TENANT.toUpperCase())).toMatchObject({ status: 200 });
  });

  test('leaves no secret in the list of calls', async () => {
    const world = await startWorld();
    await askToken(world);
    await askToken(world, { client_secret: 'wrong' });
    expect(world.calls).toMatchObject([
      { route: 'token', method: 'POST', status: 200, body: { client_id: APP_ID, grant_type: 'client_credentials' } },
      { route: 'token', status: 401 },
    ]);
    expect(JSON.stringify(world.calls)).not.toMatch(/a-client-secret|wrong/);
  });

  test('finds everything by the settings of a bot', async () => {
    const world = await startWorld();
    const settings = settingsFor(world, { tenantId: TENANT, clientId: APP_ID, secret: SECRET });
    expect(settings).toEqual({
      DIRECTORY: 'graph',
      ENTRA_TENANT_ID: TENANT,
      ENTRA_CLIENT_ID: APP_ID,
      ENTRA_CLIENT_SECRET: SECRET,
      ENTRA_AUTHORITY_URL: `${world.url}/login`,
      GRAPH_URL: world.url,
    });
  });
});

describe('a certificate', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const thumbprint = createHash('sha256').update('the certificate').digest('base64url');
  const certificate = { thumbprint, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
  const app = { ...APP, certificate };
  const now = (): number => Math.floor(Date.now() / 1000);

  type Change = {
    alg?: string;
    thumbprint?: string;
    aud?: string;
    iss?: string;
    sub?: string;
    exp?: number;
    nbf?: number;
    key?: typeof privateKey;
  };
  async function present(world: EntraWorld, change: Change = {}, form: Record<string, string> = {}) {
    const { alg = 'PS256', key = privateKey, thumbprint: print = thumbprint, ...claims } = change;
    const aud = `${world.authorityUrl}/${TENANT}/oauth2/v2.0/token`;
    const assertion = await new SignJWT({ aud, iss: APP_ID, sub: APP_ID, jti: 'one', nbf: now(), exp: now() + 300, ...claims })
      .setProtectedHeader({ alg, typ: 'JWT', 'x5t#S256': print })
      .sign(key);
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    return askToken(world, { client_secret: '', client_assertion_type: type, client_assertion: assertion, ...form });
  }

  test.each(['PS256', 'RS256'])('proves the app with %s', async (alg) => {
    const world = await startWorld({ apps: [app] });
    expect(await present(world, { alg })).toMatchObject({ status: 200 });
    expect(JSON.stringify(world.calls)).not.toContain('client_assertion"');
  });

  test.each<[string, Change, number]>([
    ['signed by another key', { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }, 700027],
    ['of another certificate', { thumbprint: 'AAAA' }, 700027],
    ['by another algorithm', { alg: 'RS512' }, 700027],
    ['for another audience', { aud: 'https://elsewhere.example' }, 700023],
    ['by another issuer', { iss: OTHER_TENANT }, 700021],
    ['about another app', { sub: OTHER_TENANT }, 700021],
    ['that ended', { exp: now() - 600, nbf: now() - 900 }, 700024],
    ['from the future', { nbf: now() + 900, exp: now() + 1200 }, 700024],
  ])('is not taken %s', async (_, change, code) => {
    expect(await present(await startWorld({ apps: [app] }), change)).toMatchObject({ status: 401, body: { error_codes: [code] } });
  });

  test('is not taken for an app without one, of no known type, or as no assertion', async () => {
    const without = await startWorld();
    expect(await present(without)).toMatchObject({ status: 401, body: { error_codes: [700027] } });
    const world = await startWorld({ apps: [app] });
    expect(await present(world, {}, { client_assertion_type: 'saml' })).toMatchObject({ status: 400, body: { error_codes: [900144] } });
    expect(await present(world, {}, { client_assertion: 'no.assertion' })).toMatchObject({ status: 401, body: { error_codes: [50027] } });
  });
});

describe('Graph', () => {
  test('answers nobody without a token of this world', async () => {
    const world = await startWorld();
    const elsewhere = await startWorld();
    for (const token of [null, 'made-up', await tokenOf(elsewhere)]) {
      const answer = await graph(world, `v1.0/users/${ALICE.id}`, { token });
      expect(answer.status).toBe(401);
      expect(codeOf(answer)).toBe('InvalidAuthenticationToken');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('puts ids for its support into every refusal', async () => {
    const world = await startWorld();
    const { body, headers } = await graph(world, 'v1.0/users/nobody', { headers: { 'client-request-id': 'decision-7' } });
    expect(body['error']).toMatchObject({ innerError: { 'client-request-id': 'decision-7', 'request-id': headers.get('request-id') } });
  });
});

import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { EntraWorld, IdTokenSpoil } from '../../../sandbox/entra/types.ts';
import {
  ALICE,
  APP,
  APP_ID,
  authorizeUrl,
  BOB,
  codeOf,
  DORA,
  GUSTAV,
  graph,
  guid,
  OTHER_TENANT,
  parameterOf,
  REDIRECT,
  redeem,
  settableClock,
  startWorld,
  TENANT,
} from './world.ts';

type Metadata = Record<'issuer' | 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri', string>;
const metadataOf = async (world: EntraWorld): Promise<Metadata> =>
  (await (await fetch(`${world.authorityUrl}/${TENANT}/v2.0/.well-known/openid-configuration`)).json()) as Metadata;

/** As an app does it: by the published metadata and keys. */
async function verified(world: EntraWorld, idToken: unknown, currentDate = new Date()): Promise<JWTPayload> {
  const { issuer, jwks_uri } = await metadataOf(world);
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  return (await jwtVerify(String(idToken), keys, { issuer, audience: APP_ID, algorithms: ['RS256'], currentDate })).payload;
}

async function codeFor(world: EntraWorld, who: string, change: Record<string, string> = {}, spoil?: IdTokenSpoil): Promise<string> {
  const { location } = await world.signIn(authorizeUrl(world, change), who, spoil);
  return parameterOf(location, 'code');
}
const idTokenFor = async (world: EntraWorld, who: string, spoil?: IdTokenSpoil): Promise<unknown> =>
  (await redeem(world, await codeFor(world, who, {}, spoil))).body['id_token'];

describe('a person who signs in', () => {
  test('comes back with a code, which is good for a token that says who they are', async () => {
    const world = await startWorld();
    const { status, location } = await world.signIn(authorizeUrl(world), ALICE.id);
    expect(status).toBe(302);
    expect(location).toMatch(`${REDIRECT}?`);
    expect(parameterOf(location, 'state')).toBe('the-state');
    const answer = await redeem(world, parameterOf(location, 'code'));
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'openid profile email' } });
    const claims = await verified(world, answer.body['id_token']);
    const now = Math.floor(Date.now() / 1000);
    expect(claims).toMatchObject({
      iss: `${world.authorityUrl}/${TENANT}/v2.0`,
      aud: APP_ID,
      tid: TENANT,
      oid: ALICE.id,
      nonce: 'the-nonce',
      preferred_username: 'alice@contoso.example',
      name: 'alice',
      ver: '2.0',
    });
    expect(claims.sub).not.toBe(ALICE.id);
    for (const time of ['auth_time', 'iat', 'nbf']) expect(Math.abs(Number(claims[time]) - now), time).toBeLessThan(10);
    expect(claims.exp).toBeGreaterThan(now);
    expect(world.problems).toEqual([]);
    expect(world.calls.map(({ route, method }) => `${method} ${route}`)).toEqual([
      'GET authorize',
      'POST authorize',
      'POST token',
      'GET openid',
      'GET keys',
    ]);
  });

  test('gives the app no right to read the directory', async () => {
    const world = await startWorld();
    const { body } = await redeem(world, await codeFor(world, ALICE.id));
    expect(codeOf(await graph(world, `v1.0/users/${ALICE.id}`, { token: String(body['access_token']) }))).toBe(
      'Authorization_RequestDenied',
    );
  });

  test('is one of this tenant, also as a guest from another', async () => {
    const world = await startWorld();
    const claims = await verified(world, await idTokenFor(world, GUSTAV.id));
    expect(claims).toMatchObject({ tid: TENANT, oid: GUSTAV.id, idp: `https://sts.windows.net/${OTHER_TENANT}/` });
    expect(claims).not.toHaveProperty('nonce', '');
  });

  test('is refused on the page when disabled or unknown, and sent nowhere', async () => {
    const world = await startWorld();
    for (const [who, code] of [
      [DORA.id, 50057],
      [guid(999), 50034],
    ] as const) {
      const { status, location, body } = await world.signIn(authorizeUrl(world), who);
      expect({ status, location }).toEqual({ status: 400, location: null });
      expect(body).toContain(`AADSTS${code}`);
    }
  });

  test('picks from a page on which nothing hostile comes alive', async () => {
    const world = await startWorld();
    world.change(BOB.id, { displayName: '<script>alert(1)</script>"\'&' });
    const page = await fetch(authorizeUrl(world));
    const html = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    expect(html).not.toContain('<script');
    for (const { id } of [ALICE, BOB, DORA]) expect(html).toContain(`value="${id}"`);
    expect(html).toContain('dora@contoso.example · disabled');
    expect(html).toContain(`guest · from ${OTHER_TENANT}`);
  });

  test('can only be sent to pages of this world', async () => {
    const world = await startWorld();
    await expect(world.signIn('http://127.0.0.1:1/login', ALICE.id)).rejects.toThrow(/no page of the simulated Entra/);
  });
});

describe('an app that sends people', () => {
  test.each<[string, Record<string, string>, number]>([
    ['that nobody knows', { client_id: OTHER_TENANT }, 700016],
    ['with another address to return to', { redirect_uri: 'https://evil.example/link/done' }, 50011],
    ['with another path to return to', { redirect_uri: `${REDIRECT}/more` }, 50011],
    ['with another port of a host that is not this machine', { redirect_uri: 'https://bot.contoso.example:444/link/done' }, 50011],
    ['with no address to return to', { redirect_uri: '' }, 50011],
  ])('%s is named on the page, and nobody is sent on', async (_, change, code) => {
    const world = await startWorld();
    const { status, location, body } = await world.signIn(authorizeUrl(world, change), ALICE.id);
    expect({ status, location }).toEqual({ status: 400, location: null });
    expect(body).toContain(`AADSTS${code}`);
  });

  test('may listen on any port of this machine, and keeps its own query', async () => {
    const redirect = 'http://127.0.0.1:5999/link/done';
    const world = await startWorld();
    const { location } = await world.signIn(authorizeUrl(world, { redirect_uri: redirect }), ALICE.id);
    expect(location).toMatch(`${redirect}?`);
    const queried = 'https://bot.contoso.example/done?team=7';
    const other = await startWorld({ apps: [{ ...APP, redirectUris: [queried] }] });
    const back = await other.signIn(authorizeUrl(other, { redirect_uri: queried, state: '' }), ALICE.id);
    expect(parameterOf(back.location, 'team')).toBe('7');
    expect(new URL(back.location ?? '').searchParams.has('state')).toBe(false);
  });

  test.each<[string, Record<string, string>, string]>([
    ['without a challenge', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for a token at once', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['without openid', { scope: 'profile' }, 'invalid_request'],
    ['with another prompt', { prompt: 'maybe' }, 'invalid_request'],
    ['with another age', { max_age: 'old' }, 'invalid_request'],
    ['for a fragment', { response_mode: 'fragment' }, 'invalid_request'],
  ])('%s is told so, and it is noted', async (_, change, error) => {
    const world = await startWorld();
    const { status, location } = await world.signIn(authorizeUrl(world, change), ALICE.id);
    expect(status).toBe(302);
    expect(parameterOf(location, 'error')).toBe(error);
    expect(parameterOf(location, 'state')).toBe('the-state');
    expect(parameterOf(location, 'code')).toBe('');
    expect(world.problems).toHaveLength(1);
  });

  test('has to name this tenant', async () => {
    const world = await startWorld();
    for (const [tenant, code] of [
      [OTHER_TENANT, 90002],
      ['common', 50194],
    ] as const)
      expect((await world.signIn(authorizeUrl(world, {}, tenant), ALICE.id)).body).toContain(`AADSTS${code}`);
    expect((await fetch(`${world.authorityUrl}/${OTHER_TENANT}/v2.0/.well-known/openid-configuration`)).status).toBe(400);
  });
});

describe('a code', () => {
  test('is good once', async () => {
    const world = await startWorld();
    const code = await codeFor(world, ALICE.id);
    expect((await redeem(world, code)).status).toBe(200);
    expect(await redeem(world, code)).toMatchObject({ status: 400, body: { error: 'invalid_grant', error_codes: [54005] } });
  });

  test('is good for ten minutes', async () => {
    const clock = settableClock();
    const world = await startWorld({ now: clock.now });
    const code = await codeFor(world, ALICE.id);
    clock.pass(600_000);
    expect(await redeem(world, code)).toMatchObject({ body: { error_codes: [70008] } });
  });

  const other = { clientId: guid(950), secret: 'another-secret', redirectUris: [REDIRECT] };
  test.each<[string, Record<string, string>, number]>([
    ['another verifier', { code_verifier: 'x'.repeat(43) }, 501481],
    ['no verifier', { code_verifier: '' }, 900144],
    ['another address', { redirect_uri: 'https://bot.contoso.example/link/done' }, 500112],
    ['another app', { client_id: other.clientId, client_secret: other.secret }, 70000],
    ['a wrong secret', { client_secret: 'wrong' }, 7000215],
    ['no secret', { client_secret: '' }, 7000218],
    ['a made-up code', { code: 'made-up' }, 9002313],
  ])('is not good with %s, and then still is with the right one', async (_, change, number) => {
    const world = await startWorld({ apps: [APP, other] });
    const code = await codeFor(world, ALICE.id);
    expect(await redeem(world, code, change)).toMatchObject({ body: { error_codes: [number] } });
    expect((await redeem(world, code)).status).toBe(200);
  });

  test('is no good for somebody who was disabled or removed since', async () => {
    const world = await startWorld();
    const [first, second] = [await codeFor(world, ALICE.id), await codeFor(world, BOB.id)];
    world.change(ALICE.id, { accountEnabled: false });
    world.remove(BOB.id);
    expect(await redeem(world, first)).toMatchObject({ body: { error: 'invalid_grant', error_codes: [50057] } });
    expect(await redeem(world, second)).toMatchObject({ body: { error: 'invalid_grant', error_codes: [50034] } });
  });

  test('needs no secret of an app that has none', async () => {
    const world = await startWorld({ apps: [{ clientId: APP_ID, redirectUris: [REDIRECT] }] });
    expect((await redeem(world, await codeFor(world, ALICE.id), { client_secret: '' })).status).toBe(200);
  });
});

describe('a spoiled token', () => {
  test.each<[string, IdTokenSpoil, RegExp]>([
    ['of another tenant', { tid: OTHER_TENANT }, /"iss" claim/],
    ['by another issuer', { iss: 'https://elsewhere.example' }, /"iss" claim/],
    ['for another app', { aud: OTHER_TENANT }, /"aud" claim/],
    ['that ended', { expiresInSeconds: -10 }, /"exp" claim/],
    ['signed by another key', { key: 'foreign' }, /signature verification failed/],
  ])('%s does not verify', async (_, spoil, message) => {
    const world = await startWorld();
    await expect(verified(world, await idTokenFor(world, ALICE.id, spoil))).rejects.toThrow(message);
  });

  test('verifies where only its content is wrong', async () => {
    const world = await startWorld();
    const iss = `${world.authorityUrl}/${TENANT}/v2.0`;
    const claims = await verified(
      world,
      await idTokenFor(world, ALICE.id, { tid: OTHER_TENANT, iss, nonce: 'another', authTimeSecondsAgo: 7200 }),
    );
    expect(claims).toMatchObject({ tid: OTHER_TENANT, nonce: 'another' });
    expect(Number(claims['auth_time'])).toBeLessThan(Date.now() / 1000 - 7190);
  });

  test('is not given to the next who signs in', async () => {
    const world = await startWorld();
    await idTokenFor(world, ALICE.id, { nonce: 'another' });
    expect(await verified(world, await idTokenFor(world, ALICE.id))).toMatchObject({ nonce: 'the-nonce' });
  });
});

describe('a browser', () => {
  async function signedIn(world: EntraWorld): Promise<(change?: Record<string, string>) => Promise<Response>> {
    const body = new URLSearchParams({ person: ALICE.id });
    const response = await fetch(authorizeUrl(world), { method: 'POST', body, redirect: 'manual' });
    const [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? [];
    return (change = {}) => fetch(authorizeUrl(world, change), { headers: { cookie: `other=1; ${cookie}` }, redirect: 'manual' });
  }

  test('is remembered, with the time of the sign-in', async () => {
    const clock = settableClock();
    const world = await startWorld({ now: clock.now });
    const open = await signedIn(world);
    const at = Math.floor(clock.now() / 1000);
    clock.pass(100_000);
    const again = await open();
    expect(again.status).toBe(302);
    const { body } = await redeem(world, parameterOf(again.headers.get('location'), 'code'));
    const claims = await verified(world, body['id_token'], new Date(clock.now()));
    expect(claims).toMatchObject({ oid: ALICE.id, auth_time: at, iat: at + 100 });
  });

  test('asks again when the app wants that, or the sign-in is too old', async () => {
    const clock = settableClock();
    const world = await startWorld({ now: clock.now });
    const open = await signedIn(world);
    clock.pass(100_000);
    for (const prompt of ['login', 'select_account', 'consent']) expect((await open({ prompt })).status, prompt).toBe(200);
    expect((await open({ max_age: '101' })).status).toBe(302);
    expect((await open({ max_age: '100' })).status).toBe(200);
    expect((await open({ max_age: '0' })).status).toBe(200);
    expect((await open({ prompt: 'none' })).status).toBe(302);
    expect(parameterOf((await open({ prompt: 'none', max_age: '100' })).headers.get('location'), 'error')).toBe('login_required');
  });

  test('is not remembered for somebody who was disabled since', async () => {
    const world = await startWorld();
    const open = await signedIn(world);
    world.change(ALICE.id, { accountEnabled: false });
    expect((await open()).status).toBe(200);
  });

  test('without a sign-in is sent back at once when nobody may be asked', async () => {
    const world = await startWorld();
    const { status, location } = await world.signIn(authorizeUrl(world, { prompt: 'none' }), ALICE.id);
    expect(status).toBe(302);
    expect(parameterOf(location, 'error')).toBe('login_required');
    expect(parameterOf(location, 'state')).toBe('the-state');
  });
});

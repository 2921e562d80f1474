/** Id tokens that were tampered with, and the keys that tell. */
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { issuerOf, type SignInKeys, signInKeys } from '../../src/identity/sign-in-keys.ts';
import { proofIn, type TokenChecks } from '../../src/identity/sign-in-token.ts';
import { type GraphFront, startGraphFront } from './graph-front.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const clientId = '0a0a0a0a-1111-4222-8333-444444444444';
const oid = '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0a01';
const authorityUrl = 'https://login.example';
const now = new Date('2026-11-21T08:00:00Z');
const seconds = now.getTime() / 1000;
const good = {
  iss: issuerOf({ authorityUrl, tenantId }),
  aud: clientId,
  tid: tenantId,
  oid,
  nonce: 'the-nonce',
  auth_time: seconds - 60,
  iat: seconds,
  nbf: seconds,
  exp: seconds + 3600,
};

let keys: SignInKeys;
let pair: Awaited<ReturnType<typeof generateKeyPair>>;
beforeAll(async () => {
  pair = await generateKeyPair('RS256');
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', use: 'sig' }] });
});

const checks = (changes: Partial<TokenChecks> = {}): TokenChecks => ({
  tenantId,
  clientId,
  authorityUrl,
  nonce: 'the-nonce',
  keys,
  needsTime: true,
  now,
  ...changes,
});
const signed = (changes: Record<string, unknown> = {}, header: object = {}) => {
  const claims = Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(pair.privateKey);
};

describe('an id token', () => {
  it('tells who signed in and when', async () => {
    expect(await proofIn(await signed({ oid: oid.toUpperCase(), tid: tenantId.toUpperCase() }), checks())).toEqual({
      ok: true,
      value: { entraId: oid, signedInAt: '2026-11-21T07:59:00.000Z' },
    });
  });

  it('needs no time where none was asked for', async () => {
    expect(await proofIn(await signed({ auth_time: undefined }), checks({ needsTime: false }))).toMatchObject({
      value: { signedInAt: null },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['wrong-audience', { aud: 'another' }],
    ['wrong-audience', { aud: [clientId, 'another'] }],
    ['wrong-issuer', { iss: `${authorityUrl}/${tenantId}/v2.0/` }],
    ['wrong-tenant', { iss: `${authorityUrl}/99999999-2222-4333-8444-555555555555/v2.0`, tid: '99999999-2222-4333-8444-555555555555' }],
    ['wrong-tenant', { tid: undefined }],
    ['wrong-nonce', { nonce: undefined }],
    ['wrong-nonce', { nonce: 'the-nonce ' }],
    ['outdated-token', { exp: seconds - 121 }],
    ['outdated-token', { exp: undefined }],
    ['outdated-token', { nbf: seconds + 121 }],
    ['outdated-token', { nbf: undefined }],
    ['no-person', { oid: undefined }],
    ['no-person', { oid: 'alice' }],
    ['no-person', { oid: [oid] }],
    ['no-sign-in-time', { auth_time: undefined }],
    ['no-sign-in-time', { auth_time: String(seconds) }],
    ['no-sign-in-time', { auth_time: 1e300 }],
  ])('is refused as %s: %j', async (refusal, changes) => {
    expect(await proofIn(await signed(changes), checks())).toEqual({ ok: false, refusal });
  });

  it('is refused without a signature, and with one that the public key itself could make', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(pair.publicKey));
    const symmetric = await new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
    const unsigned = new UnsecuredJWT(good).encode();
    const [head, body, signature = ''] = (await signed()).split('.');
    const changed = `${head}.${Buffer.from(JSON.stringify({ ...good, oid: tenantId })).toString('base64url')}.${signature}`;
    for (const token of [symmetric, unsigned, changed, `${head}.${body}.`, 'no token', ''])
      expect(await proofIn(token, checks()), token.slice(0, 30)).toEqual({ ok: false, refusal: 'wrong-signature' });
    expect(await proofIn(`${'a'.repeat(30_000)}.b.c`, checks())).toEqual({ ok: false, refusal: 'no-id-token' });
  });
});

describe('the keys of the login service', () => {
  const json = (body: unknown, status = 200) => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  async function withFront(work: (front: GraphFront, settings: { tenantId: string; authorityUrl: string }) => Promise<void>) {
    const front = await startGraphFront('http://127.0.0.1:9');
    try {
      await work(front, { tenantId, authorityUrl: front.url });
    } finally {
      await front.close();
    }
  }
  const metadata = (url: string, changes: object = {}) => json({ issuer: `${url}/${tenantId}/v2.0`, jwks_uri: `${url}/keys`, ...changes });
  const published = async (kid: string) => json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid, use: 'sig' }] });
  const tokenFor = (url: string, kid: string) => signed({ iss: `${url}/${tenantId}/v2.0` }, { kid });

  it('are fetched once, and again when a token names a new one, but not for every token that does', async () => {
    await withFront(async (front, settings) => {
      let clock = 0;
      const found = signInKeys(settings, { now: () => clock });
      const prove = async (kid: string) => proofIn(await tokenFor(front.url, kid), checks({ ...settings, keys: found }));
      front.spoil(metadata(front.url), await published('k1'), metadata(front.url), await published('k2'));
      expect(await prove('k1')).toMatchObject({ ok: true });
      expect(await prove('k1')).toMatchObject({ ok: true });
      expect(await prove('k2')).toEqual({ ok: false, refusal: 'wrong-signature' });
      expect(front.calls).toHaveLength(2);
      clock += 61_000;
      expect(await prove('k2')).toMatchObject({ ok: true });
      expect(await prove('k3')).toEqual({ ok: false, refusal: 'wrong-signature' });
      expect(front.calls).toHaveLength(4);
    });
  });

  it.each<[string, (url: string) => ReturnType<typeof json>[]]>([
    ['the metadata is another tenant’s', (url) => [metadata(url, { issuer: `${url}/other/v2.0` })]],
    ['the keys are elsewhere', (url) => [metadata(url, { jwks_uri: 'https://evil.example/keys' })]],
    ['there are none', (url) => [metadata(url), json({ keys: [] })]],
    ['the service fails', () => [json({}, 500)]],
    ['it answers nonsense', () => [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }]],
  ])('are no answer when %s, and nobody is believed', async (_, answers) => {
    await withFront(async (front, settings) => {
      front.spoil(...answers(front.url));
      const found = signInKeys(settings, { now: () => 0 });
      await expect(proofIn(await tokenFor(front.url, 'k1'), checks({ ...settings, keys: found }))).rejects.toBeInstanceOf(UpstreamError);
    });
  });
});

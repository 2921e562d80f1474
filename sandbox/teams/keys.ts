// The Bot Connector's own signature under what it sends to bots, and where bots find the key to check it.

import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { TokenClaims } from './types.ts';

export const ISSUER = 'https://api.botframework.com';
/** The tenant that Bot Framework Emulators sign in to; botbuilder takes such tokens for any service URL. */
const EMULATOR_TENANT = 'd6d49420-f39b-4df7-a1dc-d59a935871db';
const TOKEN_SECONDS = 3600;
const RENEW_BEFORE_MS = 600_000;

export type Keys = {
  /** A connector token, good unless spoiled. */
  mint(claims?: TokenClaims): Promise<string>;
  jwks(): Promise<{ keys: object[] }>;
};

type Pair = { privateKey: CryptoKey; kid: string; jwk: JWK };

/** Making RSA keys takes long: the worlds of one process share them. */
let ours: Promise<Pair> | undefined;
let foreign: Promise<Pair> | undefined;

async function newPair(): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  return { privateKey, kid: randomUUID().replaceAll('-', ''), jwk: await exportJWK(publicKey) };
}

const ourPair = (): Promise<Pair> => {
  ours ??= newPair();
  return ours;
};
const foreignPair = (): Promise<Pair> => {
  foreign ??= newPair();
  return foreign;
};

export function createKeys(facts: { appId: string; serviceUrl: () => string; now: () => number }): Keys {
  let good: { token: string; until: number } | undefined;
  return {
    async mint(claims) {
      if (claims !== undefined) return sign(facts, claims);
      if (good === undefined || good.until < latest(facts.now)) {
        good = { token: await sign(facts, {}), until: latest(facts.now) + TOKEN_SECONDS * 1000 - RENEW_BEFORE_MS };
      }
      return good.token;
    },
    async jwks() {
      const { kid, jwk } = await ourPair();
      return { keys: [{ ...jwk, use: 'sig', kid, x5t: kid, endorsements: ['msteams'] }] };
    },
  };
}

/** Bots check tokens by the machine's clock, whatever clock a test has given the world. */
const latest = (now: () => number): number => Math.max(Date.now(), now());
const earliest = (now: () => number): number => Math.min(Date.now(), now());

async function sign(
  { appId, serviceUrl, now }: { appId: string; serviceUrl: () => string; now: () => number },
  { expiresInSeconds = TOKEN_SECONDS, key = 'ours', issuedBy = 'channel', serviceurl = serviceUrl(), ...claims }: TokenClaims,
): Promise<string> {
  const { kid } = await ourPair();
  // A forger would name the published key.
  const { privateKey } = await (key === 'foreign' ? foreignPair() : ourPair());
  const from = Math.floor(earliest(now) / 1000);
  const until = Math.floor((expiresInSeconds < 0 ? earliest(now) : latest(now)) / 1000) + expiresInSeconds;
  const issued = issuedBy === 'emulator' ? emulatorClaims(appId) : { iss: ISSUER, ...(serviceurl === null ? {} : { serviceurl }) };
  return new SignJWT({ aud: appId, nbf: Math.min(from, until - 1), ...issued, exp: until, ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, x5t: kid })
    .sign(privateKey);
}

const emulatorClaims = (appId: string): Record<string, unknown> => ({
  iss: `https://sts.windows.net/${EMULATOR_TENANT}/`,
  appid: appId,
  ver: '1.0',
  tid: EMULATOR_TENANT,
});

/** https://login.botframework.com/v1/.well-known/openidconfiguration */
export const openIdConfiguration = (origin: string): object => ({
  issuer: ISSUER,
  authorization_endpoint: 'https://invalid.botframework.com',
  jwks_uri: `${origin}/v1/.well-known/keys`,
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
});

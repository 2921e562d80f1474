// The login service's signature under the tokens it hands out, and where apps find the key to check it.

import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

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

export async function signToken(claims: Record<string, unknown>, key: 'ours' | 'foreign' = 'ours'): Promise<string> {
  const { kid } = await ourPair();
  // A forger would name the published key.
  const { privateKey } = await (key === 'foreign' ? foreignPair() : ourPair());
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(privateKey);
}

/** Like Entra's own, the keys name no `alg`. */
export async function publishedKeys(issuer: string): Promise<{ keys: object[] }> {
  const { kid, jwk } = await ourPair();
  return { keys: [{ ...jwk, use: 'sig', kid, x5t: kid, issuer }] };
}

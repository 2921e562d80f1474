/** Ed25519 for the seals of the audit record. A key is known by its fingerprint, so that it can be changed without breaking what was signed. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { ConfigError } from './action-center/errors.ts';
import type { Signer } from './action-center/seal.ts';

/** `pem` was checked when the configuration was read. */
export function openSigner(pem: string): Signer {
  const key = createPrivateKey(pem);
  return { keyId: fingerprint(createPublicKey(key)), sign: (text) => sign(null, Buffer.from(text), key).toString('hex') };
}

export type Verifier = (keyId: string, text: string, signature: string) => boolean;

const pemBlock = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** Takes one or several public keys, one after the other in PEM. Never a private one: it has no business where a record is checked. */
export function openVerifier(pems: string, from: string): Verifier {
  const keys = new Map((pems.match(pemBlock) ?? []).map((pem) => publicKey(pem, from)).map((key) => [fingerprint(key), key]));
  if (keys.size === 0)
    throw new ConfigError([`${from}: holds no public Ed25519 key in PEM (openssl pkey -pubout makes one of the signing key)`]);
  return (keyId, text, signature) => {
    const key = keys.get(keyId);
    return key !== undefined && /^[0-9a-f]{128}$/.test(signature) && verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'));
  };
}

function publicKey(pem: string, from: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw new ConfigError([`${from}: a key in it cannot be read (${error instanceof Error ? error.message : String(error)})`]);
  }
  throw new ConfigError([`${from}: holds a key that is not Ed25519`]);
}

const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

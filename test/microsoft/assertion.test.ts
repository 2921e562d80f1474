import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clientAssertion } from '../../src/microsoft/assertion.ts';
import { makeCertificate } from '../identity/certificate.ts';

const decoded = (text = '') => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));

describe('proof by certificate', () => {
  const made = makeCertificate();
  const assertion = clientAssertion(made, {
    clientId: 'app',
    audience: 'https://login.example/t/oauth2/v2.0/token',
    now: 1_800_000_000_500,
  });
  const [head, claims, signature = ''] = assertion.split('.');

  it('names the certificate and says who, to whom and for how long', () => {
    const thumbprint = createHash('sha256').update(new X509Certificate(made.certificate).raw).digest('base64url');
    expect(decoded(head)).toEqual({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint });
    expect(decoded(claims)).toEqual({
      aud: 'https://login.example/t/oauth2/v2.0/token',
      iss: 'app',
      sub: 'app',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      nbf: 1_800_000_000,
      iat: 1_800_000_000,
      exp: 1_800_000_300,
    });
  });

  it('is signed with the key of the certificate', () => {
    const key = { key: made.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('is never the same twice', () => {
    const again = clientAssertion(made, { clientId: 'app', audience: 'x', now: 0 });
    expect(decoded(again.split('.')[1]).jti).not.toBe(decoded(claims).jti);
  });
});

import { describe, expect, it } from 'vitest';
import { isSigned, sign } from '../../src/intake/signature.ts';

const body = Buffer.from('{"id":"1"}');
const timestamp = '1763712000';
const now = 1_763_712_000_000;
const secret = 'first-secret-0123456789';
const other = 'second-secret-0123456789';
const claim = (changes: object = {}) => ({ timestamp, signature: sign(secret, timestamp, body), body, ...changes });

describe('a signature', () => {
  it('is what the contract says, computed elsewhere', () => {
    // printf '1763712000.{"id":"1"}' | openssl dgst -sha256 -hmac first-secret-0123456789
    expect(sign(secret, timestamp, body)).toBe('v1=6e1fa5c8404fad7e7d4c5994b64c1717229fb5b462c82697b7c23b509e39cc3a');
  });

  it('is accepted from whoever knows one of the secrets', () => {
    expect(isSigned(claim(), [secret], now)).toBe(true);
    expect(isSigned(claim(), [other, secret], now)).toBe(true);
    expect(isSigned(claim(), [other], now)).toBe(false);
    expect(isSigned(claim(), [], now)).toBe(false);
  });

  it('may come along with others while keys rotate', () => {
    const signature = `${sign('unknown-secret-0123', timestamp, body)}, ${sign(secret, timestamp, body)}`;
    expect(isSigned(claim({ signature }), [secret], now)).toBe(true);
  });

  it.each([
    ['another body', { body: Buffer.from('{"id":"2"}') }],
    ['another time', { timestamp: '1763712001' }],
    ['no time', { timestamp: undefined }],
    ['a time that is none', { timestamp: '1763712000.0' }],
    ['no signature', { signature: undefined }],
    ['another version', { signature: sign(secret, timestamp, body).replace('v1=', 'v0=') }],
    ['capital letters', { signature: sign(secret, timestamp, body).toUpperCase() }],
    ['half of it', { signature: sign(secret, timestamp, body).slice(0, 40) }],
    ['more than ten of them', { signature: `${'v1=00,'.repeat(10)}${sign(secret, timestamp, body)}` }],
  ])('is refused with %s', (_what, changes) => {
    expect(isSigned(claim(changes), [secret], now)).toBe(false);
  });

  it('is good for five minutes in both directions', () => {
    expect(isSigned(claim(), [secret], now + 300_000)).toBe(true);
    expect(isSigned(claim(), [secret], now - 300_000)).toBe(true);
    expect(isSigned(claim(), [secret], now + 300_001)).toBe(false);
    expect(isSigned(claim(), [secret], now - 300_001)).toBe(false);
  });
});

/** The producers' signature: `v1=<hex HMAC-SHA256(secret, timestamp + "." + raw body)>`, as the contract of `/v1/actions` fixes it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a producer's clock may be off, and for how long a request that was overheard can be sent again. */
const maxSkewMs = 300_000;
/** A header may carry several while keys rotate. */
const maxSignatures = 10;

export function sign(secret: string, timestamp: string, body: Uint8Array | string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}

export type Claim = { timestamp: string | undefined; signature: string | undefined; body: Uint8Array };

/** Whether somebody who knows one of the secrets signed this body just now. Takes as long for a near miss as for a far one. */
export function isSigned({ timestamp = '', signature = '', body }: Claim, secrets: readonly string[], nowMs: number): boolean {
  if (!/^\d{10}$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1000) > maxSkewMs) return false;
  const told = signature
    .split(',', maxSignatures)
    .map((one) => one.trim())
    .filter((one) => /^v1=[0-9a-f]{64}$/.test(one));
  if (told.length === 0) return false;
  let found = false;
  for (const secret of secrets) {
    const right = Buffer.from(sign(secret, timestamp, body));
    for (const one of told) found = timingSafeEqual(Buffer.from(one), right) || found;
  }
  return found;
}

/** Proof of being the app by a certificate: a short-lived statement signed with its private key (RFC 7523). */
import { constants, createHash, randomUUID, sign, X509Certificate } from 'node:crypto';

/** Both PEM. */
export type Certificate = { certificate: string; key: string };

const lifeSeconds = 300;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function clientAssertion(
  { certificate, key }: Certificate,
  { clientId, audience, now }: { clientId: string; audience: string; now: number },
): string {
  const thumbprint = createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');
  const seconds = Math.floor(now / 1000);
  const head = part({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint });
  const claims = { aud: audience, iss: clientId, sub: clientId, jti: randomUUID(), nbf: seconds, iat: seconds, exp: seconds + lifeSeconds };
  const text = `${head}.${part(claims)}`;
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return `${text}.${sign('sha256', Buffer.from(text), { key, ...padding }).toString('base64url')}`;
}

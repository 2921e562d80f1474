/** What the values of the environment may look like, each with what is wrong when they do not. */
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { isLoopback } from './config-teams.ts';

const minSecretLength = 16;
const maxSecrets = 10;

const badPort = 'must be a port, 0 to 65535';
export const port = z
  .string()
  .regex(/^\d{1,5}$/, badPort)
  .transform(Number)
  .refine((value) => value <= 65_535, badPort);
export const host = z.string().regex(/^[\w.:-]+$/, 'must be an address or a host name, without a port');
export const yesNo = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
export const oneOf = <const T extends readonly string[]>(values: T) => z.enum(values, `must be one of ${values.join(', ')}`);
const badRows = 'must be a whole number, 1 to 100000000';
export const rows = z
  .string()
  .regex(/^\d{1,9}$/, badRows)
  .transform(Number)
  .refine((value) => value >= 1 && value <= 100_000_000, badRows);
export const urlOf = (protocol: RegExp, what: string) => z.url({ protocol, error: `must be a ${what} URL` });
const isPublicUrl = (value: string): boolean => {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
};
export const startsWith = (prefixes: string[], what: string) =>
  z.string().refine((value) => prefixes.some((prefix) => value.startsWith(prefix)), `is not ${what} (${prefixes[0]}...)`);

export const Secrets = z
  .string()
  .transform((value) => value.split(',').map((one) => one.trim()))
  .superRefine((secrets, ctx) => {
    const short = secrets.flatMap((secret, index) => (secret.length < minSecretLength ? [index + 1] : []));
    for (const place of short)
      ctx.addIssue({ code: 'custom', message: `secret number ${place} has fewer than ${minSecretLength} characters` });
    if (secrets.length > maxSecrets) ctx.addIssue({ code: 'custom', message: `holds more than ${maxSecrets} secrets` });
  });

export const PublicUrl = z
  .string()
  .refine(isPublicUrl, 'must be an https:// URL (http:// only on this machine) without a query')
  .transform((value) => value.replace(/\/+$/, ''));

export function isSigningKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519';
  } catch {
    // Whatever is wrong with it, what is said must not hold any of it.
    return false;
  }
}

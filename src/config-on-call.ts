/** The part of the environment that says who knows who is on call. */
import { z } from 'zod';
import { secret, urlOf } from './config-values.ts';

export const OnCallEnvironment = z.object({
  ON_CALL_FILE: z.string().optional(),
  ON_CALL_URL: urlOf(/^https?$/, 'https:// or http://').optional(),
  ON_CALL_SECRET: secret.optional(),
});
type OnCallEnvironment = z.infer<typeof OnCallEnvironment>;

/** Null in `Config`: nobody is asked. */
export type OnCallConfig = { file: string } | { url: string; secret: string };

export function onCallTrouble(given: Set<string>): string[] {
  const [file, url, secret] = ['ON_CALL_FILE', 'ON_CALL_URL', 'ON_CALL_SECRET'].map((name) => given.has(name));
  if (file && url) return ['ON_CALL_URL: ON_CALL_FILE is set as well; set one of the two'];
  return url && !secret ? ['ON_CALL_SECRET: is needed with ON_CALL_URL: the webhook must know who asks'] : [];
}

export function onCallFrom({ ON_CALL_FILE: file, ON_CALL_URL: url, ON_CALL_SECRET: secret = '' }: OnCallEnvironment): OnCallConfig | null {
  if (file !== undefined) return { file };
  return url === undefined ? null : { url, secret };
}

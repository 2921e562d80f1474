/** The keys that the login service signs with: fetched from where its metadata says, kept for a while, and asked for again when one is new. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { UpstreamError } from '../action-center/errors.ts';
import { type Deadline, startDeadline } from '../microsoft/deadline.ts';
import { exchange } from '../microsoft/http.ts';

export type KeySettings = { tenantId: string; authorityUrl: string };
/** The key a token names, also one that is newer than what is kept. Throws UpstreamError when there is no answer. */
export type SignInKeys = JWTVerifyGetKey;

const what = 'the login service';
const deadlineMs = 3000;
const keepMs = 6 * 3_600_000;
/** A token may name any key it likes: that must not make us ask for every token. */
const againAfterMs = 60_000;
const maxKeys = 50;

const Metadata = z.object({ issuer: z.string().max(500), jwks_uri: z.url().max(500) });
const Keys = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string() }))
    .min(1)
    .max(maxKeys),
});

export const issuerOf = ({ authorityUrl, tenantId }: KeySettings): string => `${authorityUrl}/${tenantId}/v2.0`;

type Kept = { find: ReturnType<typeof createLocalJWKSet>; fetchedAt: number };

export function signInKeys(settings: KeySettings, { now }: { now: () => number }): SignInKeys {
  let kept: Kept | null = null;
  let flight: Promise<Kept> | null = null;
  const renew = (): Promise<Kept> => {
    flight ??= fetchKeys(settings, startDeadline(deadlineMs))
      .then((keys) => {
        kept = { find: createLocalJWKSet(keys), fetchedAt: now() };
        return kept;
      })
      .finally(() => {
        flight = null;
      });
    return flight;
  };
  return async (header, token) => {
    const current = kept && now() - kept.fetchedAt < keepMs ? kept : await renew();
    try {
      return await current.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || now() - current.fetchedAt < againAfterMs) throw error;
      return (await renew()).find(header, token);
    }
  };
}

async function fetchKeys(settings: KeySettings, deadline: Deadline): Promise<JSONWebKeySet> {
  const metadata = await read(Metadata, `${issuerOf(settings)}/.well-known/openid-configuration`, deadline);
  // Another tenant's metadata, or keys from another place, would let somebody else say who people are.
  const isOwn = metadata.issuer === issuerOf(settings) && new URL(metadata.jwks_uri).origin === new URL(settings.authorityUrl).origin;
  if (!isOwn)
    throw new UpstreamError('directory', `${what} describes itself as something else than what is configured`, { retryable: false });
  return (await read(Keys, metadata.jwks_uri, deadline)) as JSONWebKeySet;
}

async function read<T>(shape: z.ZodType<T>, url: string, deadline: Deadline): Promise<T> {
  const answer = await exchange(what, url, { method: 'GET', headers: { accept: 'application/json' } }, deadline);
  const parsed = shape.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) return parsed.data;
  throw new UpstreamError('directory', `${what} did not give its keys: ${answer.status}`, { retryable: true });
}

// What the tokens say. https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference

import { createHash, randomUUID } from 'node:crypto';
import { signToken } from './keys.ts';
import { authorityUrlOf, type Code, type EntraState, keepToken } from './state.ts';
import type { EntraApp, EntraPerson } from './types.ts';

const LIFETIME_SECONDS = 3599;

export const issuerOf = (state: EntraState, tenant = state.options.tenantId): string => `${authorityUrlOf(state)}/${tenant}/v2.0`;

export type AccessTokenAnswer = { token_type: 'Bearer'; expires_in: number; ext_expires_in: number; access_token: string };

/** The APIs tokens are given out for. */
export const GRAPH = 'https://graph.microsoft.com';
export const DEFENDER = 'https://api.securitycenter.microsoft.com';
export const OFFICE = 'https://manage.office.com';

/** A token for one API. Apps are not to look into it; it is known here by its text alone. `permissions` null: all of them. */
export async function newAccessToken(
  state: EntraState,
  clientId: string,
  permissions: string[] | null,
  audience = GRAPH,
): Promise<AccessTokenAnswer> {
  const { tenantId } = state.options;
  const at = Math.floor(state.now() / 1000);
  const who = { iss: `https://sts.windows.net/${tenantId}/`, aud: audience, tid: tenantId, appid: clientId };
  const roles = permissions === null ? {} : { roles: permissions };
  const token = await signToken({ ...who, ...roles, uti: randomUUID(), iat: at, nbf: at, exp: at + LIFETIME_SECONDS });
  keepToken(state, token, { permissions, audience, until: state.now() + LIFETIME_SECONDS * 1000 });
  return { token_type: 'Bearer', expires_in: LIFETIME_SECONDS, ext_expires_in: LIFETIME_SECONDS, access_token: token };
}

export function newIdToken(state: EntraState, app: EntraApp, person: EntraPerson, code: Code): Promise<string> {
  const { spoil = {} } = code;
  const { tenantId } = state.options;
  const now = Math.floor(state.now() / 1000);
  const expires = now + (spoil.expiresInSeconds ?? LIFETIME_SECONDS);
  const issued = Math.min(now, expires - LIFETIME_SECONDS);
  const signedIn = spoil.authTimeSecondsAgo === undefined ? Math.floor(code.signedInAt / 1000) : now - spoil.authTimeSecondsAgo;
  const nonce = spoil.nonce ?? code.nonce;
  const isFromElsewhere = person.homeTenantId !== undefined && person.homeTenantId !== tenantId;
  return signToken(
    {
      iss: spoil.iss ?? issuerOf(state, spoil.tid ?? tenantId),
      aud: spoil.aud ?? app.clientId,
      // Another one for every app: it cannot be used to look somebody up.
      sub: createHash('sha256').update(`${person.id} at ${app.clientId}`).digest('base64url'),
      oid: person.id,
      tid: spoil.tid ?? tenantId,
      ...(isFromElsewhere ? { idp: `https://sts.windows.net/${person.homeTenantId}/` } : {}),
      ...(nonce === null ? {} : { nonce }),
      auth_time: signedIn,
      iat: issued,
      nbf: issued,
      exp: expires,
      name: person.displayName,
      preferred_username: person.userPrincipalName,
      uti: randomUUID(),
      ver: '2.0',
    },
    spoil.key,
  );
}

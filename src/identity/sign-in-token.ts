/** What an id token proves: signed by the login service, for us, for this tenant and this very sign-in; or which of these it fails. */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { EntraId } from '../action-center/action.ts';
import { ok, type Result, refuse } from '../action-center/refusal.ts';
import type { Proof, ProofTrouble } from '../action-center/sign-in-ports.ts';
import { issuerOf, type SignInKeys } from './sign-in-keys.ts';

export type TokenChecks = {
  tenantId: string;
  clientId: string;
  authorityUrl: string;
  nonce: string;
  keys: SignInKeys;
  /** The time must be in it: a fresh sign-in was asked for. */
  needsTime: boolean;
  now: Date;
};

const skewSeconds = 120;
const longestToken = 20_000;
const guid = z.guid().transform((value) => value.toLowerCase());

/** Throws UpstreamError where the keys cannot be had. */
export async function proofIn(idToken: string, checks: TokenChecks): Promise<Result<Proof, ProofTrouble>> {
  if (idToken.length > longestToken) return refuse('no-id-token');
  const verified = await verify(idToken, checks);
  if (!verified.ok) return verified;
  const { tid, oid, nonce, auth_time: signedInAt } = verified.value;
  if (guid.safeParse(tid).data !== checks.tenantId) return refuse('wrong-tenant');
  if (nonce !== checks.nonce) return refuse('wrong-nonce');
  const person = guid.safeParse(oid).data;
  if (person === undefined) return refuse('no-person');
  const seconds = typeof signedInAt === 'number' && signedInAt > 0 && signedInAt < 1e11 ? signedInAt : null;
  if (checks.needsTime && seconds === null) return refuse('no-sign-in-time');
  return ok({ entraId: EntraId.parse(person), signedInAt: seconds === null ? null : new Date(seconds * 1000).toISOString() });
}

async function verify(idToken: string, checks: TokenChecks): Promise<Result<JWTPayload, ProofTrouble>> {
  const { keys, clientId, now } = checks;
  try {
    const { payload } = await jwtVerify(idToken, keys, {
      algorithms: ['RS256'],
      audience: clientId,
      requiredClaims: ['exp', 'nbf', 'iat'],
      clockTolerance: skewSeconds,
      currentDate: now,
    });
    if (Array.isArray(payload.aud)) return refuse('wrong-audience');
    return payload.iss === issuerOf(checks) ? ok(payload) : refuse(issuerTrouble(payload, checks));
  } catch (error) {
    return refuse(troubleOf(error));
  }
}

/** Another tenant's own token is told apart from a forged issuer. */
const issuerTrouble = (payload: JWTPayload, { tenantId }: TokenChecks): ProofTrouble =>
  guid.safeParse(payload['tid']).data === tenantId ? 'wrong-issuer' : 'wrong-tenant';

function troubleOf(error: unknown): ProofTrouble {
  if (!(error instanceof errors.JOSEError)) throw error;
  if (error instanceof errors.JWTExpired) return 'outdated-token';
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'aud' ? 'wrong-audience' : 'outdated-token';
  return 'wrong-signature';
}

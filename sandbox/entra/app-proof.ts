// How an app proves that it is the app: by its secret, or by an assertion signed with its certificate's key.
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials

import { createPublicKey, timingSafeEqual } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { type HttpAnswer, loginRefused } from './answers.ts';
import type { EntraState } from './state.ts';
import { issuerOf } from './tokens.ts';
import type { EntraApp } from './types.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const invalidClient = (code: number, text: string): HttpAnswer => loginRefused({ status: 401, error: 'invalid_client', code, text });

export type Proof = { app: EntraApp /** Public: an app that has nothing to prove itself with. */; isProven: boolean };

export async function provenApp(
  state: EntraState,
  { form, authorization, tokenUrl }: { form: URLSearchParams; authorization: string | undefined; tokenUrl: string },
): Promise<Proof | HttpAnswer> {
  const basic = basicCredentials(authorization);
  const clientId = basic?.id ?? form.get('client_id');
  if (clientId === null) return missing('client_id');
  const app = state.apps.get(clientId.toLowerCase());
  if (app === undefined) {
    const text = `Application with identifier '${clientId}' was not found in the directory.`;
    return loginRefused({ status: 400, error: 'unauthorized_client', code: 700016, text });
  }
  const secret = basic?.secret ?? form.get('client_secret');
  if (secret !== null) {
    if (isSame(secret, app.secret)) return { app, isProven: true };
    return invalidClient(7000215, `Invalid client secret provided for app '${app.clientId}'.`);
  }
  const assertion = form.get('client_assertion');
  if (assertion !== null) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) return missing('client_assertion_type');
    return (await assertionTrouble(state, app, assertion, tokenUrl)) ?? { app, isProven: true };
  }
  if (app.secret === undefined && app.certificate === undefined) return { app, isProven: false };
  return noProof();
}

export const noProof = (): HttpAnswer =>
  invalidClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.");

export const missing = (parameter: string): HttpAnswer => {
  const text = `The request body must contain the following parameter: '${parameter}'.`;
  return loginRefused({ status: 400, error: 'invalid_request', code: 900144, text });
};

function isSame(given: string, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  const [one, other] = [Buffer.from(given), Buffer.from(secret)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function basicCredentials(authorization: string | undefined): { id: string; secret: string } | undefined {
  const [, encoded] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id, secret: rest.join(':') };
}

async function assertionTrouble(state: EntraState, app: EntraApp, assertion: string, tokenUrl: string): Promise<HttpAnswer | undefined> {
  const header = headerOf(assertion);
  if (header === undefined) return invalidClient(50027, 'JWT token is invalid or malformed.');
  if (app.certificate === undefined || header['x5t#S256'] !== app.certificate.thumbprint)
    return invalidClient(700027, 'The certificate with the identifier used to sign the client assertion is not registered on application.');
  try {
    await jwtVerify(assertion, createPublicKey(app.certificate.publicKey), {
      algorithms: ['RS256', 'PS256'],
      audience: [tokenUrl, issuerOf(state)],
      issuer: app.clientId,
      subject: app.clientId,
      requiredClaims: ['exp'],
      clockTolerance: 300,
      currentDate: new Date(state.now()),
    });
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}

function headerOf(assertion: string): Record<string, unknown> | undefined {
  try {
    return decodeProtectedHeader(assertion);
  } catch {
    return undefined; // answered as a malformed assertion
  }
}

function refusalOf(error: unknown): HttpAnswer {
  if (!(error instanceof errors.JOSEError)) throw error;
  if (error instanceof errors.JWTExpired) return invalidClient(700024, 'Client assertion is not within its valid time range.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return invalidClient(700023, 'Client assertion audience claim does not match Realm issuer.');
    if (error.claim === 'nbf') return invalidClient(700024, 'Client assertion is not within its valid time range.');
    return invalidClient(700021, "Client assertion application identifier doesn't match 'client_id' parameter.");
  }
  return invalidClient(700027, 'Client assertion failed signature validation.');
}

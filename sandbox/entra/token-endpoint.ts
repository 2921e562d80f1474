// Where apps get their tokens: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow

import { createHash } from 'node:crypto';
import { type HttpAnswer, isAnswer, type LoginRefusal, loginRefused } from './answers.ts';
import { missing, noProof, type Proof, provenApp } from './app-proof.ts';
import { authorityUrlOf, type Code, type EntraState, graphUrlOf } from './state.ts';
import { DEFENDER, GRAPH, newAccessToken, newIdToken, OFFICE } from './tokens.ts';
import type { EntraApp, EntraPerson } from './types.ts';

export type TokenRequest = { form: URLSearchParams; authorization: string | undefined };

export const tokenUrlOf = (state: EntraState): string => `${authorityUrlOf(state)}/${state.options.tenantId}/oauth2/v2.0/token`;

export async function answerToken(state: EntraState, { form, authorization }: TokenRequest): Promise<HttpAnswer> {
  const grant = form.get('grant_type');
  if (grant === null) return missing('grant_type');
  if (grant !== 'client_credentials' && grant !== 'authorization_code') {
    const text = `The app requested an unsupported grant type '${grant}'.`;
    return loginRefused({ status: 400, error: 'unsupported_grant_type', code: 70003, text });
  }
  const proof = await provenApp(state, { form, authorization, tokenUrl: tokenUrlOf(state) });
  if (isAnswer(proof)) return proof;
  return grant === 'client_credentials' ? forApp(state, proof, form) : forCode(state, proof.app, form);
}

async function forApp(state: EntraState, { app, isProven }: Proof, form: URLSearchParams): Promise<HttpAnswer> {
  if (!isProven) return noProof();
  const scope = form.get('scope');
  if (scope === null) return missing('scope');
  const [, resource] = /^(\S+)\/\.default$/.exec(scope) ?? [];
  if (resource === undefined) {
    const text = `The provided value for scope ${scope} is not valid. It must be a resource's identifier with /.default at its end.`;
    return loginRefused({ status: 400, error: 'invalid_scope', code: 1002012, text });
  }
  const isOther = resource === DEFENDER || resource === OFFICE;
  if (!isOther && !isGraph(state, resource)) {
    const text = `The resource principal named ${resource} was not found in the tenant.`;
    return loginRefused({ status: 400, error: 'invalid_resource', code: 500011, text });
  }
  const audience = isOther ? resource : GRAPH;
  return granted(await newAccessToken(state, app.clientId, app.permissions ?? null, audience));
}

/** Also by the address of something on this machine that stands in front of it. */
const isGraph = (state: EntraState, resource: string): boolean =>
  resource === graphUrlOf(state) || /^https:\/\/(dod-)?graph\.microsoft\.(com|us)$|^http:\/\/(127\.0\.0\.1|localhost):\d+$/.test(resource);

const granted = (body: object): HttpAnswer => ({ status: 200, body, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' } });

async function forCode(state: EntraState, app: EntraApp, form: URLSearchParams): Promise<HttpAnswer> {
  for (const name of ['code', 'redirect_uri', 'code_verifier']) if (form.get(name) === null) return missing(name);
  const code = state.codes.get(form.get('code') ?? '');
  if (code === undefined) return refusedCode({ code: 9002313, text: 'The authorization code is malformed or was never handed out.' });
  const trouble = codeTrouble(state, code, app, form);
  if (trouble !== undefined) return refusedCode(trouble);
  const person = state.people.get(code.person);
  const absence = absenceOf(person, app);
  if (absence !== undefined || person === undefined) return refusedCode(absence ?? unknownAccount(app));
  code.redeemed = true;
  const idToken = await newIdToken(state, app, person, code);
  // On behalf of a person, and of no use to read the directory.
  const access = await newAccessToken(state, app.clientId, []);
  return granted({ ...access, scope: 'openid profile email', id_token: idToken });
}

export type Trouble = Pick<LoginRefusal, 'code' | 'text'>;
const refusedCode = (trouble: Trouble): HttpAnswer => loginRefused({ status: 400, error: 'invalid_grant', ...trouble });

function codeTrouble(state: EntraState, code: Code, app: EntraApp, form: URLSearchParams): Trouble | undefined {
  if (code.clientId !== app.clientId) return { code: 70000, text: 'The provided authorization code was issued to another client.' };
  if (code.redeemed) return { code: 54005, text: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code.' };
  if (code.until <= state.now()) return { code: 70008, text: 'The provided authorization code has expired.' };
  if (code.redirectUri !== form.get('redirect_uri')) {
    return { code: 500112, text: 'The reply address does not match the one provided when requesting the authorization code.' };
  }
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  if (challenge === code.challenge) return undefined;
  return { code: 501481, text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.' };
}

const unknownAccount = (app: EntraApp): Trouble => ({
  code: 50034,
  text: `The user account does not exist in the directory that app '${app.clientId}' is in.`,
});

/** Why somebody cannot sign in, now. */
export function absenceOf(person: EntraPerson | undefined, app: EntraApp): Trouble | undefined {
  if (person === undefined) return unknownAccount(app);
  return person.accountEnabled ? undefined : { code: 50057, text: 'The user account is disabled.' };
}

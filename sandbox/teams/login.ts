// The part of Microsoft Entra ID that hands the bot its tokens, and the check of those tokens at the Bot Connector's door.
// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication

import { randomBytes } from 'node:crypto';
import { type HttpAnswer, unauthorized } from './answers.ts';
import { keep, type TeamsState } from './state.ts';

const LIFETIME_SECONDS = 3600;
const TOKENS = 10_000;
const SCOPE = 'https://api.botframework.com/.default';

export type TokenRequest = { tenant: string; form: URLSearchParams; authorization: string | undefined };

export function answerToken(state: TeamsState, { tenant, form, authorization }: TokenRequest): HttpAnswer {
  const { appId, appPassword, tenantId } = state.options;
  const basic = basicCredentials(authorization);
  const clientId = basic?.id ?? form.get('client_id');
  const secret = basic?.secret ?? form.get('client_secret');
  if (tenant !== tenantId) return refuse(400, 'invalid_request', `AADSTS90002: Tenant '${tenant}' not found.`);
  if (form.get('grant_type') !== 'client_credentials') return refuse(400, 'unsupported_grant_type', 'AADSTS70003: Unsupported grant type.');
  if (form.get('scope') !== SCOPE) return refuse(400, 'invalid_scope', `AADSTS70011: The scope '${form.get('scope')}' is not valid.`);
  if (appId === '' || clientId !== appId)
    return refuse(400, 'unauthorized_client', `AADSTS700016: Application '${clientId}' was not found.`);
  if (secret !== appPassword) return refuse(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.');
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: LIFETIME_SECONDS, ext_expires_in: LIFETIME_SECONDS, access_token: newToken(state) },
  };
}

const refuse = (status: number, error: string, description: string): HttpAnswer => ({
  status,
  body: { error, error_description: description },
});

function basicCredentials(authorization: string | undefined): { id: string; secret: string } | undefined {
  const [, encoded] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id: decodeURIComponent(id), secret: decodeURIComponent(rest.join(':')) };
}

const loginNow = ({ options, now }: TeamsState): number => (options.loginNow ?? now)();

function newToken(state: TeamsState): string {
  const token = randomBytes(32).toString('base64url');
  keep(state.tokens, token, loginNow(state) + LIFETIME_SECONDS * 1000, TOKENS);
  return token;
}

/** 401 for a caller that does not show a token of ours, undefined for one that may go on. An emulator asks for none. */
export function refuseBearer(state: TeamsState, authorization: string | undefined): HttpAnswer | undefined {
  if (state.options.appId === '') return undefined;
  const [, token] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) return unauthorized('No bearer token.');
  const until = state.tokens.get(token);
  if (until === undefined) return unauthorized('The token is not known.');
  return until > loginNow(state) ? undefined : unauthorized('The token has expired.');
}

// https://slack.com/api/: who may call, how often, and which method answers.

import { chatDelete, chatGetPermalink, chatPostEphemeral, chatPostMessage, chatUpdate } from './chat-methods.ts';
import { conversationsHistory, conversationsInfo, conversationsOpen, conversationsReplies } from './conversation-methods.ts';
import { filesCompleteUploadExternal, filesGetUploadUrlExternal } from './files.ts';
import { usersInfo, usersLookupByEmail } from './people.ts';
import { METHOD_RATES } from './rates.ts';
import type { SocketMode } from './socket-mode.ts';
import { addProblem, type SlackState } from './state.ts';
import type { ApiAnswer, Args, HttpAnswer } from './types.ts';
import { viewsOpen, viewsPublish, viewsPush, viewsUpdate } from './view-methods.ts';

type Method = {
  answer: (state: SlackState, args: Args) => ApiAnswer;
  /** Any one of these is enough. */
  scopes?: string[];
  needs?: string[];
};

const READ_CHANNELS = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const READ_HISTORY = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];
const WRITE = ['chat:write'];

const METHODS: Record<string, Method> = {
  'auth.test': { answer: authTest },
  'chat.postMessage': { answer: chatPostMessage, scopes: WRITE, needs: ['channel'] },
  'chat.update': { answer: chatUpdate, scopes: WRITE, needs: ['channel', 'ts'] },
  'chat.delete': { answer: chatDelete, scopes: WRITE, needs: ['channel', 'ts'] },
  'chat.postEphemeral': { answer: chatPostEphemeral, scopes: WRITE, needs: ['channel', 'user'] },
  'chat.getPermalink': { answer: chatGetPermalink, needs: ['channel', 'message_ts'] },
  'users.info': { answer: usersInfo, scopes: ['users:read'], needs: ['user'] },
  'users.lookupByEmail': { answer: usersLookupByEmail, scopes: ['users:read.email'], needs: ['email'] },
  'conversations.info': { answer: conversationsInfo, scopes: READ_CHANNELS, needs: ['channel'] },
  'conversations.history': { answer: conversationsHistory, scopes: READ_HISTORY, needs: ['channel'] },
  'conversations.replies': { answer: conversationsReplies, scopes: READ_HISTORY, needs: ['channel', 'ts'] },
  'conversations.open': { answer: conversationsOpen, scopes: ['im:write', 'mpim:write'] },
  'files.getUploadURLExternal': { answer: filesGetUploadUrlExternal, scopes: ['files:write'], needs: ['filename', 'length'] },
  'files.completeUploadExternal': { answer: filesCompleteUploadExternal, scopes: ['files:write'], needs: ['files'] },
  'views.open': { answer: viewsOpen, needs: ['view'] },
  'views.update': { answer: viewsUpdate, needs: ['view'] },
  'views.push': { answer: viewsPush, needs: ['view'] },
  'views.publish': { answer: viewsPublish, needs: ['user_id', 'view'] },
};

function authTest(state: SlackState): ApiAnswer {
  const { team, app } = state;
  const url = `https://${team.domain}.slack.com/`;
  return {
    ok: true,
    url,
    team: 'Contoso',
    user: 'countersign',
    team_id: team.id,
    user_id: app.botUser,
    bot_id: app.botId,
    is_enterprise_install: false,
  };
}

export function answerApi(state: SlackState, sockets: SocketMode, method: string, args: Args, token: string | undefined): HttpAnswer {
  const isConnect = method === 'apps.connections.open';
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known === undefined && !isConnect) {
    addProblem(state, `unknown method ${method}`);
    return { status: 200, body: { ok: false, error: 'unknown_method', req_method: method } };
  }
  const refused = refuseToken(state, isConnect, token) ?? refuseScope(state, method, known?.scopes);
  if (refused !== undefined) return { status: 200, body: refused };
  const wait = state.options.enforceRates === false ? 0 : takeRate(state, method);
  if (wait > 0) return rateLimited(wait);
  const missing = known?.needs?.filter((name) => args[name] === undefined) ?? [];
  if (missing.length > 0) return { status: 200, body: missingArguments(missing) };
  const body = known === undefined ? sockets.openConnection() : known.answer(state, args);
  // A copy: what was answered must not change when the message does.
  return body.error === 'ratelimited'
    ? rateLimited(Number(body['retryAfter']))
    : { status: 200, headers: grantedTo(state), body: structuredClone(body) };
}

/** Slack says with every answer what the token may do. */
const grantedTo = ({ options }: SlackState): Record<string, string> =>
  options.scopes === undefined ? {} : { 'X-OAuth-Scopes': options.scopes.join(',') };

function refuseToken({ options }: SlackState, isConnect: boolean, token: string | undefined): ApiAnswer | undefined {
  if (token === undefined || token === '') return { ok: false, error: 'not_authed' };
  if (token !== options.botToken && token !== options.appToken) return { ok: false, error: 'invalid_auth' };
  const isApp = token === options.appToken;
  return isApp === isConnect ? undefined : { ok: false, error: 'not_allowed_token_type' };
}

function refuseScope({ options }: SlackState, method: string, wanted: string[] = []): ApiAnswer | undefined {
  const isHistory = method === 'conversations.history' || method === 'conversations.replies';
  const granted = options.scopes;
  const allowed = wanted.length === 0 || granted === undefined || wanted.some((scope) => granted.includes(scope));
  if (allowed && !(isHistory && options.historyForBot === false)) return undefined;
  return { ok: false, error: 'missing_scope', needed: wanted.join(','), provided: (granted ?? []).join(',') };
}

function takeRate(state: SlackState, method: string): number {
  const rate = METHOD_RATES[method];
  return rate === undefined ? 0 : state.buckets.take(`method ${method}`, rate);
}

export const rateLimited = (seconds: number): HttpAnswer => ({
  status: 429,
  headers: { 'Retry-After': String(seconds) },
  body: { ok: false, error: 'ratelimited' },
});

function missingArguments(names: string[]): ApiAnswer {
  const messages = names.map((name) => `[ERROR] missing required field: ${name}`);
  return { ok: false, error: 'invalid_arguments', response_metadata: { messages } };
}

// The Bot Connector: which request is which operation, who may ask, and how often.

import { badRequest, type HttpAnswer, isAnswer, noRoute, notAllowed, tooBig, tooMany } from './answers.ts';
import { allMembers, channelAsked, createThread, oneMember, openPersonalChat, pagedMembers } from './conversation-methods.ts';
import { refuseBearer } from './login.ts';
import { type Address, addressOf, deleteActivity, postActivity, updateActivity } from './message-methods.ts';
import { OVERALL, READING, type Use, WRITING } from './rates.ts';
import { addProblem, personalChatOf, type TeamsState } from './state.ts';
import { deleteTargeted, postTargeted, updateTargeted } from './targeted-methods.ts';
import type { ApiMethod } from './types.ts';
import { type Fields, fieldsOf, isObject, listOf, parseJson, textOf } from './values.ts';

/** "Approximately 100 KB", counted as UTF-16: Microsoft's page on bot message formats. */
const SIZE_MAX = 100 * 1024;
const PREFIX = '/amer/v3/conversations';

export type ConnectorRequest = {
  verb: string;
  url: URL;
  authorization: string | undefined;
  text: string;
};

/** What an operation does; its `conversation` is what its rate is counted for. */
export type Operation = { method: ApiMethod; conversation: string; process: () => HttpAnswer };

export const isConnectorPath = (path: string): boolean => path === PREFIX || path.startsWith(`${PREFIX}/`);

/** The operation asked for, or how a request that asks for none is refused. */
export function operationOf(state: TeamsState, { verb, url, text }: ConnectorRequest): Operation | HttpAnswer {
  const path = segmentsOf(url.pathname);
  if (path === undefined) return badRequest('The path cannot be read.');
  const body = parseJson(text);
  const [named, part, id] = path;
  if (named === undefined) return verb === 'POST' ? creation(state, fieldsOf(body)) : notAllowed();
  if (part === 'activities') {
    if (verb !== 'DELETE' && !isObject(body)) return badRequest('The body is no activity.');
    return activityOperation(state, { verb, named, id: id ?? null, body: fieldsOf(body), targeted: isTargeted(url) });
  }
  if (verb !== 'GET') return notAllowed();
  return readingOperation(state, named, part, id, url.searchParams) ?? noRoute();
}

function segmentsOf(pathname: string): string[] | undefined {
  try {
    return pathname
      .slice(PREFIX.length)
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined; // answered as a request that cannot be read
  }
}

const isTargeted = (url: URL): boolean => url.searchParams.get('isTargetedActivity') === 'true';

function creation(state: TeamsState, body: Fields): Operation {
  const channel = channelAsked(body);
  if (channel !== null) return { method: 'post', conversation: channel, process: () => createThread(state, body) };
  const person = textOf(fieldsOf(listOf(body['members'])[0])['id']);
  const conversation = personalChatOf(state, person)?.id ?? person;
  return { method: 'createConversation', conversation, process: () => openPersonalChat(state, body) };
}

type ActivityRequest = { verb: string; named: string; id: string | null; body: Fields; targeted: boolean };

function activityOperation(state: TeamsState, request: ActivityRequest): Operation | HttpAnswer {
  const { verb, named, id, body, targeted } = request;
  const [conversation = ''] = named.split(';');
  const on = (method: ApiMethod, work: (address: Address) => HttpAnswer): Operation => ({
    method,
    conversation,
    process: () => {
      const address = addressOf(state, named);
      return isAnswer(address) ? address : work(address);
    },
  });
  if (verb === 'POST' && targeted) return on('targeted', (address) => postTargeted(state, address, body));
  if (verb === 'POST') return on('post', (address) => postActivity(state, address, body, id));
  if (id === null) return notAllowed();
  if (verb === 'PUT')
    return targeted
      ? on('targeted', (address) => updateTargeted(state, address, id, body))
      : on('update', (address) => updateActivity(state, address, id, body));
  if (verb !== 'DELETE') return notAllowed();
  return targeted
    ? on('targeted', (address) => deleteTargeted(state, address, id))
    : on('delete', (address) => deleteActivity(state, address, id));
}

function readingOperation(
  state: TeamsState,
  named: string,
  part: string | undefined,
  id: string | undefined,
  query: URLSearchParams,
): Operation | undefined {
  const [conversation = ''] = named.split(';');
  const reading = (work: (address: Address) => HttpAnswer): Operation => ({
    method: 'members',
    conversation,
    process: () => {
      const address = addressOf(state, named);
      return isAnswer(address) ? address : work(address);
    },
  });
  if (part === 'pagedmembers') return reading((address) => pagedMembers(state, address, query));
  if (part !== 'members') return undefined;
  return reading((address) => (id === undefined ? allMembers(state, address) : oneMember(state, address, id)));
}

/** Everything between the door and the work: token, size, rates. */
export function answerConnector(state: TeamsState, operation: Operation, { authorization, text }: ConnectorRequest): HttpAnswer {
  const refused = refuseBearer(state, authorization);
  if (refused !== undefined) return refused;
  if (text.length * 2 > SIZE_MAX) {
    addProblem(state, `${operation.method}: a message of ${text.length * 2} bytes; Teams takes ${SIZE_MAX}`);
    return tooBig();
  }
  const wait = state.options.enforceRates === false ? 0 : state.windows.take(usesOf(operation));
  return wait > 0 ? tooMany(Math.max(1, Math.ceil(wait / 1000))) : operation.process();
}

const usesOf = ({ method, conversation }: Operation): Use[] => [
  { key: 'all', limits: OVERALL },
  method === 'members' ? { key: `read ${conversation}`, limits: READING } : { key: `write ${conversation}`, limits: WRITING },
];

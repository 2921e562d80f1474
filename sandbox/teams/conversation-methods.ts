// New conversations, and who is in one.
// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages

import { createHash } from 'node:crypto';
import { badRequest, failed, type HttpAnswer, isAnswer, noMember, notInRoster } from './answers.ts';
import { type Address, addressOf, postActivity, threadId } from './message-methods.ts';
import { type Conversation, isMember, membersOf, newConversation, personalChatOf, serviceUrlOf, type TeamsState } from './state.ts';
import type { TeamsPerson } from './types.ts';
import { type Fields, fieldsOf, isObject, listOf, textOf } from './values.ts';

const PAGE = 200;
const PAGE_MAX = 500;

/** The channel a new thread is for, or null when a personal chat is asked for. */
export const channelAsked = (body: Fields): string | null =>
  body['isGroup'] === true ? textOf(fieldsOf(fieldsOf(body['channelData'])['channel'])['id']) : null;

export function createThread(state: TeamsState, body: Fields): HttpAnswer {
  const channel = channelAsked(body) ?? '';
  const { activity } = body;
  if (channel === '') return badRequest("'channelData.channel.id' is missing.");
  if (!isObject(activity)) return badRequest("'activity' is missing.");
  const address = addressOf(state, channel);
  if (isAnswer(address)) return address;
  if (address.conversation.type !== 'channel') return badRequest('New threads are for channels.');
  const posted = postActivity(state, { ...address, thread: null }, { ...activity, replyToId: undefined }, null);
  return failed(posted) ? posted : created(state, address.conversation.id, textOf(fieldsOf(posted.body)['id']));
}

const created = (state: TeamsState, conversation: string, activityId: string): HttpAnswer => ({
  status: 201,
  body: { id: threadId(conversation, activityId), activityId, serviceUrl: serviceUrlOf(state) },
});

/** Always the same chat for the same person. */
export function openPersonalChat(state: TeamsState, body: Fields): HttpAnswer {
  const [member, ...others] = listOf(body['members']);
  const asked = textOf(fieldsOf(member)['id']);
  const person = state.people.get(asked) ?? byEntraId(state, asked);
  const tenant = body['tenantId'] ?? fieldsOf(fieldsOf(body['channelData'])['tenant'])['id'];
  if (person === undefined || others.length > 0) return badRequest("'members' has to name one person that the bot knows.");
  if (typeof tenant !== 'string' || tenant === '') return badRequest("'tenantId' is missing.");
  const conversation = personalChatOf(state, person.id) ?? newPersonalChat(state, person);
  if (conversation?.botInstalled !== true) return notInRoster();
  const { activity } = body;
  if (!isObject(activity)) return { status: 201, body: { id: conversation.id } };
  const posted = postActivity(state, { conversation, thread: null }, activity, null);
  return failed(posted) ? posted : { status: 201, body: { id: conversation.id, activityId: fieldsOf(posted.body)['id'] } };
}

/** By their Entra id only where they have the app: https://github.com/MicrosoftDocs/msteams-docs/issues/11125 and 14079. */
function byEntraId(state: TeamsState, asked: string): TeamsPerson | undefined {
  const person = [...state.people.values()].find(({ aadObjectId }) => aadObjectId !== undefined && aadObjectId === asked);
  return person !== undefined && personalChatOf(state, person.id)?.botInstalled === true ? person : undefined;
}

/** Only with somebody who has the app or is in a conversation that has it. */
function newPersonalChat(state: TeamsState, person: TeamsPerson): Conversation | undefined {
  const known = [...state.conversations.values()].some((it) => it.botInstalled && isMember(it, person.id));
  if (!known) return undefined;
  const id = `a:${createHash('sha256').update(`${state.bot.id} ${person.id}`).digest('base64url')}`;
  const conversation = newConversation({ id, type: 'personal', name: person.name, members: [person.id] });
  state.conversations.set(id, conversation);
  return conversation;
}

export function pagedMembers(state: TeamsState, { conversation }: Address, query: URLSearchParams): HttpAnswer {
  const members = membersOf(state, conversation);
  const size = Math.min(PAGE_MAX, Math.max(1, Number(query.get('pageSize') ?? PAGE) || PAGE));
  const from = Math.max(0, Number(query.get('continuationToken') ?? 0) || 0);
  const more = from + size < members.length ? { continuationToken: String(from + size) } : {};
  return { status: 200, body: { ...more, members: members.slice(from, from + size).map((it) => memberObject(state, it)) } };
}

export const allMembers = (state: TeamsState, { conversation }: Address): HttpAnswer => ({
  status: 200,
  body: membersOf(state, conversation).map((it) => memberObject(state, it)),
});

export function oneMember(state: TeamsState, { conversation }: Address, id: string): HttpAnswer {
  const member = membersOf(state, conversation).find((it) => it.id === id || it.aadObjectId === id);
  return member === undefined ? noMember() : { status: 200, body: memberObject(state, member) };
}

function memberObject(state: TeamsState, { id, name, upn, aadObjectId, tenantId }: TeamsPerson): object {
  const [givenName = name, ...rest] = name.split(' ');
  const entra = aadObjectId === undefined ? { userRole: 'anonymous' } : { aadObjectId, objectId: aadObjectId, userRole: 'user' };
  return {
    id,
    name,
    givenName,
    surname: rest.join(' '),
    email: upn,
    userPrincipalName: upn,
    tenantId: tenantId ?? state.options.tenantId,
    ...entra,
  };
}

// Messages in a conversation that one person sees.
// https://learn.microsoft.com/microsoftteams/platform/agents-in-teams/targeted-messages

import { badRequest, type HttpAnswer, noActivity } from './answers.ts';
import { contentOf } from './content.ts';
import type { Address } from './message-methods.ts';
import { addPrivate, isMember, privateMessage, removePrivate, type TeamsState } from './state.ts';
import type { PrivateMessage } from './types.ts';
import { type Fields, fieldsOf, textOf } from './values.ts';

export function postTargeted(state: TeamsState, { conversation, thread }: Address, activity: Fields): HttpAnswer {
  const { id: person, isTargeted } = fieldsOf(activity['recipient']);
  if (isTargeted !== true || textOf(person) === '') return badRequest('A targeted message needs a recipient with isTargeted.');
  if (conversation.type === 'personal') return badRequest('Targeted messages are for channels, group and meeting chats.');
  if (!state.people.has(textOf(person)) || !isMember(conversation, textOf(person)))
    return badRequest('The recipient is not in this conversation.');
  if (activity['type'] !== 'message') return badRequest("A targeted activity is of type 'message'.");
  if (thread !== null && !conversation.messages.has(thread) && !conversation.asked.has(thread)) return noActivity();
  const { text, card } = contentOf(state, activity, `a targeted message in ${conversation.id}`);
  const id = state.nextId();
  addPrivate(state, {
    person: textOf(person),
    via: 'targeted',
    conversation: conversation.id,
    text,
    card,
    id,
    ...(thread === null ? {} : { thread }),
  });
  return { status: 201, body: { id } };
}

function targetedMessage(state: TeamsState, { conversation }: Address, id: string): PrivateMessage | undefined {
  const message = privateMessage(state, conversation.id, id);
  return message?.via === 'targeted' ? message : undefined;
}

export function updateTargeted(state: TeamsState, address: Address, id: string, activity: Fields): HttpAnswer {
  if (activity['recipient'] !== undefined) return badRequest('Whom a targeted message is for cannot be changed.');
  const message = targetedMessage(state, address, id);
  if (message === undefined) return noActivity();
  const { text, card } = contentOf(state, activity, `an update of a targeted message in ${message.conversation}`);
  Object.assign(message, { text, card });
  state.events.emit('private', message);
  return { status: 200, body: { id } };
}

export function deleteTargeted(state: TeamsState, address: Address, id: string): HttpAnswer {
  if (targetedMessage(state, address, id) === undefined) return noActivity();
  removePrivate(state, address.conversation.id, id);
  return { status: 200, body: {} };
}

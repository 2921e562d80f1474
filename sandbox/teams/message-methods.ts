// Messages that everybody in the conversation sees.
// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference

import { badRequest, forbidden, type HttpAnswer, isAnswer, noActivity, noConversation, notInRoster } from './answers.ts';
import { contentOf } from './content.ts';
import { refuseFiles } from './files.ts';
import { type Conversation, editMessage, postMessage, removeMessage, type TeamsState } from './state.ts';
import type { TeamsMessage } from './types.ts';
import { type Fields, textOf } from './values.ts';

/** A conversation as the bot names it: in channels often with the thread. */
export type Address = { conversation: Conversation; thread: string | null };

const THREAD = ';messageid=';

export function addressOf(state: TeamsState, named: string): Address | HttpAnswer {
  const [id = '', thread] = named.split(THREAD);
  const conversation = state.conversations.get(id);
  if (conversation === undefined) return noConversation();
  return conversation.botInstalled ? { conversation, thread: thread ?? null } : notInRoster();
}

export const threadId = (conversation: string, thread: string): string => `${conversation}${THREAD}${thread}`;

export function postActivity(state: TeamsState, { conversation, thread }: Address, activity: Fields, replyTo: string | null): HttpAnswer {
  if (activity['type'] === 'typing') return { status: 201, body: { id: state.nextId() } };
  if (activity['type'] !== 'message') return badRequest("An activity of this 'type' cannot be sent.");
  const above = thread ?? replyTo ?? (textOf(activity['replyToId']) || null);
  const parentId = conversation.type === 'channel' && above !== null ? rootOf(conversation, above) : null;
  if (parentId === undefined) return noActivity();
  const refused = refuseFiles(state, conversation, activity);
  if (refused !== null) return refused;
  const content = contentOf(state, activity, `a post to ${conversation.id}`);
  const { id } = postMessage(state, conversation, { ...content, from: 'bot', parentId });
  return { status: 201, body: { id } };
}

/** Below an answer there is nothing: who answers it answers the message that began the thread. */
function rootOf({ messages }: Conversation, id: string): string | undefined {
  const message = messages.get(id);
  return message === undefined ? undefined : (message.parentId ?? message.id);
}

function ownMessage({ conversation, thread }: Address, id: string): TeamsMessage | HttpAnswer {
  const message = conversation.messages.get(id);
  if (message === undefined) return noActivity();
  if (thread !== null && thread !== (message.parentId ?? message.id)) return noActivity();
  return message.from === 'bot' ? message : forbidden('The message was not sent by this bot.');
}

export function updateActivity(state: TeamsState, address: Address, id: string, activity: Fields): HttpAnswer {
  const message = ownMessage(address, id);
  if (isAnswer(message)) return message;
  editMessage(state, message, contentOf(state, activity, `an update in ${message.conversation}`));
  return { status: 200, body: { id } };
}

export function deleteActivity(state: TeamsState, address: Address, id: string): HttpAnswer {
  const message = ownMessage(address, id);
  if (isAnswer(message)) return message;
  removeMessage(state, message);
  return { status: 200, body: {} };
}

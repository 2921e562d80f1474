// A person types a message.

import { activityOf } from './activities.ts';
import { deliverEvent, NOT_SENT } from './deliver.ts';
import { type Conversation, conversationOf, isMember, noteAsked, personOf, postMessage, type TeamsState } from './state.ts';
import type { Ack, TeamsWorld } from './types.ts';
import type { Fields } from './values.ts';

export async function say(state: TeamsState, p: Parameters<TeamsWorld['say']>[0]): Promise<Ack> {
  const person = personOf(state, p.person);
  const conversation = conversationOf(state, p.conversation);
  if (!isMember(conversation, person.id)) throw new Error(`${person.id} is not in ${conversation.id}`);
  const { targeted = false, mention = false } = p;
  const text = mention ? `<at>${state.bot.name}</at> ${p.text}` : p.text;
  const { id, thread } = targeted ? ask(state, conversation, p) : write(state, conversation, { ...p, text });
  // Without a mention nothing in a channel or a group chat is for the bot.
  const reachesBot = conversation.botInstalled && (conversation.type === 'personal' || mention || targeted);
  if (!reachesBot) return NOT_SENT;
  const base = activityOf(state, 'message', person, { conversation, thread });
  const mentioned = { type: 'mention', mentioned: { ...state.bot }, text: `<at>${state.bot.name}</at>` };
  const activity: Fields = {
    ...base,
    id,
    text,
    textFormat: 'plain',
    ...(targeted ? { recipient: { ...state.bot, isTargeted: true } } : {}),
    entities: [...(mention ? [mentioned] : []), ...mentionsOf(state, p), ...((base['entities'] as unknown[] | undefined) ?? [])],
  };
  return deliverEvent(state, { activity, what: `"${p.text}" said by ${p.person}`, url: p.url });
}

function mentionsOf(state: TeamsState, { mentions = [] }: Parameters<TeamsWorld['say']>[0]): Fields[] {
  return mentions.map((one) => {
    const { id, name } = personOf(state, one);
    return { type: 'mention', mentioned: { id, name }, text: `<at>${name}</at>` };
  });
}

/** Nobody but the bot sees it. */
function ask(state: TeamsState, conversation: Conversation, p: { person: string; inThread?: string }): { id: string; thread: string } {
  const id = state.nextId();
  noteAsked(conversation, id, p.person);
  return { id, thread: p.inThread ?? id };
}

function write(
  state: TeamsState,
  conversation: Conversation,
  p: { person: string; text: string; inThread?: string },
): { id: string; thread: string } {
  const parentId = conversation.type === 'channel' ? (p.inThread ?? null) : null;
  const { id } = postMessage(state, conversation, { from: p.person, text: p.text, summary: null, card: null, parentId });
  return { id, thread: parentId ?? id };
}

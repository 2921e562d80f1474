// What a client refreshes by itself while somebody looks:
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/up-to-date-views

import { invokeOf } from './activities.ts';
import { REFRESHED_USERS } from './card-rules.ts';
import { deliverInvoke } from './deliver.ts';
import { applyCardAnswer } from './invoke-answers.ts';
import { executed, invokedKey, spotOf } from './press.ts';
import { addProblem, cardShownTo, conversationOf, isMember, membersOf, noteInvoked, personOf, type TeamsState } from './state.ts';
import type { TeamsMessage } from './types.ts';
import { type Fields, fieldsOf, isObject, listOf } from './values.ts';

/** Not again before the last invoke of that card by that person is this old. */
const QUIET_MS = 60_000;

/** A client refreshes what it shows: of a channel that somebody opens, the newest messages. */
const ON_SCREEN = 50;

export function watch(state: TeamsState, person: string, id: string): () => void {
  const conversation = conversationOf(state, id);
  if (!isMember(conversation, personOf(state, person).id)) throw new Error(`${person} is not in ${id}`);
  const watchers = state.watchers.get(id) ?? new Map<string, number>();
  state.watchers.set(id, watchers.set(person, (watchers.get(person) ?? 0) + 1));
  for (const message of [...conversation.messages.values()].slice(-ON_SCREEN)) refreshInBackground(state, person, message);
  let looking = true;
  return () => {
    if (!looking) return;
    looking = false;
    const left = (watchers.get(person) ?? 1) - 1;
    if (left > 0) watchers.set(person, left);
    else watchers.delete(person);
  };
}

/** Everybody who looks at the conversation has this new or edited message refreshed. */
export function refreshForWatchers(state: TeamsState, message: TeamsMessage): void {
  for (const person of state.watchers.get(message.conversation)?.keys() ?? []) refreshInBackground(state, person, message);
}

function refreshInBackground(state: TeamsState, person: string, message: TeamsMessage): void {
  refresh(state, person, message).catch((error: unknown) => addProblem(state, `a refresh for ${person} failed: ${String(error)}`));
}

async function refresh(state: TeamsState, person: string, message: TeamsMessage): Promise<void> {
  const { conversation, id: messageId } = message;
  const action = refreshAction(state, person, message);
  const key = invokedKey({ conversation, messageId, person });
  const last = state.invoked.get(key);
  if (action === undefined || (last !== undefined && state.now() - last < QUIET_MS)) return;
  noteInvoked(state, key);
  const what = `the refresh of message ${messageId} for ${person}`;
  const value = { action: executed(action, action['data'] ?? {}), trigger: 'automatic' };
  const spot = spotOf(state, { conversation, messageId });
  const activity = invokeOf(state, personOf(state, person), { ...spot, name: 'adaptiveCard/action', value, replyToId: messageId });
  const ack = await deliverInvoke(state, { activity, what, automatic: true });
  // Nobody heard it, so it may be asked again before the minute is over.
  if (ack.status === 0 && !ack.timedOut) {
    state.invoked.delete(key);
    return;
  }
  applyCardAnswer(state, { person, conversation, messageId, what, automatic: true }, ack);
}

/** The refresh of the card as this person sees it, unless it is not for them. */
function refreshAction(state: TeamsState, person: string, { conversation, id }: TeamsMessage): Fields | undefined {
  const card = cardShownTo(state, person, conversation, id);
  const { action, userIds } = fieldsOf(card?.['refresh']);
  if (!isObject(action)) return undefined;
  const isFor =
    userIds === undefined
      ? membersOf(state, conversationOf(state, conversation)).length <= REFRESHED_USERS
      : listOf(userIds).slice(0, REFRESHED_USERS).includes(person);
  return isFor ? action : undefined;
}

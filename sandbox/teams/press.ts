// A person presses a button on a card: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/overview

import { activityOf, invokeOf, type Spot } from './activities.ts';
import { type Button, findButton } from './buttons.ts';
import { deliverEvent, deliverInvoke, NOT_SENT } from './deliver.ts';
import { type Filled, fillIn } from './inputs.ts';
import { type Asked, applyCardAnswer, applyDialogAnswer } from './invoke-answers.ts';
import { cardShownTo, conversationOf, isMember, messageKey, noteInvoked, personOf, privateMessage, type TeamsState } from './state.ts';
import type { Ack, Press, TeamsPerson } from './types.ts';
import { type Fields, fieldsOf, isObject } from './values.ts';

const CONTEXT = { theme: 'default' };

type Pressed = { person: TeamsPerson; button: Button; filled: Filled; spot: Spot; asked: Asked; url?: string | undefined };

export async function press(state: TeamsState, p: Press): Promise<Ack> {
  const person = personOf(state, p.person);
  const conversation = conversationOf(state, p.conversation);
  if (!isMember(conversation, person.id)) throw new Error(`${person.id} is not in ${conversation.id}`);
  const card = p.card ?? cardShownTo(state, p.person, p.conversation, p.messageId);
  if (card === null) throw new Error(`No card in message ${p.messageId} of ${p.conversation} for ${p.person}`);
  const button = findButton(card, p.button, p.oldClient === true ? 'old' : 'current');
  const filled = fillIn(card, button.action['associatedInputs'] === 'none' ? [] : button.cards, p.inputs ?? {});
  if (Object.keys(filled.errors).length > 0) return { ...NOT_SENT, body: { errors: filled.errors } };
  const what = `the press of "${button.title}" by ${p.person}`;
  const asked = { person: p.person, conversation: p.conversation, messageId: p.messageId, what };
  return sendPress(state, { person, button, filled, spot: spotOf(state, p), asked, url: p.url });
}

/** Where the message stands: Teams names the thread in everything that happens in it. */
export function spotOf(state: TeamsState, { conversation: id, messageId }: { conversation: string; messageId: string }): Spot {
  const conversation = conversationOf(state, id);
  const message = conversation.messages.get(messageId);
  const thread = message === undefined ? privateMessage(state, id, messageId)?.thread : message.parentId;
  return { conversation, thread: thread ?? messageId };
}

async function sendPress(state: TeamsState, pressed: Pressed): Promise<Ack> {
  const { button, filled } = pressed;
  switch (button.type) {
    case 'Action.Execute':
      return execute(state, pressed);
    case 'Action.Submit': {
      const data = dataOf(button.action, filled);
      const special = fieldsOf(fieldsOf(data)['msteams'])['type'];
      if (special === 'task/fetch') return fetchDialog(state, pressed, fieldsOf(data));
      if (special !== undefined) throw new Error(`The simulated Teams does not know Action.Submit of msteams.type "${String(special)}"`);
      return submit(state, pressed, data);
    }
    default:
      return NOT_SENT; // Action.OpenUrl, Action.ShowCard and Action.ToggleVisibility stay in the client
  }
}

/** What was typed goes over what the card says. */
function dataOf({ data }: Fields, { values }: Filled): unknown {
  return data === undefined || isObject(data) ? { ...data, ...values } : data;
}

async function execute(state: TeamsState, { person, button, filled, spot, asked, url }: Pressed): Promise<Ack> {
  const { messageId } = asked;
  noteInvoked(state, invokedKey(asked));
  const value = { action: executed(button.action, dataOf(button.action, filled)), trigger: 'manual' };
  const activity = invokeOf(state, person, { ...spot, name: 'adaptiveCard/action', value, replyToId: messageId });
  const ack = await deliverInvoke(state, { activity, what: asked.what, url });
  applyCardAnswer(state, asked, ack);
  return ack;
}

/** The action as it is sent: without what only the client needs. */
export function executed(action: Fields, data: unknown): Fields {
  const { id, title, verb } = action;
  return JSON.parse(JSON.stringify({ type: 'Action.Execute', id, title, verb, data }));
}

export const invokedKey = ({ conversation, messageId, person }: Pick<Asked, 'conversation' | 'messageId' | 'person'>): string =>
  `${messageKey(conversation, messageId)} ${person}`;

async function fetchDialog(state: TeamsState, { person, spot, asked, url }: Pressed, data: Fields): Promise<Ack> {
  const value = { data, context: CONTEXT };
  const activity = invokeOf(state, person, { ...spot, name: 'task/fetch', value, replyToId: asked.messageId });
  const ack = await deliverInvoke(state, { activity, what: asked.what, url });
  applyDialogAnswer(state, asked, ack);
  return ack;
}

async function submit(state: TeamsState, { person, spot, asked, url }: Pressed, value: unknown): Promise<Ack> {
  const activity = { ...activityOf(state, 'message', person, spot), id: state.nextId(), replyToId: asked.messageId, value };
  return deliverEvent(state, { activity, what: asked.what, url });
}

export async function submitDialog(
  state: TeamsState,
  p: { person: string; values: Record<string, string>; button?: string | RegExp; url?: string },
): Promise<Ack> {
  const dialog = state.dialogs.get(p.person);
  if (dialog === undefined) throw new Error(`${p.person} has no dialog open`);
  const button = findButton(dialog.card, p.button);
  if (button.type !== 'Action.Submit') return NOT_SENT;
  const filled = fillIn(dialog.card, button.action['associatedInputs'] === 'none' ? [] : button.cards, p.values);
  if (Object.keys(filled.errors).length > 0) return { ...NOT_SENT, body: { errors: filled.errors } };
  const { conversation, messageId } = dialog;
  const asked = { person: p.person, conversation, messageId, what: `the dialog "${dialog.title}" submitted by ${p.person}` };
  const value = { data: dataOf(button.action, filled), context: CONTEXT };
  const spot = spotOf(state, dialog);
  const activity = invokeOf(state, personOf(state, p.person), { ...spot, name: 'task/submit', value, replyToId: messageId });
  const ack = await deliverInvoke(state, { activity, what: asked.what, url: p.url });
  applyDialogAnswer(state, asked, ack);
  return ack;
}

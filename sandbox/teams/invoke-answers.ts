// What a person sees of the bot's answer to a press:
// https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model#response-format

import { CARD } from './card-rules.ts';
import { checkCard } from './content.ts';
import { isGood } from './deliver.ts';
import { addPrivate, addProblem, setView, type TeamsState } from './state.ts';
import type { Ack, AdaptiveCard, TeamsDialog } from './types.ts';
import { type Fields, fieldsOf, isObject, nameOf, textOf } from './values.ts';

const MESSAGE = 'application/vnd.microsoft.activity.message';
const ERRORS = /^application\/vnd\.microsoft\.error(\.preconditionFailed)?$/;
const WENT_WRONG = 'Something went wrong. Please try again.';

export type Asked = {
  person: string;
  conversation: string;
  messageId: string;
  what: string;
  /** Nobody pressed anything: a refresh, of which only a new card is shown. */
  automatic?: boolean;
};

type Seen =
  | { see: 'card'; card: Fields }
  | { see: 'dialog'; title: string; card: Fields }
  | { see: 'bar' | 'said'; text: string }
  | { see: 'nothing' }
  /** "Something went wrong": of a bad answer (`trouble`), or of a bad status, which has been noted where it came in. */
  | { see: 'failure'; trouble?: string };

const failure = (trouble: string): Seen => ({ see: 'failure', trouble });

/** Applies the answer to an `adaptiveCard/action`. */
export const applyCardAnswer = (state: TeamsState, asked: Asked, ack: Ack): void => show(state, asked, readCardAnswer(ack));

/** Applies the answer to a `task/fetch` or `task/submit`. */
export const applyDialogAnswer = (state: TeamsState, asked: Asked, ack: Ack): void => show(state, asked, readDialogAnswer(ack));

function readCardAnswer(ack: Ack): Seen {
  if (!isGood(ack)) return { see: 'failure' };
  if (!isObject(ack.body)) return failure(`the answer is no invoke response: ${nameOf(ack.body)}`);
  const { statusCode, type, value } = ack.body;
  if (type === CARD && statusCode === 200) return isObject(value) ? { see: 'card', card: value } : failure('the answer has no card');
  if (type === MESSAGE && statusCode === 200)
    return textOf(value).trim() === ''
      ? failure('an empty message as the answer; Teams would ask again')
      : { see: 'bar', text: textOf(value) };
  if (!ERRORS.test(textOf(type)) || !(Number(statusCode) >= 400))
    return failure(`the answer has statusCode ${nameOf(statusCode)} and type ${nameOf(type)}`);
  return { see: 'bar', text: textOf(fieldsOf(value)['message']) || WENT_WRONG };
}

function readDialogAnswer(ack: Ack): Seen {
  if (!isGood(ack)) return { see: 'failure' };
  const { body } = ack;
  if (body === undefined || (isObject(body) && Object.keys(body).length === 0)) return { see: 'nothing' };
  const { type, value } = fieldsOf(fieldsOf(body)['task']);
  if (type === 'continue') return readDialog(fieldsOf(value));
  if (type !== 'message' || typeof value !== 'string') return failure(`the answer is no dialog: ${JSON.stringify(body)}`);
  return value.trim() === '' ? failure('an empty message as the answer') : { see: 'said', text: value };
}

function readDialog({ title, card }: Fields): Seen {
  const { contentType, content } = fieldsOf(card);
  return contentType === CARD && isObject(content)
    ? { see: 'dialog', title: textOf(title), card: content }
    : failure('the dialog has no card');
}

function show(state: TeamsState, asked: Asked, seen: Seen): void {
  const { person, conversation, messageId, what } = asked;
  if (seen.see === 'card' || seen.see === 'dialog') checkCard(state, seen.card, what);
  switch (seen.see) {
    case 'card':
      setView(state, { person, conversation, messageId, card: seen.card as AdaptiveCard });
      break;
    case 'dialog':
      setDialog(state, person, { title: seen.title, card: seen.card as AdaptiveCard, conversation, messageId });
      break;
    case 'bar':
      showBar(state, asked, seen.text);
      break;
    case 'said':
      setDialog(state, person, null);
      addPrivate(state, { person, via: 'dialog', conversation, text: seen.text, card: null });
      break;
    case 'nothing':
      setDialog(state, person, null);
      break;
    case 'failure':
      if (seen.trouble !== undefined) addProblem(state, `${what}: ${seen.trouble}`);
      showBar(state, asked, WENT_WRONG);
  }
}

function showBar(state: TeamsState, { person, conversation, automatic }: Asked, text: string): void {
  if (automatic !== true) addPrivate(state, { person, via: 'bar', conversation, text, card: null });
}

export function setDialog(state: TeamsState, person: string, dialog: TeamsDialog | null): void {
  if (dialog === null && !state.dialogs.delete(person)) return;
  if (dialog !== null) state.dialogs.set(person, dialog);
  state.events.emit('dialog', { person, dialog });
}

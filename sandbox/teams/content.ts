// The content of an activity the bot sends, looked at as Teams would.

import { CARD, cardProblems } from './card-rules.ts';
import { offerOf } from './files.ts';
import { addProblem, type Content, type TeamsState } from './state.ts';
import type { AdaptiveCard } from './types.ts';
import { type Fields, fieldsOf, isObject, listOf, nameOf, textOf } from './values.ts';

const OTHER_CONTENT = /^(application\/vnd\.microsoft\.(card|teams\.card|teams\.file)\.[a-z.]+|text\/html|image\/[a-z+.-]+)$/;

export function contentOf(state: TeamsState, activity: Fields, what: string): Content {
  const attachments = listOf(activity['attachments']);
  const cards = attachments.flatMap((it) => (fieldsOf(it)['contentType'] === CARD ? [fieldsOf(it)['content']] : []));
  const text = textOf(activity['text']);
  for (const attachment of attachments) checkAttachment(state, attachment, what);
  for (const card of cards) checkCard(state, card, what);
  if (text.trim() === '' && attachments.length === 0) addProblem(state, `${what}: an empty message (no text, no card, no attachment)`);
  const [card] = cards;
  const offer = offerOf(activity);
  return {
    ...(offer === null ? {} : { offer }),
    text,
    summary: textOf(activity['summary']) || null,
    card: isObject(card) ? (structuredClone(card) as AdaptiveCard) : null,
  };
}

function checkAttachment(state: TeamsState, attachment: unknown, what: string): void {
  const { contentType } = fieldsOf(attachment);
  if (contentType === CARD) return;
  if (!OTHER_CONTENT.test(textOf(contentType))) addProblem(state, `${what}: an attachment with contentType ${nameOf(contentType)}`);
}

export function checkCard(state: TeamsState, card: unknown, what: string): void {
  for (const problem of cardProblems(card)) addProblem(state, `${what}: ${problem}`);
}

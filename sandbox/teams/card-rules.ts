// What Teams wants of a card (https://adaptivecards.io/explorer at 1.5, the newest version Teams takes everywhere), written by hand so that
// the bot and its judge share no code.

import { type CardNode, nodesOf } from './card-nodes.ts';
import { type Fields, fieldsOf, isObject, listOf, nameOf } from './values.ts';

export const CARD = 'application/vnd.microsoft.card.adaptive';
const VERSION = '1.5';
export const REFRESHED_USERS = 60;

const ELEMENTS = new Set([
  'ActionSet',
  'Column',
  'ColumnSet',
  'Container',
  'FactSet',
  'Image',
  'ImageSet',
  'Input.ChoiceSet',
  'Input.Date',
  'Input.Number',
  'Input.Text',
  'Input.Time',
  'Input.Toggle',
  'Media',
  'RichTextBlock',
  'Table',
  'TableCell',
  'TableRow',
  'TextBlock',
  'TextRun',
]);
const ACTIONS = new Set(['Action.Execute', 'Action.OpenUrl', 'Action.ShowCard', 'Action.Submit', 'Action.ToggleVisibility']);
/** A template that was not given all it names. */
const UNEXPANDED = /\$\{[^}]*\}/;

/** Everything that is wrong with the card, one line each. */
export function cardProblems(card: unknown): string[] {
  if (!isObject(card) || card['type'] !== 'AdaptiveCard') return ['the card is no AdaptiveCard'];
  const problems = [...nodesOf(card)].flatMap(nodeProblems);
  if (card['version'] !== VERSION) problems.push(`version is ${nameOf(card['version'])}, not "${VERSION}"`);
  const [left] = UNEXPANDED.exec(JSON.stringify(card)) ?? [];
  if (left !== undefined) problems.push(`unexpanded ${left}`);
  if (!Array.isArray(card['body'])) problems.push('no body');
  return [...problems, ...refreshProblems(card)];
}

function nodeProblems({ kind, it, type, pointer }: CardNode): string[] {
  const known = kind === 'element' ? ELEMENTS : ACTIONS;
  const { fallback } = it;
  const problems: string[] = [];
  if (!known.has(type) && fallback === undefined) problems.push(`unknown ${kind} ${nameOf(it['type'])} at ${pointer}`);
  if (isObject(fallback) && !known.has(String(fallback['type'])))
    problems.push(`unknown ${kind} ${nameOf(fallback['type'])} at ${pointer}/fallback`);
  if (type === 'Action.ShowCard' && !isObject(it['card'])) problems.push(`no card at ${pointer}/card`);
  if (type.startsWith('Input.') && typeof it['id'] !== 'string') problems.push(`an input without id at ${pointer}`);
  return problems;
}

function refreshProblems(card: Fields): string[] {
  const { refresh } = card;
  if (refresh === undefined) return [];
  const { action, userIds } = fieldsOf(refresh);
  const problems: string[] = [];
  if (fieldsOf(action)['type'] !== 'Action.Execute') problems.push('refresh needs an Action.Execute');
  if (listOf(userIds).length > REFRESHED_USERS)
    problems.push(`refresh for ${listOf(userIds).length} people; Teams refreshes ${REFRESHED_USERS}`);
  return problems;
}

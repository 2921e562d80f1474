// What a person types and picks in a card.

import { type CardNode, nodesOf } from './card-nodes.ts';
import { type Fields, fieldsOf, listOf, textOf } from './values.ts';

export type Filled = {
  values: Record<string, string>;
  /** What the client says under a field instead of sending anything. */
  errors: Record<string, string>;
};

/**
 * The values a press on something in `cards` carries: the inputs of its own card and of those around that. `typed` names inputs by id or label.
 */
export function fillIn(card: object, cards: readonly object[], typed: Record<string, string>): Filled {
  const inputs = [...nodesOf(card)].filter(isInput);
  const unknown = Object.keys(typed).filter((name) => !inputs.some(({ it }) => isCalled(it, name)));
  if (unknown.length > 0)
    throw new Error(`Nothing to fill in called ${unknown.join(', ')}; there is ${inputs.map(nameOf).join(', ') || 'nothing'}`);
  const filled: Filled = { values: {}, errors: {} };
  for (const { it } of inputs.filter((input) => cards.includes(input.cards.at(-1) ?? card))) {
    const id = textOf(it['id']);
    const [, text] = Object.entries(typed).find(([name]) => isCalled(it, name)) ?? [];
    const value = text === undefined ? String(it['value'] ?? '') : enter(it, text);
    const error = errorOf(it, value);
    if (error !== undefined) filled.errors[id] = error;
    const sent = value === '' && it['type'] === 'Input.Toggle' ? textOf(it['valueOff']) || 'false' : value;
    if (sent !== '') filled.values[id] = sent; // clients leave out what is empty
  }
  return filled;
}

const isInput = ({ type }: CardNode): boolean => type.startsWith('Input.');
const isCalled = (it: Fields, name: string): boolean => it['id'] === name || it['label'] === name || it['title'] === name;
const nameOf = ({ it }: CardNode): string => `"${textOf(it['label']) || textOf(it['title']) || textOf(it['id'])}"`;

function enter(it: Fields, text: string): string {
  if (it['type'] === 'Input.ChoiceSet') return chosen(it, text);
  if (it['type'] === 'Input.Toggle')
    return text === 'true' ? textOf(it['valueOn']) || 'true' : text === 'false' ? textOf(it['valueOff']) || 'false' : text;
  const max = Number(it['maxLength'] ?? Number.POSITIVE_INFINITY);
  return text.slice(0, max); // a text field takes no more
}

function chosen(it: Fields, text: string): string {
  if (text === '') return '';
  const choices = listOf(it['choices']).map(fieldsOf);
  const pick = (wanted: string): string => {
    const found = choices.find(({ title, value }) => title === wanted || value === wanted);
    if (found === undefined)
      throw new Error(`No choice "${wanted}"; there are ${choices.map(({ title }) => `"${String(title)}"`).join(', ')}`);
    return textOf(found['value']);
  };
  const wanted = it['isMultiSelect'] === true ? text.split(',').map((part) => part.trim()) : [text];
  return wanted.map(pick).join(',');
}

function errorOf(it: Fields, value: string): string | undefined {
  const said = textOf(it['errorMessage']) || 'This input is required.';
  if (value === '') return it['isRequired'] === true ? said : undefined;
  const { regex } = it;
  return typeof regex === 'string' && !new RegExp(regex).test(value) ? said : undefined;
}

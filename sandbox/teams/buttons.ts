// What a person can press on a card, found the way a person finds it: by the words on it.

import { type CardNode, nodesOf } from './card-nodes.ts';
import { type Fields, isObject, textOf } from './values.ts';

export type Button = { title: string; type: string; action: Fields; cards: readonly object[] };
export type Client = 'current' | 'old';

/** Every button of the card, also in an ActionSet and behind an Action.ShowCard. */
function buttonsOf(card: object, client: Client): Button[] {
  return [...nodesOf(card)].filter(({ slot, hidden }) => slot === 'actions' && !hidden).flatMap((node) => buttonOf(node, client));
}

/** A client from before Action.Execute takes what stands behind `fallback`, if anything does. */
function buttonOf({ it, cards }: CardNode, client: Client): Button[] {
  const action = client === 'old' && it['type'] === 'Action.Execute' ? it['fallback'] : it;
  return isObject(action) ? [{ title: textOf(action['title']), type: textOf(action['type']), action, cards }] : [];
}

/** The one button with this title; throws with what there is instead when nothing or more than one fits. */
export function findButton(card: object, wanted: string | RegExp | undefined, client: Client = 'current'): Button {
  const all = buttonsOf(card, client);
  const fitting = all.filter(({ title, type }) => (wanted === undefined ? type === 'Action.Submit' : fits(title, wanted)));
  const [found] = fitting;
  const seen = all.map(({ title }) => `"${title}"`).join(', ') || 'nothing to press';
  if (found === undefined) throw new Error(`No ${wanted === undefined ? 'button to submit with' : `"${wanted}"`} here; there is ${seen}`);
  if (fitting.length > 1)
    throw new Error(`${fitting.length} buttons fit ${wanted === undefined ? 'here' : `"${wanted}"`}: there is ${seen}`);
  if (found.action['isEnabled'] === false) throw new Error(`"${found.title}" is disabled`);
  return found;
}

const fits = (title: string, wanted: string | RegExp): boolean => (typeof wanted === 'string' ? title === wanted : wanted.test(title));

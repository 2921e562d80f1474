// Walks an Adaptive Card: every element and action with where it stands.

import { type Fields, isObject, listOf, textOf } from './values.ts';

export type CardNode = {
  kind: 'element' | 'action';
  it: Fields;
  type: string;
  /** The field it stands in: `body`, `actions`, `selectAction`... */
  slot: string;
  pointer: string;
  /** The card it is part of and those around that, the innermost last. */
  cards: readonly object[];
  /** It or something around it is not shown. */
  hidden: boolean;
};

/** The fields that hold other parts, and the type of those that need not name it. */
const ELEMENTS: Record<string, string> = {
  body: '',
  items: '',
  columns: 'Column',
  rows: 'TableRow',
  cells: 'TableCell',
  images: 'Image',
  inlines: 'TextRun',
};
const ACTIONS = ['actions', 'selectAction', 'inlineAction'];

type Place = Pick<CardNode, 'pointer' | 'cards' | 'hidden'>;

/** Everything in the card and in the cards behind its buttons, but not what only older clients take (`fallback`). */
export function* nodesOf(card: object, place: Place = { pointer: '', cards: [], hidden: false }): Generator<CardNode> {
  yield* childrenOf(card as Fields, { ...place, cards: [...place.cards, card] });
}

function* childrenOf(it: Fields, place: Place): Generator<CardNode> {
  for (const [slot, usual] of Object.entries(ELEMENTS)) {
    if (slot === 'columns' && it['type'] === 'Table') continue; // these only say how wide
    yield* nodesIn('element', slot, it[slot], usual, place);
  }
  for (const slot of ACTIONS) yield* nodesIn('action', slot, it[slot], '', place);
  if (it['type'] === 'Action.ShowCard' && isObject(it['card'])) yield* nodesOf(it['card'], { ...place, pointer: `${place.pointer}/card` });
}

function* nodesIn(kind: CardNode['kind'], slot: string, value: unknown, usual: string, place: Place): Generator<CardNode> {
  for (const [index, it] of (Array.isArray(value) ? value : listOf(value === undefined ? [] : [value])).entries()) {
    if (!isObject(it)) continue; // text among the inlines
    const pointer = Array.isArray(value) ? `${place.pointer}/${slot}/${index}` : `${place.pointer}/${slot}`;
    const hidden = place.hidden || it['isVisible'] === false;
    yield { kind, it, type: textOf(it['type']) || usual, slot, pointer, cards: place.cards, hidden };
    yield* childrenOf(it, { pointer, cards: place.cards, hidden });
  }
}

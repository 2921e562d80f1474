// What a person can press in a set of blocks, found the way a person finds it: by the words on it.

import { type Element, elementsOf, type Option, optionsOf } from './forms.ts';
import { isObject } from './rules.ts';
import type { SlackBlock } from './types.ts';

export type Pressable = { block: SlackBlock; element: Element; option?: Option; label: string };

const words = (value: unknown): string => (isObject(value) ? String(value['text'] ?? '') : '');

function pressablesOf(block: SlackBlock): Pressable[] {
  return elementsOf(block).flatMap((element): Pressable[] => {
    if (element.type === 'button') return [{ block, element, label: words(element['text']) }];
    return optionsOf(element).map((option) => ({ block, element, option, label: option.text.text }));
  });
}

/** The one pressable thing with this text; throws with what there is instead when nothing or more than one thing fits. */
export function findPressable(blocks: SlackBlock[], wanted: string, near?: string): Pressable {
  const all = blocks.flatMap((block, index) => pressablesOf(block).map((pressable) => ({ pressable, context: contextOf(blocks, index) })));
  const fitting = all.filter(({ pressable, context }) => matches(pressable, wanted) && (near === undefined || context.includes(near)));
  const [found] = fitting;
  if (found !== undefined && fitting.length === 1) return found.pressable;
  const seen = all.map(({ pressable }) => `"${pressable.label}"`).join(', ') || 'nothing to press';
  const place = near === undefined ? '' : ` near "${near}"`;
  throw new Error(
    found === undefined
      ? `No "${wanted}"${place} here; there is ${seen}`
      : `${fitting.length} times "${wanted}"${place} here: say near what`,
  );
}

const matches = ({ element, label }: Pressable, wanted: string): boolean => label === wanted || element['accessibility_label'] === wanted;

/** The block itself and those above it, up to the last one that could be pressed too. */
function contextOf(blocks: SlackBlock[], index: number): string {
  let from = index;
  while (from > 0 && pressablesOf(blocks[from - 1] ?? { type: '' }).length === 0) from -= 1;
  return JSON.stringify(blocks.slice(from, index + 1));
}

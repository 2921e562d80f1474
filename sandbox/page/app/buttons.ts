/** The buttons in a set of blocks, in the order in which they are drawn. */
import type { Block } from '../state.ts';

export type Confirm = { title: string; text: string; confirm: string; deny: string; isDanger: boolean };
export type Button = { text: string; actionId: string; url: string | null; confirm: Confirm | null };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string => (isObject(value) && typeof value['text'] === 'string' ? value['text'] : '');

export function buttonsOf(blocks: readonly Block[]): Button[] {
  return blocks.flatMap((block) => {
    const elements = [block['accessory'], ...listAt(block, 'elements'), ...listAt(block, 'actions')];
    return elements.filter(isObject).flatMap((element) => (element['type'] === 'button' ? [buttonOf(element)] : []));
  });
}

const listAt = (block: Block, key: string): unknown[] => {
  const value = block[key];
  return Array.isArray(value) ? value : [];
};

function buttonOf(element: Record<string, unknown>): Button {
  const { url, confirm } = element;
  return {
    text: textOf(element['text']),
    actionId: String(element['action_id'] ?? ''),
    url: typeof url === 'string' ? safeUrl(url) : null,
    confirm: isObject(confirm) ? confirmOf(confirm) : null,
  };
}

function confirmOf(confirm: Record<string, unknown>): Confirm {
  return {
    title: textOf(confirm['title']),
    text: textOf(confirm['text']),
    confirm: textOf(confirm['confirm']) || 'Yes',
    deny: textOf(confirm['deny']) || 'Cancel',
    isDanger: confirm['style'] === 'danger',
  };
}

/** Only what leads to a web page; `javascript:` and its kind come back as null. */
export function safeUrl(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const parsed = new URL(url);
  return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : null;
}

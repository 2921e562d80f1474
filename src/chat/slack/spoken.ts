/**
 * A message in words. Whoever has Slack read to them, and every notification, gets the top-level `text` and never the blocks
 * (https://docs.slack.dev/reference/methods/chat.postMessage#accessibility). So it says what the blocks say, in their order: first the one
 * sentence that counts, then everything else, then what can be pressed.
 */
import type { Button, KnownBlock, RichTextBlockElement, RichTextElement } from '@slack/types';
import { listed } from '../show.ts';
import { spokenTexts } from '../words.ts';
import { escapeMrkdwn } from './escape.ts';

/** Slack cuts at 40,000 and advises 4,000. */
const longest = 3900;

/** `first`: plain text, or nothing where the blocks are no more than a sentence. What comes back is mrkdwn, with nothing in it that links, mentions or calls. */
export function spokenText(first: string, blocks: readonly KnownBlock[]): string {
  const begin = escapeMrkdwn(first);
  const shown = blocks.flatMap(linesOf).filter((line) => line.trim() !== '');
  // Nobody wants to hear a sentence twice; of the two the one counts that has its times in the reader's zone.
  const isBeginning = inUtc(shown.join(' ')).startsWith(begin.replace(/…$/, ''));
  const lines = isBeginning ? shown : [begin, ...shown.filter((line) => !begin.includes(inUtc(line)))];
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > longest) return [...kept, spokenTexts.cut].join('\n');
    kept.push(line);
  }
  return kept.join('\n');
}

function linesOf(block: KnownBlock): string[] {
  switch (block.type) {
    case 'header':
      return [escapeMrkdwn(block.text.text)];
    case 'section':
      return [block.text, ...(block.fields ?? [])].flatMap((text) => (text ? [literal(text)] : []));
    case 'context':
      return block.elements.flatMap((element) => (element.type === 'image' ? [escapeMrkdwn(element.alt_text)] : [literal(element)]));
    case 'image':
      return [escapeMrkdwn(block.alt_text)];
    case 'rich_text':
      return block.elements.flatMap(partsOf);
    case 'actions': {
      const labels = block.elements.flatMap((element) => (element.type === 'button' ? [labelOf(element)] : []));
      return labels.length === 0 ? [] : [escapeMrkdwn(`${spokenTexts.buttons} ${listed(labels, 'or')}.`)];
    }
    default:
      return [];
  }
}

const labelOf = ({ text }: Button): string => text.text;
const literal = ({ type, text }: { type: string; text: string }): string => (type === 'mrkdwn' ? text : escapeMrkdwn(text));

function partsOf(element: RichTextBlockElement): string[] {
  if (element.type === 'rich_text_list') return element.elements.map((item) => `- ${item.elements.map(partText).join('')}`);
  return [element.elements.map(partText).join('')];
}

/** As a text says it that is not filled in for its reader. */
const inUtc = (line: string): string => line.replaceAll(/<!date\^\d+\^[^|>]*\|([^>]*)>/g, '$1');

export function partText(part: RichTextElement): string {
  switch (part.type) {
    case 'text':
      return escapeMrkdwn(part.text);
    case 'link':
      return escapeMrkdwn(part.text ?? '');
    case 'date':
      // In the reader's own time zone, as in the block.
      return `<!date^${part.timestamp}^${part.format}|${escapeMrkdwn(part.fallback ?? '').replaceAll('|', ' ')}>`;
    default:
      return '';
  }
}

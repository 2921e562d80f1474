/**
 * Times in the reader's own time zone. Teams fills them in only in a TextBlock, which is Markdown, so nothing foreign may stand in one: a text with
 * a time in it is drawn as blocks below each other, the time in one of its own, in the order in which it is read.
 */

import { momentText } from '../moment-words.ts';
import { utc } from '../show.ts';
import type { TextRun } from './render-runs.ts';

type Element = Record<string, unknown>;

/** The same element with every such text in it drawn that way. */
export function withMoments(element: Element): Element {
  return Object.fromEntries(Object.entries(element).map(([key, value]) => [key, within(value)]));
}

function within(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => (isText(item) ? split(item) : [within(item)]));
  return typeof value === 'object' && value !== null ? withMoments(value as Element) : value;
}

type Text = Element & { inlines: TextRun[] };
const isText = (item: unknown): item is Text =>
  typeof item === 'object' && item !== null && 'type' in item && item.type === 'RichTextBlock' && 'inlines' in item;

/** Of our own words only letters may stand beside a time, and a full stop at the end: no Markdown and no address can come of it. */
const connector = /^[\p{L} ,:;()]*\.?$/u;

function split(block: Text): Element[] {
  const { inlines, ...rest } = block;
  const { separator: _, ...below } = rest;
  if (inlines.every(({ at, ours }) => at === undefined && ours === undefined)) return [block];
  if (inlines.every((run) => run.at !== undefined || (run.ours && connector.test(run.text)))) return [momentBlock(inlines, rest)];
  const blocks: Element[] = [];
  let text: TextRun[] = [];
  const place = () => (blocks.length === 0 ? rest : { ...below, spacing: 'None' });
  const close = () => {
    const kept = trimmed(text, blocks.length > 0);
    if (kept.length > 0) blocks.push({ ...place(), inlines: kept });
    text = [];
  };
  for (const run of inlines) {
    if (run.at === undefined) {
      text.push(run);
      continue;
    }
    close();
    blocks.push(momentBlock([run], place()));
  }
  close();
  return blocks;
}

/** What only joined a time to its neighbours has nothing to join any more. */
function trimmed(text: readonly TextRun[], isAfter: boolean): TextRun[] {
  const last = text.length - 1;
  const cut = text.map(({ ours: _, ...run }, index): TextRun => {
    const start = isAfter && index === 0 ? run.text.replace(/^[\s.,:;·]+/, '') : run.text;
    return { ...run, text: index === last ? start.replace(/[\s,]+$/, '') : start };
  });
  return cut.filter(({ text }) => text !== '');
}

function momentBlock(runs: readonly TextRun[], rest: Element): Element {
  const text = runs.map((run) => (run.at === undefined ? run.text : momentText(run.at, utc(run.at)))).join('');
  const { size, isSubtle } = runs.find(({ at }) => at !== undefined) ?? {};
  return { ...rest, type: 'TextBlock', wrap: true, ...(size ? { size } : {}), ...(isSubtle ? { isSubtle } : {}), text };
}

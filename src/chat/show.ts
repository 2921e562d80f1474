/**
 * How text from outside becomes something safe to look at. Everything a producer, a mail sender or a person typed goes through `showText`, and
 * reaches a platform only as a `foreign` part, which every renderer shows literally: never as a link, a mention or markup.
 */

import { showTexts } from './show-words.ts';

/** A piece of a sentence. `words` and `link` are ours; `foreign` came from outside; `time` is drawn in the reader's own time zone. */
export type Part =
  | { kind: 'words'; text: string; strong?: true }
  | { kind: 'foreign'; text: string; code?: true }
  | { kind: 'time'; at: string }
  | { kind: 'link'; text: string; url: string };

export type Line = Part[];
type Foreign = Extract<Part, { kind: 'foreign' }>;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const plainAscii = /^[\x20-\x7e]*$/;
/** Bidi controls, zero-width characters, tags, soft hyphens, fillers: invisible, so two different names could look the same. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const lineBreak = /\r\n|[\n\r\u0085\u2028\u2029]/g;
/** More marks than any script stacks on one letter; beyond it they only paint over the neighbours. */
const stackedMarks = /(\p{M}{5})\p{M}+/gu;

/**
 * Text from outside, made safe to show: at most `max` UTF-16 units, cut between graphemes. Nothing in it is invisible, turns the reading
 * direction or breaks the line; `lines: true` keeps line breaks, for places that have room for them.
 */
export function showText(value: string, max: number, options: { lines?: boolean } = {}): string {
  if (value.length <= max && plainAscii.test(value)) return value;
  // What lies far behind the cut is not worth looking at; a hostile text may be long.
  const start = value.slice(0, max * 4 + 64);
  const seen = start
    .toWellFormed()
    .replace(lineBreak, options.lines ? '\n' : '↵')
    .replace(/(\p{Extended_Pictographic})\ufe0f/gu, '$1')
    .replace(stackedMarks, '$1')
    .replace(invisible, codePointName)
    .replace(/\p{Cc}/gu, (char) => (options.lines && char === '\n' ? char : options.lines && char === '\t' ? ' ' : controlPicture(char)))
    .replace(/\p{Zs}/gu, ' ');
  return cut(seen, max, start.length < value.length);
}

const codePointName = (char: string) => `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

function controlPicture(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : codePointName(char);
}

function cut(text: string, max: number, longer: boolean): string {
  if (text.length <= max && !longer) return text;
  if (max < 1) return '';
  if (plainAscii.test(text)) return `${text.slice(0, max - 1)}…`;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (kept.length + segment.length > max - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** An indicator nobody can follow by accident: `hxxps://evil[.]example`, `203[.]0[.]113[.]7`, `2001[:]db8[:][:]1`, `kim[@]evil[.]example`. */
export function defang(value: string): string {
  const isIpv6 = /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(value);
  return disarm(isIpv6 ? value.replaceAll(':', '[:]') : value)
    .replace(/(?<!\[)\.|\.(?!\])/g, '[.]')
    .replace(/(?<!\[)@|@(?!\])/g, '[@]');
}

const harmless: Record<string, string> = { http: 'hxxp', https: 'hxxps', ftp: 'fxp', hxxp: 'hxxp', hxxps: 'hxxps', fxp: 'fxp' };

/** Free text with every link in it broken, for platforms that make links out of whatever looks like one. */
export function disarm(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*):\/\//gi, (_, scheme: string) => {
    const other = harmless[scheme.toLowerCase()];
    return other === undefined ? `${scheme}[:]//` : `${other}://`;
  });
}

export const words = (text: string): Part => ({ kind: 'words', text });
export const strong = (text: string): Part => ({ kind: 'words', text, strong: true });
export const time = (at: string): Part => ({ kind: 'time', at });

/** Free text from outside on one line. Never empty, so that nobody wonders what is missing. */
export const foreign = (value: string, max = 200): Foreign => ({ kind: 'foreign', text: orEmpty(disarm(showText(value, max))) });
/** A name of a thing, an id, a hash: shown letter by letter. */
export const exact = (value: string, max = 300): Foreign => ({ kind: 'foreign', text: orEmpty(showText(value, max)), code: true });
/** Something that may be an attacker's: nobody shall follow it. */
export const indicator = (value: string, max = 300): Foreign => ({
  kind: 'foreign',
  text: orEmpty(showText(defang(value), max)),
  code: true,
});

const orEmpty = (text: string) => (text.trim() === '' ? showTexts.empty : text);

/** `2026-11-21 10:42 UTC`: for texts that cannot be drawn in the reader's own time zone. */
export function utc(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return showText(at, 40);
  const iso = date.toISOString();
  return showTexts.utc(iso.slice(0, 10), iso.slice(11, 16));
}

/** A line as plain text: notifications, screen readers, logs. */
export function plain(line: Line): string {
  return line.map((part) => (part.kind === 'time' ? utc(part.at) : part.text)).join('');
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(items: readonly string[], last: 'and' | 'or'): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}

/** Lines as the TextRuns of a RichTextBlock. Teams shows a TextRun literally: no link, no mention and no Markdown comes out of its text. */
import { roomTexts } from '../card-words.ts';
import { type Line, type Part, showText, utc, words } from '../show.ts';
import { literalPieces } from './escape.ts';

export type TextRun = {
  type: 'TextRun';
  text: string;
  weight?: 'Bolder';
  size?: 'Large' | 'Small';
  isSubtle?: true;
  color?: 'Attention';
  fontType?: 'Monospace';
  /** For moments.ts, which takes both away: a time, of which `text` is for who cannot draw it, and our own words beside one. */
  at?: string;
  ours?: true;
  selectAction?: { type: 'Action.OpenUrl'; title: string; url: string };
};
type Look = Omit<TextRun, 'type' | 'text' | 'at' | 'ours'>;

/** Ours, and longer than any link we make (`maxLinkLength` in defender/links.ts). */
export const maxUrlLength = 3000;

/** Never empty: an empty block is an error to some clients. */
export function runs(line: Line, max: number, look: Look = {}): TextRun[] {
  const hasTime = line.some(({ kind }) => kind === 'time');
  const drawn = joined(line).flatMap((part): TextRun[] => {
    const pieces = drawPart(part, max, look);
    return hasTime && part.kind === 'words' ? pieces.map((piece) => ({ ...piece, ours: true })) : pieces;
  });
  return drawn.length > 0 ? drawn : [{ type: 'TextRun', text: ' ', ...look }];
}

/** Neighbouring words become one run. */
function joined(line: Line): Line {
  const parts: Line = [];
  for (const part of line) {
    const before = parts.at(-1);
    if (part.kind === 'words' && before?.kind === 'words' && part.strong === before.strong) {
      parts[parts.length - 1] = { ...before, text: before.text + part.text };
    } else {
      parts.push(part);
    }
  }
  return parts;
}

const literal = (text: string, look: Look): TextRun[] =>
  text === '' ? [] : literalPieces(text).map((piece) => ({ type: 'TextRun', text: piece, ...look }));

function drawPart(part: Part, max: number, look: Look): TextRun[] {
  switch (part.kind) {
    case 'words':
      return literal(part.text, part.strong ? { ...look, weight: 'Bolder' } : look);
    case 'foreign':
      return literal(showText(part.text, max), part.code ? { ...look, fontType: 'Monospace' } : look);
    case 'time':
      return drawTime(part.at, look);
    case 'link': {
      if (part.url.length > maxUrlLength) return [];
      const selectAction = { type: 'Action.OpenUrl' as const, title: part.text, url: part.url };
      return [{ type: 'TextRun', text: part.text, ...look, selectAction }];
    }
  }
}

/** Teams reads no fractions of a second. */
function drawTime(at: string, look: Look): TextRun[] {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return literal(utc(at), look);
  return [{ type: 'TextRun', text: utc(at), at: new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z'), ...look }];
}

export const fewer = (line: Line, parts: number): Line =>
  line.length <= parts ? line : [...line.slice(0, parts), words(roomTexts.andMore)];

/** One block a line, because a TextRun does not break where its text does; the last one says how many lines are not there. */
export function textLines(text: string, max: number, lines: number): TextRun[][] {
  const all = showText(text, max, { lines: true })
    .split('\n')
    .filter((line) => line.trim() !== '');
  const shown = all.slice(0, lines).map((line) => runs([{ kind: 'foreign', text: line }], max));
  const left = all.length - shown.length;
  return left > 0 ? [...shown, runs([words(roomTexts.moreLines(left))], max, { isSubtle: true })] : shown;
}

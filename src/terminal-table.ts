/** A table for a terminal, as wide as the terminal is. Whatever stands in a cell is made printable first, and counted as wide as it is drawn. */
import { showText } from './chat/show.ts';

export type TableColumn = { heading: string; cells: readonly string[] };

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Drawn two cells wide: the East Asian wide and full-width blocks (Unicode Standard Annex 11), and pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const unseen = /^[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]+$/u;

const widthOf = (grapheme: string): number => (unseen.test(grapheme) ? 0 : wide.test(grapheme) ? 2 : 1);

/** How many cells of a terminal a text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOf(segment);
  return width;
}

/** At most `width` cells; what is left out is an ellipsis. */
function fitted(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += widthOf(segment);
    if (used > width) break;
    kept += segment;
  }
  return width < 1 ? '' : `${kept}…`;
}

const longestCell = 400;
const gap = 2;
/** A cell cut shorter than this says nothing. */
const narrowest = 6;

/** Lines of at most `width` cells. Where the columns would become too narrow to read, each row is a paragraph instead. */
export function tableLines(columns: readonly TableColumn[], width: number): string[] {
  const shown = columns.map(({ heading, cells }) => ({ heading, cells: cells.map((cell) => showText(cell, longestCell)) }));
  const natural = shown.map(({ heading, cells }) => Math.max(displayWidth(heading), ...cells.map(displayWidth)));
  const floors = shown.map(({ heading }) => Math.max(narrowest, displayWidth(heading)));
  const widths = shrunk(natural, floors, width);
  if (widths === null) return paragraphs(shown, width);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => padded(cell, widths[index] ?? 0))
      .join(' '.repeat(gap))
      .trimEnd();
  const rows = Array.from({ length: shown[0]?.cells.length ?? 0 }, (_, row) => line(shown.map(({ cells }) => cells[row] ?? '')));
  return [line(shown.map(({ heading }) => heading)), line(widths.map((one) => '─'.repeat(one))), ...rows];
}

function padded(text: string, width: number): string {
  const cut = fitted(text, width);
  return cut + ' '.repeat(Math.max(0, width - displayWidth(cut)));
}

/** The widest columns give first, none more than down to its heading; null when that is not enough. */
function shrunk(natural: readonly number[], floors: readonly number[], width: number): number[] | null {
  const widths = [...natural];
  let over = widths.reduce((sum, one) => sum + one, gap * Math.max(0, natural.length - 1)) - width;
  for (; over > 0; over -= 1) {
    const giving = widths.map((one, index) => (one > (floors[index] ?? 0) ? one : 0));
    const widest = Math.max(...giving);
    if (widest === 0) return null;
    widths[giving.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function paragraphs(columns: readonly TableColumn[], width: number): string[] {
  const rows = columns[0]?.cells.length ?? 0;
  const lines: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    if (row > 0) lines.push('');
    for (const { heading, cells } of columns) if (cells[row]) lines.push(fitted(`${heading}: ${cells[row]}`, width));
  }
  return lines;
}

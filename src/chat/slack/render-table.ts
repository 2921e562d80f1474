/** A small table in letters of one width. Pure; what stands in it is shown literally. */
import type { KnownBlock } from '@slack/types';
import type { NoteTable } from '../card.ts';
import { showText } from '../show.ts';

const width = 120;
const gap = '  ';
const narrowest = 8;

export function tableBlock({ columns, rows }: NoteTable): KnownBlock {
  const widths = widthsOf([columns, ...rows]);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => padded(cell, widths[at] ?? narrowest))
      .join(gap)
      .trimEnd();
  const text = [line(columns), line(widths.map((one) => '─'.repeat(one))), ...rows.map(line)].join('\n');
  return { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }] };
}

/** As wide as what stands in them; the widest give way first. */
function widthsOf(lines: readonly (readonly string[])[]): number[] {
  const columns = lines[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) => Math.max(narrowest, ...lines.map((cells) => (cells[at] ?? '').length)));
  const room = Math.max(columns * narrowest, width - gap.length * (columns - 1));
  for (let total = widths.reduce((sum, one) => sum + one, 0); total > room; total -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? narrowest) - 1;
  }
  return widths;
}

const padded = (cell: string, to: number): string => showText(cell, to).padEnd(to);

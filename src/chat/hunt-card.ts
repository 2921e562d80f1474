/** The answer of a hunt as it is said under a card: what came back, a small table, and where the rest is. Pure; every cell is foreign. */
import { z } from 'zod';
import type { Platform } from '../action-center/action.ts';
import { HuntTimeline } from '../action-center/hunt-timeline.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { NoteCard } from './card.ts';
import type { Timeline } from './chart.ts';
import { written } from './command-words.ts';
import { timelinePicture } from './hunt-timeline.ts';
import { amountLine, askedByLine, huntTroubleText, noRowsText, restLine, shortenedTable } from './hunt-words.ts';
import { defang, disarm, type Line, plain, showText, utc, words } from './show.ts';

const Told = z.object({
  standing: z.string(),
  rows: z.number().catch(0),
  truncated: z.boolean().catch(false),
  askedBy: z.string().catch(''),
  columns: z.array(z.string()).catch([]),
  cells: z.array(z.array(z.string())).catch([]),
  hasFile: z.boolean().catch(false),
  // Older versions always said so.
  isHanded: z.boolean().catch(true),
  isFull: z.boolean().catch(false),
  timeline: HuntTimeline.nullable().catch(null),
});

const mostColumns = 5;
const cellLength = 40;

export type HuntNoteContext = { platform: Platform /** Null: no picture. */; draw: (chart: Timeline) => Uint8Array | null };

export function huntNote(event: AuditEvent, action: Pick<RemediationAction, 'id'>, { platform, draw }: HuntNoteContext): NoteCard {
  const told = Told.parse(event.data);
  const lines = linesOf(told, action.id, platform);
  const table = tableOf(told);
  return {
    kind: 'note',
    lines,
    ...(table === null ? {} : { table }),
    ...(told.timeline === null ? {} : { picture: timelinePicture(told.timeline, draw) }),
    fallback: showText(lines.map(plain).join(' '), 300),
  };
}

function linesOf(
  { standing, rows, truncated, askedBy, columns, cells, hasFile, isHanded, isFull }: z.infer<typeof Told>,
  id: string,
  platform: Platform,
): Line[] {
  const who = askedByLine(askedBy);
  if (standing === 'no-rows') return [who, [words(noRowsText)]];
  if (standing !== 'answered') return [who, [words(huntTroubleText(standing))]];
  const rest = hasFile ? [restLine(written[platform](`hunt ${id}`), isHanded)] : [];
  const isShort = columns.length > 0 && hasFile && cells.length >= rows;
  return [who, amountLine({ rows, shown: cells.length, truncated, isFull }), ...(isShort ? [shortenedTable] : []), ...rest];
}

/** Null: there is nothing to lay out. Cells are made safe here; a renderer shows them literally. */
function tableOf({ columns, cells }: z.infer<typeof Told>): NonNullable<NoteCard['table']> | null {
  if (cells.length === 0 || columns.length === 0) return null;
  const head = columns.slice(0, mostColumns).map((name) => showText(disarm(name), cellLength));
  const rows = cells.map((row) => head.map((_, at) => showCell(columns[at] ?? '', row[at] ?? '')));
  return { columns: head, rows };
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
const address = /url|ip$|ipaddress|ipv[46]|sender|domain/i;

function showCell(column: string, value: string): string {
  if (isoTime.test(value) && !Number.isNaN(Date.parse(value))) return utc(value);
  return showText(address.test(column) ? defang(value) : disarm(value), cellLength);
}

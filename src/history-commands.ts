/** `countersign history` and `countersign export`: the same look-ups as in chat, in a terminal. Whoever may run them reads the record anyway. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cellsOf } from './action-center/csv.ts';
import { type ExportDeps, type ExportFormat, exportedText, type HistoryOrder, newTally } from './action-center/export.ts';
import type { Cursor, HistoryQuery } from './action-center/history.ts';
import { columnLabels } from './action-center/history.ts';
import { type LookUp, me, queryFor } from './action-center/look-up.ts';
import { type ExportAsk, parseExport, printExport } from './chat/export-command.ts';
import { amountText, mistakesText, progressText } from './chat/export-words.ts';
import { printHistory } from './chat/history-command.ts';
import { grouped } from './chat/history-words.ts';
import { plain, utc } from './chat/show.ts';
import type { Foundation } from './foundation.ts';
import type { Speech } from './policy-commands.ts';
import { tableLines } from './terminal-table.ts';

type Ground = Pick<Foundation, 'history' | 'hunts' | 'stories' | 'store' | 'directory' | 'now' | 'config'>;
type Wanted = { lookUp: LookUp; query: HistoryQuery; format: ExportFormat };

/** What a shell took apart is put together again. One word alone is the whole text. */
export function textOfWords(given: readonly string[]): string {
  if (given.length === 1) return given[0] ?? '';
  return given
    .map((word) => (/\s/.test(word) && !/["“”„«»]/.test(word) ? word.replace(/^(\p{L}[\p{L}-]*:)?([\s\S]*)$/u, '$1"$2"') : word))
    .join(' ');
}

/** Null: it was not understood, and that is said. In a terminal there is no channel to narrow down to, and nobody is `me`. */
function wantedOf(ask: ExportAsk, command: string, { complain }: Speech): Wanted | null {
  if (ask.kind === 'too-long') complain('This is too long for one look-up.');
  if (ask.kind === 'keeps-nothing') complain('Nothing is kept from a terminal: leave save and reset out.');
  if (ask.kind !== 'export') return null;
  const lookUp: LookUp = { ...ask.lookUp, scope: 'all' };
  if (ask.mistakes.length > 0) {
    const corrected = `countersign ${command} ${printExport(lookUp, ask.format)}`;
    for (const line of mistakesText(ask.mistakes, corrected)) complain(plain(line));
    return null;
  }
  if (lookUp.filters.by.includes(me)) {
    complain('A terminal does not know who you are: name somebody instead of me.');
    return null;
  }
  const place = { conversation: '', isPersonal: true };
  return { lookUp, query: queryFor(lookUp, { upn: '' }, { place, platform: 'slack' }), format: ask.format };
}

export type TableOptions = { after?: Cursor; width: number };

/** 0 shown, 1 no answer in time, 2 not understood. */
export async function showHistory(ground: Ground, text: string, { after, width }: TableOptions, speech: Speech): Promise<number> {
  const wanted = wantedOf(parseExport(text), 'history', speech);
  if (wanted === null) return 2;
  const { lookUp, query } = wanted;
  const now = ground.now().toISOString();
  const [answer, count] = await Promise.all([
    ground.history.page(query, { now, cursor: after ?? null, size: lookUp.size }),
    ground.history.count(query, { now }),
  ]);
  if (answer.kind === 'too-long') {
    speech.complain('No answer within the time limit of a look-up. A shorter period or one more filter makes it quick.');
    return 1;
  }
  const { rows, next } = answer.page;
  const cells = rows.map(cellsOf);
  const columns = lookUp.columns.map((column) => ({
    heading: columnLabels[column],
    cells: cells.map((row) => (column === 'updated' ? utc(row.updated) : row[column])),
  }));
  if (rows.length > 0) for (const line of tableLines(columns, width)) speech.say(line);
  speech.say(`${rows.length > 0 ? '\n' : ''}${grouped(rows.length)} of ${amountText(count)}.`);
  if (next !== null) speech.say(`Next page: countersign history '${printHistory(lookUp).replaceAll("'", `'\\''`)}' --after ${next}`);
  return 0;
}

export type ExportOptions = { format?: ExportFormat; out?: string; signal: AbortSignal; draw: ((text: string) => void) | null };

/** 0 all of it, 1 it ended early, 2 not understood. Standard output, or a file that only has its name once it is whole. */
export async function exportHistory(
  ground: Ground,
  text: string,
  { format, out, signal, draw }: ExportOptions,
  io: Speech & { stdout: Writable },
): Promise<number> {
  const wanted = wantedOf(parseExport(text), 'export', io);
  if (wanted === null) return 2;
  const now = ground.now().toISOString();
  const order: HistoryOrder = { query: wanted.query, format: format ?? wanted.format, now };
  const tally = newTally(order);
  const deps: ExportDeps = { ...ground, maxRows: ground.config.exportMaxRows };
  const taker = { actorId: null, by: `terminal:${userInfo().username}`, way: 'terminal', platform: 'cli' } as const;
  const progress = draw === null ? null : await drawnEverySecond(ground, order, tally, draw);
  try {
    await writeOut(Readable.from(exportedText(deps, order, { taker, tally, signal }), { highWaterMark: 2 }), {
      out,
      signal,
      stdout: io.stdout,
    });
  } catch (error) {
    // Whoever reads us had enough: `countersign export | head`.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0;
    if (!signal.aborted) throw error;
    io.complain(`Stopped after ${grouped(tally.rows)} rows${out === undefined ? '' : '; no file was written'}.`);
    return 1;
  } finally {
    progress?.();
  }
  const cut = tally.cut ? ' There is more: EXPORT_MAX_ROWS is the end of one export.' : '';
  io.complain(`${grouped(tally.rows)} rows${out === undefined ? '' : ` in ${out}`}.${cut}`);
  return 0;
}

async function writeOut(
  text: Readable,
  { out, signal, stdout }: { out: string | undefined; signal: AbortSignal; stdout: Writable },
): Promise<void> {
  if (out === undefined) return pipeline(text, stdout, { signal, end: false });
  const unfinished = `${out}.part`;
  try {
    // Names, addresses and findings: for whoever made it alone.
    await pipeline(text, createWriteStream(unfinished, { mode: 0o600 }), { signal });
    await rename(unfinished, out);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function drawnEverySecond(
  { history }: Ground,
  { query, now }: HistoryOrder,
  tally: { rows: number },
  draw: (text: string) => void,
): Promise<() => void> {
  const count = await history.count(query, { now });
  const timer = setInterval(() => draw(`\r${progressText(tally.rows, count)} `), 1000);
  return () => {
    clearInterval(timer);
    draw('\r');
  };
}

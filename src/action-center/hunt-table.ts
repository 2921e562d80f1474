/** Answers of Advanced hunting as text: the few rows and columns that are shown under a card, and all of them for a file. Every value is foreign. */
import { csvLine } from './csv.ts';
import type { HuntAnswer, HuntResult } from './hunting.ts';

const shownRows = 10;
const shownColumns = 5;
const cellLength = 80;
const cellLengthInFile = 4000;
/** Characters of one result. */
const resultBound = 4_000_000;
const rowsInPiece = 200;

/** What says most, first; then whatever else holds something. */
const telling = [
  'Timestamp',
  'DeviceName',
  'ActionType',
  'FileName',
  'AccountUpn',
  'AccountName',
  'Subject',
  'RecipientEmailAddress',
  'SenderFromAddress',
  'DeliveryAction',
  'RemoteUrl',
  'RemoteIP',
  'Url',
  'IPAddress',
  'RegistryKey',
  'ProcessCommandLine',
  'FolderPath',
  'SourceTable',
];

/** The first rows with the columns that say most, as they are shown under a card. */
export function tableOf({ columns, rows }: HuntAnswer): HuntResult {
  const first = rows.slice(0, shownRows);
  const filled = columns.flatMap(({ name }, at) => (first.some((row) => cellText(row[at]) !== '') ? [{ name, at }] : []));
  const rank = ({ name }: { name: string }) => (telling.includes(name) ? telling.indexOf(name) : telling.length);
  const chosen = filled.toSorted((a, b) => rank(a) - rank(b) || a.at - b.at).slice(0, shownColumns);
  return {
    columns: chosen.map(({ name }) => cut(name, 60)),
    rows: first.map((row) => chosen.map(({ at }) => cut(cellText(row[at]), cellLength))),
  };
}

/** All of it, as text, as far as it is kept. */
export function resultOf({ columns, rows }: HuntAnswer): HuntResult {
  const kept: string[][] = [];
  let size = 0;
  for (const row of rows) {
    const cells = columns.map((_, at) => cut(cellText(row[at]), cellLengthInFile));
    size += cells.reduce((sum, cell) => sum + cell.length, 0);
    if (size > resultBound) break;
    kept.push(cells);
  }
  return { columns: columns.map(({ name }) => cut(name, 200)), rows: kept };
}

const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`);

/** Whatever type Defender says it has. PostgreSQL keeps no NUL. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** With its byte order mark and headings, piece by piece. */
export function* huntCsv({ columns, rows }: HuntResult): Generator<{ text: string; rows: number }> {
  yield { text: `\ufeff${csvLine(columns)}`, rows: 0 };
  for (let from = 0; from < rows.length; from += rowsInPiece) {
    const some = rows.slice(from, from + rowsInPiece);
    yield { text: some.map(csvLine).join(''), rows: some.length };
  }
}

/**
 * Rows of History as files: CSV as the portal exports it (CONTRACT.md 5) and JSON Lines. Text from outside stays what it is as far as that is
 * harmless:
 * - A cell that a spreadsheet would run (`=`, `+`, `-`, `@` or their full-width forms first, also behind blanks; a tab or a line break first) gets
 *   a `'` in front.
 * - Line breaks and tabs stay in their quoted cell; every kind of line break is a plain LF there, so that CRLF only ever ends a record.
 * - What nobody can see or what turns the reading direction (control characters, bidi marks, zero-width characters) is written out as `⟨U+202E⟩`.
 *   In JSON Lines it is escaped instead, which a parser turns back into what it was.
 */
import { catalogue, entityLabels, sourceLabels, statusLabels } from './catalogue.ts';
import { type Column, columnLabels, type DecisionWord, decisionLabels, decisionWordOf, type HistoryRow } from './history.ts';
import type { RemediationAction } from './intake.ts';
import type { AuditEvent } from './ports.ts';
import { storedAction } from './stored-action.ts';

const decisions: Record<DecisionWord, string> = { ...decisionLabels, none: '' };

/** What stands in each column, as text; empty where there is nothing. Texts from outside are as they came. */
export function cellsOf({ action, decidedBy }: HistoryRow): Record<Column, string> {
  const word = decisionWordOf(action);
  return {
    updated: new Date(action.updatedAt).toISOString(),
    investigation: action.investigationId ?? '',
    approval: action.decision?.decisionId ?? '',
    type: catalogue[action.type].label,
    details: action.details === undefined ? action.title : `${action.title}: ${action.details}`,
    entity: [...new Set(action.entities.map(({ type }) => entityLabels[type]))].join(', '),
    asset: action.asset ?? '',
    decision: decisions[word],
    by: decidedBy === null ? decisions[word === 'automation' ? 'automation' : 'none'] : `${decidedBy.displayName} (${decidedBy.upn})`,
    source: sourceLabels[action.source],
    status: statusLabels[action.status],
  };
}

const lineBreak = /\r\n|[\r\u0085\u2028\u2029]/g;
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]|(?![\n\t])\p{Cc}/gu;
const runsInSpreadsheets = /^(?:[\t\n]|\s*[=+\-@＝＋－＠])/u;

const codePoint = (char: string): string => `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** Text that is safe in a cell of a spreadsheet; without the quotes around it. */
export function harmlessCell(value: string): string {
  const seen = value
    .toWellFormed()
    .replace(lineBreak, '\n')
    .replace(/(\p{Extended_Pictographic})\ufe0f/gu, '$1')
    .replace(invisible, codePoint);
  return runsInSpreadsheets.test(seen) ? `'${seen}` : seen;
}

const quoted = (cell: string): string => (/[",\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
/** One record of a CSV file, harmless in every cell. */
export const csvLine = (cells: readonly string[]): string => `${cells.map((cell) => quoted(harmlessCell(cell))).join(',')}\r\n`;

/** The byte order mark, by which spreadsheets know UTF-8, and the headings. */
export const csvHead = `\ufeff${csvLine(Object.values(columnLabels))}`;

export function csvRecord(row: HistoryRow): string {
  const cells = cellsOf(row);
  return csvLine((Object.keys(columnLabels) as Column[]).map((column) => cells[column]));
}

const unseenInJson = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029\u007f-\u009f\u2800]/gu;
const escaped = (char: string): string =>
  Array.from({ length: char.length }, (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');

/** One action as `GET /v1/actions/:id` answers it, on a line of its own. */
export function jsonLine(action: RemediationAction, events: readonly AuditEvent[]): string {
  return `${JSON.stringify(storedAction(action, events)).replace(unseenInJson, escaped)}\n`;
}

/** The text behind `export`: a look-up as `history` and `pending` take it, and `format:`. Pure; in chat and in a terminal the same. */
import { ExportFormat } from '../action-center/export.ts';
import type { Tab } from '../action-center/history.ts';
import { type LookUp, usualLookUp } from '../action-center/look-up.ts';
import { type Mistake, parseHistory, printHistory } from './history-command.ts';
import { cleanText, type Token, tokensOf } from './history-tokens.ts';
import { nearestOf } from './nearest.ts';

export type ExportAsk =
  | { kind: 'export'; lookUp: LookUp; format: ExportFormat; mistakes: Mistake[] }
  /** `save` and `reset` are about looking, not about taking away. */
  | { kind: 'keeps-nothing' }
  | { kind: 'too-long' };

const formatKeys: ReadonlySet<string> = new Set(['format', 'as', 'file', 'file-type']);
const formatNames: Record<string, ExportFormat> = {
  csv: 'csv',
  excel: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'jsonl',
  'json-lines': 'jsonl',
};

/** `text`: what stands behind the word `export`. */
export function parseExport(text: string): ExportAsk {
  const { tab, rest } = withTab(text);
  const tokens = tokensOf(rest);
  const isFormat = ({ key }: Token) => key !== null && formatKeys.has(key);
  const lookUpText = tokens
    .filter((token) => !isFormat(token))
    .map(({ written }) => written)
    .join(' ');
  const ask = parseHistory(tab, lookUpText);
  const { format, mistakes } = formatOf(tokens.filter(isFormat));
  switch (ask.kind) {
    case 'usual':
      return { kind: 'export', lookUp: usualLookUp(tab), format, mistakes };
    case 'look-up':
      return { kind: 'export', lookUp: ask.lookUp, format, mistakes: [...ask.mistakes, ...mistakes] };
    case 'too-long':
      return { kind: 'too-long' };
    default:
      return { kind: 'keeps-nothing' };
  }
}

/** `export pending ...` is the other tab; `export history ...` is what `export ...` means anyway. */
function withTab(text: string): { tab: Tab; rest: string } {
  const clean = cleanText(text);
  const [, word, rest] = /^(history|pending)(?:\s+([\s\S]*))?$/i.exec(clean) ?? [];
  if (word === undefined) return { tab: 'history', rest: clean };
  return { tab: word.toLowerCase() === 'pending' ? 'pending' : 'history', rest: rest ?? '' };
}

function formatOf(tokens: readonly Token[]): { format: ExportFormat; mistakes: Mistake[] } {
  let format: ExportFormat = 'csv';
  const mistakes: Mistake[] = [];
  for (const { values, written } of tokens) {
    const value = (values.at(-1) ?? '').toLowerCase();
    const known = Object.hasOwn(formatNames, value) ? formatNames[value] : undefined;
    const near = known ?? nearestOf(value, ExportFormat.options);
    if (known === undefined) mistakes.push({ kind: 'value', written, key: 'format', instead: near });
    format = near ?? format;
  }
  return { format, mistakes };
}

/** The command that exports exactly this, without the word `export`. */
export function printExport(lookUp: LookUp, format: ExportFormat): string {
  // How it is shown on a page is no matter of a file: it always has every column.
  const { columns, size } = usualLookUp(lookUp.tab);
  const text = printHistory({ ...lookUp, columns, size });
  return `${text.replace(/^history /, '')}${format === 'csv' ? '' : ` format:${format}`}`;
}

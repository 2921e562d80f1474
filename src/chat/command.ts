/** The text of a command becomes a typed command, or what was understood of it. One parser for every platform. Pure. */

import { type DelegateAsk, parseDelegate } from './delegate-command.ts';
import { type DigestAsk, parseDigest } from './digest-ask.ts';
import { type ExportAsk, parseExport } from './export-command.ts';
import { type HistoryAsk, parseHistory } from './history-command.ts';
import { cleanText } from './history-tokens.ts';
import { type LinkAsk, parseLink } from './link-command.ts';
import { nearestOf } from './nearest.ts';
import { parseUndo, type UndoCommand, type UndoProblem } from './undo-command.ts';

export type Command =
  | { name: 'help' }
  | { name: 'inbox' }
  | { name: 'show'; id: string }
  | { name: 'hunt'; id: string }
  | { name: 'history'; ask: HistoryAsk }
  | { name: 'export'; ask: ExportAsk }
  | { name: 'digest'; ask: DigestAsk }
  | { name: 'link'; ask: LinkAsk }
  | UndoCommand
  | { name: 'bulk' }
  | { name: 'delegate'; ask: DelegateAsk };

/** What was not understood; `words.ts` says it helpfully. */
export type CommandProblem =
  | { kind: 'needs-id'; command: 'show' | 'hunt'; given: string | null }
  | { kind: 'link-unclear'; given: string }
  | UndoProblem
  | { kind: 'unknown'; word: string; suggestion: string | null };

export type Parsed = { command: Command } | { problem: CommandProblem };

const built = ['help', 'inbox', 'show', 'hunt', 'history', 'pending', 'export', 'link', 'undo', 'bulk', 'digest', 'delegate'] as const;

type Name = (typeof built)[number];

/** Room for more than a hundred ids. */
const longest = 4000;
const actionId = /^A-[0-9A-HJKMNP-TV-Z]{26}$/i;
const startOfId = /^A-/i;
/** Written once more out of habit, or a mention that is none. */
const ownNames: ReadonlySet<string> = new Set(['actions', 'countersign']);

export function parseCommand(text: string): Parsed {
  const [first = '', ...rest] = withoutOwnName(tokensOf(text));
  const word = first.toLowerCase();
  if (word === '' || word === 'help') return { command: { name: 'help' } };
  if (word === 'inbox') return { command: { name: 'inbox' } };
  if (word === 'show' || word === 'hunt') return parseWithId(word, rest);
  if (word === 'link') return parsedLink(rest);
  if (word === 'undo') return parseUndo(rest);
  if (word === 'bulk') return { command: { name: 'bulk' } };
  if (word === 'history' || word === 'pending') return { command: { name: 'history', ask: parseHistory(word, behind(word, text)) } };
  if (word === 'export') return { command: { name: 'export', ask: parseExport(behind(word, text)) } };
  if (word === 'delegate') return { command: { name: 'delegate', ask: parseDelegate(behind(word, text)) } };
  if (word === 'digest') return { command: { name: 'digest', ask: parseDigest(rest) } };
  if (isOnlyId(first, rest)) return parseWithId('show', [first, ...rest]);
  const near = nearestOf<Name>(word, built);
  return { problem: { kind: 'unknown', word: first, suggestion: near === null ? null : [near, ...rest].join(' ') } };
}

/**
 * The words of a text, without what stands around them when they were copied: quotes, back-ticks, brackets, full stops. What nobody can see is
 * left out, so that it splits no word; every dash is a hyphen, because editors turn one into the other.
 */
function tokensOf(text: string): string[] {
  return text
    .trimStart()
    .slice(0, longest)
    .replace(/&nbsp;/gi, ' ')
    .normalize('NFKC')
    .replace(/[\p{Cc}\u2800]/gu, ' ')
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .split(/\s+/)
    .map((token) => token.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter((token) => token !== '');
}

const withoutOwnName = (tokens: string[]): string[] => (ownNames.has((tokens[0] ?? '').toLowerCase()) ? tokens.slice(1) : tokens);

/** An id alone can only mean one thing; so does the foot of a card, `Action A-...`. */
function isOnlyId(first: string, rest: string[]): boolean {
  const [id = '', ...more] = first.toLowerCase() === 'action' ? rest : [first, ...rest];
  return more.length === 0 && startOfId.test(id);
}

/** What stands behind the first word, as it was written: quotes and all. */
function behind(word: string, text: string): string {
  const clean = cleanText(text);
  const at = clean.normalize('NFKC').toLowerCase().indexOf(word);
  return at < 0 ? '' : clean.slice(at + word.length).replace(/^[^\p{L}\p{N}"“”„«»]+(?=\s|$)/u, '');
}

function parseWithId(name: 'show' | 'hunt', rest: string[]): Parsed {
  const id = rest.find((token) => actionId.test(token));
  if (id !== undefined) return { command: { name, id: id.toUpperCase() } };
  return { problem: { kind: 'needs-id', command: name, given: rest.find((token) => startOfId.test(token)) ?? rest[0] ?? null } };
}

function parsedLink(rest: string[]): Parsed {
  const ask = parseLink(rest);
  return ask === null ? { problem: { kind: 'link-unclear', given: rest.join(' ') } } : { command: { name: 'link', ask } };
}

/** The text of a command becomes a typed command, or what was understood of it. One parser for every platform. Pure. */

export type Command = { name: 'help' } | { name: 'show'; id: string };

/** What was not understood; `words.ts` says it helpfully. */
export type CommandProblem =
  | { kind: 'not-yet'; name: string }
  | { kind: 'needs-id'; given: string | null }
  | { kind: 'unknown'; word: string; suggestion: string | null };

export type Parsed = { command: Command } | { problem: CommandProblem };

const built = ['help', 'show'] as const;
/** Understood, and honestly not there yet. */
const later = ['pending', 'history', 'undo', 'hunt', 'export', 'digest', 'link'] as const;

const longest = 500;
/** Slips of the finger: one in a short word, two in a longer one. */
const nearEnough = 2;
const actionId = /^A-[0-9A-HJKMNP-TV-Z]{26}$/;
const startOfId = /^A-/i;

export function parseCommand(text: string): Parsed {
  const [first = '', ...rest] = tokensOf(text);
  const word = first.replace(/^\//, '').toLowerCase();
  if (word === '' || word === '?' || word === 'help') return { command: { name: 'help' } };
  if (word === 'show') return parseShow(rest);
  // An id alone can only mean one thing.
  if (startOfId.test(first) && rest.length === 0) return parseShow([first]);
  if (later.some((name) => name === word)) return { problem: { kind: 'not-yet', name: word } };
  const near = nearest(word);
  return { problem: { kind: 'unknown', word: first, suggestion: near === null ? null : [near, ...rest].join(' ') } };
}

/** People copy with what stands around: quotes, back-ticks, brackets, a full stop. */
function tokensOf(text: string): string[] {
  return text
    .slice(0, longest)
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}]/gu, ' ')
    .split(/\s+/)
    .map((token) => token.replace(/^["'`<([{“‘«*_]+|["'`>)\]}”’»*_.,;:!]+$/g, ''))
    .filter((token) => token !== '');
}

function parseShow(rest: string[]): Parsed {
  const given = rest[0] ?? null;
  const id = given?.toUpperCase() ?? '';
  return actionId.test(id) ? { command: { name: 'show', id } } : { problem: { kind: 'needs-id', given } };
}

function nearest(word: string): string | null {
  const scored = [...built, ...later].map((name) => ({ name, slips: distance(word, name) }));
  const [best] = scored.sort((a, b) => a.slips - b.slips);
  return best && best.slips <= (word.length < 6 ? 1 : nearEnough) && word.length > 2 ? best.name : null;
}

/** Letters to change, add, leave out or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > nearEnough) return nearEnough + 1;
  const at = new Map<string, number>();
  const get = (i: number, j: number): number => (i === 0 ? j : j === 0 ? i : (at.get(`${i} ${j}`) ?? 0));
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const change = get(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      at.set(
        `${i} ${j}`,
        Math.min(get(i - 1, j) + 1, get(i, j - 1) + 1, change, isSwap ? get(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY),
      );
    }
  }
  return get(a.length, b.length);
}

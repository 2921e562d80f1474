/** The text of a look-up in its pieces: `key:value`, comma lists, values in quotes, free words. Pure and total. */

/** `key` null: free words. `written` is what stood there, to be named in an answer. */
export type Token = { key: string | null; values: string[]; written: string };

/** Editors turn one into the other; any of them opens and closes. */
const quote = '["“”„«»]';
const isQuote = new RegExp(quote, 'u');
const sections = new RegExp(`${quote}(?:\\\\[\\s\\S]|[^"“”„«»\\\\])*${quote}?|[^"“”„«»]+`, 'gu');
const keyHere = /(\p{L}[\p{L}-]*):/uy;
const blankHere = /\s*/uy;
const bareHere = /[^\s,"“”„«»]+/uy;

/** Without what nobody can see. Between quotes everything else stays as it was written. */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/&nbsp;/gi, ' ')
    .replace(/[\p{Cc}\u2800\s]/gu, ' ')
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .trim();
}

/** Outside of quotes letters are what they look like, and every dash is a hyphen. */
const tidied = (text: string): string => text.normalize('NFKC').replace(/[\p{Pd}\u2212]/gu, '-');

export function tokensOf(text: string): Token[] {
  const pieces = cleanText(text).match(sections) ?? [];
  const line = pieces.map((piece) => (isQuote.test(piece[0] ?? '') ? piece : tidied(piece))).join('');
  const tokens: Token[] = [];
  for (let at = skip(blankHere, line, 0); at < line.length; at = skip(blankHere, line, at)) {
    const { token, end } = readToken(line, at);
    if (token.key !== null || token.values.length > 0) tokens.push(token);
    at = end;
  }
  return tokens;
}

function match(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}
const skip = (pattern: RegExp, line: string, at: number): number => at + (match(pattern, line, at)?.[0].length ?? 0);

function readToken(line: string, start: number): { token: Token; end: number } {
  const named = match(keyHere, line, start);
  const key = named?.[1]?.toLowerCase() ?? null;
  const values: string[] = [];
  // `type: isolateDevice` means the same as without the space.
  let at = key === null ? start : beforeValue(line, start + (named?.[0].length ?? 0));
  for (;;) {
    const item = readItem(line, at);
    at = item.end;
    const value = item.value.trim();
    if (value !== '') values.push(value);
    if (line[at] !== ',') break;
    at = beforeValue(line, at + 1);
    if (at >= line.length) break;
  }
  // Whatever could not be read is passed over, so that reading comes to an end.
  const end = at > start ? at : start + 1;
  return { token: { key, values, written: line.slice(start, end).trim() }, end };
}

/** To the value behind a colon or a comma, unless a key comes next. */
function beforeValue(line: string, at: number): number {
  const next = skip(blankHere, line, at);
  return next > at && match(keyHere, line, next) !== null ? at : next;
}

type Item = { value: string; end: number };

function readItem(line: string, at: number): Item {
  if (isQuote.test(line[at] ?? '')) return readQuoted(line, at);
  if (line[at] === '-' && isQuote.test(line[at + 1] ?? '')) {
    const { value, end } = readQuoted(line, at + 1);
    return { value: `-${value}`, end };
  }
  const value = match(bareHere, line, at)?.[0] ?? '';
  return { value, end: at + value.length };
}

function readQuoted(line: string, at: number): Item {
  let value = '';
  for (let i = at + 1; i < line.length; i += 1) {
    const char = line[i] ?? '';
    const next = line[i + 1] ?? '';
    if (isQuote.test(char)) return { value, end: i + 1 };
    const isEscape = char === '\\' && (next === '\\' || isQuote.test(next));
    value += isEscape ? next : char;
    if (isEscape) i += 1;
  }
  return { value, end: line.length };
}

/** So that reading gives back exactly this value. */
export function writeValue(value: string, reserved: (word: string) => boolean = () => false): string {
  const isPlain = /^(?!\p{M})[^\s,"“”„«»\\]+$/u.test(value) && tidied(value) === value && !reserved(value);
  return isPlain ? value : `"${value.replace(/["“”„«»\\]/gu, '\\$&')}"`;
}

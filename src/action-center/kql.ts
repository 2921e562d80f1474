/**
 * Writing values into a KQL query. Nothing that came from outside reaches a query except through these, and only as a value in a `let` line:
 * never as a table, column, operator or comment.
 */

/** Longer values are cut: no key that Defender can be asked for is longer. */
const maxKqlValue = 2000;

/** Control, format (bidi marks among them) and separator characters are written as escapes, so that a query reads as it runs. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** A double-quoted literal that means exactly `value`, except that NUL and lone surrogates, which no real name holds, become U+FFFD. */
export function kqlString(value: string, max: number = maxKqlValue): string {
  let literal = '"';
  for (const character of cut(value, max).toWellFormed()) literal += escaped(character);
  return `${literal}"`;
}

/** Never through the middle of a character: what is left must still be a beginning of the value. */
function cut(value: string, max: number): string {
  return value.length <= max ? value : value.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character === '\0') return '\uFFFD';
  if (!hidden.test(character)) return character;
  // The language escapes UTF-16 units, so a character beyond the basic plane takes two.
  return [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}

/** `max` applies to each value. */
export function kqlStrings(values: readonly string[], max?: number): string {
  return `dynamic([${values.map((value) => kqlString(value, max)).join(', ')}])`;
}

/** Throws on an invalid date. */
export function kqlDatetime(date: Date): string {
  return `datetime(${date.toISOString()})`;
}

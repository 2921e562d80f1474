/** JSON from outside in a form that every store takes: no NUL, no half of a character, no bottomless depth. Nothing else in it changes. */

const deepest = 40;

/** At most so long, and no half of a character at the cut: no store takes one. */
export const cutText = (text: string, length: number): string => text.slice(0, length).toWellFormed();
export const storableText = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD');

export function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepest) return null;
  if (Array.isArray(value)) return value.map((one) => storable(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [storable(key), storable(one, depth + 1)]));
}

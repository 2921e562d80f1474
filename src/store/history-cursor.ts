/** Where a page begins: the place of a row in the order of a question, as an opaque text of at most 400 characters. */
import type { Column, Cursor } from '../action-center/history.ts';

/** `at` with microseconds, as the database said it: what is between two rows must not get lost. */
export type Place = { key: string; at: string; id: string };
/**
 * How a page was found, which is how the one beside it is found best: among so many rows in their order, or in the inverted index, over so many
 * hours (with words compared in the rows) or by words alone. It decides about time, never about the answer.
 */
export type Trail = { by: keyof typeof letters; amount: number };
/** `back`: the page ends just before this place; otherwise it begins just behind it. */
export type Start = { place: Place; back: boolean; trail: Trail | null };

const letters = { rows: 'r', weeks: 'w', weeksCompared: 'c', words: 't' } as const;
const waysBy = Object.fromEntries(Object.entries(letters).map(([by, letter]) => [letter, by as Trail['by']]));

export function cursorOf(column: Column, { place, back, trail }: Start): Cursor {
  const way = `${back ? '<' : '>'}${trail ? `${letters[trail.by]}${trail.amount}` : ''}`;
  return Buffer.from([way, column, place.id, place.at, place.key].join('\n')).toString('base64url');
}

const ways = /^(?<way>[<>])(?:(?<letter>[rwct])(?<amount>\d{1,6}))?$/;
const timestamp = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Null for a cursor of another order, and for one that is none. */
export function startOf(column: Column, cursor: Cursor | null): Start | null {
  if (cursor === null || cursor.length > 400) return null;
  const [first = '', of, id, at, ...key] = Buffer.from(cursor, 'base64url').toString().split('\n');
  const { way, letter, amount } = ways.exec(first)?.groups ?? {};
  if (way === undefined || of !== column || !id || at === undefined || !timestamp.test(at)) return null;
  const by = letter === undefined ? undefined : waysBy[letter];
  const trail = by && Number(amount) > 0 ? { by, amount: Number(amount) } : null;
  return { back: way === '<', place: { id, at, key: key.join('\n').replaceAll('\u0000', '') }, trail };
}

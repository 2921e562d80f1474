/** Where a page begins: the place of a row in the order of a question, as an opaque text of at most 400 characters. */
import type { Column, Cursor } from '../action-center/history.ts';

/** `at` with microseconds, as the database said it: what is between two rows must not get lost. */
export type Place = { key: string; at: string; id: string };
/** `back`: the page ends just before this place; otherwise it begins just behind it. */
export type Start = { place: Place; back: boolean };

export function cursorOf(column: Column, { place, back }: Start): Cursor {
  return Buffer.from([back ? '<' : '>', column, place.id, place.at, place.key].join('\n')).toString('base64url');
}

const timestamp = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Null for a cursor of another order, and for one that is none. */
export function startOf(column: Column, cursor: Cursor | null): Start | null {
  if (cursor === null || cursor.length > 400) return null;
  const [way, of, id, at, ...key] = Buffer.from(cursor, 'base64url').toString().split('\n');
  if ((way !== '<' && way !== '>') || of !== column || !id || at === undefined || !timestamp.test(at)) return null;
  return { back: way === '<', place: { id, at, key: key.join('\n').replaceAll('\u0000', '') } };
}

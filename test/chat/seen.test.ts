import { expect, test } from 'vitest';
import { seenLately } from '../../src/chat/seen.ts';

test('remembers for its time and not longer', () => {
  let now = 0;
  const seen = seenLately({ forMs: 1000, bound: 10, now: () => now });
  expect([seen.first('a'), seen.first('a')]).toEqual([true, false]);
  now = 999;
  expect(seen.first('a')).toBe(false);
  now = 1000;
  expect(seen.first('a')).toBe(true);
});

test('never remembers more than its bound: the oldest is forgotten', () => {
  const seen = seenLately({ forMs: 1000, bound: 3, now: () => 0 });
  for (const key of ['a', 'b', 'c', 'd']) expect(seen.first(key)).toBe(true);
  expect(['b', 'c', 'd', 'a'].map((key) => seen.first(key))).toEqual([false, false, false, true]);
});

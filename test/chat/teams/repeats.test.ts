import { expect, it } from 'vitest';
import { repeats } from '../../../src/chat/teams/repeats.ts';

it('gives a request that comes again the answer of the first, also while that is on its way', async () => {
  const take = repeats<number>({ now: () => 0 });
  let runs = 0;
  const gate = Promise.withResolvers<number>();
  const work = () => {
    runs += 1;
    return gate.promise;
  };
  const both = [take('a', work), take('a', work)];
  gate.resolve(7);
  expect(await Promise.all(both)).toEqual([7, 7]);
  expect(await take('a', work)).toBe(7);
  expect(runs).toBe(1);
  await take('b', work);
  expect(runs).toBe(2);
});

it('hears a request again whose first answer failed, or is long ago', async () => {
  let now = 0;
  const take = repeats<number>({ now: () => now });
  await expect(take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await take('a', async () => 1)).toBe(1);
  now += 200_000;
  expect(await take('a', async () => 2)).toBe(2);
});

it('does not grow for ever', async () => {
  const take = repeats<number>({ now: () => 0 });
  await take('first', async () => 1);
  for (let index = 0; index < 5000; index += 1) await take(`key-${index}`, async () => 0);
  expect(await take('first', async () => 2)).toBe(2);
});

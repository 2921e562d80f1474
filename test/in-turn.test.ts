import { expect, it } from 'vitest';
import { UpstreamError } from '../src/action-center/errors.ts';
import { inTurn } from '../src/in-turn.ts';

it('runs one after the other, goes on after a failure, and refuses more than may wait', async () => {
  const begun: string[] = [];
  const endings = new Map<string, () => void>();
  const run = async (name: string) => {
    begun.push(name);
    await new Promise<void>((resolve) => endings.set(name, resolve));
    if (name === 'first') throw new Error('the first one fails');
    return `${name} done`;
  };
  const turns = inTurn(run, { mostWaiting: 2, what: 'things are being done' });
  const first = turns('first');
  const [second, third] = [turns('second'), turns('third')];
  const refused = await turns('fourth').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UpstreamError);
  expect(refused).toMatchObject({ service: 'store', retryable: true, message: 'too many things are being done' });
  expect(begun).toEqual(['first']);
  endings.get('first')?.();
  await expect(first).rejects.toThrow('the first one fails');
  await expect.poll(() => begun).toEqual(['first', 'second']);
  // Whoever is through makes room.
  const fifth = turns('fifth');
  for (const name of ['second', 'third', 'fifth']) {
    await expect.poll(() => begun).toContain(name);
    endings.get(name)?.();
  }
  expect(await Promise.all([second, third, fifth])).toEqual(['second done', 'third done', 'fifth done']);
  expect(begun).toEqual(['first', 'second', 'third', 'fifth']);
});

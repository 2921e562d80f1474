import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Seen, secondLooks } from '../../../src/chat/teams/second-looks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const seen = (ref: string): Seen => ({ cardId: 'card', conversation: '19:soc@thread.tacv2', ref });

function opened(look: (one: Seen) => Promise<unknown>) {
  const warned: (object | string)[] = [];
  const log = { debug: () => {}, info: () => {}, warn: (what: object | string) => void warned.push(what), error: () => {} };
  return { warned, looks: secondLooks(look, { afterMs: 12_000, log }) };
}

it('looks at a message once more when the time is over, however many had it on their screens', async () => {
  const looked: string[] = [];
  const { looks } = opened(async ({ ref }) => void looked.push(ref));
  for (const ref of ['one', 'other', 'one']) looks.later(seen(ref));
  await vi.advanceTimersByTimeAsync(11_999);
  expect(looked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(looked).toEqual(['one', 'other']);
  looks.later(seen('one'));
  await vi.advanceTimersByTimeAsync(12_000);
  expect(looked).toEqual(['one', 'other', 'one']);
});

it('tells when that failed, and looks at nothing after a stop', async () => {
  const looked: string[] = [];
  const { looks, warned } = opened(async ({ ref }) => {
    looked.push(ref);
    throw new Error('the record is away');
  });
  looks.later(seen('one'));
  await vi.advanceTimersByTimeAsync(12_000);
  expect(warned).toMatchObject([{ cardId: 'card', ref: 'one', err: { message: 'the record is away' } }]);
  looks.later(seen('other'));
  looks.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looked).toEqual(['one']);
});

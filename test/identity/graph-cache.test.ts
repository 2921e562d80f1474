import { describe, expect, it } from 'vitest';
import { answerCache } from '../../src/identity/graph-cache.ts';

const rig = (bound = 10) => {
  const clock = { now: 0 };
  const cache = answerCache<string>({ keepMs: (answer) => (answer === 'no' ? 15 : 60), bound, now: () => clock.now });
  const asked: string[] = [];
  const ask = (key: string, answer: string | Error, fresh = false) =>
    cache.ask(key, { fresh }, async () => {
      asked.push(key);
      if (answer instanceof Error) throw answer;
      return answer;
    });
  return { clock, cache, asked, ask };
};

describe('kept answers', () => {
  it('end when their time is over, each kind its own', async () => {
    const { clock, asked, ask } = rig();
    await ask('a', 'yes');
    await ask('b', 'no');
    clock.now = 14;
    await ask('a', 'later');
    await ask('b', 'later');
    expect(asked).toEqual(['a', 'b']);
    clock.now = 15;
    expect(await ask('b', 'later')).toBe('later');
    clock.now = 59;
    expect(await ask('a', 'later')).toBe('yes');
    clock.now = 60;
    expect(await ask('a', 'later')).toBe('later');
  });

  it('count their age from the question, not from the answer', async () => {
    const { clock, cache } = rig();
    await cache.ask('a', { fresh: false }, async () => {
      clock.now = 59;
      return 'slow';
    });
    clock.now = 60;
    expect(await cache.ask('a', { fresh: false }, async () => 'new')).toBe('new');
  });

  it('are not used for a fresh question, whose answer replaces them', async () => {
    const { ask } = rig();
    await ask('a', 'yes');
    expect(await ask('a', 'no', true)).toBe('no');
    expect(await ask('a', 'yes')).toBe('no');
  });

  it('are not replaced by an older one that was slow', async () => {
    const { clock, cache, ask } = rig();
    const slow = Promise.withResolvers<string>();
    const old = cache.ask('a', { fresh: true }, () => slow.promise);
    clock.now = 1;
    await ask('a', 'no', true);
    slow.resolve('yes');
    expect(await old).toBe('yes');
    expect(await ask('a', 'unasked')).toBe('no');
  });

  it('are never failures', async () => {
    const { ask } = rig();
    await expect(ask('a', new Error('down'))).rejects.toThrow('down');
    expect(await ask('a', 'yes')).toBe('yes');
  });

  it('are bounded, the oldest going first', async () => {
    const { asked, ask } = rig(2);
    for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await ask(key, 'yes');
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe('the same question asked by several', () => {
  it('is asked once, and a fresh one for itself', async () => {
    const { asked, ask } = rig();
    const answers = await Promise.all([ask('a', 'yes'), ask('a', 'yes'), ask('b', 'no'), ask('a', 'no', true)]);
    expect(answers).toEqual(['yes', 'yes', 'no', 'no']);
    expect(asked).toEqual(['a', 'b', 'a']);
  });

  it('fails for all who asked, and is asked again by the next', async () => {
    const { ask } = rig();
    const both = await Promise.allSettled([ask('a', new Error('down')), ask('a', 'yes')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask('a', 'yes')).toBe('yes');
  });
});

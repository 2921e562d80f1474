import { describe, expect, it } from 'vitest';
import { producerLimits } from '../../src/intake/producer-limits.ts';

describe('the pace of a producer', () => {
  it('allows a burst, then so many a second', () => {
    const limits = producerLimits({ perSecond: 10, burst: 3 });
    expect([1, 2, 3].map(() => limits.take('a', 0))).toEqual([0, 0, 0]);
    expect(limits.take('a', 0)).toBe(100);
    expect(limits.take('a', 99)).toBeGreaterThan(0);
    expect(limits.take('a', 100)).toBe(0);
    expect(limits.take('a', 100)).toBe(100);
  });

  it('is its own, not that of another producer', () => {
    const limits = producerLimits({ perSecond: 1, burst: 1 });
    expect(limits.take('a', 0)).toBe(0);
    expect(limits.take('a', 0)).toBeGreaterThan(0);
    expect(limits.take('b', 0)).toBe(0);
  });

  it('never saves up more than a burst, and survives a clock that is set back', () => {
    const limits = producerLimits({ perSecond: 1, burst: 2 });
    limits.take('a', 1_000_000);
    expect([0, 0].map(() => limits.take('a', 0))).toEqual([0, 1000]);
    expect([1, 2, 3].map(() => limits.take('a', 10_000_000))).toEqual([0, 0, 1000]);
  });

  it('is remembered for a bounded number of producers, the quiet ones forgotten first', () => {
    const limits = producerLimits({ perSecond: 1, burst: 1, maxProducers: 2 });
    limits.take('quiet', 0);
    limits.take('busy', 0);
    limits.take('busy', 1);
    limits.take('new', 2);
    expect(limits.take('busy', 3)).toBeGreaterThan(0);
    expect(limits.take('quiet', 3)).toBe(0);
  });
});

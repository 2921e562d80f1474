/** Three days of the simulated month: storms, outages, a bot killed in the middle of a run, on both platforms. What finds the differences is tried as well. */
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Given } from '../../bench/harness/month-check.ts';
import { threeDays } from '../../bench/harness/month-plan.ts';
import { checkMonth, type RanMonth, runMonth } from '../../bench/harness/month-run.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';

describe('three days with outages', () => {
  let ran: RanMonth;
  beforeAll(async () => {
    ran = await runMonth(threeDays, { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() });
  }, 240_000);

  const changed = (change: (given: Given) => Partial<Given['facts']>): string[] =>
    checkMonth({ ...ran.given, facts: { ...ran.given.facts, ...change(ran.given) } }).wrong;

  it('send every digest, reminder and warning once, and none after a decision', () => {
    const { checked, played } = ran;
    expect(checked.wrong).toEqual([]);
    expect(played.announced + (played.refused['came too late'] ?? 0)).toBe(threeDays.amount);
    expect(played.kills).toBe(1);
    expect(played.decided.approve).toBeGreaterThan(200);
    expect(played.decided.reject).toBeGreaterThan(20);
    expect(checked.counts['digests sent']).toBe(14);
    expect(checked.counts['digests sent late, and marked so']).toBeGreaterThanOrEqual(2);
    for (const rung of ['after-15m', 'after-60m', 'after-180m', 'after-240m', 'after-1440m', 'before-1440m', 'before-120m'])
      expect(checked.counts[`told ${rung}`], rung).toBeGreaterThan(5);
    expect(checked.counts['actions expired']).toBeGreaterThan(20);
    expect(checked.counts['calls turned away by a rate limit']).toBe(0);
  });

  it('would not pass with a message too many, or one that is missing', () => {
    const [message] = ran.given.facts.messages;
    if (message === undefined) throw new Error('there are no messages');
    const more = changed(({ facts }) => ({ messages: [...facts.messages, { ...message, ref: `${message.ref}0` }] }));
    expect(more).toEqual([expect.stringContaining('belongs to 0 cards')]);
    const twice = changed(({ facts }) => ({ messages: [...facts.messages, message], cards: new Map([...facts.cards, ...again(facts)]) }));
    expect(twice.length).toBeGreaterThan(0);
  });

  it('would not pass with a digest that nobody got, or that does not say that it is late', () => {
    const silent = changed(({ facts }) => ({ digests: facts.digests.slice(1) }));
    expect(silent).toContainEqual(expect.stringContaining('was made 0 times'));
    const doubled = changed(({ facts }) => ({ digests: [...facts.digests, ...facts.digests.slice(0, 1)] }));
    expect(doubled).toContainEqual(expect.stringContaining('was made 2 times'));
    const late = changed(({ facts }) => ({
      digests: facts.digests.map((digest) => {
        const { card } = digest;
        return card?.message ? { ...digest, card: { ...card, message: { ...card.message, text: 'Digest' } } } : digest;
      }),
    }));
    expect(late).toHaveLength(ran.checked.counts['digests sent late, and marked so'] ?? 0);
  });

  it('would not pass with a reminder that was not rung, came late, or came after the decision', () => {
    const unrung = changed(({ facts }) => ({ told: facts.told.filter(({ rung }) => rung !== 'after-15m') }));
    expect(unrung).toContainEqual(expect.stringContaining('was not rung'));
    const late = changed(({ facts }) => ({
      told: facts.told.map((one) => (one.rung === 'after-15m' ? { ...one, at: one.at + 180_000 } : one)),
    }));
    expect(late).toContainEqual(expect.stringContaining('was rung at'));
    const after = changed(({ facts }) => ({
      told: facts.told.map((one) => ({ ...one, action: { ...one.action, closedAt: one.action.createdAt } })),
    }));
    expect(after).toContainEqual(expect.stringContaining('when nothing of it waited'));
  });

  it('would not pass with an action that expired without its warnings', () => {
    const unwarned = changed(({ facts }) => ({ told: facts.told.filter(({ rung }) => rung !== 'before-120m') }));
    expect(unwarned).toContainEqual(expect.stringContaining('was not delivered'));
  });
});

/** Another card that says it is shown by a message of somebody else. */
function again({ cards }: Given['facts']) {
  const [posted] = [...cards.values()].filter(({ message }) => message !== null);
  return posted ? [['another', { ...posted, id: 'another' }] as const] : [];
}

import { describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { replay } from '../../src/action-center/replay.ts';
import { aDecision, anAction, anActor } from '../setup/builders.ts';

const rules = (needed: number, isProtected = false) => ({
  approvalsNeeded: () => needed,
  isProtected: () => isProtected,
  barred: () => null,
  reasonNeeded: () => false,
});
const approved = (people: number, needed = people) => {
  const approvals = Array.from({ length: people }, (_, index) =>
    aDecision({
      decisionId: `D-${index}`,
      actor: { ...anActor({ entraId: EntraId.parse(`p${index}`) }), rolesUsed: ['SecurityAdministrator'] },
    }),
  );
  return anAction({ status: 'completed', approvals, needed, ...(approvals[0] ? { decision: approvals[0] } : {}) });
};

describe('a past decision under other rules', () => {
  it.each([
    [1, 1, 1, 'same'],
    [1, 1, 2, 'later'],
    [2, 2, 1, 'looser'],
    [2, 1, 2, 'stricter'],
    [2, 2, 3, 'later'],
  ])('%i approvals, %i needed then, %i now: %s', (given, then, now, verdict) => {
    expect(replay(approved(given, then), rules(now))).toMatchObject({ verdict, given, neededThen: then, neededNow: now });
  });

  it('needs two people for what is protected now', () => {
    expect(replay(approved(1), rules(1, true))).toMatchObject({ verdict: 'later', neededNow: 2, isProtectedNow: true });
  });

  it('is barred where the policy keeps its type out of chat, whatever the number of people', () => {
    const barredNow = { because: 'Change freeze' };
    expect(replay(approved(2), { ...rules(1), barred: () => barredNow })).toMatchObject({ verdict: 'barred', barredNow });
  });

  it('is stricter where an approval needs a reason now and had none, and as it was where it had one', () => {
    const asking = { ...rules(1), reasonNeeded: () => true };
    expect(replay(approved(1), asking)).toMatchObject({ verdict: 'stricter', reasonMissing: true });
    const decision = aDecision({ comment: 'Confirmed' });
    const reasoned = anAction({ status: 'completed', approvals: [decision], decision });
    expect(replay(reasoned, asking)).toMatchObject({ verdict: 'same', reasonMissing: false });
  });

  it('never holds a rejection back: one ends an action under any rules', () => {
    const decision = aDecision({ verb: 'reject', comment: 'No' });
    expect(replay(anAction({ status: 'rejected', decision, approvals: [] }), rules(3))).toMatchObject({ verdict: 'stricter' });
  });
});

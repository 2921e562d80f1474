import { describe, expect, it } from 'vitest';
import { ActionStatus, type Decision, EntraId, type Outcome } from '../../src/action-center/action.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { cancelAsked, decided, expired, isSettled, mayBecome, rescoped, retried, settled } from '../../src/action-center/transitions.ts';
import { anAction } from '../setup/builders.ts';

const at = '2026-11-21T09:00:00.000Z';
const decision = (verb: Decision['verb'], who = 'alice'): Decision => ({
  decisionId: `D-${who}`,
  verb,
  actor: { entraId: EntraId.parse(who), upn: `${who}@contoso.example`, displayName: who, rolesUsed: ['SecurityAdministrator'] },
  platform: 'slack',
  comment: null,
  decidedAt: at,
  scopeDigest: `sha256:${'0'.repeat(64)}`,
});
const outcome = (status: Outcome['status']): Outcome => ({ status, at, message: null, externalRef: null });
const pending = (extra: Partial<RemediationAction> = {}): RemediationAction => ({ ...anAction({}), ...extra }) as RemediationAction;
const standing = (status: string, extra: object = {}): RemediationAction =>
  pending({ status, decision: decision('approve'), outcome: outcome('inProgress'), ...extra } as unknown as Partial<RemediationAction>);

describe('a decision', () => {
  it('queues an approved action when one approval is enough', () => {
    const step = decided(pending({ needed: 1 }), decision('approve'));
    expect(step).toMatchObject({ final: true, set: { status: 'queued' }, expect: { status: 'pending', version: 1 } });
  });

  it('waits for a second person when two are needed, and queues with the second', () => {
    const first = decided(pending({ needed: 2 }), decision('approve'));
    expect(first).toMatchObject({ final: false, set: { status: 'awaitingSecondApproval' }, event: { kind: 'approved' } });
    const waiting = pending({
      needed: 2,
      status: 'awaitingSecondApproval',
      approvals: [decision('approve')],
    } as Partial<RemediationAction>);
    expect(decided(waiting, decision('approve', 'erin'))).toMatchObject({ final: true, set: { status: 'queued', approvals: [{}, {}] } });
  });

  it('rejects finally with one person, also when two approvals are needed', () => {
    expect(decided(pending({ needed: 2 }), decision('reject'))).toMatchObject({ final: true, set: { status: 'rejected' } });
  });

  it('is impossible once the action is decided', () => {
    expect(() => decided(standing('queued', { outcome: null }), decision('approve'))).toThrow('never goes from queued to queued');
  });
});

describe('an outcome', () => {
  const finals = ['completed', 'partiallyCompleted', 'failed', 'timedOut', 'cancelled'] as const;

  it.each(finals)('%s settles a queued action and one in progress', (status) => {
    for (const from of ['queued', 'inProgress']) expect(settled(standing(from), 'D-alice', outcome(status))?.set.status).toBe(status);
  });

  it('never takes a settled action anywhere, whatever comes late', () => {
    for (const from of [...finals, 'rejected', 'undone']) {
      for (const late of [...finals, 'inProgress', 'undone'] as const) expect(settled(standing(from), 'D-alice', outcome(late))).toBeNull();
    }
  });

  it('of another decision changes nothing', () => {
    expect(settled(standing('queued'), 'D-mallory', outcome('completed'))).toBeNull();
  });

  it('of an undo ends in undone, or back in completed with the failure kept', () => {
    expect(settled(standing('undoQueued'), 'D-alice', outcome('undone'))?.set.status).toBe('undone');
    expect(settled(standing('undoQueued'), 'D-alice', outcome('failed'))?.set).toMatchObject({
      status: 'completed',
      outcome: { status: 'failed' },
    });
    expect(settled(standing('undoQueued'), 'D-alice', outcome('inProgress'))).toBeNull();
  });
});

describe('time and rules', () => {
  it('expires an open action after its deadline, and nothing else', () => {
    const late = '2027-01-01T00:00:00.000Z';
    expect(expired(pending(), late)?.set.status).toBe('expired');
    expect(expired(pending(), '2020-01-01T00:00:00.000Z')).toBeNull();
    expect(expired(standing('queued'), late)).toBeNull();
  });

  it('a new scope takes earlier approvals back', () => {
    const waiting = pending({
      needed: 2,
      status: 'awaitingSecondApproval',
      approvals: [decision('approve')],
    } as Partial<RemediationAction>);
    const scope = { scopeDigest: 'sha256:new', policyVersion: '2', needed: 3, isProtected: false };
    expect(rescoped(waiting, scope, 'changed', at)?.set).toMatchObject({
      status: 'pending',
      approvals: [],
      needed: 3,
      scopeNote: 'changed',
    });
    expect(rescoped(standing('queued'), scope, 'changed', at)).toBeNull();
  });

  it('what came to nothing is carried out again under a new decision, and what ended well is not', () => {
    for (const status of ['failed', 'timedOut', 'partiallyCompleted'] as const) {
      const step = retried(standing(status), decision('approve'));
      expect(step.set).toMatchObject({ status: 'queued', outcome: null });
      expect(isSettled(status)).toBe(true);
    }
    for (const status of ['completed', 'cancelled', 'rejected', 'undone'] as const)
      expect(() => retried(standing(status), decision('approve'))).toThrow('never goes');
  });

  it('a cancellation changes neither the status nor the decision that runs', () => {
    const running = standing('inProgress');
    const step = cancelAsked(running, decision('cancel'));
    expect(step.set).toEqual({});
    expect(step.event.data).toMatchObject({ verb: 'cancel', cancels: running.decision?.decisionId });
  });

  it('no status leads back to an open one', () => {
    const open = ['pending', 'awaitingSecondApproval'];
    for (const from of ActionStatus.options) {
      if (open.includes(from)) continue;
      for (const to of open) expect(mayBecome(from, to as 'pending')).toBe(false);
      expect(mayBecome(from, from)).toBe(false);
    }
    expect(isSettled('rejected')).toBe(true);
    expect(isSettled('queued')).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { ActionId, EntraId, type Role } from '../../src/action-center/action.ts';
import type { Refusal } from '../../src/action-center/refusal.ts';
import type { UndoBar } from '../../src/action-center/undoable.ts';
import { plain } from '../../src/chat/show.ts';
import { bugText, recordedText, refusalText, rolesText } from '../../src/chat/words.ts';
import { aDecision, anAction } from '../setup/builders.ts';

const actorId = EntraId.parse('7f0c0000-0000-4000-8000-000000000001');
const notPermitted = { kind: 'not-permitted', actorId, verb: 'approve' } as const;
const decided = { kind: 'already-decided', status: 'queued', decision: aDecision(), byYou: false, repeated: false } as const;
const say = (refusal: Refusal) => plain(refusalText(refusal, { platform: 'slack' }));

/** One of each kind; the type makes a new kind a compile error here. */
const one: { [Kind in Refusal['kind']]: Extract<Refusal, { kind: Kind }> } = {
  'unknown-person': { kind: 'unknown-person' },
  'ambiguous-person': { kind: 'ambiguous-person' },
  'disabled-person': { kind: 'disabled-person' },
  guest: { kind: 'guest' },
  'external-person': { kind: 'external-person' },
  bot: { kind: 'bot' },
  'identity-unavailable': { kind: 'identity-unavailable', service: 'directory' },
  'not-found': { kind: 'not-found' },
  'not-permitted': { ...notPermitted, missing: [['SearchAndPurge'], ['GlobalAdministrator']] },
  'already-decided': decided,
  expired: { kind: 'expired', expiresAt: '2026-11-28T08:00:00.000Z' },
  'scope-changed': { kind: 'scope-changed', note: null },
  'second-approver-needed': { kind: 'second-approver-needed', approvals: [aDecision()], needed: 2 },
  'own-request': { kind: 'own-request', needed: 2 },
  'not-undoable': { kind: 'not-undoable', bar: { reason: 'retention', days: 30 }, byYou: false },
  'not-cancellable': { kind: 'not-cancellable', bar: { reason: 'not-running', status: 'completed' } },
  'not-retriable': { kind: 'not-retriable', bar: { reason: 'too-old' } },
  'mixed-action-types': { kind: 'mixed-action-types', types: ['isolateDevice', 'softDeleteEmail'] },
  'too-many': { kind: 'too-many', most: 100 },
  'nothing-to-confirm': { kind: 'nothing-to-confirm', why: 'too-late' },
  'decide-in-defender': { kind: 'decide-in-defender' },
  barred: { kind: 'barred', because: 'Change freeze' },
  'sign-in-needed': { kind: 'sign-in-needed', url: 'https://countersign.example/link/once', withinMs: 600_000 },
  'comment-needed': { kind: 'comment-needed', verb: 'reject' },
};

test.each(Object.values(one))('$kind has one or two calm sentences that say whether something was decided', (refusal) => {
  const text = say(refusal);
  expect(text.length).toBeGreaterThan(40);
  expect(text.length).toBeLessThan(300);
  expect(text).not.toMatch(/!|undefined|null|error|invalid|sorry/i);
});

test('nothing is said to be undecided when somebody decided', () => {
  expect(say(decided)).toBe(
    'Alice Adams approved this already, at 2026-11-21 08:02 UTC. Approved; waiting to be carried out. Your press changed nothing.',
  );
  expect(say(decided)).not.toContain('decided nothing');
});

describe('already decided', () => {
  test('by yourself, the same way: it counts once', () => {
    expect(say({ ...decided, byYou: true, repeated: true })).toContain(
      'You approved this already, at 2026-11-21 08:02 UTC. It counts once.',
    );
  });

  test('by yourself, the other way: a decision is final', () => {
    expect(say({ ...decided, byYou: true })).toContain('A decision is final.');
  });

  test('by nobody: says where it stands', () => {
    expect(say({ ...decided, status: 'superseded', decision: null })).toContain('Superseded by a newer action');
  });
});

test('what is missing is said in the words of the portal', () => {
  expect(say(one['not-permitted'])).toContain('you also need Search and Purge, or Global Administrator.');
  expect(say({ ...notPermitted, missing: [], deviceGroup: 'Servers' })).toContain('devices of the group Servers');
  expect(say({ ...notPermitted, missing: [], deviceGroup: 'unknown' })).toContain('is not known');
  expect(say({ ...notPermitted, missing: [] })).toContain('Nobody can approve this');
});

test('who could decide is named only where it is known, and the role to ask for always', () => {
  const missing: Role[][] = [['SearchAndPurge']];
  expect(say({ ...notPermitted, missing, deciders: ['Alice Adams', 'Bob Brown', 'Erin Evans'] })).toContain(
    'ask Alice Adams, Bob Brown or Erin Evans (they may, and decided lately), or an administrator for the role',
  );
  expect(say({ ...notPermitted, missing })).toContain('ask somebody who may decide, or an administrator for the role');
});

test('a missing reason is asked for by the button that was pressed', () => {
  expect(say({ kind: 'comment-needed', verb: 'approve' })).toContain('An approval of this action needs a reason');
  expect(say(one['comment-needed'])).toContain('press Reject again');
});

test('a sign-in is a link of its own, not an address in the text', () => {
  const line = refusalText(one['sign-in-needed'], { platform: 'slack' });
  expect(line).toContainEqual({ kind: 'link', text: 'Sign in', url: 'https://countersign.example/link/once' });
  expect(plain(line)).toContain('in the last 10 minutes');
});

test('roles that are needed together stay together', () => {
  expect(rolesText([['SecurityAdministrator', 'SearchAndPurge'], ['GlobalAdministrator']])).toBe(
    'Security Administrator and Search and Purge, or Global Administrator',
  );
});

test('an answer about a person never holds an address', () => {
  for (const refusal of Object.values(one).slice(0, 7)) expect(say(refusal)).not.toContain('@');
});

test('a recorded press says what was recorded', () => {
  const decision = aDecision();
  expect(plain(recordedText({ action: anAction({ status: 'queued', decision }), decision }))).toBe(
    'Recorded: you approved Stop and quarantine file: invoice.exe on WKS-0042. The card shows what becomes of it.',
  );
  const waiting = anAction({ status: 'awaitingSecondApproval', approvals: [decision], needed: 2 });
  expect(plain(recordedText({ action: waiting, decision }))).toContain('1 of 2');
  expect(plain(recordedText({ action: anAction({ status: 'rejected' }), decision: aDecision({ verb: 'reject' }) }))).toContain(
    'It will not be carried out.',
  );
});

test('a bug has an id to quote', () => {
  expect(plain(bugText('AB12CD34'))).toContain('(AB12CD34)');
});

test.each<UndoBar>([
  { reason: 'final' },
  { reason: 'type' },
  { reason: 'source', source: 'explorerAction' },
  { reason: 'in-defender' },
  { reason: 'not-completed', status: 'failed' },
  { reason: 'not-completed', status: 'partiallyCompleted' },
  { reason: 'undo-running', decision: aDecision({ verb: 'undo' }) },
  { reason: 'already-undone', decision: aDecision({ verb: 'undo' }) },
  { reason: 'reversed', by: ActionId.parse('A-01JD6Q00000000000000000002'), type: 'releaseIsolation', at: '2026-11-21T08:00:00.000Z' },
  { reason: 'retention', days: 30 },
])('why something cannot be undone ($reason) is said calmly, with what stands', (bar) => {
  const text = say({ kind: 'not-undoable', bar, byYou: false });
  expect(text).toMatch(/Nothing was changed|Alice Adams (asked to undo|undid) this already/);
  expect(text).not.toMatch(/!|undefined|null|error|invalid|sorry/i);
  expect(text.length).toBeLessThan(300);
});

import { describe, expect, test } from 'vitest';
import { type ActionCard, cardFor, noteFor } from '../../src/chat/card.ts';
import { plain } from '../../src/chat/show.ts';
import { aDecision, anAction, anOutcome } from '../setup/builders.ts';
import { plainContext } from './hostile.ts';

const factOf = (card: ActionCard, label: string): string | undefined => {
  const fact = card.facts.find((it) => it.label === label);
  return fact && plain(fact.value);
};
const kinds = (card: ActionCard) => card.buttons.map((button) => button.kind);

describe('a pending card', () => {
  test('asks about the action type and what it acts on, by name', () => {
    expect(cardFor(anAction(), plainContext).heading).toBe('Stop and quarantine file: invoice.exe on WKS-0042?');
    const device = { type: 'device' as const, name: 'wks-0042.contoso.example' };
    const isolate = anAction({ type: 'isolateDevice', entities: [device] });
    expect(cardFor(isolate, plainContext).heading).toBe('Isolate device: WKS-0042?');
  });

  test('names the device that is really acted on when the producer calls the asset otherwise', () => {
    const action = anAction({ type: 'isolateDevice', asset: 'WKS-0001', entities: [{ type: 'device', name: 'dc-01.contoso.example' }] });
    expect(cardFor(action, plainContext).heading).toBe('Isolate device: dc-01.contoso.example (reported as WKS-0001)?');
  });

  test('says how many things it acts on when there are several', () => {
    const entities = ['a.exe', 'b.exe', 'c.exe'].map((name) => ({ type: 'file' as const, sha1: '3'.repeat(40), name }));
    expect(cardFor(anAction({ entities }), plainContext).heading).toContain('a.exe and 2 more');
  });

  test('binds its buttons to the action, the digest and the version that were shown', () => {
    const action = anAction({ version: 3 });
    const [approve, reject, hunt] = cardFor(action, plainContext).buttons;
    const pressed = { actionId: action.id, digest: action.scopeDigest, version: 3 };
    expect(approve).toMatchObject({ kind: 'approve', label: 'Approve Quarantine', pressed });
    expect(reject).toMatchObject({ kind: 'reject', label: 'Reject', pressed });
    expect(hunt).toMatchObject({ kind: 'hunt', label: 'Go hunt', url: plainContext.huntUrl });
  });

  test('asks again before what cannot be undone or is risky, and only then', () => {
    const confirmOf = (type: Parameters<typeof anAction>[0]) => {
      const approve = cardFor(anAction(type), plainContext).buttons.find((button) => button.kind === 'approve');
      return approve?.kind === 'approve' ? approve.confirm : undefined;
    };
    expect(confirmOf({})).toBeNull();
    expect(confirmOf({ type: 'offboardMachine' })?.text).toContain('It cannot be undone.');
    expect(confirmOf({ type: 'isolateDevice' })?.text).toContain('It can be undone later');
    expect(confirmOf({ type: 'offboardMachine', needed: 2 })?.text).toContain('after one more person approved');
  });

  test('says what approving needs, how many people, and who approved so far', () => {
    const card = cardFor(anAction({ needed: 2, isProtected: true, approvals: [aDecision()] }), plainContext);
    expect(factOf(card, 'Needs')).toBe(
      'approval by 2 different people, each with Active remediation actions, Response (manage), Security Administrator, or Global Administrator (the asset is protected)',
    );
    expect(factOf(card, 'Approved so far')).toBe('Alice Adams, 2026-11-21 08:02 UTC');
  });

  test('does not offer Global Administrator where that role may not decide', () => {
    const card = cardFor(anAction(), { ...plainContext, globalAdministratorMayDecide: false });
    expect(factOf(card, 'Needs')).not.toContain('Global Administrator');
  });

  test('tells honestly what pressing does', () => {
    const footnotes = (backend: 'defender' | 'simulator' | 'consumer') =>
      cardFor(anAction(), { ...plainContext, backend })
        .footnotes.map(plain)
        .slice(0, -1)
        .join();
    expect(footnotes('defender')).toBe('Runs in Defender after approval.');
    expect(footnotes('consumer')).toBe('Carried out by your consumer after approval.');
    expect(footnotes('simulator')).toBe('Simulated: nothing real is touched.');
  });

  test('names the action, so that it can be looked up', () => {
    expect(cardFor(anAction(), plainContext).footnotes.map(plain).at(-1)).toBe(`Action ${anAction().id}`);
  });

  test('leads to Defender when no API can carry the type out', () => {
    const card = cardFor(anAction({ type: 'quarantineEmail' }), { ...plainContext, backend: 'defender' });
    expect(kinds(card)).toEqual(['portal', 'hunt']);
    expect(card.buttons[0]).toMatchObject({ label: 'Decide in Defender', url: plainContext.portal.actionCenter });
    const mail = anAction({ type: 'softDeleteEmail' });
    expect(kinds(cardFor(mail, { ...plainContext, backend: 'defender' }))).toEqual(['approve', 'reject', 'hunt']);
    expect(kinds(cardFor(mail, { ...plainContext, backend: 'defenderWithoutMail' }))).toEqual(['portal', 'hunt']);
    expect(kinds(cardFor(anAction({ type: 'quarantineEmail' }), { ...plainContext, backend: 'consumer' }))).toEqual([
      'approve',
      'reject',
      'hunt',
    ]);
  });

  test('says why Go hunt is missing', () => {
    const context = { ...plainContext, huntUrl: null };
    expect(cardFor(anAction(), context).footnotes.map(plain).join()).toContain('nothing in this action can be searched for');
    const old = anAction({ requestedAt: '2026-10-01T00:00:00.000Z' });
    expect(cardFor(old, context).footnotes.map(plain).join()).toContain('30 days');
  });

  test('shows indicators in a form nobody can follow', () => {
    const entities = [
      { type: 'url' as const, url: 'https://evil.example/login' },
      {
        type: 'email' as const,
        networkMessageId: 'b7c2a0de-0000-4000-8000-000000000001',
        recipient: 'kim@contoso.example',
        sender: 'boss@evil.example',
      },
    ];
    const text = JSON.stringify(cardFor(anAction({ type: 'blockUrl', entities }), plainContext));
    expect(text).toContain('hxxps://evil[.]example/login');
    expect(text).toContain('boss[@]evil[.]example');
    expect(text).not.toContain('https://evil.example');
    expect(text).toContain('kim@contoso.example');
  });

  test('shows the parameters the decision covers, and what changed since it was first shown', () => {
    const card = cardFor(
      anAction({ parameters: { isolationType: 'Full', force: true }, scopeNote: 'The approval policy changed.' }),
      plainContext,
    );
    expect(factOf(card, 'Parameters')).toBe('isolationType = Full, force = true');
    expect(plain(card.notice ?? [])).toBe('Changed: The approval policy changed.');
  });
});

describe('a closed card', () => {
  test('says who decided, when, in which roles and why, and what became of it', () => {
    const decision = aDecision({ comment: 'Confirmed with the owner' });
    const card = cardFor(
      anAction({ status: 'partiallyCompleted', decision, outcome: anOutcome({ status: 'partiallyCompleted', message: '1 of 2' }) }),
      plainContext,
    );
    expect(factOf(card, 'Approved by')).toBe('Alice Adams (alice@contoso.example) in Slack, 2026-11-21 08:02 UTC');
    expect(factOf(card, 'Roles used')).toBe('Security Administrator');
    expect(factOf(card, 'Reason')).toBe('Confirmed with the owner');
    expect(factOf(card, 'Outcome')).toBe('Only partly completed. 2026-11-21 08:02 UTC: 1 of 2');
    expect(card.heading.endsWith('?')).toBe(false);
    expect(kinds(card)).toEqual(['retry', 'hunt']);
  });

  test('never shows an expired action as a rejection', () => {
    const card = cardFor(anAction({ status: 'expired', approvals: [aDecision()], needed: 2 }), plainContext);
    expect(plain(card.standing)).toBe('Expired: nobody decided before the deadline. Nobody rejected it.');
    expect(factOf(card, 'Rejected by')).toBeUndefined();
    expect(factOf(card, 'Approvals until then')).toContain('Alice Adams');
    expect(factOf(card, 'Deadline was')).toBe('2026-11-28 08:00 UTC');
  });

  test('makes a link of an address the backend reported only when it leads into the portal', () => {
    const linkOf = (portalUrl: string) => {
      const card = cardFor(anAction({ status: 'completed', outcome: anOutcome({ portalUrl }) }), plainContext);
      return card.facts.find((fact) => fact.label === 'More about it')?.value[0];
    };
    expect(linkOf('https://security.microsoft.com/action-center/history')).toMatchObject({ kind: 'link' });
    expect(linkOf('https://evil.example/x')).toMatchObject({ kind: 'foreign', text: 'hxxps://evil.example/x' });
    expect(linkOf('https://security.microsoft.com.evil.example/x')).toMatchObject({ kind: 'foreign' });
  });

  test('has a fallback that tells the whole story in one sentence', () => {
    expect(cardFor(anAction(), plainContext).fallback).toBe(
      'Decision needed: Stop and quarantine file: invoice.exe on WKS-0042 (High severity). Waiting for a decision. Decide before 2026-11-28 08:00 UTC.',
    );
    expect(cardFor(anAction({ status: 'rejected' }), plainContext).fallback).toBe(
      'Rejected; it is not carried out. Stop and quarantine file: invoice.exe on WKS-0042 (High severity).',
    );
  });
});

test('a note tells the outcome and what the backend says', () => {
  const event = {
    kind: 'outcome' as const,
    at: '2026-11-21T08:02:30.000Z',
    actorId: null,
    data: { status: 'failed', message: 'Device offline' },
  };
  const note = noteFor(event, anAction({ status: 'failed' }));
  expect(note.fallback).toBe('Failed. Stop and quarantine file: invoice.exe on WKS-0042. The backend says: Device offline');
});

/** What awaits somebody is exactly what a press of theirs would decide; and the order it is listed in. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ActionStatus, ActionType, type Actor, EntraId, Role, Severity } from '../../src/action-center/action.ts';
import { checkClick, type DecideDeps } from '../../src/action-center/decide.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { type InboxDeps, inboxOf } from '../../src/action-center/inbox.ts';
import { isOpen, type RemediationAction } from '../../src/action-center/intake.ts';
import type { Directory, Policy } from '../../src/action-center/ports.ts';
import { ok, refuse } from '../../src/action-center/refusal.ts';
import { aDecision, anAction, anActor, testNow } from '../setup/builders.ts';

const me = anActor();
const other = aDecision({ actor: { ...aDecision().actor, entraId: EntraId.parse('7f0c0000-0000-4000-8000-000000000002') } });
const inHours = (hours: number) => new Date(testNow.getTime() + hours * 3_600_000).toISOString();
const claim = async () => ok({ platform: 'slack' as const, teamId: 'T000000001', userId: 'U0ALICE', email: null });
const directoryOf = (person: Actor): Directory => ({ personFor: async () => ok(person), personById: async () => ok(person) });
const settings: InboxDeps['settings'] = { globalAdministratorMayDecide: true, backend: 'simulator' };

/** The port over a list: everything that is open, whoever asks. */
function surroundings(actions: RemediationAction[], person: Actor = me, more: Partial<InboxDeps> = {}): InboxDeps {
  const store: InboxDeps['store'] = {
    candidates: async ({ limit }) => {
      const open = actions.filter(isOpen);
      return { actions: open.slice(0, limit), total: open.length };
    },
    decidedBy: async (entraId, limit) =>
      actions
        .flatMap((action) => (action.decision?.actor.entraId === entraId ? [{ action, decision: action.decision }] : []))
        .slice(0, limit),
  };
  return { store, directory: directoryOf(person), settings, now: () => testNow, ...more };
}

async function waitingIds(deps: InboxDeps): Promise<string[]> {
  const found = await inboxOf(deps, claim);
  return found.ok ? found.value.waiting.map(({ id }) => id) : [];
}

const group = fc.constantFrom('Workstations', 'Servers', undefined);
const anyAction = fc
  .record({
    number: fc.nat({ max: 9999 }),
    type: fc.constantFrom(...ActionType.options),
    severity: fc.constantFrom(...Severity.options),
    status: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('pending', 'awaitingSecondApproval') },
      fc.constantFrom(...ActionStatus.options),
    ),
    expiresIn: fc.integer({ min: -2, max: 60 }),
    age: fc.integer({ min: 0, max: 200 }),
    needed: fc.integer({ min: 1, max: 3 }),
    approvals: fc.subarray([aDecision(), other]),
    requester: fc.constantFrom(undefined, me.upn.toUpperCase(), 'kim@contoso.example'),
    groups: fc.array(group, { maxLength: 2 }),
  })
  .map(({ number, expiresIn, age, requester, groups, status, ...rest }) =>
    anAction({
      ...rest,
      id: `A-${String(number).padStart(4, '0')}`,
      status: status as ActionStatus,
      expiresAt: inHours(expiresIn),
      requestedAt: inHours(-age),
      requestedBy: { kind: 'person', name: 'Kim', ...(requester === undefined ? {} : { upn: requester }) },
      entities: [
        { type: 'file', name: 'invoice.exe', sha1: 'a'.repeat(40) },
        ...groups.map((name, index) => ({ type: 'device' as const, name: `wks-${index}`, ...(name === undefined ? {} : { group: name }) })),
      ],
    }),
  );
const anyActor = fc
  .record({
    roles: fc.oneof(fc.subarray<Role>([...Role.options]), fc.constant<Role[]>([...Role.options])),
    deviceGroups: fc.constantFrom<string[]>(['*'], ['Workstations'], ['Workstations', 'Servers'], []),
  })
  .map((over) => anActor(over));

/** Whether a press on Approve, on the card as it is, would count. */
async function pressCounts(action: RemediationAction, person: Actor, more: InboxDeps['settings']): Promise<boolean> {
  const deps = {
    store: { get: async () => action, note: async () => {} } as unknown as DecideDeps['store'],
    directory: directoryOf(person),
    policy: { version: action.policyVersion, barred: () => null, freshSignIn: null } as unknown as Policy,
    signIns: null,
    whoElseMay: async () => [],
    settings: more,
    now: () => testNow,
    sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
    newDecisionId: () => 'D-1',
    poke: () => {},
  };
  const { id, scopeDigest } = action;
  const press = {
    actionId: id,
    verb: 'approve' as const,
    by: 'slack:T/U',
    person: claim,
    platform: 'slack' as const,
    account: null,
    comment: null,
  };
  return (await checkClick(deps, { ...press, shownDigest: scopeDigest, clickId: 'c' })).ok;
}

describe('an inbox', () => {
  it('lists what a press of this person would decide, and nothing else', async () => {
    let listed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyAction, { minLength: 1, maxLength: 20, selector: ({ id }) => id }),
        anyActor,
        fc.constantFrom('simulator' as const, 'consumer' as const, 'defender' as const),
        fc.boolean(),
        async (actions, person, backend, globalAdministratorMayDecide) => {
          const more = { backend, globalAdministratorMayDecide };
          const would = [];
          for (const action of actions) if (await pressCounts(action, person, more)) would.push(action.id);
          const ids = await waitingIds(surroundings(actions, person, { settings: more }));
          expect(ids.toSorted()).toEqual(would.toSorted());
          listed += ids.length;
        },
      ),
      { numRuns: 300 },
    );
    expect(listed).toBeGreaterThan(150);
  });

  it('has what expires within 24 hours first, then by severity, risk and age', async () => {
    const one = (id: string, over: Parameters<typeof anAction>[0]) => anAction({ id, severity: 'low', ...over });
    const inOrder = [
      one('A-1', { expiresAt: inHours(23), severity: 'medium' }),
      one('A-2', { expiresAt: inHours(2), severity: 'low' }),
      one('A-3', { severity: 'high', type: 'offboardMachine', requestedAt: inHours(-1) }),
      one('A-4', { severity: 'high', type: 'isolateDevice', requestedAt: inHours(-30) }),
      one('A-5', { severity: 'high', type: 'isolateDevice', requestedAt: inHours(-29) }),
      one('A-6', { severity: 'high', requestedAt: inHours(-90) }),
      one('A-7', { severity: 'medium', type: 'isolateDevice', requestedAt: inHours(-99) }),
      one('A-8', { severity: 'informational', expiresAt: inHours(25) }),
      one('A-9', { severity: 'informational', expiresAt: inHours(25) }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(inOrder, { minLength: inOrder.length }), async (actions) => {
        expect(await waitingIds(surroundings(actions))).toEqual(inOrder.map(({ id }) => id));
      }),
      { numRuns: 50 },
    );
  });

  it('shows twenty and counts all; beyond what is looked at it estimates, and says so', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => anAction({ id: `A-${String(index).padStart(5, '0')}` }));
    const found = await inboxOf(surroundings(many(300)), claim);
    expect(found).toMatchObject({ ok: true, value: { count: { kind: 'exact', count: 300 } } });
    expect(found.ok && found.value.waiting).toHaveLength(20);
    // Every second one is somebody else's to decide.
    const half = many(1200).map((action, index) => (index % 2 === 0 ? action : { ...action, approvals: [aDecision()], needed: 2 }));
    const estimated = await inboxOf(surroundings(half), claim);
    expect(estimated).toMatchObject({ ok: true, value: { count: { kind: 'about', count: 600 } } });
  });

  it('leaves out what a rule bars from being decided in chat', async () => {
    const actions = [anAction({ id: 'A-1' }), anAction({ id: 'A-2', type: 'isolateDevice' })];
    expect(await waitingIds(surroundings(actions, me, { isBarred: ({ type }) => type === 'isolateDevice' }))).toEqual(['A-1']);
  });

  it('keeps what somebody decided from them when they may not read it any more', async () => {
    const decided = [anAction({ id: 'A-1', status: 'completed' }), anAction({ id: 'A-2', status: 'completed', type: 'softDeleteEmail' })];
    const responder = anActor({ roles: ['ActiveRemediationActions'] });
    const found = await inboxOf(surroundings(decided, responder), claim);
    expect(found.ok && found.value.decided.map(({ action }) => action.id)).toEqual(['A-1']);
  });

  it('tells whoever may decide nothing what would let them', async () => {
    const found = await inboxOf(surroundings([anAction()], anActor({ roles: ['SecurityReader'] })), claim);
    expect(found).toMatchObject({
      ok: false,
      refusal: { kind: 'may-decide-nothing', missing: [['ActiveRemediationActions'], expect.anything(), expect.anything()] },
    });
  });

  it('lists nothing for somebody nobody knows, or while nobody can say who it is', async () => {
    const unknown: Directory = { ...directoryOf(me), personFor: async () => refuse({ kind: 'unknown-person' }) };
    expect(await inboxOf(surroundings([anAction()], me, { directory: unknown }), claim)).toEqual(refuse({ kind: 'unknown-person' }));
    const away = { ...directoryOf(me), personFor: () => Promise.reject(new UpstreamError('directory', 'away', { retryable: true })) };
    const found = await inboxOf(surroundings([anAction()], me, { directory: away }), claim);
    expect(found).toEqual(refuse({ kind: 'identity-unavailable', service: 'directory' }));
  });
});

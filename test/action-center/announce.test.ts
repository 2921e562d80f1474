import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ActionId } from '../../src/action-center/action.ts';
import { type AnnounceDeps, announce, parseSubmission } from '../../src/action-center/announce.ts';
import type { Intake } from '../../src/action-center/intake.ts';
import type { ActionStore, Policy } from '../../src/action-center/ports.ts';
import { type Remembered, rememberedActions } from './remembered-actions.ts';

const now = new Date('2026-11-21T08:00:00.000Z');
const body = {
  id: 'sentinel-8841',
  producer: 'sentinel',
  type: 'isolateDevice',
  source: 'automatedDeviceAction',
  severity: 'high',
  title: 'Isolate wks-0042',
  entities: [{ type: 'device', name: 'wks-0042.contoso.example', group: 'Workstations' }],
};

function intakeFrom(changes: object = {}): Intake {
  const parsed = parseSubmission({ ...body, ...changes });
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.intake;
}

function surroundings({ store = rememberedActions(), policy = {} }: { store?: Remembered; policy?: Partial<Policy> } = {}) {
  let pokes = 0;
  let ids = 0;
  const deps: AnnounceDeps = {
    store: store as unknown as ActionStore,
    policy: {
      version: 'v1',
      routesFor: () => [{ platform: 'slack', conversation: 'C0SOC' }],
      approvalsNeeded: () => 1,
      isProtected: () => false,
      ...policy,
    },
    tenantId: 'default',
    now: () => now,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    newActionId: () => ActionId.parse(`A-${++ids}`),
    poke: () => {
      pokes += 1;
    },
  };
  return { deps, store, pokes: () => pokes };
}

describe('a new action', () => {
  it('is stored with its card and an audit event, and then a card is wanted', async () => {
    const { deps, store, pokes } = surroundings();
    const announced = await announce(deps, intakeFrom());
    expect(announced).toMatchObject({ kind: 'accepted', action: { id: 'A-1', key: 'sentinel-8841', status: 'pending', version: 1 } });
    expect(store.added).toMatchObject([
      {
        targets: [{ platform: 'slack', conversation: 'C0SOC' }],
        event: { kind: 'announced', actorId: null, data: { producer: 'sentinel', key: 'sentinel-8841', type: 'isolateDevice' } },
      },
    ]);
    expect(pokes()).toBe(1);
  });

  it('gets a deadline of 7 days, the producer as the asking side, and the present time', async () => {
    const { deps, store } = surroundings();
    await announce(deps, intakeFrom());
    expect(store.added[0]?.action).toMatchObject({
      requestedAt: '2026-11-21T08:00:00.000Z',
      expiresAt: '2026-11-28T08:00:00.000Z',
      requestedBy: { kind: 'application', name: 'sentinel' },
    });
  });

  it('keeps its times, told in UTC', async () => {
    const { deps, store } = surroundings();
    await announce(deps, intakeFrom({ requestedAt: '2026-11-21T08:30:00+01:00', expiresAt: '2026-11-22T00:00:00-05:00' }));
    expect(store.added[0]?.action).toMatchObject({ requestedAt: '2026-11-21T07:30:00.000Z', expiresAt: '2026-11-22T05:00:00.000Z' });
  });

  it('needs two people on a protected asset, and more where the policy says so', async () => {
    const needed = async (policy: Partial<Policy>) => {
      const { deps, store } = surroundings({ policy });
      await announce(deps, intakeFrom());
      return store.added[0]?.action.needed;
    };
    expect(await needed({})).toBe(1);
    expect(await needed({ isProtected: () => true })).toBe(2);
    expect(await needed({ isProtected: () => true, approvalsNeeded: () => 3 })).toBe(3);
  });

  it('is bound to its scope and the rules in force, not to its words', async () => {
    const digest = async (changes: object, policy: Partial<Policy> = {}) => {
      const { deps, store } = surroundings({ policy });
      await announce(deps, intakeFrom(changes));
      return store.added[0]?.action.scopeDigest;
    };
    const plain = await digest({});
    expect(plain).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await digest({ title: 'Other words', severity: 'low' })).toBe(plain);
    expect(await digest({ parameters: { isolationType: 'Full' } })).not.toBe(plain);
    expect(await digest({}, { version: 'v2' })).not.toBe(plain);
  });
});

describe('an action that was submitted before', () => {
  it('is known when its content is the same, in whatever order its keys come', async () => {
    const { deps, store, pokes } = surroundings();
    await announce(deps, intakeFrom({ parameters: { a: 1, b: 2 } }));
    const { id, ...rest } = intakeFrom({ parameters: { b: 2, a: 1 } });
    expect(await announce(deps, { ...rest, id })).toMatchObject({ kind: 'known', action: { id: 'A-1' } });
    expect(store.added).toHaveLength(1);
    expect(pokes()).toBe(1);
  });

  it('is a conflict when its content differs', async () => {
    const { deps, store } = surroundings();
    await announce(deps, intakeFrom());
    expect(await announce(deps, intakeFrom({ title: 'Isolate wks-0043' }))).toMatchObject({ kind: 'conflict', action: { id: 'A-1' } });
    expect(store.added).toHaveLength(1);
  });

  it('is known for ever, also after its deadline', async () => {
    const { deps } = surroundings();
    const intake = intakeFrom({ expiresAt: '2026-11-21T09:00:00Z' });
    await announce(deps, intake);
    const later = { ...deps, now: () => new Date('2026-12-24T08:00:00Z') };
    expect(await announce(later, intake)).toMatchObject({ kind: 'known' });
  });

  it('is told from one of another producer with the same id', async () => {
    const { deps } = surroundings();
    await announce(deps, intakeFrom());
    expect(await announce(deps, intakeFrom({ producer: 'mdo' }))).toMatchObject({ kind: 'accepted', action: { id: 'A-2' } });
  });

  it.each([
    ['known', {}],
    ['conflict', { title: 'Other words' }],
  ])('by another bot in the same moment is %s', async (kind, changes) => {
    const other: Remembered = rememberedActions();
    const first = surroundings({ store: other });
    await announce(first.deps, intakeFrom());
    // The look-up happens before the other bot's write, ours after it.
    const late = { ...rememberedActions(), add: other.add };
    const { deps, pokes } = surroundings({ store: { ...late, added: other.added } });
    expect(await announce(deps, intakeFrom(changes))).toMatchObject({ kind, action: { id: 'A-1' } });
    expect(other.added).toHaveLength(1);
    expect(pokes()).toBe(0);
  });
});

describe('an action nobody could decide in time', () => {
  it.each([
    ['whose deadline has passed', { expiresAt: '2026-11-21T08:00:00Z' }, 'expiresAt'],
    ['that was asked for more than 7 days ago', { requestedAt: '2026-11-14T07:59:59Z' }, 'requestedAt'],
    ['that is asked for in the future', { requestedAt: '2026-11-21T08:05:01Z' }, 'requestedAt'],
  ])('%s is refused with the field', async (_what, changes, path) => {
    const { deps, store, pokes } = surroundings();
    expect(await announce(deps, intakeFrom(changes))).toEqual({ kind: 'invalid', issues: [{ path, message: expect.any(String) }] });
    expect(store.added).toHaveLength(0);
    expect(pokes()).toBe(0);
  });
});

describe('an idempotency key', () => {
  it('stands in for a missing id and wins over a given one', () => {
    const { id: _id, ...rest } = body;
    expect(parseSubmission(rest, 'from-header')).toMatchObject({ intake: { id: 'from-header' } });
    expect(parseSubmission(body, 'from-header')).toMatchObject({ intake: { id: 'from-header' } });
  });

  it('does not make an object of what is none', () => {
    for (const wrong of [null, 'text', 7, []]) expect(parseSubmission(wrong, 'from-header')).toHaveProperty('issues');
  });
});

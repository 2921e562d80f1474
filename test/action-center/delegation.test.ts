/** Naming a stand-in: who may be one, and for which time. The record behind it is tested on both engines elsewhere. */
import { describe, expect, it } from 'vitest';
import { type Actor, EntraId } from '../../src/action-center/action.ts';
import { type Delegation, type DelegationDeps, delegating, standInLookUp, type Wish } from '../../src/action-center/delegation.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { ok, type PersonRefusal, type Result, refuse } from '../../src/action-center/refusal.ts';
import { anActor } from '../setup/builders.ts';

const alice = anActor();
const bob = anActor({ entraId: EntraId.parse('bob-id'), upn: 'bob@contoso.example', displayName: 'Bob Brown' });
const reader = anActor({ entraId: EntraId.parse('carol-id'), displayName: 'Carol Chen', roles: ['SecurityReader'] });
const asAlice = async () => ok({ platform: 'teams' as const, tenantId: 't', entraId: alice.entraId });

type Given = { now?: string; found?: Result<Actor, PersonRefusal>; timezone?: string; isDown?: boolean };

function deps({ now = '2026-11-21T10:00:00Z', found = ok(bob), timezone = 'Europe/Berlin', isDown = false }: Given = {}) {
  const added: Delegation[] = [];
  const all: DelegationDeps = {
    delegations: {
      add: async (delegation) => {
        added.push(delegation);
        return null;
      },
      of: async () => added,
      current: async () => added[0] ?? null,
      end: async () => added.splice(0),
      list: async () => added,
    },
    directory: {
      personFor: async () => ok(alice),
      personById: async () => {
        if (isDown) throw new UpstreamError('directory', 'away', { retryable: true });
        return found;
      },
      personByAddress: async () => found,
    },
    settings: { globalAdministratorMayDecide: true, backend: 'simulator' },
    rules: { longestMs: 14 * 86_400_000, timezone },
    reach: async () => null,
    now: () => new Date(now),
    newDelegationId: () => 'S-1',
    poke: () => {},
  };
  return { all, added };
}

const wish = (over: Partial<Wish> = {}): Wish => ({
  named: { kind: 'address', address: 'bob@contoso.example' },
  from: null,
  until: '2026-11-30',
  because: null,
  ...over,
});
const begun = (over: Partial<Wish>, given: Given = {}) => delegating(deps(given).all).begin(asAlice, wish(over));
const kindOf = async (over: Partial<Wish>, given: Given = {}) => {
  const result = await begun(over, given);
  return result.ok ? 'recorded' : result.refusal.kind;
};

describe('the time', () => {
  it('is whole days there, the last one included; without a beginning it begins now', async () => {
    expect(await begun({})).toMatchObject({
      value: { from: '2026-11-21T10:00:00.000Z', until: '2026-11-30T23:00:00.000Z', standInName: 'Bob Brown' },
    });
    expect(await begun({ from: '2026-11-25', until: '2026-11-25' })).toMatchObject({
      value: { from: '2026-11-24T23:00:00.000Z', until: '2026-11-25T23:00:00.000Z' },
    });
    expect(await begun({ from: 'today', until: 'tomorrow' })).toMatchObject({
      value: { from: '2026-11-21T10:00:00.000Z', until: '2026-11-22T23:00:00.000Z' },
    });
    expect(await begun({ from: '2026-11-22t08:00', until: '2026-11-22t17:30' })).toMatchObject({
      value: { from: '2026-11-22T07:00:00.000Z', until: '2026-11-22T16:30:00.000Z' },
    });
  });

  it.each([
    [{ from: '2026-11-01', until: '2026-11-05' }, 'past'],
    [{ from: '2026-11-19', until: '2026-11-25' }, 'past'],
    [{ from: '2026-11-28', until: '2026-11-25' }, 'backwards'],
    [{ from: '2026-11-25', until: '2026-12-25' }, 'too-long'],
    [{ from: '2026-11-21', until: '2026-12-04' }, 'recorded'],
    [{ until: '2026-02-31' }, 'not-a-date'],
    [{ from: 'soon' }, 'not-a-date'],
    [{ until: '2026-11-25T25:00' }, 'not-a-date'],
  ])('%o is %s', async (over, kind) => {
    expect(await kindOf(over)).toBe(kind);
  });

  it('may be its longest also across a change of the clocks', async () => {
    // 14 days that hold 25 hours once.
    expect(await kindOf({ from: '2026-10-18', until: '2026-10-31' }, { now: '2026-10-10T10:00:00Z' })).toBe('recorded');
  });
});

describe('the stand-in', () => {
  it.each<[string, Result<Actor, PersonRefusal>, object]>([
    ['nobody of the directory', refuse({ kind: 'unknown-person' }), { kind: 'stand-in', refusal: { kind: 'unknown-person' } }],
    ['disabled', refuse({ kind: 'disabled-person' }), { kind: 'stand-in', refusal: { kind: 'disabled-person' } }],
    ['a guest', refuse({ kind: 'guest' }), { kind: 'stand-in', refusal: { kind: 'guest' } }],
    ['the person themselves', ok(alice), { kind: 'self' }],
    ['somebody who decides nothing', ok(reader), { kind: 'stand-in-decides-nothing', name: 'Carol Chen' }],
  ])('is not %s', async (_, found, refusal) => {
    expect(await begun({}, { found })).toMatchObject({ ok: false, refusal });
  });

  it('is nobody while the directory does not answer', async () => {
    const result = await begun({ named: { kind: 'id', entraId: 'bob-id' } }, { isDown: true });
    expect(result).toMatchObject({ refusal: { kind: 'stand-in', refusal: { kind: 'identity-unavailable' } } });
  });
});

describe('somebody’s place', () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const taken = async (given: Given) => {
    const { all } = deps({});
    await delegating(all).begin(asAlice, wish());
    return standInLookUp({ ...all, directory: deps(given).all.directory, log })(alice.entraId, all.now());
  };

  it('is taken only by a stand-in who is still there and still decides something', async () => {
    expect(await taken({})).toMatchObject({ entraId: 'bob-id', forName: 'Alice Adams' });
    expect(await taken({ found: ok(reader) })).toBeNull();
    expect(await taken({ found: refuse({ kind: 'disabled-person' }) })).toBeNull();
    expect(await taken({ isDown: true })).toBeNull();
  });
});

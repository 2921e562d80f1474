/** `countersign delegations list | remove`, as an operator reads it. The record behind it is tested on both engines elsewhere. */
import { describe, expect, it } from 'vitest';
import { EntraId } from '../src/action-center/action.ts';
import type { Delegation, DelegationStore } from '../src/action-center/delegation.ts';
import { listDelegations, removeDelegation } from '../src/delegation-commands.ts';

const now = () => new Date('2026-11-21T08:00:00Z');
const delegation: Delegation = {
  id: 'S-1',
  entraId: EntraId.parse('alice-id'),
  displayName: 'Alice\u001b[2J Adams',
  upn: 'alice@contoso.example',
  standIn: EntraId.parse('bob-id'),
  standInName: 'Bob Brown',
  standInUpn: 'bob@contoso.example',
  from: '2026-12-01T00:00:00.000Z',
  until: '2026-12-08T00:00:00.000Z',
  because: 'holidays',
  madeAt: '2026-11-20T00:00:00.000Z',
  endedAt: null,
};

describe('the operator', () => {
  const said: string[] = [];
  const complained: string[] = [];
  const speech = { say: (line: string) => void said.push(line), complain: (line: string) => void complained.push(line) };
  let standing = [delegation];
  const delegations: Pick<DelegationStore, 'list' | 'end'> = {
    list: async () => standing,
    end: async (which) => {
      const ended = standing.filter(({ id }) => 'id' in which && id === which.id);
      standing = standing.filter((one) => !ended.includes(one));
      return ended;
    },
  };
  const ground = { delegations: delegations as DelegationStore, now };

  it('sees who stands in for whom, with nothing in a name that a terminal obeys', async () => {
    expect(await listDelegations(ground, speech.say)).toBe(0);
    expect(said[0]).toBe(
      'S-1: Bob Brown (bob@contoso.example) for Alice?[2J Adams (alice@contoso.example), 2026-12-01T00:00:00.000Z to 2026-12-08T00:00:00.000Z, because holidays',
    );
    expect(said[1]).toBe('1 delegation that has not ended.');
  });

  it('ends one, and hears when there is none', async () => {
    expect(await removeDelegation(ground, 'S-1', speech)).toBe(0);
    expect(await removeDelegation(ground, 'S-1', speech)).toBe(1);
    expect(complained[0]).toContain('countersign delegations list shows those that exist');
  });
});

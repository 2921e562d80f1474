import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/action-center/action.ts';
import { deviceGroupsFrom, groupIds, rolesFromAssignments, rolesFromGroups } from '../../src/identity/graph-roles.ts';

/** Written down here a second time, from Microsoft's list of built-in roles. */
const templates: [Role, string][] = [
  ['GlobalAdministrator', '62e90394-69f5-4237-9190-012177145e10'],
  ['SecurityAdministrator', '194ae4cb-b126-40b2-bd5b-6091b380977d'],
  ['SecurityOperator', '5f2222b1-57c3-48ba-8ad5-d4759f1fde6f'],
  ['SecurityReader', '5d6b6bb7-de71-4623-b4af-96380a352509'],
  ['GlobalReader', 'f2ef992c-3afb-46b9-b7cf-a126ee74c451'],
];
const everything = (ids: readonly string[], scope = '/') => ids.map((roleDefinitionId) => ({ roleDefinitionId, directoryScopeId: scope }));
const unit = '/administrativeUnits/0c52';
const exchangeAdministrator = '29232cdf-9323-42fd-ade2-1d097af3e4de';

describe('directory roles', () => {
  it('are known by their template ids, in every combination', () => {
    for (let bits = 0; bits < 1 << templates.length; bits += 1) {
      const some = templates.filter((_, index) => bits & (1 << index));
      const ids = some.map(([, id]) => id);
      expect(rolesFromAssignments(new Set(ids), everything(ids)).sort()).toEqual(some.map(([role]) => role).sort());
    }
  });

  it('do not count for an administrative unit or an application alone', () => {
    for (const [, id] of templates) {
      expect(rolesFromAssignments(new Set([id]), everything([id], unit))).toEqual([]);
      expect(rolesFromAssignments(new Set([id]), [{ roleDefinitionId: id, directoryScopeId: null }])).toEqual([]);
    }
  });

  it('count where one assignment of several is for the whole tenant', () => {
    for (const [role, id] of templates) {
      expect(rolesFromAssignments(new Set([id]), [...everything([id], unit), ...everything([id])])).toEqual([role]);
    }
  });

  it('of other kinds are passed over', () => {
    expect(rolesFromAssignments(new Set(), everything([exchangeAdministrator]))).toEqual([]);
  });

  it('are no answer where the two answers contradict each other', () => {
    for (const [, id] of templates) {
      expect(() => rolesFromAssignments(new Set([id]), [])).toThrow(/contradicts itself/);
      expect(() => rolesFromAssignments(new Set(), everything([id]))).toThrow(/contradicts itself/);
      // Known to one as a role for a unit only: it would not count either way.
      expect(rolesFromAssignments(new Set(), everything([id], unit))).toEqual([]);
    }
  });
});

describe('groups', () => {
  const groups = {
    searchAndPurge: ['s1', 's2'],
    activeRemediation: ['a1'],
    exchangeSecurityAdministrator: ['e1'],
    devices: { Workstations: ['w1', 'a1'], Servers: ['v1'], '*': ['all'] },
  };

  it('stand for what no interface tells, any one of a list being enough', () => {
    const table: [string[], Role[]][] = [
      [[], []],
      [['s1'], ['SearchAndPurge']],
      [['s2'], ['SearchAndPurge']],
      [['a1'], ['ActiveRemediationActions']],
      [['e1'], ['ExchangeSecurityAdministrator']],
      [
        ['s1', 's2', 'a1', 'e1', 'other'],
        ['ActiveRemediationActions', 'SearchAndPurge', 'ExchangeSecurityAdministrator'],
      ],
      [['w1'], []],
    ];
    for (const [memberOf, roles] of table) expect(rolesFromGroups(groups, new Set(memberOf))).toEqual(roles);
  });

  it('open device groups, and without a map all of them', () => {
    expect(deviceGroupsFrom(groups, new Set(['a1', 'v1']))).toEqual(['Workstations', 'Servers']);
    expect(deviceGroupsFrom(groups, new Set(['all']))).toEqual(['*']);
    expect(deviceGroupsFrom(groups, new Set())).toEqual([]);
    expect(deviceGroupsFrom({ ...groups, devices: {} }, new Set(['a1']))).toEqual([]);
    expect(deviceGroupsFrom({ ...groups, devices: null }, new Set())).toEqual(['*']);
  });

  it('are asked about once each', () => {
    expect(groupIds(groups).sort()).toEqual(['a1', 'all', 'e1', 's1', 's2', 'v1', 'w1']);
  });
});

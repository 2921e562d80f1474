import { describe, expect, test } from 'vitest';
import { type ActionType, Role, Verb } from '../../src/action-center/action.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import { historyRoles, mayDecide, mayViewHistory, roleLabels } from '../../src/action-center/permissions.ts';

const on = { globalAdministratorMayDecide: true };
const off = { globalAdministratorMayDecide: false };
const person = (roles: Role[], deviceGroups: string[] = ['*']) => ({ roles, deviceGroups });

const device: Entity = { type: 'device', name: 'wks-1.contoso.example', group: 'Workstations' };
const email: Entity = { type: 'email', networkMessageId: '73ca4154-58d8-43d0-a890-08dc18c52e6d', recipient: 'kim@contoso.example' };
const user: Entity = { type: 'user', upn: 'kim@contoso.example' };
const isolate = { type: 'isolateDevice', entities: [device] } as const satisfies { type: ActionType; entities: Entity[] };
const softDelete = { type: 'softDeleteEmail', entities: [email] } as const satisfies { type: ActionType; entities: Entity[] };
const disable = { type: 'disableUser', entities: [user] } as const satisfies { type: ActionType; entities: Entity[] };
const containUser = { type: 'containUser', entities: [user] } as const satisfies { type: ActionType; entities: Entity[] };

const everyRoleSet = Array.from({ length: 2 ** Role.options.length }, (_, bits) => Role.options.filter((_role, at) => bits & (1 << at)));

/** Typed from Microsoft's pages, on purpose without looking at the table under test. */
function oracle(roles: Role[], type: ActionType, verb: Verb, globalAdministratorMayDecide: boolean): boolean {
  if (globalAdministratorMayDecide && roles.includes('GlobalAdministrator')) return true;
  const has = (role: Role) => roles.includes(role);
  if (verb === 'undo') return mayUndo(has, type);
  const sa = has('SecurityAdministrator');
  if (type === 'isolateDevice') return sa || has('ActiveRemediationActions') || has('UrbacResponseManage');
  if (type === 'softDeleteEmail') {
    const opensActionCenter = has('SecurityOperator') || has('SecurityReader') || has('GlobalReader');
    const unified = has('UrbacEmailMetadataRead') && has('UrbacEmailAdvancedActionsManage');
    return unified || (has('SearchAndPurge') && (sa || (has('ExchangeSecurityAdministrator') && opensActionCenter)));
  }
  return sa || has('UrbacResponseManage');
}

function mayUndo(has: (role: Role) => boolean, type: ActionType): boolean {
  if (type === 'containUser') return false;
  return has('SecurityAdministrator') && (type !== 'softDeleteEmail' || has('SearchAndPurge'));
}

describe('the whole matrix: every set of roles, workload, verb and switch', () => {
  const actions = [isolate, softDelete, disable, containUser];
  const cases = actions.flatMap((action) => Verb.options.flatMap((verb) => [on, off].map((settings) => ({ action, verb, settings }))));

  test.each(cases)('$action.type, $verb, $settings agrees with the pages', ({ action, verb, settings }) => {
    expect(everyRoleSet).toHaveLength(2048);
    for (const roles of everyRoleSet) {
      const permission = mayDecide(person(roles), action, verb, settings);
      const expected = oracle(roles, action.type, verb, settings.globalAdministratorMayDecide);
      if (permission.allowed !== expected) expect.fail(`${roles.join('+') || 'no role'}: ${permission.allowed}, the pages say ${expected}`);
    }
  });

  test.each(cases)(
    '$action.type, $verb, $settings: used roles are held and sufficient, missing ones are lacked and would suffice',
    (of) => {
      for (const roles of everyRoleSet) {
        const permission = mayDecide(person(roles), of.action, of.verb, of.settings);
        const decides = (held: Role[]) => oracle(held, of.action.type, of.verb, of.settings.globalAdministratorMayDecide);
        const sound = permission.allowed
          ? permission.rolesUsed.every((role) => roles.includes(role)) && decides(permission.rolesUsed)
          : permission.missing.every(
              (list) => list.length > 0 && !list.some((role) => roles.includes(role)) && decides([...roles, ...list]),
            );
        if (!sound) expect.fail(`${roles.join('+') || 'no role'}: ${JSON.stringify(permission)}`);
      }
    },
  );

  test('only the five named roles open History', () => {
    const named: Role[] = ['GlobalAdministrator', 'SecurityAdministrator', 'SecurityOperator', 'SecurityReader', 'GlobalReader'];
    expect(new Set(historyRoles)).toEqual(new Set(named));
    for (const roles of everyRoleSet) {
      if (mayViewHistory({ roles }) !== roles.some((role) => named.includes(role))) expect.fail(roles.join('+'));
    }
  });
});

describe('device actions', () => {
  test('are open to Active remediation actions alone', () => {
    expect(mayDecide(person(['ActiveRemediationActions']), isolate, 'approve', on)).toEqual({
      allowed: true,
      rolesUsed: ['ActiveRemediationActions'],
    });
  });

  test('are closed to a Security Reader, who is told the smallest ways in, Global Administrator last', () => {
    expect(mayDecide(person(['SecurityReader']), isolate, 'approve', on)).toEqual({
      allowed: false,
      missing: [['ActiveRemediationActions'], ['UrbacResponseManage'], ['SecurityAdministrator'], ['GlobalAdministrator']],
    });
  });

  test('may not be undone by somebody who may only approve them', () => {
    expect(mayDecide(person(['UrbacResponseManage']), isolate, 'undo', on)).toMatchObject({ allowed: false });
  });

  test('record the least privileged role, not Global Administrator', () => {
    const both = person(['GlobalAdministrator', 'SecurityAdministrator']);
    expect(mayDecide(both, isolate, 'approve', on)).toEqual({ allowed: true, rolesUsed: ['SecurityAdministrator'] });
  });
});

describe('email actions', () => {
  test('refuse a Security Administrator without Search and Purge, and name that first', () => {
    const permission = mayDecide(person(['SecurityAdministrator']), softDelete, 'approve', on);
    expect(permission).toMatchObject({ allowed: false });
    expect(permission.allowed ? [] : permission.missing[0]).toEqual(['SearchAndPurge']);
    expect(permission.allowed ? [] : permission.missing.at(-1)).toEqual(['GlobalAdministrator']);
  });

  test('refuse Search and Purge alone', () => {
    expect(mayDecide(person(['SearchAndPurge']), softDelete, 'reject', on).allowed).toBe(false);
  });

  test('refuse the Email & collaboration role group without a directory role that opens the Action center', () => {
    expect(mayDecide(person(['ExchangeSecurityAdministrator']), softDelete, 'approve', on).allowed).toBe(false);
    expect(mayDecide(person(['ExchangeSecurityAdministrator', 'SearchAndPurge']), softDelete, 'approve', on).allowed).toBe(false);
  });

  test('accept the Email & collaboration role group beside such a directory role', () => {
    const roles: Role[] = ['ExchangeSecurityAdministrator', 'SearchAndPurge', 'SecurityOperator'];
    expect(mayDecide(person(roles), softDelete, 'approve', on)).toEqual({ allowed: true, rolesUsed: roles });
  });

  test('need both unified permissions', () => {
    expect(mayDecide(person(['UrbacEmailAdvancedActionsManage']), softDelete, 'approve', on).allowed).toBe(false);
    expect(mayDecide(person(['UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage']), softDelete, 'approve', on).allowed).toBe(true);
  });

  test('do not look at device groups', () => {
    expect(mayDecide(person(['SecurityAdministrator', 'SearchAndPurge'], []), softDelete, 'approve', on).allowed).toBe(true);
  });
});

describe('identity actions', () => {
  test('are closed to Active remediation actions, a role of devices', () => {
    expect(mayDecide(person(['ActiveRemediationActions']), disable, 'approve', on).allowed).toBe(false);
  });

  test('undoing the containment of a user takes a Global Administrator', () => {
    expect(mayDecide(person(['SecurityAdministrator']), containUser, 'undo', on)).toEqual({
      allowed: false,
      missing: [['GlobalAdministrator']],
    });
    expect(mayDecide(person(['GlobalAdministrator']), containUser, 'undo', on).allowed).toBe(true);
  });

  test('nothing helps a Global Administrator whose switch is off', () => {
    expect(mayDecide(person(['GlobalAdministrator']), containUser, 'undo', off)).toEqual({ allowed: false, missing: [] });
  });
});

describe('device groups', () => {
  const scoped = person(['SecurityAdministrator'], ['Workstations']);
  const server: Entity = { type: 'device', name: 'srv-1.contoso.example', group: 'Servers' };
  const ungrouped: Entity = { type: 'device', name: 'new-1.contoso.example' };
  const file: Entity = { type: 'file', sha1: '3395856ce81f2b7382dee72602f798b642f14140' };
  const quarantine = (...entities: Entity[]) => ({ type: 'stopAndQuarantineFile' as const, entities: [file, ...entities] });

  test.each(Verb.options)('a device of an open group may be acted on: %s', (verb) => {
    expect(mayDecide(scoped, isolate, verb, on).allowed).toBe(true);
  });

  test.each(Verb.options)('one closed device closes the whole action: %s', (verb) => {
    expect(mayDecide(scoped, quarantine(device, server), verb, on)).toEqual({ allowed: false, missing: [], deviceGroup: 'Servers' });
  });

  test('a device without a group is refused', () => {
    expect(mayDecide(scoped, quarantine(ungrouped), 'approve', on)).toEqual({ allowed: false, missing: [], deviceGroup: 'unknown' });
  });

  test('a device action that names no device is refused', () => {
    expect(mayDecide(scoped, quarantine(), 'approve', on)).toEqual({ allowed: false, missing: [], deviceGroup: 'unknown' });
  });

  test('all groups open everything', () => {
    const everywhere = person(['SecurityAdministrator'], ['Workstations', '*']);
    expect(mayDecide(everywhere, quarantine(server, ungrouped), 'approve', on).allowed).toBe(true);
  });

  test('a Global Administrator is bound by them too', () => {
    expect(mayDecide(person(['GlobalAdministrator'], []), isolate, 'approve', on)).toMatchObject({ deviceGroup: 'Workstations' });
  });

  test('group names are compared exactly', () => {
    expect(mayDecide(person(['SecurityAdministrator'], ['workstations']), isolate, 'approve', on).allowed).toBe(false);
  });

  test('missing roles and a closed group are both told', () => {
    const permission = mayDecide(person([], ['Servers']), isolate, 'approve', on);
    expect(permission).toMatchObject({ allowed: false, deviceGroup: 'Workstations' });
    expect(permission.allowed ? [] : permission.missing).not.toHaveLength(0);
  });

  test.each<[string, Entity, boolean]>([
    ['on the device that is listed', { type: 'service', name: 'evil', deviceName: 'WKS-1.contoso.example' }, true],
    ['on a device that is not listed', { type: 'service', name: 'evil', deviceName: 'srv-1.contoso.example' }, false],
    ['without a device of its own', { type: 'service', name: 'evil' }, true],
  ])('a service %s', (_where, service, allowed) => {
    expect(mayDecide(scoped, { type: 'stopService', entities: [service, device] }, 'approve', on).allowed).toBe(allowed);
  });

  test('a device id decides before a name does', () => {
    const listed: Entity = { type: 'device', deviceId: 'a'.repeat(40), name: 'wks-1', group: 'Workstations' };
    const service: Entity = { type: 'service', name: 'evil', deviceId: 'b'.repeat(40), deviceName: 'wks-1' };
    expect(mayDecide(scoped, { type: 'stopService', entities: [listed, service] }, 'approve', on).allowed).toBe(false);
  });
});

test('every role has the name the portal gives it', () => {
  expect(Object.keys(roleLabels).sort()).toEqual([...Role.options].sort());
  expect(roleLabels).toMatchObject({ SearchAndPurge: 'Search and Purge', UrbacResponseManage: 'Response (manage)' });
});

import { describe, expect, test } from 'vitest';
import {
  ALICE,
  APP,
  BOB,
  byPrincipal,
  checked,
  codeOf,
  DORA,
  ELLEN,
  GLOBAL_ADMIN,
  GROUPS,
  graph,
  guid,
  idsOf,
  person,
  rowsOf,
  SECURITY_ADMIN,
  SECURITY_READER,
  settableClock,
  startWorld,
  tokenOf,
  URSULA,
} from './world.ts';

const HOUR = 3_600_000;
const everything = [SECURITY_ADMIN, SECURITY_READER, GLOBAL_ADMIN, ...Object.values(GROUPS)];
const eventual = { headers: { ConsistencyLevel: 'eventual' } };
const transitive = (who: typeof ALICE) => `beta/roleManagement/directory/transitiveRoleAssignments?$count=true&${byPrincipal(who)}`;
const schedule = (who: typeof ALICE) => `v1.0/roleManagement/directory/roleAssignmentScheduleInstances?${byPrincipal(who)}`;
const eligibility = (who: typeof ALICE) => `v1.0/roleManagement/directory/roleEligibilityScheduleInstances?${byPrincipal(who)}`;

describe('checkMemberObjects', () => {
  test.each([
    ['roles and groups', ALICE, [SECURITY_ADMIN, GROUPS.purgers]],
    ['groups in groups, and roles by a group', BOB, [SECURITY_ADMIN, GROUPS.purgers, GROUPS.middle, GROUPS.inner, GROUPS.admins]],
    ['a role for a unit, as if it were for all', URSULA, [SECURITY_ADMIN]],
    ['no role that could be activated', ELLEN, []],
    ['what a disabled person holds', DORA, [SECURITY_READER]],
  ])('tells %s', async (_, who, held) => {
    const answer = await checked(await startWorld(), who, everything);
    expect(new Set(rowsOf(answer))).toEqual(new Set(held));
  });

  test('follows a change at once', async () => {
    const world = await startWorld();
    world.change(ALICE.id, { roles: [], groups: [GROUPS.empty] });
    expect(idsOf(await checked(world, ALICE, everything))).toEqual([GROUPS.empty]);
  });

  test('ends where groups are in each other', async () => {
    const groups = [
      { id: guid(801), displayName: 'a', memberOf: [guid(802)] },
      { id: guid(802), displayName: 'b', memberOf: [guid(801)] },
    ];
    const round = person('rona', { groups: [guid(801)] });
    const world = await startWorld({ groups, people: [round] });
    expect(idsOf(await checked(world, round, [guid(802), guid(801).toUpperCase()]))).toEqual([guid(802), guid(801)]);
  });

  test('takes 20 ids, and passes over those that nothing has', async () => {
    const world = await startWorld();
    const unknown = Array.from({ length: 20 }, (_, index) => guid(500 + index));
    expect(idsOf(await checked(world, ALICE, [...unknown.slice(1), SECURITY_ADMIN.toUpperCase()]))).toEqual([SECURITY_ADMIN]);
    expect(world.problems).toEqual([]);
    expect(await checked(world, ALICE, [...unknown, SECURITY_ADMIN])).toMatchObject({ status: 400 });
    expect(await checked(world, ALICE, [SECURITY_ADMIN, 'no id'])).toMatchObject({ status: 400 });
    expect(await checked(world, ALICE, 'no list')).toMatchObject({ status: 400 });
    expect(await checked(world, { id: guid(999) }, [SECURITY_ADMIN])).toMatchObject({ status: 404 });
    expect(world.problems).toHaveLength(3);
  });
});

describe('transitiveMemberOf', () => {
  test('names the roles, with their template', async () => {
    const world = await startWorld();
    const roles = `v1.0/users/${ALICE.id}/transitiveMemberOf/microsoft.graph.directoryRole`;
    expect(rowsOf(await graph(world, roles))).toMatchObject([{ displayName: 'Security Administrator', roleTemplateId: SECURITY_ADMIN }]);
    expect(rowsOf(await graph(world, `${roles}?$select=roleTemplateId`))).toEqual([{ roleTemplateId: SECURITY_ADMIN }]);
    expect(rowsOf(await graph(world, roles))[0]?.['id']).not.toBe(SECURITY_ADMIN);
    expect(await graph(world, `${roles}?$select=secret`)).toMatchObject({ status: 400 });
    expect(await graph(world, roles.replace(ALICE.id, guid(999)))).toMatchObject({ status: 404 });
  });
});

describe('assignments', () => {
  test.each([
    ['for the tenant', ALICE, [{ principalId: ALICE.id, roleDefinitionId: SECURITY_ADMIN, directoryScopeId: '/' }]],
    ['by a group, which is named', BOB, [{ principalId: GROUPS.admins, roleDefinitionId: SECURITY_ADMIN, directoryScopeId: '/' }]],
    [
      'for a unit',
      URSULA,
      [{ roleDefinitionId: SECURITY_ADMIN, directoryScopeId: expect.stringMatching(/^\/administrativeUnits\/[0-9a-f-]{36}$/) }],
    ],
    ['that are none while only eligible', ELLEN, []],
    ['of somebody unknown', person('zoe'), []],
  ])('%s', async (_, who, rows) => {
    const answer = await graph(await startWorld(), transitive(who), eventual);
    expect(rowsOf(answer)).toMatchObject(rows);
    expect(answer.body['@odata.count']).toBe(rows.length);
  });

  test('are an advanced query, in beta only', async () => {
    const world = await startWorld();
    expect(await graph(world, transitive(ALICE))).toMatchObject({ status: 404 });
    expect(await graph(world, transitive(ALICE).replace('$count=true&', ''), eventual)).toMatchObject({ status: 404 });
    expect(await graph(world, transitive(ALICE).replace('beta', 'v1.0'), eventual)).toMatchObject({ status: 400 });
  });

  test('come in pages that need the header again', async () => {
    const roles = Array.from({ length: 3 }, (_, index) => guid(700 + index));
    const holder = person('hugo', { roles });
    const world = await startWorld({ people: [holder] });
    const first = await graph(world, `${transitive(holder)}&$top=2`, eventual);
    const next = String(first.body['@odata.nextLink']);
    expect(await graph(world, next)).toMatchObject({ status: 404 });
    const last = await graph(world, next, eventual);
    expect([...rowsOf(first), ...rowsOf(last)].map((row) => row['roleDefinitionId'])).toEqual(roles);
    expect(last.body['@odata.nextLink']).toBeUndefined();
  });

  test.each([
    `principalId eq ${ALICE.id}`,
    "principalId eq 'x'",
    `principalId eq '${ALICE.id}' or 1 eq 1`,
    `roleDefinitionId eq '${SECURITY_ADMIN}'`,
  ])('are not listed by %s', async (filter) => {
    const world = await startWorld();
    const path = `roleManagement/directory/roleAssignmentScheduleInstances?$filter=${encodeURIComponent(filter)}`;
    expect(await graph(world, `v1.0/${path}`)).toMatchObject({ status: 400 });
    expect(await graph(world, 'v1.0/roleManagement/directory/roleEligibilityScheduleInstances')).toMatchObject({ status: 400 });
  });
});

describe('schedules', () => {
  test('say how a role came, and for where', async () => {
    const world = await startWorld();
    expect(rowsOf(await graph(world, schedule(ALICE)))).toMatchObject([
      { roleDefinitionId: SECURITY_ADMIN, directoryScopeId: '/', assignmentType: 'Assigned', memberType: 'Direct', endDateTime: null },
    ]);
    expect(rowsOf(await graph(world, schedule(BOB)))).toMatchObject([{ principalId: BOB.id, memberType: 'Group', directoryScopeId: '/' }]);
    expect(rowsOf(await graph(world, schedule(URSULA)))).toMatchObject([
      { directoryScopeId: expect.stringMatching(/^\/administrativeUnits\//) },
    ]);
  });

  test('tell an activated role from one that could be', async () => {
    const clock = settableClock();
    const world = await startWorld({ now: clock.now });
    expect(rowsOf(await graph(world, eligibility(ELLEN)))).toMatchObject([
      { principalId: ELLEN.id, roleDefinitionId: SECURITY_ADMIN, directoryScopeId: '/', memberType: 'Direct' },
    ]);
    expect(rowsOf(await graph(world, schedule(ELLEN)))).toEqual([]);
    world.change(ELLEN.id, { roles: [SECURITY_ADMIN] });
    expect(rowsOf(await graph(world, eligibility(ELLEN)))).toHaveLength(1);
    for (const _ of [1, 2, 3]) {
      const [row] = rowsOf(await graph(world, schedule(ELLEN), { token: await tokenOf(world) }));
      expect(row).toMatchObject({ assignmentType: 'Activated' });
      expect(Date.parse(String(row?.['endDateTime']))).toBeGreaterThan(clock.now());
      clock.pass(7 * HOUR);
    }
  });
});

describe('Unified RBAC', () => {
  const role = { id: 'd1', displayName: 'Responders', actions: ['microsoft.xdr/*'], principals: [GROUPS.purgers], scopes: ['Mde', 'Mdo'] };
  const [definitions, assignments] = ['roleDefinitions', 'roleAssignments'].map((name) => `roleManagement/defender/${name}`);

  test('is told in beta', async () => {
    const world = await startWorld({ defenderRoles: [role] });
    expect(rowsOf(await graph(world, `beta/${definitions}`))).toMatchObject([
      { id: 'd1', isEnabled: true, rolePermissions: [{ allowedResourceActions: ['microsoft.xdr/*'] }] },
    ]);
    expect(rowsOf(await graph(world, `beta/${assignments}`))).toMatchObject([
      { roleDefinitionId: 'd1', principalIds: [GROUPS.purgers], directoryScopeIds: ['/'], appScopeIds: ['Mde', 'Mdo'] },
    ]);
    expect(await graph(world, `v1.0/${assignments}`)).toMatchObject({ status: 400 });
  });

  test('is not there in a tenant without it', async () => {
    const world = await startWorld();
    expect(await graph(world, `beta/${definitions}`)).toMatchObject({ status: 400 });
    expect(world.problems).toEqual([]);
  });
});

describe('permissions of the app', () => {
  const check = (ids: string[]) => (world: Parameters<typeof graph>[0]) => checked(world, ALICE, ids);
  const get = (path: string) => (world: Parameters<typeof graph>[0]) => graph(world, path, eventual);
  const defender = 'beta/roleManagement/defender/roleDefinitions';

  test.each<[string, string[], ReturnType<typeof get>]>([
    ['a person', ['User.Read.All'], get(`v1.0/users/${ALICE.id}`)],
    ['people', ['Directory.Read.All'], get('v1.0/users')],
    ['groups', ['User.Read.All', 'GroupMember.Read.All'], check([GROUPS.purgers])],
    ['roles as objects', ['User.Read.All', 'RoleManagement.Read.Directory'], check([SECURITY_ADMIN])],
    ['groups and roles', ['Directory.Read.All'], check(everything)],
    [
      'named roles',
      ['User.Read.All', 'RoleManagement.Read.Directory'],
      get(`v1.0/users/${ALICE.id}/transitiveMemberOf/microsoft.graph.directoryRole`),
    ],
    ['assignments', ['RoleManagement.Read.Directory'], get(transitive(ALICE))],
    ['schedules', ['RoleAssignmentSchedule.Read.Directory'], get(schedule(ALICE))],
    ['eligibility', ['RoleEligibilitySchedule.Read.Directory'], get(eligibility(ALICE))],
    ['Unified RBAC', ['RoleManagement.Read.Defender'], get(defender)],
  ])('open %s with %j, and not with one less', async (_, permissions, ask) => {
    const open = await startWorld({ apps: [{ ...APP, permissions }], defenderRoles: [] });
    expect((await ask(open)).status).toBe(200);
    for (const one of permissions) {
      const world = await startWorld({ apps: [{ ...APP, permissions: permissions.filter((other) => other !== one) }], defenderRoles: [] });
      const answer = await ask(world);
      expect(answer.status).toBe(403);
      expect(codeOf(answer)).toBe('Authorization_RequestDenied');
    }
  });

  test('that do not open roles still open groups', async () => {
    const world = await startWorld({ apps: [{ ...APP, permissions: ['User.Read.All', 'GroupMember.Read.All'] }] });
    expect((await checked(world, ALICE, everything)).status).toBe(403);
    expect(idsOf(await checked(world, ALICE, Object.values(GROUPS)))).toEqual([GROUPS.purgers]);
  });
});

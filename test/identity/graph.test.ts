import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EntraPerson } from '../../sandbox/entra/types.ts';
import { EntraId } from '../../src/action-center/action.ts';
import {
  app,
  cached,
  entraPerson,
  fresh,
  group,
  linksTo,
  openRig,
  type Rig,
  roleIds,
  slackClaim,
  teamsClaim,
  tenantId,
  told,
} from './graph-rig.ts';

const admin = entraPerson('alice', { roles: [roleIds.SecurityAdministrator], groups: [group.purgers] });
const responder = entraPerson('bob', { groups: [group.responders, group.workstations] });
const nested = entraPerson('nina', { groups: [group.inner] });
const byGroup = entraPerson('gina', { groups: [group.admins] });
const unitAdmin = entraPerson('ursula', { unitRoles: [roleIds.SecurityAdministrator] });
const both = entraPerson('bella', { unitRoles: [roleIds.SecurityAdministrator], roles: [roleIds.SecurityAdministrator] });
const eligible = entraPerson('ellen', { eligibleRoles: [roleIds.SecurityAdministrator], roles: [roleIds.SecurityReader] });
const guest = entraPerson('gustav', { userType: 'Guest', roles: [roleIds.GlobalAdministrator] });
const external = entraPerson('xenia', {
  userPrincipalName: 'xenia_fabrikam.example#EXT#@contoso.example',
  roles: [roleIds.SecurityAdministrator],
});
const disabled = entraPerson('dora', { accountEnabled: false, roles: [roleIds.SecurityAdministrator] });
const nobody = entraPerson('norbert');
const oneOfTwo = entraPerson('terry', { mail: 'shared@contoso.example', roles: [roleIds.SecurityAdministrator] });
const otherOfTwo = entraPerson('toni', {
  proxyAddresses: ['SMTP:toni@contoso.example', 'smtp:shared@contoso.example'],
  accountEnabled: false,
});
const quoted = entraPerson("o'neil", { roles: [roleIds.SecurityAdministrator] });
const everybody = [
  admin,
  responder,
  nested,
  byGroup,
  unitAdmin,
  both,
  eligible,
  guest,
  external,
  disabled,
  nobody,
  oneOfTwo,
  otherOfTwo,
  quoted,
];

/** Every combination of the five directory roles, each a person. */
const names = Object.keys(roleIds) as (keyof typeof roleIds)[];
const combinations = Array.from({ length: 1 << names.length }, (_, bits) => {
  const roles = names.filter((_name, index) => bits & (1 << index));
  return { roles, person: entraPerson(`combination${bits}`, { roles: roles.map((name) => roleIds[name]) }) };
});

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([...everybody, ...combinations.map(({ person }) => person)]);
});
afterEach(() => rig.entra.faults.clear());
afterAll(() => rig.close());

const asTeams = (person: EntraPerson, options = cached) => told(rig.directory, teamsClaim(person), options);

describe('what somebody holds', () => {
  it('is every directory role assigned for the whole tenant, in each combination', async () => {
    for (const { roles, person } of combinations)
      expect((await asTeams(person)).split(' ').filter(Boolean).sort()).toEqual([...roles].sort());
  });

  it('is told with who they are', async () => {
    expect(await rig.directory.personById(EntraId.parse(admin.id.toUpperCase()), cached)).toEqual({
      ok: true,
      value: {
        entraId: admin.id,
        upn: 'alice@contoso.example',
        displayName: 'alice of Contoso',
        roles: ['SecurityAdministrator', 'SearchAndPurge'],
        deviceGroups: ['*'],
      },
    });
  });

  it.each<[string, EntraPerson, string]>([
    ['a group', responder, 'ActiveRemediationActions'],
    ['a group in a group in a group', nested, 'SearchAndPurge'],
    ['a group that a role is assigned to', byGroup, 'SecurityAdministrator'],
    ['an administrative unit does not count', unitAdmin, ''],
    ['an administrative unit, and the tenant as well', both, 'SecurityAdministrator'],
    ['eligibility does not count', eligible, 'SecurityReader'],
    ['nothing', nobody, ''],
  ])('by %s', async (_, person, roles) => expect(await asTeams(person)).toBe(roles));

  it('is limited to device groups by the configured map', async () => {
    const devices = { Workstations: [group.workstations], '*': [group.everyDevice] };
    const groups = { searchAndPurge: [], activeRemediation: [group.responders], exchangeSecurityAdministrator: [], devices };
    const mapped = rig.open({ groups });
    expect(await mapped.personFor(teamsClaim(responder), cached)).toMatchObject({ value: { deviceGroups: ['Workstations'] } });
    expect(await mapped.personFor(teamsClaim(admin), cached)).toMatchObject({ value: { deviceGroups: [] } });
  });

  it('is asked 20 ids at a time, in the same call', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `66666666-7777-4888-9999-0000000000${String(index).padStart(2, '0')}`);
    const groups = { searchAndPurge: [...many, group.purgers], activeRemediation: [], exchangeSecurityAdministrator: [], devices: null };
    const before = rig.front.calls.length;
    expect(await told(rig.open({ groups }), teamsClaim(admin))).toBe('SecurityAdministrator SearchAndPurge');
    expect(rig.front.calls.slice(before)).toEqual(['POST /beta/$batch']);
    expect(rig.entra.problems).toEqual([]);
  });
});

describe('who is refused', () => {
  it.each<[string, EntraPerson, string]>([
    ['a guest, whatever the role', guest, 'guest'],
    ['somebody of another organisation who is marked as a member', external, 'guest'],
    ['somebody disabled', disabled, 'disabled-person'],
    ['somebody the tenant does not know', entraPerson('zoe'), 'unknown-person'],
    ['whoever has no id that could be one', { ...nobody, id: "x' or 1 eq 1" }, 'unknown-person'],
  ])('%s', async (_, person, refusal) => expect(await asTeams(person)).toBe(refusal));

  it('somebody of another tenant, without a question to Graph', async () => {
    const before = rig.front.calls.length;
    expect(await told(rig.directory, teamsClaim(admin, '22222222-2222-4333-8444-555555555555'))).toBe('external-person');
    expect(await told(rig.directory, teamsClaim({ ...admin, id: 'no-guid' }))).toBe('unknown-person');
    expect(rig.front.calls).toHaveLength(before);
    expect(await told(rig.directory, teamsClaim(admin, tenantId.toUpperCase()))).toContain('SecurityAdministrator');
  });
});

describe('a Slack account', () => {
  const linked = linksTo({ U0ALICE: admin, U0DORA: disabled });
  const bySlack = (email: string | null, userId = 'U0SOMEBODY', identityMode: 'linked' | 'email' = 'email') =>
    told(rig.open({ links: linked, identityMode }), slackClaim(userId, email));

  it('is the person it is linked to, whatever its address', async () => {
    expect(await bySlack(null, 'U0ALICE', 'linked')).toContain('SecurityAdministrator');
    expect(await bySlack('bob@contoso.example', 'U0ALICE')).toContain('SecurityAdministrator');
    expect(await bySlack(null, 'U0DORA')).toBe('disabled-person');
  });

  it('without a link is nobody, in the mode linked whatever its address', async () => {
    expect(await bySlack('bob@contoso.example', 'U0BOB', 'linked')).toBe('unknown-person');
    expect(await bySlack(null)).toBe('unknown-person');
  });

  it.each([
    ['the address of one', ' Bob@Contoso.Example', 'ActiveRemediationActions'],
    ['an address with a quote', "o'neil@contoso.example", 'SecurityAdministrator'],
    ['nobody’s', 'zoe@contoso.example', 'unknown-person'],
    ['two people’s, one of them disabled', 'shared@contoso.example', 'ambiguous-person'],
    ['a guest’s', 'gustav@contoso.example', 'unknown-person'],
    ['a disabled person’s', 'dora@contoso.example', 'unknown-person'],
    ['none at all', "x' or 1 eq 1", 'unknown-person'],
    ['that of somebody who is linked to another account', 'alice@contoso.example', 'ambiguous-person'],
  ])('in the mode email with %s', async (_, email, expected) => expect(await bySlack(email)).toBe(expected));

  it('is not found when Graph answers with somebody else', async () => {
    const directory = rig.open({ identityMode: 'email' });
    rig.front.spoil({ status: 200, body: JSON.stringify({ value: [{ ...admin, proxyAddresses: [] }] }) });
    expect(await told(directory, slackClaim('U0BOB', 'bob@contoso.example'))).toBe('no answer');
    expect(await told(directory, slackClaim('U0BOB', 'bob@contoso.example'))).toBe('ActiveRemediationActions');
  });
});

describe('what a decision costs', () => {
  const calls = async (act: () => Promise<unknown>): Promise<string[]> => {
    const before = rig.front.calls.length;
    await act();
    return rig.front.calls.slice(before);
  };

  it('is one call for Teams and a linked account, two by address, none once it is known', async () => {
    const teams = rig.open();
    expect(await calls(() => told(teams, teamsClaim(admin)))).toEqual(['POST /beta/$batch']);
    expect(await calls(() => told(teams, teamsClaim(admin)))).toEqual([]);
    const slack = rig.open({ identityMode: 'email', links: linksTo({ U0ALICE: admin }) });
    expect(await calls(() => told(slack, slackClaim('U0ALICE')))).toEqual(['POST /beta/$batch']);
    expect(await calls(() => told(slack, slackClaim('U0BOB', 'bob@contoso.example')))).toEqual(['GET /v1.0/users', 'POST /beta/$batch']);
    expect(await calls(() => told(slack, slackClaim('U0BOB', 'bob@contoso.example')))).toEqual([]);
  });

  it('is one call for many who ask about one person at once', async () => {
    const directory = rig.open();
    const before = rig.asked('token');
    const ask = () => Promise.all(Array.from({ length: 20 }, () => told(directory, teamsClaim(admin))));
    expect(await calls(ask)).toHaveLength(1);
    expect(rig.asked('token') - before).toBe(1);
  });

  it('is one token for many people at once, and for long', async () => {
    const directory = rig.open();
    const before = rig.asked('token');
    await Promise.all(combinations.map(({ person }) => told(directory, teamsClaim(person))));
    expect(rig.asked('token') - before).toBe(1);
  });
});

describe('what is remembered', () => {
  const start = rigTime();
  function rigTime() {
    return { next: 10_000_000 };
  }
  const at = (ms: number): void => {
    rig.clock.now = start.next + ms;
  };
  afterEach(() => {
    start.next += 1_000_000;
  });

  it('is a yes for less than a minute', async () => {
    at(0);
    await asTeams(admin, fresh);
    rig.entra.change(admin.id, { roles: [] });
    at(59_999);
    expect(await asTeams(admin)).toContain('SecurityAdministrator');
    at(60_000);
    expect(await asTeams(admin)).toBe('SearchAndPurge');
    rig.entra.change(admin.id, { roles: [roleIds.SecurityAdministrator] });
  });

  it('is a no for less than a quarter of one, also where somebody may only read', async () => {
    for (const person of [nobody, eligible, disabled]) {
      at(0);
      const before = await asTeams(person, fresh);
      rig.entra.change(person.id, { roles: [roleIds.GlobalAdministrator], accountEnabled: true });
      at(14_999);
      expect(await asTeams(person)).toBe(before);
      at(15_000);
      expect(await asTeams(person)).toBe('GlobalAdministrator');
      start.next += 100_000;
    }
    rig.entra.change(nobody.id, { roles: [] });
    rig.entra.change(eligible.id, { roles: [roleIds.SecurityReader] });
    rig.entra.change(disabled.id, { roles: [roleIds.SecurityAdministrator], accountEnabled: false });
  });

  it('does not count for a fresh question, whose answer counts from then on', async () => {
    at(0);
    await asTeams(admin, fresh);
    rig.entra.change(admin.id, { roles: [] });
    at(1);
    expect(await asTeams(admin, fresh)).toBe('SearchAndPurge');
    expect(await asTeams(admin)).toBe('SearchAndPurge');
    rig.entra.change(admin.id, { roles: [roleIds.SecurityAdministrator] });
  });

  it('is not who had an address, when that is asked fresh', async () => {
    at(0);
    const directory = rig.open({ identityMode: 'email' });
    const claim = slackClaim('U0BOB', 'bob@contoso.example');
    expect(await told(directory, claim)).toBe('ActiveRemediationActions');
    rig.entra.change(responder.id, { mail: null, userPrincipalName: 'robert@contoso.example' });
    expect(await told(directory, claim)).toBe('ActiveRemediationActions');
    expect(await told(directory, claim, fresh)).toBe('unknown-person');
    rig.entra.change(responder.id, { mail: 'bob@contoso.example', userPrincipalName: 'bob@contoso.example' });
  });
});

describe('somebody who leaves', () => {
  it('is unknown as soon as it is asked fresh', async () => {
    const leaver = entraPerson('leo', { roles: [roleIds.SecurityAdministrator] });
    const own = await openRig([leaver]);
    expect(await told(own.directory, teamsClaim(leaver))).toBe('SecurityAdministrator');
    own.entra.remove(leaver.id);
    expect(await told(own.directory, teamsClaim(leaver), fresh)).toBe('unknown-person');
    expect(await told(own.directory, teamsClaim(leaver))).toBe('unknown-person');
    await own.close();
  });
});

describe('roles that could be activated', () => {
  const roles = ['SecurityAdministrator', 'GlobalAdministrator'] as const;
  it('are named, those asked about only', async () => {
    expect(await rig.directory.eligibleFor?.(EntraId.parse(eligible.id), roles)).toEqual(['SecurityAdministrator']);
    expect(await rig.directory.eligibleFor?.(EntraId.parse(eligible.id), ['GlobalAdministrator'])).toEqual([]);
    expect(await rig.directory.eligibleFor?.(EntraId.parse(admin.id), roles)).toEqual([]);
  });

  it('are an UpstreamError when there is no answer, within a second', async () => {
    rig.entra.faults.add({ route: 'roleEligibilityScheduleInstances', kind: 'hang' });
    const began = performance.now();
    await expect(rig.directory.eligibleFor?.(EntraId.parse(unitAdmin.id), roles)).rejects.toThrow(/in time/);
    expect(performance.now() - began).toBeLessThan(1500);
  });
});

describe('Unified RBAC', () => {
  it('counts where it is on, is kept for five minutes, and is read anew for a fresh question', async () => {
    const holder = entraPerson('uma', { groups: [group.other] });
    const response = 'microsoft.xdr/secops/securitydata/response/manage';
    const defenderRoles = [{ id: 'd1', displayName: 'Responders', actions: [response], principals: [group.other], scopes: ['/'] }];
    const own = await openRig([holder, nobody], { unified: { emailMetadataAction: null, emailAdvancedAction: null } }, { defenderRoles });
    expect(await told(own.directory, teamsClaim(holder))).toBe('UrbacResponseManage');
    expect(await told(own.directory, teamsClaim(nobody))).toBe('');
    expect(own.front.calls).toEqual(Array(3).fill('POST /beta/$batch'));
    expect(await told(own.directory, teamsClaim(holder), fresh)).toBe('UrbacResponseManage');
    expect(own.front.calls).toHaveLength(5);
    own.clock.now = 300_000;
    await told(own.directory, teamsClaim(nobody));
    expect(own.front.calls).toHaveLength(7);
    expect(await told(own.open({ unified: null }), teamsClaim(holder))).toBe('');
    await own.close();
  });
});

describe('the log', () => {
  it('holds no secret, no token and no address', () => {
    const text = JSON.stringify(rig.log);
    expect(text).not.toContain(app.secret);
    expect(text).not.toMatch(/eyJ|Bearer|@contoso/);
  });
});

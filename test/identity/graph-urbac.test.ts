import { describe, expect, it } from 'vitest';
import { allows, unifiedRoles } from '../../src/identity/graph-urbac.ts';

const response = 'microsoft.xdr/secops/securitydata/response/manage';
const metadata = 'microsoft.xdr/secops/rawdata/emailmetadata/read';
const advanced = 'microsoft.xdr/secops/securitydata/emailadvanced/manage';
const settings = { emailMetadataAction: metadata, emailAdvancedAction: advanced };
const alice = '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0a01';
const responders = '66666666-7777-4888-8999-000000000001';

const definition = (actions: string[], more = {}) => ({ id: 'd1', rolePermissions: [{ allowedResourceActions: actions }], ...more });
const assignment = (scopes: string[], more = {}) => ({ roleDefinitionId: 'd1', principalIds: [responders], appScopeIds: scopes, ...more });
const rolesOf = (definitions: object, assignments: object, those = [alice, responders]) =>
  unifiedRoles([definitions as ReturnType<typeof definition>], [assignments as ReturnType<typeof assignment>], settings).rolesOf(
    new Set(those),
  );

describe('an action of Unified RBAC', () => {
  it.each([
    [response, response, true],
    ['microsoft.xdr/secops/*/manage', response, true],
    ['microsoft.xdr/*/manage', response, true],
    ['microsoft.xdr/secops/securitydata/*', response, true],
    ['microsoft.xdr/*', response, true],
    ['Microsoft.XDR/SecOps/SecurityData/Response/Manage', response, true],
    ['microsoft.xdr/secops/securitydata/response/read', response, false],
    ['microsoft.xdr/secops/securitydata/*/read', response, false],
    ['microsoft.xdr/secops/securitydata/alerts/manage', response, false],
    ['microsoft.xdr/secops/securitydata/response/manage/*', response, false],
    ['microsoft.xdr/secops/securitydata/response', response, false],
    ['microsoft.xdr/configuration/*/manage', response, false],
    ['microsoft.xdr/secops/rawdata/emailmetadata/manage', metadata, true],
    ['microsoft.xdr/secops/*/manage', metadata, true],
    ['microsoft.xdr/secops/rawdata/*/read', metadata, true],
    ['', response, false],
  ])('%s covers %s: %s', (allowed, wanted, expected) => expect(allows(allowed, wanted)).toBe(expected));
});

describe('roles of Unified RBAC', () => {
  it('are held through a group, and by a person directly', () => {
    expect(rolesOf(definition([response]), assignment(['/']))).toEqual(['UrbacResponseManage']);
    expect(rolesOf(definition([response]), assignment(['/'], { principalIds: [alice] }), [alice])).toEqual(['UrbacResponseManage']);
    expect(rolesOf(definition([response]), assignment(['/']), [alice])).toEqual([]);
  });

  it.each([
    [['/'], ['UrbacResponseManage', 'UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage']],
    [['all'], ['UrbacResponseManage', 'UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage']],
    [['mdo'], ['UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage']],
    [['mde', 'mdi'], ['UrbacResponseManage']],
    // It would open identities too.
    [['mde'], []],
    [['mdi'], []],
    [['sentinel'], []],
    [['mde/some-device-group', 'mdi'], []],
    [[], []],
  ])('assigned for %j give %j', (scopes, roles) => {
    expect(rolesOf(definition(['microsoft.xdr/*/manage']), assignment(scopes))).toEqual(roles);
  });

  it('count only while enabled, and for the whole directory', () => {
    expect(rolesOf(definition([response], { isEnabled: false }), assignment(['/']))).toEqual([]);
    expect(rolesOf(definition([response]), assignment(['/'], { directoryScopeIds: ['/administrativeUnits/1'] }))).toEqual([]);
    expect(rolesOf(definition([response]), assignment(['/'], { directoryScopeIds: ['/'] }))).toEqual(['UrbacResponseManage']);
    expect(rolesOf(definition([response], { id: 'another' }), assignment(['/']))).toEqual([]);
  });

  it('for e-mail are not read without their strings', () => {
    const off = unifiedRoles([definition(['microsoft.xdr/*'])], [assignment(['/'])], {
      emailMetadataAction: null,
      emailAdvancedAction: null,
    });
    expect(off.rolesOf(new Set([responders]))).toEqual(['UrbacResponseManage']);
  });

  it('name only the groups and people that something here is assigned to', () => {
    const { principals } = unifiedRoles(
      [definition([response]), definition(['microsoft.xdr/configuration/security/read'], { id: 'd2' })],
      [
        assignment(['/'], { principalIds: [responders, alice, 'no id'] }),
        assignment(['/'], { roleDefinitionId: 'd2', principalIds: ['x'] }),
      ],
      settings,
    );
    expect(principals).toEqual([responders, alice]);
  });
});

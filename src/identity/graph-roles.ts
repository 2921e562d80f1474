/** What Graph's ids mean here: directory roles by their template ids, and the groups that stand for what no API tells. Pure. */
import type { Role } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';

/** The same in every tenant. */
const roleTemplates = {
  GlobalAdministrator: '62e90394-69f5-4237-9190-012177145e10',
  SecurityAdministrator: '194ae4cb-b126-40b2-bd5b-6091b380977d',
  SecurityOperator: '5f2222b1-57c3-48ba-8ad5-d4759f1fde6f',
  SecurityReader: '5d6b6bb7-de71-4623-b4af-96380a352509',
  GlobalReader: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
} as const satisfies Partial<Record<Role, string>>;

const roleByTemplate: ReadonlyMap<string, Role> = new Map(Object.entries(roleTemplates).map(([role, id]) => [id, role as Role]));
export const directoryRoleIds: readonly string[] = Object.values(roleTemplates);
export const directoryRole = (id: string): Role | null => roleByTemplate.get(id) ?? null;

/** Ids of groups; a member of any of them, also through other groups, holds it. */
export type GroupSettings = {
  searchAndPurge: readonly string[];
  activeRemediation: readonly string[];
  exchangeSecurityAdministrator: readonly string[];
  /** By name of the device group, `*` for all. Null: device groups are not told apart. */
  devices: Readonly<Record<string, readonly string[]>> | null;
};

export function groupIds(groups: GroupSettings): string[] {
  const { searchAndPurge, activeRemediation, exchangeSecurityAdministrator, devices } = groups;
  const all = [...searchAndPurge, ...activeRemediation, ...exchangeSecurityAdministrator, ...Object.values(devices ?? {}).flat()];
  return [...new Set(all)];
}

export function rolesFromGroups(groups: GroupSettings, memberOf: ReadonlySet<string>): Role[] {
  const inOne = (ids: readonly string[]) => ids.some((id) => memberOf.has(id));
  const roles: Role[] = [];
  if (inOne(groups.activeRemediation)) roles.push('ActiveRemediationActions');
  if (inOne(groups.searchAndPurge)) roles.push('SearchAndPurge');
  if (inOne(groups.exchangeSecurityAdministrator)) roles.push('ExchangeSecurityAdministrator');
  return roles;
}

export function deviceGroupsFrom({ devices }: GroupSettings, memberOf: ReadonlySet<string>): string[] {
  if (devices === null) return ['*'];
  const open = Object.entries(devices).filter(([, ids]) => ids.some((id) => memberOf.has(id)));
  return open.map(([name]) => name);
}

export type Assignment = { roleDefinitionId: string; directoryScopeId: string | null };
const wholeTenant = '/';

/**
 * The roles that both answers agree on: held (`checkMemberObjects`, which cannot tell the scope) and assigned for the whole tenant. A role that
 * is assigned for an administrative unit alone does not count. Where one answer knows a role and the other has never heard of it, one of them
 * is old, empty or was cut short, and there is no telling which: that is no answer.
 */
export function rolesFromAssignments(held: ReadonlySet<string>, assignments: readonly Assignment[]): Role[] {
  const roles: Role[] = [];
  for (const [template, role] of roleByTemplate) {
    const scopes = assignments
      .filter(({ roleDefinitionId }) => roleDefinitionId === template)
      .map(({ directoryScopeId }) => directoryScopeId);
    const isTenantWide = scopes.includes(wholeTenant);
    if (held.has(template) ? scopes.length === 0 : isTenantWide) throw contradiction();
    if (isTenantWide) roles.push(role);
  }
  return roles;
}

const contradiction = (): UpstreamError =>
  new UpstreamError(
    'directory',
    'Microsoft Graph contradicts itself about directory roles: a change is on its way, or a permission is missing (docs/setup-entra.md)',
    { retryable: true },
  );

// Directory roles as Graph lists them.

import { rolesOf, WHOLE_TENANT } from './membership.ts';
import type { EntraState } from './state.ts';
import type { EntraPerson } from './types.ts';
import { guidFrom } from './values.ts';

const HOUR = 3_600_000;
/** As long as an activation lasts unless an administrator says otherwise. */
const ACTIVATION_MS = 8 * HOUR;

/** https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference */
const NAMES: Readonly<Record<string, string>> = {
  '62e90394-69f5-4237-9190-012177145e10': 'Global Administrator',
  '194ae4cb-b126-40b2-bd5b-6091b380977d': 'Security Administrator',
  '5f2222b1-57c3-48ba-8ad5-d4759f1fde6f': 'Security Operator',
  '5d6b6bb7-de71-4623-b4af-96380a352509': 'Security Reader',
  'f2ef992c-3afb-46b9-b7cf-a126ee74c451': 'Global Reader',
  '17315797-102d-40b4-93e0-432062caca18': 'Compliance Administrator',
  '29232cdf-9323-42fd-ade2-1d097af3e4de': 'Exchange Administrator',
  'e8611ab8-c189-46e8-94e1-60213ab1f814': 'Privileged Role Administrator',
};

export const isDirectoryRole = (id: string): boolean => Object.hasOwn(NAMES, id.toLowerCase());

/** https://learn.microsoft.com/graph/api/resources/directoryrole: its own id is another in every tenant. */
export function directoryRolesOf(state: EntraState, person: EntraPerson): Record<string, unknown>[] {
  const templates = new Set(rolesOf(state, person).map(({ role }) => role));
  return [...templates].map((roleTemplateId) => ({
    id: guidFrom(`${roleTemplateId} in ${state.options.tenantId}`),
    deletedDateTime: null,
    description: null,
    displayName: NAMES[roleTemplateId] ?? roleTemplateId,
    roleTemplateId,
  }));
}

/** https://learn.microsoft.com/graph/api/resources/unifiedroleassignmentscheduleinstance */
export function assignmentScheduleOf(state: EntraState, person: EntraPerson): object[] {
  return rolesOf(state, person).map(({ role, scope, memberType, principalId }) => {
    // Whoever is eligible for a role they hold has activated it.
    const isActivated = memberType === 'Direct' && scope === WHOLE_TENANT && isEligible(person, role);
    return {
      ...scheduleRow(state, { principalId: person.id, role, scope, memberType, origin: `active ${principalId}` }),
      endDateTime: isActivated ? endOfActivation(state) : null,
      assignmentType: isActivated ? 'Activated' : 'Assigned',
      roleAssignmentOriginId: guidFrom(`${principalId} ${role} ${scope}`),
    };
  });
}

/** https://learn.microsoft.com/graph/api/resources/unifiedroleeligibilityscheduleinstance */
export function eligibilityScheduleOf(state: EntraState, person: EntraPerson): object[] {
  return (person.eligibleRoles ?? []).map((role) => ({
    ...scheduleRow(state, {
      principalId: person.id,
      role: role.toLowerCase(),
      scope: WHOLE_TENANT,
      memberType: 'Direct',
      origin: 'eligible',
    }),
    endDateTime: null,
  }));
}

/** Beta; names the group where the role came by one. */
export function transitiveAssignmentsOf(state: EntraState, person: EntraPerson): object[] {
  return rolesOf(state, person).map(({ role, scope, principalId }) => ({
    id: guidFrom(`${principalId} ${role} ${scope}`),
    principalId,
    roleDefinitionId: role,
    directoryScopeId: scope,
    appScopeId: null,
    principalOrganizationId: state.options.tenantId,
    resourceScope: scope,
  }));
}

type Row = { principalId: string; role: string; scope: string; memberType: string; origin: string };

const scheduleRow = (state: EntraState, { principalId, role, scope, memberType, origin }: Row): Record<string, unknown> => ({
  id: guidFrom(`${origin} ${principalId} ${role} ${scope}`),
  principalId,
  roleDefinitionId: role,
  directoryScopeId: scope,
  appScopeId: null,
  startDateTime: new Date(state.startedAt).toISOString(),
  memberType,
});

const isEligible = ({ eligibleRoles = [] }: EntraPerson, role: string): boolean => eligibleRoles.some((one) => one.toLowerCase() === role);

/** Renewed as often as needed for the role to be active now. */
function endOfActivation({ startedAt, now }: EntraState): string {
  const periods = Math.floor((now() - startedAt) / ACTIVATION_MS) + 1;
  return new Date(startedAt + periods * ACTIVATION_MS).toISOString();
}

// Unified RBAC of Defender, in beta only: https://learn.microsoft.com/graph/api/resources/unifiedroleassignmentmultiple

import { badRequest, type HttpAnswer } from './answers.ts';
import type { DefenderRole } from './types.ts';
import { guidFrom } from './values.ts';

/** As v1.0 answers, and beta for a tenant without it. */
export const noDefenderRoles = (): HttpAnswer => badRequest("The role management provider 'defender' is not supported.");

export const definitionOf = ({ id, displayName, actions }: DefenderRole): object => ({
  id,
  displayName,
  description: null,
  isBuiltIn: false,
  isEnabled: true,
  rolePermissions: [{ allowedResourceActions: actions, condition: null }],
});

export const assignmentOf = ({ id, displayName, principals, scopes }: DefenderRole): object => ({
  id: guidFrom(`assignment of ${id}`),
  displayName,
  roleDefinitionId: id,
  principalIds: principals,
  directoryScopeIds: ['/'],
  appScopeIds: scopes,
});

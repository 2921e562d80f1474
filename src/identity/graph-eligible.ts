/** Roles somebody may activate in Privileged Identity Management. They count for nothing until then; they make a refusal more helpful. */
import { z } from 'zod';
import type { Role } from '../action-center/action.ts';
import type { Deadline } from '../microsoft/deadline.ts';
import type { GraphClient } from './graph-client.ts';
import { id, read } from './graph-person.ts';
import { directoryRole } from './graph-roles.ts';

const Eligible = z.array(z.object({ roleDefinitionId: id, directoryScopeId: z.string().nullable() }));

export async function eligibleRoles(client: GraphClient, entraId: string, deadline: Deadline): Promise<Role[]> {
  const filter = encodeURIComponent(`principalId eq '${entraId}'`);
  const path = `/roleManagement/directory/roleEligibilityScheduleInstances?$filter=${filter}`;
  const rows = read(Eligible, await client.rest(await client.get('v1.0', path, deadline), deadline));
  const roles = rows
    .filter(({ directoryScopeId }) => directoryScopeId === '/')
    .map(({ roleDefinitionId }) => directoryRole(roleDefinitionId));
  return [...new Set(roles.filter((role) => role !== null))];
}

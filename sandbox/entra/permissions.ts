// Which application permissions open which part of Graph: one of each line is needed.
// https://learn.microsoft.com/graph/permissions-reference

import type { AccessToken } from './state.ts';

export type Needs = readonly (readonly string[])[];

const DIRECTORY = 'Directory.Read.All';
const ROLES = 'RoleManagement.Read.Directory';
const ALL_ROLES = 'RoleManagement.Read.All';

export const READ_PEOPLE = ['User.Read.All', DIRECTORY];
export const READ_MEMBERS = ['GroupMember.Read.All', 'Group.Read.All', DIRECTORY];
export const READ_ROLES = [ROLES, ALL_ROLES, DIRECTORY];
export const READ_ROLE_SCHEDULES = ['RoleAssignmentSchedule.Read.Directory', ROLES, ALL_ROLES];
export const READ_ELIGIBILITY = ['RoleEligibilitySchedule.Read.Directory', ROLES, ALL_ROLES];
export const READ_DEFENDER_ROLES = ['RoleManagement.Read.Defender', ALL_ROLES];

export const HUNT = ['ThreatHunting.Read.All'];

export const mayRead = ({ permissions }: AccessToken, needs: Needs): boolean =>
  permissions === null || needs.every((anyOf) => anyOf.some((permission) => permissions.includes(permission)));

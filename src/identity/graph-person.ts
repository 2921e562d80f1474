/** One look at one person: who they are and what they hold, in one call to Graph (docs/decisions/005-one-call-to-graph.md). */
import { z } from 'zod';
import { type Actor, EntraId } from '../action-center/action.ts';
import { ok, type PersonRefusal, type Result, refuse } from '../action-center/refusal.ts';
import type { Deadline } from '../microsoft/deadline.ts';
import type { HttpAnswer } from '../microsoft/http.ts';
import { chunks, errorCode, expect, failure, type GraphClient, type GraphRequest, unreadable } from './graph-client.ts';
import {
  type Assignment,
  deviceGroupsFrom,
  directoryRoleIds,
  type GroupSettings,
  groupIds,
  rolesFromAssignments,
  rolesFromGroups,
} from './graph-roles.ts';
import type { UnifiedRoles } from './graph-urbac.ts';

const idsPerCheck = 20;
export const id = z.guid().transform((value) => value.toLowerCase());

const Facts = z.object({
  id,
  userPrincipalName: z.string().min(1).max(400),
  displayName: z.string().max(400).nullable(),
  accountEnabled: z.boolean(),
  userType: z.string().nullable(),
});
export type Facts = z.infer<typeof Facts>;
export const factNames = 'id,userPrincipalName,displayName,accountEnabled,userType';

const Held = z.object({ value: z.array(z.string().transform((value) => value.toLowerCase())) });
const Assigned = z.array(
  // Roles within an application have no scope in the directory.
  z.object({ roleDefinitionId: z.string().transform((value) => value.toLowerCase()), directoryScopeId: z.string().nullable() }),
);
const DirectoryRoles = z.array(z.object({ roleTemplateId: id }));

export type Look = { client: GraphClient; groups: GroupSettings; deadline: Deadline };

/** `unified`: null where Unified RBAC is off. The id must be a GUID: it becomes part of an address. */
export async function lookAtPerson(look: Look, entraId: string, unified: UnifiedRoles | null): Promise<Result<Actor, PersonRefusal>> {
  const { client, groups, deadline } = look;
  const core = [...directoryRoleIds, ...groupIds(groups)];
  const [factsOf, assignedTo] = [factsRequest(entraId), assignmentsRequest(entraId)];
  const checks = checkRequests(entraId, [...new Set([...core, ...(unified?.principals ?? [])])]);
  const [person, assignments, ...checked] = await client.batch('beta', [factsOf, assignedTo, ...checks], deadline);
  if (!person || !assignments) throw unreadable();

  if (person.status === 404 && errorCode(person) === 'Request_ResourceNotFound') return refuse({ kind: 'unknown-person' });
  const facts = expect(Facts, person);
  if (facts.id !== entraId) throw unreadable();
  const standing = standingOf(facts);
  if (standing) return refuse(standing);

  const held = await heldBy(look, entraId, checked, [...groupIds(groups), ...(unified?.principals ?? [])]);
  const roles = rolesFromAssignments(held, await assignmentsOf(look, entraId, assignments, held));
  return ok({
    entraId: EntraId.parse(facts.id),
    upn: facts.userPrincipalName,
    displayName: facts.displayName?.trim() || facts.userPrincipalName,
    roles: [...roles, ...rolesFromGroups(groups, held), ...(unified?.rolesOf(new Set([entraId, ...held])) ?? [])],
    deviceGroups: deviceGroupsFrom(groups, held),
  });
}

/** An enabled member of this tenant, or why not. Somebody of another organisation may be marked as a member; the name they came with tells. */
export function standingOf({ accountEnabled, userType, userPrincipalName }: Facts): PersonRefusal | null {
  if (!accountEnabled) return { kind: 'disabled-person' };
  return userType === 'Member' && !/#EXT#/i.test(userPrincipalName) ? null : { kind: 'guest' };
}

const factsRequest = (entraId: string): GraphRequest => ({ method: 'GET', path: `/users/${entraId}?$select=${factNames}` });

const ofPrincipal = (entraId: string): string => `$filter=${encodeURIComponent(`principalId eq '${entraId}'`)}`;
const eventual = { ConsistencyLevel: 'eventual' };
const assignmentsRequest = (entraId: string): GraphRequest => ({
  method: 'GET',
  path: `/roleManagement/directory/transitiveRoleAssignments?$count=true&${ofPrincipal(entraId)}`,
  headers: eventual,
});

const checkRequests = (entraId: string, ids: readonly string[]): GraphRequest[] =>
  chunks(ids, idsPerCheck).map((some) => ({ method: 'POST', path: `/users/${entraId}/checkMemberObjects`, body: { ids: some } }));

const union = (answers: readonly HttpAnswer[]): Set<string> => new Set(answers.flatMap((answer) => expect(Held, answer).value));

/** An app that may not see roles as objects is refused the whole check; then groups and roles are asked for apart. */
async function heldBy(
  { client, deadline }: Look,
  entraId: string,
  checked: readonly HttpAnswer[],
  groups: readonly string[],
): Promise<Set<string>> {
  if (!checked.some(({ status }) => status === 403)) return union(checked);
  const rolesOf = `/users/${entraId}/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,roleTemplateId`;
  const asked: GraphRequest[] = [{ method: 'GET', path: rolesOf }, ...checkRequests(entraId, [...new Set(groups)])];
  const [roles, ...again] = await client.batch('v1.0', asked, deadline);
  if (!roles) throw unreadable();
  const templates = read(DirectoryRoles, await client.rest(roles, deadline)).map(({ roleTemplateId }) => roleTemplateId);
  return new Set([...templates, ...union(again)]);
}

/** The beta route may change or be closed to the app; v1.0 knows the same where the tenant has Entra ID P2. Whoever holds nothing needs neither. */
async function assignmentsOf(
  { client, deadline }: Look,
  entraId: string,
  answer: HttpAnswer,
  held: ReadonlySet<string>,
): Promise<Assignment[]> {
  if (answer.status === 200) return read(Assigned, await client.rest(answer, deadline, eventual));
  if (![400, 403, 404, 410].includes(answer.status)) throw failure(answer);
  if (!directoryRoleIds.some((role) => held.has(role))) return [];
  const path = `/roleManagement/directory/roleAssignmentScheduleInstances?${ofPrincipal(entraId)}`;
  return read(Assigned, await client.rest(await client.get('v1.0', path, deadline), deadline));
}

export function read<T>(shape: z.ZodType<T>, entries: unknown): T {
  const parsed = shape.safeParse(entries);
  if (!parsed.success) throw unreadable();
  return parsed.data;
}

/** Unified RBAC of Defender (beta): role definitions and assignments of the tenant, read together, and what they give to a person. */
import { z } from 'zod';
import type { Role } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Deadline } from '../microsoft/deadline.ts';
import { type GraphClient, unreadable } from './graph-client.ts';
import { read } from './graph-person.ts';

export type UnifiedSettings = {
  /** Microsoft does not publish these two; null leaves the permission out. */
  emailMetadataAction: string | null;
  emailAdvancedAction: string | null;
};

export type UnifiedRoles = {
  /** Whoever is assigned something that matters here: people and groups. */
  principals: readonly string[];
  /** `those`: the person and, of the principals, the groups the person is in. */
  rolesOf(those: ReadonlySet<string>): Role[];
};

const responseAction = 'microsoft.xdr/secops/securitydata/response/manage';
const maxPrincipals = 1000;

const lower = z.string().transform((value) => value.toLowerCase());
const Definitions = z.array(
  z.object({
    id: lower,
    isEnabled: z.boolean().optional(),
    rolePermissions: z.array(z.object({ allowedResourceActions: z.array(lower) })),
  }),
);
const Assignments = z.array(
  z.object({
    roleDefinitionId: lower,
    principalIds: z.array(lower),
    directoryScopeIds: z.array(z.string()).nullish(),
    appScopeIds: z.array(lower),
  }),
);
type Definition = z.infer<typeof Definitions>[number];
type Assignment = z.infer<typeof Assignments>[number];

/** One call for both lists, and one for every further page. */
export async function readUnifiedRoles(client: GraphClient, settings: UnifiedSettings, deadline: Deadline): Promise<UnifiedRoles> {
  const paths = ['/roleManagement/defender/roleDefinitions', '/roleManagement/defender/roleAssignments'];
  const first = await client.batch(
    'beta',
    paths.map((path) => ({ method: 'GET', path })),
    deadline,
  );
  const [definitions, assignments] = await Promise.all(first.map((answer) => client.rest(answer, deadline)));
  if (!definitions || !assignments) throw unreadable();
  return unifiedRoles(read(Definitions, definitions), read(Assignments, assignments), settings);
}

type Grant = { principals: readonly string[]; actions: readonly string[]; scopes: readonly string[] };

export function unifiedRoles(
  definitions: readonly Definition[],
  assignments: readonly Assignment[],
  settings: UnifiedSettings,
): UnifiedRoles {
  const actionsOf = new Map(
    definitions
      .filter(({ isEnabled }) => isEnabled !== false)
      .map(({ id, rolePermissions }) => [id, rolePermissions.flatMap(({ allowedResourceActions }) => allowedResourceActions)]),
  );
  const wanted = wantedFrom(settings);
  const grants: Grant[] = assignments
    .filter(({ directoryScopeIds }) => !directoryScopeIds?.length || directoryScopeIds.includes('/'))
    .map((one) => ({ principals: one.principalIds, actions: actionsOf.get(one.roleDefinitionId) ?? [], scopes: one.appScopeIds }))
    .filter(({ actions }) => wanted.some(({ action }) => covers(actions, action)));
  // Only ids that Graph would take: one that is none would spoil the check of the others.
  const principals = [...new Set(grants.flatMap((grant) => grant.principals))].filter((one) => z.guid().safeParse(one).success);
  if (principals.length > maxPrincipals) {
    throw new UpstreamError('directory', `Unified RBAC assigns to more than ${maxPrincipals} people and groups`, { retryable: false });
  }
  return {
    principals,
    rolesOf: (those) => {
      const mine = grants.filter((grant) => grant.principals.some((one) => those.has(one)));
      return wanted.filter((one) => one.workloads.every((workload) => isGranted(mine, one.action, workload))).map(({ role }) => role);
    },
  };
}

type Wanted = { role: Role; action: string; workloads: readonly string[] };

/** Response (manage) opens devices and identities alike in the table of permissions, so it has to be held for both. */
function wantedFrom({ emailMetadataAction, emailAdvancedAction }: UnifiedSettings): Wanted[] {
  const wanted: Wanted[] = [{ role: 'UrbacResponseManage', action: responseAction, workloads: ['mde', 'mdi'] }];
  if (emailMetadataAction !== null) wanted.push({ role: 'UrbacEmailMetadataRead', action: emailMetadataAction, workloads: ['mdo'] });
  if (emailAdvancedAction !== null)
    wanted.push({ role: 'UrbacEmailAdvancedActionsManage', action: emailAdvancedAction, workloads: ['mdo'] });
  return wanted;
}

function isGranted(grants: readonly Grant[], action: string, workload: string): boolean {
  return grants.some(({ actions, scopes }) => scopes.some((scope) => ['/', 'all', workload].includes(scope)) && covers(actions, action));
}

const covers = (allowed: readonly string[], wanted: string): boolean => allowed.some((action) => allows(action, wanted));

/** `*` stands for one or more parts; whoever may manage something may read it. */
export function allows(allowed: string, wanted: string): boolean {
  const action = wanted.toLowerCase();
  const pattern = allowed.toLowerCase().split('/');
  const isRead = action.endsWith('/read');
  return matches(pattern, action.split('/')) || (isRead && matches(pattern, action.replace(/read$/, 'manage').split('/')));
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  const [part, ...others] = parts;
  if (head === undefined || part === undefined) return head === undefined && part === undefined;
  if (head !== '*') return head === part && matches(rest, others);
  return matches(rest, others) || matches(pattern, others);
}

// Which groups somebody is in, also through others, and which directory roles they hold where.

import type { EntraState } from './state.ts';
import type { EntraPerson } from './types.ts';
import { guidFrom } from './values.ts';

export const WHOLE_TENANT = '/';

export type Holding = {
  role: string;
  scope: string;
  memberType: 'Direct' | 'Group' /** Who the role is assigned to. */;
  principalId: string;
};

/** Ids in lower case. */
export function groupsOf(state: EntraState, person: EntraPerson): Set<string> {
  const found = new Set<string>();
  const waiting = (person.groups ?? []).map((id) => id.toLowerCase());
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...(state.groups.get(id)?.memberOf ?? []).map((parent) => parent.toLowerCase()));
  }
  return found;
}

/** Active roles. Those of a disabled person are still theirs. */
export function rolesOf(state: EntraState, person: EntraPerson): Holding[] {
  const own = (roles: readonly string[] | undefined, scope: string): Holding[] =>
    (roles ?? []).map((role) => ({ role: role.toLowerCase(), scope, memberType: 'Direct', principalId: person.id }));
  const byGroup = [...groupsOf(state, person)].flatMap((id) =>
    (state.groups.get(id)?.roles ?? []).map(
      (role): Holding => ({ role: role.toLowerCase(), scope: WHOLE_TENANT, memberType: 'Group', principalId: id }),
    ),
  );
  return [...own(person.roles, WHOLE_TENANT), ...own(person.unitRoles, unitOf(state)), ...byGroup];
}

/** The tenant has one administrative unit. */
const unitOf = ({ options }: EntraState): string => `/administrativeUnits/${guidFrom(`unit of ${options.tenantId}`)}`;

// What each operation of Graph answers. https://learn.microsoft.com/graph/api/overview

import type { IncomingHttpHeaders } from 'node:http';
import { answerHunt } from '../defender/hunting.ts';
import { accountOperations } from './account-operations.ts';
import { alertOperations } from './alert-operations.ts';
import { badRequest, type HttpAnswer, isAnswer, noAdvancedQuery, notFound } from './answers.ts';
import { assignmentOf, definitionOf, noDefenderRoles } from './defender-roles.ts';
import { answerMailQuestion, mailOperations } from './mail-operations.ts';
import { groupsOf, rolesOf } from './membership.ts';
import {
  HUNT,
  type Needs,
  READ_DEFENDER_ROLES,
  READ_ELIGIBILITY,
  READ_MEMBERS,
  READ_PEOPLE,
  READ_ROLE_SCHEDULES,
  READ_ROLES,
} from './permissions.ts';
import { contextOf, pageOf, type Query } from './query.ts';
import { assignmentScheduleOf, directoryRolesOf, eligibilityScheduleOf, isDirectoryRole, transitiveAssignmentsOf } from './roles.ts';
import { type EntraState, findPerson } from './state.ts';
import { subscriptionOperations } from './subscription-operations.ts';
import type { DefenderRole, EntraPerson, EntraRoute } from './types.ts';
import { addressFilter, userOf, usersOf } from './users.ts';
import { isGuid, isObject } from './values.ts';

export type GraphVersion = 'v1.0' | 'beta';

/** `named` is the person in the path. */
export type Question = { state: EntraState; named: string; body: unknown; query: Query; url: URL; headers: IncomingHttpHeaders };

export type Operation = {
  route: EntraRoute;
  verb: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  versions: readonly GraphVersion[];
  path: RegExp;
  /** Options of the query that are understood. */
  options: readonly string[];
  needs(body: unknown, state: EntraState): Needs;
  run(question: Question): HttpAnswer | Promise<HttpAnswer>;
};

const CHECK_MAX = 20;
const EVERYWHERE = ['v1.0', 'beta'] as const;
const PAGING = ['$top', '$skiptoken', '$count'];
const LISTING = ['$filter', ...PAGING];

const reading = (
  p: Pick<Operation, 'route' | 'path' | 'options' | 'run'> & { needs: Needs; versions?: readonly GraphVersion[] },
): Operation => ({
  verb: 'GET',
  versions: EVERYWHERE,
  ...p,
  needs: () => p.needs,
});

export const operations: readonly Operation[] = [
  reading({ route: 'users', path: /^\/users$/, options: ['$select', ...LISTING], needs: [READ_PEOPLE], run: listUsers }),
  reading({ route: 'user', path: /^\/users\/([^/]+)$/, options: ['$select'], needs: [READ_PEOPLE], run: readUser }),
  {
    route: 'checkMemberObjects',
    verb: 'POST',
    versions: EVERYWHERE,
    path: /^\/users\/([^/]+)\/(?:microsoft\.graph\.)?checkMemberObjects$/,
    options: [],
    needs: (body, state) => [READ_PEOPLE, ...neededForIds(state, idsOf(body) ?? [])],
    run: checkMemberObjects,
  },
  reading({
    route: 'transitiveMemberOf',
    path: /^\/users\/([^/]+)\/transitiveMemberOf\/(?:microsoft\.)?graph\.directoryRole$/,
    options: ['$select', ...PAGING],
    needs: [READ_PEOPLE, READ_ROLES],
    run: listDirectoryRoles,
  }),
  reading({
    route: 'roleAssignmentScheduleInstances',
    path: /^\/roleManagement\/directory\/roleAssignmentScheduleInstances$/,
    options: LISTING,
    needs: [READ_ROLE_SCHEDULES],
    run: (question) => listFor(question, assignmentScheduleOf),
  }),
  reading({
    route: 'roleEligibilityScheduleInstances',
    path: /^\/roleManagement\/directory\/roleEligibilityScheduleInstances$/,
    options: LISTING,
    needs: [READ_ELIGIBILITY],
    run: (question) => listFor(question, eligibilityScheduleOf),
  }),
  reading({
    route: 'transitiveRoleAssignments',
    versions: ['beta'],
    path: /^\/roleManagement\/directory\/transitiveRoleAssignments$/,
    options: LISTING,
    needs: [READ_ROLES],
    run: (question) => (isAdvanced(question) ? listFor(question, transitiveAssignmentsOf) : noAdvancedQuery()),
  }),
  {
    route: 'hunting',
    verb: 'POST',
    versions: EVERYWHERE,
    path: /^\/security\/(?:microsoft\.graph\.security\.)?runHuntingQuery$/,
    options: [],
    needs: () => [HUNT],
    run: (question) => answerMailQuestion(question) ?? answerHunt(question.state.hunts, question.body, question.state.now()),
  },
  reading({
    route: 'defenderRoles',
    path: /^\/roleManagement\/defender\/roleDefinitions$/,
    options: PAGING,
    needs: [READ_DEFENDER_ROLES],
    run: (question) => listDefender(question, definitionOf),
  }),
  reading({
    route: 'defenderRoles',
    path: /^\/roleManagement\/defender\/roleAssignments$/,
    options: PAGING,
    needs: [READ_DEFENDER_ROLES],
    run: (question) => listDefender(question, assignmentOf),
  }),
  ...accountOperations,
  ...mailOperations,
  ...alertOperations,
  ...subscriptionOperations,
];

function listUsers({ state, query, url }: Question): HttpAnswer {
  const fits = query.filter === null ? () => true : addressFilter(query.filter);
  if (fits === undefined) return badRequest(`Invalid filter clause: '${query.filter}'.`, 'Request_UnsupportedQuery');
  const users = usersOf([...state.people.values()].filter(fits), query.select);
  return isAnswer(users) ? users : pageOf(users, query, { url, context: 'users' });
}

function readUser({ state, named, query, url }: Question): HttpAnswer {
  const person = findPerson(state, named);
  if (person === undefined) return notFound(named);
  const user = userOf(person, query.select);
  return isAnswer(user) ? user : { status: 200, body: { '@odata.context': contextOf(url, 'users/$entity'), ...user } };
}

/** Whoever asks about groups or roles must be allowed to look at groups or roles. */
function neededForIds(state: EntraState, ids: readonly string[]): Needs {
  const groups = ids.some((id) => state.groups.has(id.toLowerCase())) ? [READ_MEMBERS] : [];
  return ids.some(isDirectoryRole) ? [...groups, READ_ROLES] : groups;
}

function idsOf(body: unknown): string[] | undefined {
  const ids = isObject(body) ? body['ids'] : undefined;
  return Array.isArray(ids) && ids.every((id) => typeof id === 'string') ? ids : undefined;
}

/** Cannot tell a role for one administrative unit from a role for the tenant. Ids that nothing has are passed over. */
function checkMemberObjects({ state, named, body, url }: Question): HttpAnswer {
  const ids = idsOf(body);
  if (ids === undefined) return badRequest("The request body must hold 'ids', a list of texts.");
  if (ids.length > CHECK_MAX) return badRequest(`The number of ids may not exceed ${CHECK_MAX}.`, 'Request_BadRequest');
  const wrong = ids.find((id) => !isGuid(id));
  if (wrong !== undefined) return badRequest(`Invalid object identifier '${wrong}'.`, 'Request_BadRequest');
  const person = findPerson(state, named);
  if (person === undefined) return notFound(named);
  const held = new Set([...groupsOf(state, person), ...rolesOf(state, person).map(({ role }) => role)]);
  const value = [...new Set(ids.map((id) => id.toLowerCase()))].filter((id) => held.has(id));
  return { status: 200, body: { '@odata.context': contextOf(url, 'Collection(Edm.String)'), value } };
}

function listDirectoryRoles({ state, named, query, url }: Question): HttpAnswer {
  const person = findPerson(state, named);
  if (person === undefined) return notFound(named);
  const roles = directoryRolesOf(state, person);
  const unknown = query.select?.find((name) => !['id', 'deletedDateTime', 'description', 'displayName', 'roleTemplateId'].includes(name));
  if (unknown !== undefined) return badRequest(`Could not find a property named '${unknown}' on type 'microsoft.graph.directoryRole'.`);
  const { select } = query;
  const told =
    select === null ? roles : roles.map((role) => Object.fromEntries(Object.entries(role).filter(([name]) => select.includes(name))));
  return pageOf(told, query, { url, context: 'directoryRoles' });
}

/** Somebody unknown holds nothing; that is no error here. */
function listFor({ state, query, url }: Question, rowsOf: (state: EntraState, person: EntraPerson) => object[]): HttpAnswer {
  const [, principal] = /^\s*principalId\s+eq\s+'([^']*)'\s*$/.exec(query.filter ?? '') ?? [];
  if (principal === undefined || !isGuid(principal)) return badRequest(`Invalid filter clause: '${query.filter ?? ''}'.`);
  const person = state.people.get(principal.toLowerCase());
  const context = url.pathname.split('/').slice(2).join('/');
  return pageOf(person === undefined ? [] : rowsOf(state, person), query, { url, context });
}

const isAdvanced = ({ headers, query }: Question): boolean =>
  query.isCounted && String(headers['consistencylevel'] ?? '').toLowerCase() === 'eventual';

function listDefender({ state, query, url }: Question, rowOf: (role: DefenderRole) => object): HttpAnswer {
  const roles = state.options.defenderRoles;
  if (roles === undefined || url.pathname.startsWith('/v1.0/')) return noDefenderRoles();
  return pageOf(roles.map(rowOf), query, { url, context: url.pathname.split('/').slice(2).join('/') });
}

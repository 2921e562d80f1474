// Changing accounts: https://learn.microsoft.com/graph/api/user-update, .../user-revokesigninsessions, .../riskyuser-confirmcompromised and
// .../security-identityaccounts-invokeaction. Everything here can be done twice.

import { badRequest, type HttpAnswer, notFound } from './answers.ts';
import type { Operation, Question } from './graph-operations.ts';
import { changePerson, type EntraState, findPerson, remember } from './state.ts';
import type { EntraPerson } from './types.ts';
import { guidFrom, isObject } from './values.ts';

const V1 = ['v1.0'] as const;
const DIRECTORY_ACTIONS = ['disable', 'enable', 'forcePasswordReset'];

const changing = (p: Pick<Operation, 'route' | 'path' | 'run'> & { verb?: 'POST' | 'PATCH'; needs: string }): Operation => ({
  verb: 'POST',
  versions: V1,
  options: [],
  ...p,
  needs: () => [[p.needs]],
});

export const accountOperations: readonly Operation[] = [
  changing({ route: 'changeUser', verb: 'PATCH', path: /^\/users\/([^/]+)$/, needs: 'User.EnableDisableAccount.All', run: changeUser }),
  changing({
    route: 'revokeSignInSessions',
    path: /^\/users\/([^/]+)\/revokeSignInSessions$/,
    needs: 'User.RevokeSessions.All',
    run: ({ state, named }) =>
      onPerson(state, named, (person) => {
        changePerson(state, person.id, { sessionsValidFrom: new Date(state.now()).toISOString() });
        noteDeed(state, 'revokeSessions', person);
        return { status: 200, body: { value: true } };
      }),
  }),
  ...(['confirmCompromised', 'dismiss'] as const).map((deed) =>
    changing({
      route: 'riskyUsers',
      path: new RegExp(`^/identityProtection/riskyUsers/(${deed})$`),
      needs: 'IdentityRiskyUser.ReadWrite.All',
      run: (question) => changeRisk(question, deed),
    }),
  ),
  {
    route: 'riskyUsers',
    verb: 'GET',
    versions: V1,
    path: /^\/identityProtection\/riskyUsers\/([^/]+)$/,
    options: [],
    needs: () => [['IdentityRiskyUser.Read.All', 'IdentityRiskyUser.ReadWrite.All']],
    run: ({ state, named }) =>
      onPerson(state, named, ({ id, riskState }) => (riskState === undefined ? notFound(id) : { status: 200, body: { id, riskState } })),
  },
  {
    route: 'identityAccounts',
    verb: 'GET',
    versions: V1,
    path: /^\/security\/identities\/identityAccounts$/,
    options: ['$filter'],
    needs: () => [['SecurityIdentitiesAccount.Read.All']],
    run: listAccounts,
  },
  changing({
    route: 'invokeAction',
    path: /^\/security\/identities\/identityAccounts\/([^/]+)\/(?:microsoft\.graph\.security\.)?invokeAction$/,
    needs: 'SecurityIdentitiesActions.ReadWrite.All',
    run: invokeAction,
  }),
];

function onPerson(state: EntraState, named: string, run: (person: EntraPerson) => HttpAnswer): HttpAnswer {
  const person = findPerson(state, named);
  return person === undefined ? notFound(named) : run(person);
}

const noteDeed = (state: EntraState, what: string, { id }: EntraPerson): void =>
  remember(state.deeds, { what, person: id, at: state.now() }, 10_000);

function changeUser({ state, named, body }: Question): HttpAnswer {
  const enabled = isObject(body) ? body['accountEnabled'] : undefined;
  if (!isObject(body) || typeof enabled !== 'boolean' || Object.keys(body).length !== 1)
    return badRequest('Only accountEnabled is simulated.');
  return onPerson(state, named, (person) => {
    changePerson(state, person.id, { accountEnabled: enabled });
    noteDeed(state, enabled ? 'enable' : 'disable', person);
    return { status: 204 };
  });
}

function changeRisk({ state, body }: Question, deed: 'confirmCompromised' | 'dismiss'): HttpAnswer {
  const ids = isObject(body) && Array.isArray(body['userIds']) ? body['userIds'].map(String) : [];
  const people = ids.flatMap((id) => findPerson(state, id) ?? []);
  if (ids.length === 0 || people.length < ids.length) return badRequest("'userIds' must name users.");
  for (const person of people) {
    changePerson(state, person.id, { riskState: deed === 'dismiss' ? 'dismissed' : 'confirmedCompromised' });
    noteDeed(state, deed, person);
  }
  return { status: 204 };
}

const accountId = ({ id }: EntraPerson): string => guidFrom(`identity account of ${id}`);

function listAccounts({ state, query, url }: Question): HttpAnswer {
  const [, sid] = /^onPremisesSecurityIdentifier eq '([^']+)'$/.exec(query.filter ?? '') ?? [];
  if (sid === undefined) return badRequest(`Invalid filter clause: '${query.filter ?? ''}'.`);
  const found = [...state.people.values()].filter(({ onPremises }) => onPremises?.sid === sid);
  const value = found.map((person) => ({
    id: accountId(person),
    displayName: person.displayName,
    onPremisesSecurityIdentifier: sid,
    isEnabled: person.onPremises?.isEnabled ?? true,
  }));
  return { status: 200, body: { '@odata.context': `${url.origin}/v1.0/$metadata#security/identities/identityAccounts`, value } };
}

function invokeAction({ state, named, body }: Question): HttpAnswer {
  const person = [...state.people.values()].find((one) => accountId(one) === named);
  const told = isObject(body) ? body : {};
  const [action, sid] = [String(told['action']), person?.onPremises?.sid];
  if (person === undefined || sid === undefined) return notFound(named);
  if (told['identityProvider'] !== 'activeDirectory' || told['accountId'] !== sid || !DIRECTORY_ACTIONS.includes(action))
    return badRequest('The account does not offer this action.');
  if (action !== 'forcePasswordReset') changePerson(state, person.id, { onPremises: { sid, isEnabled: action === 'enable' } });
  noteDeed(state, `directory:${action}`, person);
  return {
    status: 200,
    body: { value: { accountId: sid, action, identityProvider: 'activeDirectory', correlationId: guidFrom(`${named}${action}`) } },
  };
}

// People as Graph tells about them: https://learn.microsoft.com/graph/api/resources/user

import { badRequest, type HttpAnswer, isAnswer } from './answers.ts';
import type { EntraPerson } from './types.ts';
import { same } from './values.ts';

/** What is told unless something else was selected: neither whether the account is enabled, nor whose it is. */
const DEFAULT = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];
const EMPTY = { businessPhones: [], givenName: null, jobTitle: null, mobilePhone: null, officeLocation: null, preferredLanguage: null };

function everythingOf(person: EntraPerson): Record<string, unknown> {
  const { id, userPrincipalName, displayName, mail, userType, accountEnabled } = person;
  const facts = { id, userPrincipalName, displayName, mail, userType, accountEnabled, proxyAddresses: proxyAddressesOf(person) };
  const { onPremises, sessionsValidFrom = null } = person;
  const synchronised = { onPremisesSyncEnabled: onPremises ? true : null, onPremisesSecurityIdentifier: onPremises?.sid ?? null };
  return { ...EMPTY, surname: null, ...synchronised, signInSessionsValidFromDateTime: sessionsValidFrom, ...facts };
}

const proxyAddressesOf = ({ mail, proxyAddresses }: EntraPerson): string[] => proxyAddresses ?? (mail === null ? [] : [`SMTP:${mail}`]);

/** The selected properties, or the refusal of one that there is not. Names may be spelled in any case. */
export function userOf(person: EntraPerson, select: readonly string[] | null): Record<string, unknown> | HttpAnswer {
  const all = everythingOf(person);
  const told: Record<string, unknown> = {};
  for (const asked of select ?? DEFAULT) {
    const name = Object.keys(all).find((one) => same(one, asked));
    if (name === undefined)
      return badRequest(
        `Parsing OData Select and Expand failed: Could not find a property named '${asked}' on type 'microsoft.graph.user'.`,
      );
    told[name] = all[name];
  }
  return told;
}

export function usersOf(people: readonly EntraPerson[], select: readonly string[] | null): Record<string, unknown>[] | HttpAnswer {
  const users: Record<string, unknown>[] = [];
  for (const person of people) {
    const user = userOf(person, select);
    if (isAnswer(user)) return user;
    users.push(user);
  }
  return users;
}

const TEXT = "'((?:[^']|'')*)'";
const BY_ADDRESS = new RegExp(
  `^\\s*mail\\s+eq\\s+${TEXT}\\s+or\\s+userPrincipalName\\s+eq\\s+${TEXT}\\s+or\\s+proxyAddresses/any\\(\\s*(\\w+)\\s*:\\s*\\3\\s+eq\\s+${TEXT}\\s*\\)\\s*$`,
);

/** The one filter that is simulated: whose address is this? Undefined for any other. Values match in any case. */
export function addressFilter(filter: string): ((person: EntraPerson) => boolean) | undefined {
  const [, mail, name, , proxy] = BY_ADDRESS.exec(filter)?.map((part) => part.replaceAll("''", "'")) ?? [];
  if (mail === undefined || name === undefined || proxy === undefined) return undefined;
  return (person) =>
    (person.mail !== null && same(person.mail, mail)) ||
    same(person.userPrincipalName, name) ||
    proxyAddressesOf(person).some((address) => same(address, proxy));
}

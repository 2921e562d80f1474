/** From an e-mail address to the one member it belongs to. The address is a hint from a chat platform; what is found is checked against it. */
import { z } from 'zod';
import type { PersonRefusal, Result } from '../action-center/refusal.ts';
import { ok, refuse } from '../action-center/refusal.ts';
import type { Deadline } from '../microsoft/deadline.ts';
import type { GraphClient } from './graph-client.ts';
import { unreadable } from './graph-client.ts';
import { factNames, id, read, standingOf } from './graph-person.ts';

const Found = z.array(
  z.object({
    id,
    userPrincipalName: z.string().min(1).max(400),
    displayName: z.string().max(400).nullable(),
    accountEnabled: z.boolean(),
    userType: z.string().nullable(),
    mail: z.string().nullish(),
    proxyAddresses: z.array(z.string()).nullish(),
  }),
);

const shape = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/;

/** Null: not e-mail shaped. */
export function spelledAddress(address: string): string | null {
  const spelled = address.trim().toLowerCase();
  return spelled.length <= 254 && shape.test(spelled) ? spelled : null;
}

export function addressFilter(address: string): string {
  const quoted = address.replaceAll("'", "''");
  return `mail eq '${quoted}' or userPrincipalName eq '${quoted}' or proxyAddresses/any(p:p eq 'smtp:${quoted}')`;
}

/**
 * Several people, enabled or not, make an address nobody's. Whether there is no such person or one who may not decide is not told apart: an
 * answer must not tell which addresses exist.
 */
export async function personByAddress(client: GraphClient, hint: string, deadline: Deadline): Promise<Result<string, PersonRefusal>> {
  const address = spelledAddress(hint);
  if (address === null) return refuse({ kind: 'unknown-person' });
  const path = `/users?$filter=${encodeURIComponent(addressFilter(address))}&$select=${factNames},mail,proxyAddresses`;
  const found = read(Found, await client.rest(await client.get('v1.0', path, deadline), deadline));
  const byId = new Map(found.map((person) => [person.id, person]));
  const [person] = byId.values();
  if (!person) return refuse({ kind: 'unknown-person' });
  if (byId.size > 1) return refuse({ kind: 'ambiguous-person' });
  const theirs = [person.mail, person.userPrincipalName, ...(person.proxyAddresses ?? []).map((one) => one.replace(/^smtp:/i, ''))];
  if (!theirs.some((one) => one?.toLowerCase() === address)) throw unreadable();
  return standingOf(person) ? refuse({ kind: 'unknown-person' }) : ok(person.id);
}

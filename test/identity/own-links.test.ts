/** Links that people made themselves, beside those of a file, as the directory sees them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import type { Link, LinkStore } from '../../src/action-center/sign-in-ports.ts';
import type { GraphSettings } from '../../src/identity/graph.ts';
import { cached, entraPerson, fresh, linksTo, openRig, type Rig, roleIds, slackClaim, told } from './graph-rig.ts';

const alice = entraPerson('alice', { roles: [roleIds.SecurityAdministrator] });
const bob = entraPerson('bob', { roles: [roleIds.SecurityReader] });
const held = new Map<string, Link>();
let rig: Rig;
let asked = 0;

const own: Pick<LinkStore, 'of' | 'isTaken'> = {
  of: async ({ userId }) => {
    asked += 1;
    return held.get(userId) ?? null;
  },
  isTaken: async (entraId, { userId }) => [...held.values()].some((link) => link.entraId === entraId && link.userId !== userId),
};
const link = (userId: string, to: typeof alice, days = 1): void => {
  const validUntil = new Date(Date.now() + days * 86_400_000).toISOString();
  const since = new Date().toISOString();
  held.set(userId, { teamId: 'T000000001', userId, entraId: EntraId.parse(to.id), upn: 'x', displayName: 'x', since, validUntil });
};
const open = (changes: Partial<GraphSettings> = {}) => rig.open({ ownLinks: own, canLink: true, ...changes });

beforeAll(async () => {
  rig = await openRig([alice, bob]);
});
afterAll(() => rig.close());

it('count and end at once, however short ago somebody was looked up', async () => {
  const directory = open();
  expect(await told(directory, slackClaim('U1'))).toBe('unknown-person');
  link('U1', alice);
  expect(await told(directory, slackClaim('U1'))).toBe('SecurityAdministrator');
  held.delete('U1');
  expect(await told(directory, slackClaim('U1'))).toBe('unknown-person');
});

it('that run out say so, and only where people can make one is it offered', async () => {
  link('U2', alice, -1);
  expect(await open().personFor(slackClaim('U2'), cached)).toEqual({ ok: false, refusal: { kind: 'unknown-person', connect: 'again' } });
  expect(await open().personFor(slackClaim('U3'), cached)).toEqual({ ok: false, refusal: { kind: 'unknown-person', connect: 'now' } });
  expect(await open({ canLink: false }).personFor(slackClaim('U3'), cached)).toEqual({ ok: false, refusal: { kind: 'unknown-person' } });
});

it('that contradict the file make an account nobody’s; those that agree do not', async () => {
  link('U4', bob);
  expect(await told(open({ links: linksTo({ U4: alice }) }), slackClaim('U4'))).toBe('ambiguous-person');
  expect(await told(open({ links: linksTo({ U4: bob }) }), slackClaim('U4'))).toBe('SecurityReader');
  link('U4', bob, -1);
  expect(await told(open({ links: linksTo({ U4: alice }) }), slackClaim('U4'))).toBe('SecurityAdministrator');
});

it('keep others from reaching their person by an address', async () => {
  held.clear();
  const directory = open({ identityMode: 'email' });
  expect(await told(directory, slackClaim('U5', 'alice@contoso.example'))).toBe('SecurityAdministrator');
  link('U6', alice);
  expect(await told(directory, slackClaim('U5', 'alice@contoso.example'))).toBe('ambiguous-person');
  expect(await told(directory, slackClaim('U6', 'bob@contoso.example'))).toBe('SecurityAdministrator');
});

it('are no answer while the record gives none', async () => {
  const silent = { ...own, of: () => Promise.reject(new UpstreamError('store', 'away', { retryable: true })) };
  await expect(open({ ownLinks: silent }).personFor(slackClaim('U1'), fresh)).rejects.toMatchObject({ service: 'store' });
  const before = asked;
  await told(open(), slackClaim('U1'));
  expect(asked - before).toBe(1);
});

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { EntraFault } from '../../sandbox/entra/types.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, quarantineFile, softDeleteEmail } from './actions.ts';
import { type GraphWorld, graphWorld, roleIds } from './graph-world.ts';
import { alice, bob, carol, type DirectoryPerson, dave, erin, frank, people, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const stranger = person('Zoe Unknown', []);
const ellen = person('Ellen Eligible', ['SecurityReader']);
const nora = person('Nora Newcomer', ['SecurityAdministrator']);
const ursula = person('Ursula Unit', []);
/** Each of these meets Graph for the first time while it is in trouble. */
const troubles: [Omit<EntraFault, 'route'>, DirectoryPerson][] = [
  [{ kind: 'hang' }, person('Hanna Hang', ['SecurityAdministrator'])],
  [{ kind: 'slow', ms: 2600 }, person('Sally Slow', ['SecurityAdministrator'])],
  [{ kind: 'throttle', retryAfterSeconds: 60 }, person('Theo Throttle', ['SecurityAdministrator'])],
  [{ kind: 'http500' }, person('Fiona Failing', ['SecurityAdministrator'])],
  [{ kind: 'garbage' }, person('Gary Garbage', ['SecurityAdministrator'])],
  [{ kind: 'empty' }, person('Emma Empty', ['SecurityAdministrator'])],
  [{ kind: 'reset' }, person('Rita Reset', ['SecurityAdministrator'])],
];
const newcomers = [ellen, nora, ursula, ...troubles.map(([, who]) => who)];

describe.each(platforms)('people by Microsoft Graph in $name', ({ open }) => {
  let graph: GraphWorld;
  let world: World;

  beforeAll(async () => {
    graph = await graphWorld([...people, ...newcomers]);
    graph.entra.change(ellen.entraId, { eligibleRoles: [roleIds['SecurityAdministrator'] ?? ''] });
    graph.entra.change(ursula.entraId, { unitRoles: [roleIds['SecurityAdministrator'] ?? ''] });
    world = await openWorld({
      chat: await open([stranger, ...newcomers]),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      timing: { sweepEveryMs: 200, stalledAfterMs: 2000, repairEveryMs: 500 },
      env: graph.env,
    });
    await world.add({ bot: true, worker: true });
  });
  afterEach(() => graph.entra.faults.clear());
  afterAll(async () => {
    await world.close();
    await graph.close();
  });

  const press = async (who: DirectoryPerson, title: string): Promise<string> => {
    const before = world.chat.told(who).length;
    await world.chat.press(who, title, /^Approve/);
    return world.until(`${who.displayName} is told`, () =>
      world.chat
        .told(who)
        .slice(before)
        .find((text) => !text.includes('Still checking')),
    );
  };

  it('carries out what somebody approved who may', async () => {
    const file = await world.raise(quarantineFile());
    expect(await press(alice, file.title)).toContain('Recorded');
    await world.cardSays(file.title, 'Completed');
    expect(world.chat.card(file.title)).toContain('Security Administrator');
    const mail = await world.raise(softDeleteEmail());
    await press(alice, mail.title);
    await world.cardSays(mail.title, 'Completed');
    expect((await world.read(mail.id)).decision?.actor.rolesUsed).toEqual(['SecurityAdministrator', 'SearchAndPurge']);
  });

  it('lets a member of a group act on its device group only', async () => {
    const own = await world.raise(isolateDevice());
    await press(bob, own.title);
    await world.cardSays(own.title, 'Completed');
    const server = {
      type: 'device',
      deviceId: '2e5bc9d7e413ddd7902c2932e418702b84d0cc07',
      name: 'srv-1.contoso.example',
      group: 'Servers',
    };
    const other = await world.raise(isolateDevice({ entities: [server] }));
    expect(await press(bob, other.title)).toContain('Servers');
  });

  it('refuses everybody else, and says why', async () => {
    const { id, title } = await world.raise(quarantineFile());
    expect(await press(carol, title)).toContain('you also need');
    expect(await press(ursula, title)).toContain('you also need');
    expect(await press(dave, title)).toMatch(/[Gg]uest/);
    expect(await press(frank, title)).toMatch(/disabled/);
    expect(await press(stranger, title)).toMatch(/not connected/);
    expect((await world.read(id)).status).toBe('pending');
  });

  it('tells somebody who could activate a role to do that first', async () => {
    const { title } = await world.raise(quarantineFile());
    const text = await press(ellen, title);
    expect(text).toContain('Security Administrator');
    expect(text).toContain('activate your role first');
  });

  it('does not carry out what was approved by somebody who lost the role since', async () => {
    const { id, title } = await world.raise(quarantineFile());
    const roles = graph.entra.person(erin.entraId).roles ?? [];
    const demoted = world
      .reached(({ stage, actionId }) => stage === 'decided' && actionId === id, 'decided')
      .then(() => graph.entra.change(erin.entraId, { roles: [] }));
    await Promise.all([press(erin, title), demoted]);
    await world.until('an end', async () => (await world.read(id)).status === 'cancelled');
    expect((await world.read(id)).outcome?.message).toContain('Erin Evans no longer holds');
    await world.cardSays(title, 'no longer holds');
    await world.until('the thread tells it', () => world.chat.thread(title).some((text) => text.includes('no longer holds')));
    graph.entra.change(erin.entraId, { roles });
  });

  it.each(troubles)('lets nobody decide while Graph is in trouble: $kind', async (fault, who) => {
    const { id, title } = await world.raise(quarantineFile());
    graph.entra.faults.add({ route: 'user', ...fault });
    expect(await press(who, title)).toMatch(/could not be checked, because the directory did not answer/);
    expect((await world.read(id)).status).toBe('pending');
    graph.entra.faults.clear();
    expect(await press(who, title)).toContain('Recorded');
    await world.cardSays(title, 'Completed');
  });

  it('does not carry out what it cannot check, and says so', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await press(alice, title).catch(() => null);
    await world.cardSays(title, 'Completed');
    const again = await world.raise(quarantineFile());
    const down = world
      .reached(({ stage, actionId }) => stage === 'decided' && actionId === again.id, 'decided')
      .then(() => graph.entra.faults.add({ route: 'user', kind: 'http403' }));
    await Promise.all([press(alice, again.title), down]);
    await world.until('an end', async () => (await world.read(again.id)).status === 'failed');
    expect((await world.read(again.id)).outcome?.message).toContain('the directory did not answer');
    expect((await world.read(id)).status).toBe('completed');
  });

  it('asks Graph at most twice for a decision of somebody it has not seen yet', async () => {
    const { title } = await world.raise(quarantineFile());
    const before = graph.entra.calls.length;
    expect(await press(nora, title)).toContain('Recorded');
    // One batch of three questions at the press and, fresh, one when it is carried out; the token is there.
    await world.cardSays(title, 'Completed');
    // What is gathered for the card is nobody's decision.
    const asked = graph.entra.calls
      .slice(before)
      .map(({ route }) => route)
      .filter((route) => route !== 'hunting');
    expect(asked.filter((route) => route === 'user')).toHaveLength(2);
    expect(new Set(asked)).toEqual(new Set(['user', 'transitiveRoleAssignments', 'checkMemberObjects']));
    expect(asked).toHaveLength(6);
  });

  it('keeps to the rules of Graph', () => {
    expect(graph.entra.problems).toEqual([]);
  });

  it('logs no secret and no token', () => {
    expect(world.logLines.join('\n')).not.toMatch(/entra-client-secret|Bearer |eyJ/);
  });
});

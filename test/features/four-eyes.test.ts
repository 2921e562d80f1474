/** Actions that one person alone may not approve, on both platforms from one body. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, quarantineFile } from './actions.ts';
import { bothWorlds } from './both-worlds.ts';
import { alice, bob, type DirectoryPerson, erin, people, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const rules = `approvals:
  - match: { type: stopAndQuarantineFile }
    needed: 2
protected:
  - match: { device: "dc-*" }
`;
const onDomainController = { entities: [{ type: 'device', name: 'dc-01.contoso.example', group: 'Workstations' }] };

const gina = person('Gina Gray', ['SecurityAdministrator']);

describe.each(platforms)('two people in $name', ({ open }) => {
  let world: World;

  beforeAll(async () => {
    const chat = await open([gina]);
    world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [...people, gina],
      policy: `${chat.policy}${rules}`,
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  const press = (who: DirectoryPerson, title: string) => world.chat.press(who, title, /^Approve/);

  it('are shown on the card as they come, and only the second starts it', async () => {
    const { id, title } = await world.raise(quarantineFile());
    expect(world.chat.card(title)).toContain('Waiting for 2 approvals');
    expect(await world.newlyTold(alice, () => press(alice, title))).toContain('1 of 2');
    await world.cardSays(title, '1 of 2 approvals given');
    expect(world.chat.card(title)).toContain('Alice Adams');
    expect(await world.read(id)).toMatchObject({ status: 'awaitingSecondApproval', decision: null });
    await press(bob, title);
    await world.cardSays(title, 'Completed');
    expect(world.chat.card(title)).toContain('Also approved by');
    expect((await world.read(id)).approvals).toHaveLength(2);
  });

  it('have to be different ones', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await press(alice, title);
    await world.cardSays(title, '1 of 2 approvals given');
    expect(await world.newlyTold(alice, () => press(alice, title))).toContain('has to come from a different person');
    expect((await world.read(id)).approvals).toHaveLength(1);
  });

  it('are other people than the one who asked for it, who may still reject it', async () => {
    const { id, title } = await world.raise(
      quarantineFile({ requestedBy: { kind: 'person', name: 'Alice Adams', upn: 'Alice@Contoso.example' } }),
    );
    expect(await world.newlyTold(alice, () => press(alice, title))).toContain('You asked for this action yourself');
    expect((await world.read(id)).approvals).toHaveLength(0);
    await world.chat.reject(alice, title, 'I was wrong about this file');
    await world.cardSays(title, 'Rejected');
  });

  it('are needed for a protected asset without any rule about its type', async () => {
    const { id, title } = await world.raise(isolateDevice(onDomainController));
    expect(world.chat.card(title)).toContain('the asset is protected');
    await press(alice, title);
    await world.cardSays(title, '1 of 2 approvals given');
    expect((await world.read(id)).status).toBe('awaitingSecondApproval');
    await press(erin, title);
    await world.cardSays(title, 'Completed');
  });

  it('are not needed to end it: one rejection does', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await press(alice, title);
    await world.cardSays(title, '1 of 2 approvals given');
    await world.chat.reject(erin, title, 'Known tool');
    await world.cardSays(title, 'Rejected');
    expect(await world.read(id)).toMatchObject({
      status: 'rejected',
      decision: { verb: 'reject', actor: { upn: 'erin@contoso.example' } },
    });
  });

  it('lead to one result when one approves and the other rejects at the same moment', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await press(alice, title);
    await world.cardSays(title, '1 of 2 approvals given');
    const older = world.chat.remember(title);
    await Promise.all([world.chat.press(bob, title, /^Approve/, { older }), world.chat.reject(gina, title, 'Known tool', { older })]);
    const stored = await world.until('an end', async () => {
      const action = await world.read(id);
      return ['completed', 'rejected'].includes(action.status) ? action : null;
    });
    expect(stored.history.filter(({ kind }) => kind === 'decision').length).toBeGreaterThan(0);
    await world.cardSays(title, stored.status === 'completed' ? 'Completed' : 'Rejected');
    expect(stored.decision?.verb).toBe(stored.status === 'completed' ? 'approve' : 'reject');
  });

  it('may be a restart apart', async () => {
    const { title } = await world.raise(quarantineFile());
    await press(alice, title);
    await world.cardSays(title, '1 of 2 approvals given');
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    await press(bob, title);
    await world.cardSays(title, 'Completed');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

it('one person on two platforms is one person', { timeout: 60_000 }, async () => {
  const { slack, teams, chat } = await bothWorlds();
  const world = await openWorld({
    chat,
    policy: `${chat.policy}${rules}`,
    services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
  });
  try {
    await world.add({ bot: true, worker: true });
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    for (const chat of [slack, teams]) await world.until('the card is posted', () => chat.card(body.title));
    const older = { slack: slack.remember(body.title), teams: teams.remember(body.title) };
    await Promise.all([
      slack.press(alice, body.title, /^Approve/, { older: older.slack }),
      teams.press(alice, body.title, /^Approve/, { older: older.teams }),
    ]);
    expect(await world.read(id)).toMatchObject({ status: 'awaitingSecondApproval', approvals: [{}] });
    await teams.press(bob, body.title, /^Approve/);
    await world.until('it is completed', async () => (await world.read(id)).status === 'completed');
  } finally {
    await world.close();
  }
});

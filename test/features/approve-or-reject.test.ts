import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, quarantineFile, removeRegistryKey, softDeleteEmail } from './actions.ts';
import { alice, bob, carol, dave, erin, frank, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const stranger = person('Zoe Unknown', []);

describe.each(platforms)('approve or reject in $name', ({ open }) => {
  let world: World;

  beforeAll(async () => {
    const chat = await open([stranger]);
    world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      timing: { sweepEveryMs: 200, stalledAfterMs: 2000, repairEveryMs: 500 },
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  const lastTold = (who: typeof alice) => world.chat.told(who).at(-1) ?? '';

  it('carries an approved action out and shows who, in which role, and what became of it', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Completed');
    expect(world.chat.card(title)).toContain('Alice Adams');
    expect(world.chat.card(title)).toContain('Security Administrator');
    expect(await world.read(id)).toMatchObject({
      status: 'completed',
      decision: { verb: 'approve', actor: { upn: 'alice@contoso.example', rolesUsed: ['SecurityAdministrator'] } },
      outcome: { status: 'completed' },
    });
    await world.until('the thread tells the outcome', () => world.chat.thread(title).some((text) => text.includes('Completed')));
    expect(world.chat.copies(title)).toBe(1);
  });

  it('takes a reason for a rejection and shows it, and nothing is carried out', async () => {
    const { id, title } = await world.raise(isolateDevice());
    await world.chat.reject(alice, title, 'Kim is on the phone with us, known tool');
    await world.cardSays(title, 'Rejected');
    expect(world.chat.card(title)).toContain('Kim is on the phone with us, known tool');
    expect(world.chat.dialog(alice)).toContain('Recorded');
    const stored = await world.read(id);
    expect(stored).toMatchObject({
      status: 'rejected',
      decision: { verb: 'reject', comment: 'Kim is on the phone with us, known tool' },
      outcome: null,
    });
    await world.reached(({ stage, actionId }) => stage === 'taken' && actionId === id, 'the backend hears of the rejection');
  });

  it('tells the second of two people who decided', async () => {
    const { title } = await world.raise(quarantineFile({ parameters: { simulator: { takesMs: 3000 } } }));
    const older = world.chat.remember(title);
    await world.chat.press(alice, title, /^Approve/);
    const text = await world.newlyTold(erin, () => world.chat.press(erin, title, /^Approve/, { older }));
    expect(text).toContain('Alice Adams');
  });

  it('takes a double press for one decision', async () => {
    const { id, title } = await world.raise(quarantineFile());
    const older = world.chat.remember(title);
    await Promise.all([world.chat.press(alice, title, /^Approve/, { older }), world.chat.press(alice, title, /^Approve/, { older })]);
    await world.cardSays(title, 'Completed');
    expect((await world.read(id)).history.filter(({ kind }) => kind === 'decision')).toHaveLength(1);
  });

  it('recognises a replayed request and changes nothing', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await world.chat.press(alice, title, /^Approve/);
    expect(await world.chat.replayLast()).toBe(200);
    await world.cardSays(title, 'Completed');
    expect(await world.chat.replayLast()).toBe(200);
    expect((await world.read(id)).history.filter(({ kind }) => kind === 'decision')).toHaveLength(1);
  });

  it.each([
    ['somebody whose role only reads', carol, /Security Administrator|Active remediation actions/],
    ['a guest', dave, /guest/i],
    ['a disabled account', frank, /disabled|not enabled/i],
    ['a person the directory does not know', stranger, /not connected to a person/i],
  ])('refuses %s and leaves the action open', async (_name, who, words) => {
    const { id, title } = await world.raise(quarantineFile());
    expect(await world.newlyTold(who, () => world.chat.press(who, title, /^Approve/))).toMatch(words);
    expect((await world.read(id)).status).toBe('pending');
  });

  it('refuses an email action to someone without Search and Purge, and names it', async () => {
    const { id, title } = await world.raise(softDeleteEmail());
    expect(await world.newlyTold(bob, () => world.chat.press(bob, title, /^Approve/))).toContain('Search and Purge');
    expect((await world.read(id)).status).toBe('pending');
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Completed');
  });

  it('keeps a person to their device groups', async () => {
    const servers = [{ type: 'device', name: 'srv-01.contoso.example', group: 'Servers' }];
    const { title } = await world.raise(isolateDevice({ entities: servers }));
    expect(await world.newlyTold(bob, () => world.chat.press(bob, title, /^Approve/))).toContain('Servers');
    const own = await world.raise(isolateDevice());
    await world.chat.press(bob, own.title, /^Approve/);
    await world.cardSays(own.title, 'Completed');
    expect(world.chat.card(own.title)).toContain('Active remediation actions');
  });

  it('decides nothing while the directory cannot be read', async () => {
    const { id, title } = await world.raise(quarantineFile());
    const good = await readFile(world.directoryFile, 'utf8');
    await writeFile(world.directoryFile, '{ broken');
    const text = await world.newlyTold(erin, () => world.chat.press(erin, title, /^Approve/));
    expect(text).toMatch(/not answer|could not be (checked|read)|nothing was decided/i);
    expect((await world.read(id)).status).toBe('pending');
    await writeFile(world.directoryFile, good);
    await world.until('the directory is back', async () => {
      await world.chat.press(erin, title, /^Approve/).catch(() => null);
      return (await world.read(id)).status !== 'pending';
    });
  });

  it('asks for the roles again before the decision is spent', async () => {
    const { id, title } = await world.raise(quarantineFile());
    const good = await readFile(world.directoryFile, 'utf8');
    const demoted = good.replace('"roles":["GlobalAdministrator"]', '"roles":["SecurityReader"]');
    expect(demoted).not.toBe(good);
    const decided = world
      .reached(({ stage, actionId }) => stage === 'decided' && actionId === id, 'decided')
      .then(() => writeFile(world.directoryFile, demoted));
    // The relay is poked after the commit, so the file is changed in the same turn in which the decision is told.
    await Promise.all([world.chat.press(erin, title, /^Approve/), decided]);
    const stored = await world.until('an end', async () => {
      const action = await world.read(id);
      return ['completed', 'cancelled'].includes(action.status) ? action : null;
    });
    await writeFile(world.directoryFile, good);
    expect(stored).toMatchObject({ status: 'cancelled', outcome: { message: expect.stringContaining('Erin Evans no longer holds') } });
  });

  it('offers what has no API only in Defender', async () => {
    const { title } = await world.raise(removeRegistryKey());
    expect(world.chat.card(title)).toContain('Decide in Defender');
    await expect(world.chat.press(alice, title, /^Approve/)).rejects.toThrow('no button');
  });

  it('shows a failure of the backend with its reason', async () => {
    const { title } = await world.raise(
      quarantineFile({ parameters: { simulator: { takesMs: 20, outcome: 'failed', message: 'Sensor is offline' } } }),
    );
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Failed');
    expect(world.chat.card(title)).toContain('Sensor is offline');
    expect(lastTold(alice)).not.toContain('Failed');
  });

  it('closes an action whose deadline passed, and never as a rejection', async () => {
    let { id, title } = { id: '', title: '' };
    // On a busy machine a card may come later than a short deadline; then a longer one is taken.
    for (const ms of [1500, 6000, 20_000]) {
      ({ id, title } = await world.raise(quarantineFile({ expiresAt: new Date(Date.now() + ms).toISOString() })));
      if (world.chat.card(title)?.includes('Waiting for a decision')) break;
    }
    const older = world.chat.remember(title);
    await world.cardSays(title, /Expired|expired/);
    expect(world.chat.card(title)).not.toMatch(/Rejected/);
    expect(await world.newlyTold(alice, () => world.chat.press(alice, title, /^Approve/, { older }))).toMatch(/expired|deadline/i);
    expect((await world.read(id)).status).toBe('expired');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

/** Cancel and Retry on the card, in Slack and in Teams, with decisions that are really carried out in the simulated Defender. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, removeRegistryKey, softDeleteEmail } from './actions.ts';
import { deviceNamed } from './defender-actions.ts';
import { executorApp, quickTiming } from './defender-world.ts';
import { alice, bob, carol, entraTenant } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const stop = /^(Cancel|Yes, stop it)$/;
const again = /^(Retry|Yes, try again)$/;

describe.each(platforms)('carried out in Defender, from $name', ({ open }) => {
  let world: World;
  let entra: EntraWorld;
  let defender: DefenderWorld;

  beforeAll(async () => {
    entra = await startEntra({ tenantId: entraTenant, apps: [executorApp], people: [] });
    defender = await startDefender({ tokens: entra.holderOf, knowsEveryDevice: true, pendingMs: 50, runningMs: 50 });
    const chat = await open();
    world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      policy: `${chat.policy}${chat.operators.policy}`,
      timing: { sweepEveryMs: 200, stalledAfterMs: 2000, repairEveryMs: 500 },
      defenderTiming: quickTiming,
      env: {
        BACKEND: 'defender',
        ENTRA_TENANT_ID: entraTenant,
        ENTRA_AUTHORITY_URL: entra.authorityUrl,
        GRAPH_URL: entra.graphUrl,
        DEFENDER_API_URL: defender.url,
        EXECUTOR_CLIENT_ID: executorApp.clientId,
        EXECUTOR_CLIENT_SECRET: executorApp.secret,
      },
    });
    // As they are run for real: the bot without the credentials, the worker with them.
    await world.add({ bot: true, worker: false });
    await world.add({ bot: false, worker: true });
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([entra.close(), defender.close()]);
  });

  const isolate = (name: string) => isolateDevice({ entities: [deviceNamed(name)] });
  const machineOf = (name: string) => deviceNamed(name).deviceId ?? '';
  const approve = async (body: { title: string }): Promise<string> => {
    const { id } = await world.raise(body);
    await world.chat.press(alice, body.title, /^Approve/);
    return id;
  };

  it('what runs is stopped by one press of somebody who may, once', async () => {
    defender.change(machineOf('away'), { isOnline: false });
    const body = isolate('away');
    const id = await approve(body);
    await world.cardSays(body.title, 'being carried out now');
    expect(await world.newlyTold(carol, () => world.chat.press(carol, body.title, stop))).toContain('To cancel this you also need');
    const older = world.chat.remember(body.title);
    expect(await world.newlyTold(bob, () => world.chat.press(bob, body.title, stop))).toContain('you asked to stop');
    await world.statusIs(id, 'cancelled');
    await world.cardSays(body.title, 'then cancelled before it was done');
    expect(world.chat.card(body.title)).toContain('cancelled by bob@contoso.example');
    await world.until('the thread tells who', () =>
      world.chat.thread(body.title).some((text) => /asked to stop this.*Bob Brown/s.test(text)),
    );
    expect(await world.newlyTold(alice, () => world.chat.press(alice, body.title, stop, { older }))).toContain('stands at “Cancelled”');
    expect(defender.machineActions().map(({ status }) => status)).toEqual(['Cancelled']);
  });

  it('what failed raises an alarm and is tried again by one press, in the name of who pressed', async () => {
    defender.change(machineOf('broken'), { fails: true });
    const body = isolate('broken');
    const id = await approve(body);
    await world.cardSays(body.title, 'carrying it out failed');
    await world.until('operators are told', () => world.chat.operators.messages().find((text) => text.includes('did not come to its end')));
    defender.change(machineOf('broken'), { fails: false });
    const older = world.chat.remember(body.title);
    expect(await world.newlyTold(carol, () => world.chat.press(carol, body.title, again))).toContain('To approve this you also need');
    expect(await world.newlyTold(bob, () => world.chat.press(bob, body.title, again))).toContain('Recorded: you approved');
    await world.statusIs(id, 'completed');
    await world.cardSays(body.title, 'Approved and completed');
    expect(await world.newlyTold(alice, () => world.chat.press(alice, body.title, again, { older }))).toContain(
      'Only what came to nothing',
    );
    const stored = await world.read(id);
    expect(stored.decision?.actor.upn).toBe('bob@contoso.example');
    expect(stored.history.filter(({ kind }) => kind === 'decision' || kind === 'decided')).toHaveLength(2);
    expect(defender.machineActions().filter(({ machineId }) => machineId === machineOf('broken'))).toHaveLength(2);
  });

  it('what no API can do has no button that decides, only the way to Defender', async () => {
    const body = removeRegistryKey();
    await world.submit(body);
    await world.cardSays(body.title, 'has to be decided in Defender');
    await expect(world.chat.press(alice, body.title, /^Approve/)).rejects.toThrow(/no button/);
    expect(defender.problems).toEqual([]);
  });
});

// The simulated Teams is the public cloud's; what its card offers is the same card (test/chat/card.test.ts).
const inEveryCloud = platforms.filter(({ name }) => name === 'Slack');
describe.each(inEveryCloud)('in a cloud where Microsoft has no API for mail, from $name', ({ open }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      env: { BACKEND: 'defender', CLOUD: 'gcchigh' },
    });
    await world.add({ bot: true, worker: false });
  });
  afterAll(() => world.close());

  it('mail is decided in Defender, and everything else as elsewhere', async () => {
    const [mail, device] = [softDeleteEmail(), isolateDevice()];
    for (const body of [mail, device]) await world.submit(body);
    await world.until('the cards are posted', () => world.chat.card(mail.title) && world.chat.card(device.title));
    expect(world.chat.card(mail.title)).toContain('has to be decided in Defender');
    await expect(world.chat.press(alice, mail.title, /^(Approve|Reject)/)).rejects.toThrow(/no button/);
    expect(await world.chat.press(alice, device.title, /^Approve/)).toBe(200);
    await world.until('Alice is told', () => world.chat.told(alice).some((text) => text.includes('Recorded')));
  });
});

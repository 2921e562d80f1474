/** Rules of the policy beyond how many people: reasons, types that chat may not decide, fresh sign-ins. One body on both platforms. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SignIns } from '../../src/action-center/ports.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, quarantineFile, softDeleteEmail } from './actions.ts';
import { alice, bob, carol, type DirectoryPerson, erin, people, person } from './people.ts';
import { platforms, slackWorld } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const rules = `reasons:
  - match: { type: stopAndQuarantineFile }
    verbs: [approve]
  - match: { type: isolateDevice }
    verbs: [undo]
barred:
  - match: { type: runAntivirusScan }
    because: Scans are started by the endpoint team
stepUp: { within: 10m }
protected:
  - match: { device: "dc-*" }
`;
const domainController = { type: 'device', name: 'dc-01.contoso.example', group: 'Workstations' };
const gina = person('Gina Gray', ['SecurityAdministrator']);
/** May decide devices of one group, and is not allowed to read History. */
const heidi = person('Heidi Hall', []);

/** The identity provider: who signed in when, and the one-time addresses it gave out. */
function signInDesk(): SignIns & { signIn(who: DirectoryPerson, at?: Date): void; begun: string[] } {
  const proofs = new Map<string, string>();
  const begun: string[] = [];
  return {
    begun,
    signIn: (who, at = new Date()) => void proofs.set(who.entraId, at.toISOString()),
    lastProof: async (entraId, since) => {
      const at = proofs.get(entraId) ?? null;
      return at !== null && at >= since ? at : null;
    },
    begin: async (entraId) => {
      begun.push(entraId);
      return `https://countersign.example/link/once-${begun.length}`;
    },
  };
}

describe.each(platforms)('rules of the policy in $name', ({ open }) => {
  let world: World;
  const desk = signInDesk();

  beforeAll(async () => {
    const chat = await open([gina, heidi]);
    world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [...people, gina, heidi],
      policy: `${chat.policy}${rules}`,
      signIns: desk,
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  const answerTo = async (who: DirectoryPerson, act: () => Promise<unknown>, fits: RegExp): Promise<string> => {
    const before = world.chat.told(who).length;
    await act();
    return world.until(`${who.displayName} is told ${String(fits)}`, () =>
      world.chat
        .told(who)
        .slice(before)
        .find((text) => fits.test(text)),
    );
  };

  it('an approval that needs a reason asks for it, and the reason is on the card and in the record', async () => {
    const { id, title } = await world.raise(quarantineFile());
    await world.chat.giveReason(alice, title, /^Approve/, 'Confirmed by the malware team');
    await world.cardSays(title, 'Completed');
    expect(world.chat.card(title)).toContain('Confirmed by the malware team');
    expect((await world.read(id)).decision).toMatchObject({ verb: 'approve', comment: 'Confirmed by the malware team' });
  });

  it('whoever may not approve is not asked why', async () => {
    const { id, title } = await world.raise(quarantineFile());
    expect(await answerTo(carol, () => world.chat.giveReason(carol, title, /^Approve/, 'never asked'), /also need/)).toContain(
      'This press decided nothing',
    );
    expect((await world.read(id)).status).toBe('pending');
  });

  it('a barred type is not offered, says why, and leads to Defender', async () => {
    const { title } = await world.raise({ ...isolateDevice(), type: 'runAntivirusScan' } as never);
    const card = world.chat.card(title) ?? '';
    expect(card).toContain('Decide in Defender');
    expect(card).toContain('Scans are started by the endpoint team');
    await expect(world.chat.press(alice, title, /^(Approve|Run)/)).rejects.toThrow('no button');
  });

  it('a protected asset needs a fresh sign-in of whoever may decide, for a rejection as well', async () => {
    const { id, title } = await world.raise(isolateDevice({ entities: [domainController] }));
    const begun = desk.begun.length;
    // Without authority nobody is sent to sign in.
    await answerTo(carol, () => world.chat.press(carol, title, /^Approve/), /also need/);
    expect(desk.begun).toHaveLength(begun);
    expect(await answerTo(gina, () => world.chat.press(gina, title, /^Approve/), /sign-in of yours in the last 10 minutes/)).toContain(
      'Sign in',
    );
    await world.chat.press(erin, title, 'Reject');
    await world.until('Erin is asked to sign in, instead of why', () =>
      [...world.chat.told(erin), world.chat.dialog(erin) ?? ''].some((text) => text.includes('sign-in of yours')),
    );
    expect(desk.begun.slice(begun)).toEqual([gina.entraId, erin.entraId]);
    expect(await world.read(id)).toMatchObject({ status: 'pending', approvals: [] });
    // Too old is as good as none.
    desk.signIn(gina, new Date(Date.now() - 11 * 60_000));
    await answerTo(gina, () => world.chat.press(gina, title, /^Approve/), /sign-in of yours/);
    desk.signIn(gina);
    desk.signIn(alice);
    await world.chat.press(gina, title, /^Approve/);
    await world.cardSays(title, '1 of 2 approvals given');
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Completed');
  });

  it('other assets need none', async () => {
    const begun = desk.begun.length;
    const { title } = await world.raise(isolateDevice());
    await world.chat.press(bob, title, /^Approve/);
    await world.cardSays(title, 'Completed');
    expect(desk.begun).toHaveLength(begun);
  });

  it('an undo that needs a reason asks for it, and a protected asset needs a fresh sign-in for it as well', async () => {
    const { id, title } = await world.raise(isolateDevice());
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Completed');
    await world.chat.giveReason(alice, title, 'Undo', 'The device is clean again');
    await world.cardSays(title, 'Completed, then undone');
    expect((await world.read(id)).decision).toMatchObject({ verb: 'undo', comment: 'The device is clean again' });

    const guarded = await world.raise(isolateDevice({ entities: [domainController] }));
    for (const who of [gina, alice]) {
      desk.signIn(who);
      await world.chat.press(who, guarded.title, /^Approve/);
    }
    await world.cardSays(guarded.title, 'Completed');
    desk.signIn(gina, new Date(Date.now() - 11 * 60_000));
    const before = world.chat.told(gina).length;
    await world.chat.press(gina, guarded.title, 'Undo');
    await world.until('Gina is asked to sign in, instead of why', () =>
      [...world.chat.told(gina, before), world.chat.dialog(gina) ?? ''].some((text) => text.includes('sign-in of yours')),
    );
    desk.signIn(gina);
    await world.chat.giveReason(gina, guarded.title, 'Undo', 'Isolated by mistake');
    await world.cardSays(guarded.title, 'Completed, then undone');
  });

  it('who could decide is named to readers, and to nobody else', async () => {
    const decided = await world.raise(softDeleteEmail());
    await world.chat.press(alice, decided.title, /^Approve/);
    await world.cardSays(decided.title, 'Completed');
    const { title } = await world.raise(softDeleteEmail());
    expect(await answerTo(carol, () => world.chat.press(carol, title, /^Approve/), /also need/)).toContain('ask Alice Adams (they may');
    const told = await answerTo(heidi, () => world.chat.press(heidi, title, /^Approve/), /also need/);
    expect(told).not.toContain('Alice');
    expect(told).toContain('an administrator for the role');
  });

  it('whoever decided hears in private when the worker finds the role gone', async () => {
    await world.stopOne('worker');
    await world.add({ bot: true, worker: false });
    const { id, title } = await world.raise(isolateDevice());
    await world.chat.press(bob, title, /^Approve/);
    await world.cardSays(title, 'waiting to be carried out');
    const without = [...people, gina, heidi].map((one) => (one === bob ? { ...one, roles: [] } : one));
    await writeFile(world.directoryFile, JSON.stringify({ people: without }));
    const before = world.chat.told(bob).length;
    await world.add({ bot: false, worker: true });
    await world.cardSays(title, 'no longer holds the roles');
    expect(await world.read(id)).toMatchObject({ status: 'cancelled' });
    const told = await world.until('Bob is told', () =>
      world.chat
        .told(bob)
        .slice(before)
        .find((text) => text.includes('Your approval was not carried out')),
    );
    expect(told).toContain('Bob Brown no longer holds the roles this decision needs');
    await world.until('the thread says so', () => world.chat.thread(title).some((text) => text.includes('no longer holds the roles')));
    expect(world.chat.told(alice).join()).not.toContain('was not carried out');
  });

  it('a type that is barred later: a press on an old card is refused, and what was approved before is not carried out', async () => {
    await world.stopOne('worker');
    const waiting = await world.raise(isolateDevice());
    await world.chat.press(alice, waiting.title, /^Approve/);
    await world.cardSays(waiting.title, 'waiting to be carried out');
    const open = await world.raise(isolateDevice());
    const older = world.chat.remember(open.title);
    await writeFile(world.policyFile, `${world.chat.policy}${rules.replace('type: runAntivirusScan', 'type: isolateDevice')}`);
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    await world.cardSays(waiting.title, 'keeps this type of action out of chat by now (Scans are started by the endpoint team)');
    expect((await world.read(waiting.id)).status).toBe('cancelled');
    const told = await answerTo(alice, () => world.chat.press(alice, open.title, /^Approve/, { older }), /not decided in chat/);
    expect(told).toContain('Scans are started by the endpoint team');
    await world.cardSays(open.title, 'Decide in Defender');
    expect((await world.read(open.id)).status).toBe('pending');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

it('a policy that asks for sign-ins nobody can do stops the start and names both ways out', async () => {
  const chat = await slackWorld();
  const world = await openWorld({
    chat,
    services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    policy: `${chat.policy}${rules}`,
  });
  try {
    await expect(world.add({ bot: true, worker: false })).rejects.toThrow(/POLICY_FILE: stepUp: .*PUBLIC_URL.*stepUp: off/);
  } finally {
    await world.close();
  }
});

/** What operators hear of in their own conversation. One body on both platforms. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice } from './actions.ts';
import { alice, carol, dave } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const timing = { sweepEveryMs: 100, stalledAfterMs: 30_000, repairEveryMs: 10_000 };

describe.each(platforms)('alarms in $name', ({ open }) => {
  let world: World;

  beforeAll(async () => {
    const chat = await open();
    world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      policy: `${chat.policy}${chat.operators.policy}`,
      timing,
    });
    // Two bots look for the same alarms.
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(() => world.close());

  const alarmsAbout = (text: string) => world.chat.operators.messages().filter((message) => message.includes(text));
  const logged = (text: string) => world.logLines.filter((line) => line.includes(text));

  it('one person who is refused five times is one alarm, whatever bot they asked, and not one more for the next tries', async () => {
    const { title } = await world.raise(isolateDevice());
    for (let nr = 0; nr < 4; nr += 1) await world.chat.press(carol, title, /^Approve/, { bot: nr % 2 });
    await world.chat.press(dave, title, /^Approve/);
    await world.until('five refusals of two people', async () => logged('ALARM').length === 0 && world.chat.told(carol).length === 4);
    await world.chat.press(carol, title, /^Approve/, { bot: 1 });
    const [alarm = ''] = await world.until('the alarm is posted', () => {
      const found = alarmsAbout('carol@contoso.example');
      return found.length > 0 && found;
    });
    expect(alarm).toContain('refused again and again');
    expect(alarm).toContain('tried 5 times within 10 minutes');
    expect(alarm).not.toContain('dave');
    await world.chat.press(carol, title, /^Approve/);
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    // A card posted after the restart: whatever was wanted before it is posted by then.
    await world.raise(isolateDevice());
    expect(alarmsAbout('carol@contoso.example')).toHaveLength(1);
    expect(logged('ALARM: one person was refused')).toHaveLength(1);
  });

  it('an approval that failed is one alarm with what the backend said', async () => {
    const { id, title } = await world.raise(isolateDevice({ parameters: { simulator: { takesMs: 20, outcome: 'failed' } } }));
    await world.chat.press(alice, title, /^Approve/);
    const [alarm] = await world.until('the alarm is posted', () => {
      const found = alarmsAbout(id);
      return found.length > 0 && found;
    });
    expect(alarm).toContain('did not come to its end');
    expect(alarm).toContain('Alice Adams');
    await world.raise(isolateDevice());
    expect(alarmsAbout(id)).toHaveLength(1);
  });

  it('an undo that failed is one alarm, and says that what was done still stands', async () => {
    const undo = { takesMs: 20, outcome: 'failed', message: 'The device is offline' };
    const { id, title } = await world.raise(isolateDevice({ parameters: { simulator: { takesMs: 20, undo } } }));
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Undo');
    await world.chat.press(alice, title, /^(Undo|Yes, undo it)$/);
    const [alarm] = await world.until('the alarm is posted', () => {
      const found = alarmsAbout(id);
      return found.length > 0 && found;
    });
    expect(alarm).toContain('an undo did not come to its end');
    expect(alarm).toContain('The device is offline');
    expect(alarm).toContain('What was done still stands');
    expect(logged('ALARM: an undo did not come to its end')).toHaveLength(1);
  });

  it('an approval that was carried out only in part is one alarm too, and its card has Retry', async () => {
    const partly = { simulator: { takesMs: 20, outcome: 'partiallyCompleted', message: '48 of 50 done.' } };
    const { id, title } = await world.raise(isolateDevice({ parameters: partly }));
    await world.chat.press(alice, title, /^Approve/);
    const [alarm] = await world.until('the alarm is posted', () => {
      const found = alarmsAbout(id);
      return found.length > 0 && found;
    });
    expect(alarm).toContain('carried out only in part');
    expect(alarm).toContain('48 of 50 done.');
    expect(alarm).toContain('press Retry on its card');
    expect(logged('ALARM: an approved action was carried out only in part')).toHaveLength(1);
    await world.until('the card has Retry', () => world.chat.card(title)?.includes('only partly completed'));
    expect(await world.chat.press(alice, title, /^(Retry|Yes, try again)$/)).toBe(200);
    await world.until(
      'it is tried again',
      async () => (await world.read(id)).history.filter(({ kind }) => kind === 'decision' || kind === 'decided').length === 2,
    );
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

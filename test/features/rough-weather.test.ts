/** A platform that misbehaves in every way it can: in the end every card is there once and shows the truth. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { quarantineFile } from './actions.ts';
import { alice, erin } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const patienceMs = 90_000;

describe.each(platforms)('rough weather in $name', ({ open, name }) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    });
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(() => world.close());

  const raise = async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    return { id, title: body.title };
  };
  const isRight = ({ title }: { title: string }) => (world.chat.card(title) ?? '').includes('Completed') && world.chat.copies(title) === 1;
  const outcomes = ({ title }: { title: string }) => world.chat.thread(title).filter((text) => text.includes('Completed')).length;

  it('shows every card once and right, whatever every call meets', { timeout: 150_000 }, async () => {
    const actions = [];
    for (const kind of world.chat.weather) {
      // One card is posted, one decided and one told under each kind of weather; more calls meet what is left of it.
      world.chat.fault('post', kind, 2);
      world.chat.fault('update', kind, 2);
      const action = await raise();
      await world.until(`the card is posted under ${kind}`, () => world.chat.card(action.title), patienceMs);
      await world.chat.press(alice, action.title, /^Approve/);
      actions.push(action);
    }
    world.chat.heal();
    for (const action of actions) {
      await world.until('the card is right', () => isRight(action), patienceMs);
      await world.until('its outcome is told once', () => outcomes(action) === 1, patienceMs);
    }
    // Nothing comes later: what was posted is what was wanted.
    expect(actions.map(({ title }) => world.chat.copies(title))).toEqual(actions.map(() => 1));
    expect(world.chat.everything()).toHaveLength(actions.length);
  });

  it('keeps one card although every answer to its post is lost until somebody looks', { timeout: 120_000 }, async () => {
    world.chat.onlooker(false);
    world.chat.fault('post', 'lostAnswer');
    const action = await raise();
    await world.until('a message is there', () => world.chat.copies(action.title) > 0, patienceMs);
    if (name === 'Teams')
      await world.until('it is posted again, because nobody looked', () => world.chat.copies(action.title) === 2, patienceMs);
    world.chat.onlooker(true);
    await world.until('one message is left', () => world.chat.copies(action.title) === 1, patienceMs);
    await world.chat.press(erin, action.title, /^Approve/);
    await world.until('it is the one that is kept right', () => isRight(action), patienceMs);
  });

  if (name === 'Teams')
    it('keeps one card although somebody looks while the post that takes the place of a lost one is on its way', {
      timeout: 120_000,
    }, async () => {
      world.chat.onlooker(false);
      world.chat.fault('post', 'lostAnswer');
      world.chat.fault('post', 'slow');
      const action = await raise();
      await world.until('it is posted again, because nobody looked', () => world.chat.copies(action.title) === 2, patienceMs);
      // Each of the two is looked at once, when nobody can say yet which of them stands.
      world.chat.onlooker(true);
      await world.until('one message is left', () => world.chat.copies(action.title) === 1, patienceMs);
      await world.chat.press(erin, action.title, /^Approve/);
      await world.until('it is the one that is kept right', () => isRight(action), patienceMs);
    });

  it('keeps within the platform’s limits when many actions come at once', { timeout: 120_000 }, async () => {
    const actions = await Promise.all(Array.from({ length: 15 }, raise));
    for (const { title } of actions) await world.until('the card is posted', () => world.chat.card(title), patienceMs);
    expect(actions.map(({ title }) => world.chat.copies(title))).toEqual(actions.map(() => 1));
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

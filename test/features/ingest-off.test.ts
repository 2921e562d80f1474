/** With no credentials for Defender everything else works, and the bot says once what is off. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { quarantineFile } from './actions.ts';
import { alice } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

describe.each(platforms)('without Defender, in $name', ({ open }) => {
  let world: World;

  beforeAll(async () => {
    const services = { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() };
    world = await openWorld({ chat: await open(), services });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  it('an action comes in, is decided and completed, and one line says what is off', async () => {
    const body = quarantineFile();
    await world.submit(body);
    await world.until('its card', () => world.chat.card(body.title));
    await world.chat.press(alice, body.title, /^Approve/);
    await world.until('its end', () => (world.chat.card(body.title) ?? '').includes('Completed'));
    const said = world.logLines.filter((line) => line.includes('nothing is read from Defender (INGEST=off)'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('nothing is carried out there (BACKEND=simulator); everything else works');
  });
});

/** Commands, on both platforms from one body: private, for readers, and never to be decided on. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { quarantineFile } from './actions.ts';
import { alice, bob, carol, type DirectoryPerson, dave, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const stranger = person('Zoe Unknown', []);
/** In the directory, with a role that opens nothing. */
const helen = person('Helen Helper', ['SearchAndPurge']);

describe.each(platforms)('commands in $name', ({ open }) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld({
      chat: await open([stranger, helen]),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [alice, bob, carol, dave, helen],
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  /** What only this person hears, all of it. */
  const answerTo = async (who: DirectoryPerson, text: string, messages = 1): Promise<string> => {
    const before = world.chat.told(who).length;
    await world.chat.command(who, text);
    return world.until(`${who.displayName} is answered`, () => {
      const told = world.chat.told(who).slice(before);
      return told.length >= messages && told.join('\n');
    });
  };
  async function raise(): Promise<{ id: string; title: string }> {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    return { id, title: body.title };
  }

  it('help lists what works here, as it is written here', async () => {
    const written = world.chat.platform === 'slack' ? '/actions show' : '@Countersign show';
    expect(await answerTo(carol, 'help')).toContain(written);
    expect(await answerTo(carol, '')).toContain(written);
  });

  it('show tells a reader how an action stands and its story, without a button to decide', async () => {
    const { id, title } = await raise();
    expect(world.chat.card(title)).toContain(id);
    expect(await answerTo(carol, `show ${id}`, 2)).toContain('Nobody has decided it yet');
    await world.chat.press(alice, title, /^Approve/);
    await world.until('completed', () => world.chat.card(title)?.includes('Completed'));
    const answer = await answerTo(carol, `show ${id.toLowerCase()}`, 2);
    expect(answer).toContain(title);
    expect(answer).toContain('Alice Adams approved it');
    expect(answer).toContain('as Security Administrator');
    expect(answer).toContain('Card and thread: ');
    expect(answer).not.toMatch(/^(Approve Quarantine|Reject)$/m);
  });

  it('show lets whoever may decide an action read it', async () => {
    const { id } = await raise();
    expect(await answerTo(bob, `show ${id}`, 2)).toContain('Nobody has decided it yet');
  });

  it.each([
    ['somebody whose roles open nothing', helen, /you need Security Reader/],
    ['a guest', dave, /Guest accounts cannot/],
    ['a person the directory does not know', stranger, /not connected to a person/],
  ])('show tells %s nothing, and the same for an action that does not exist', async (_what, who, words) => {
    const { id, title } = await raise();
    const answer = await answerTo(who, `show ${id}`);
    expect(answer).toMatch(words);
    expect(answer).not.toContain(title);
    expect(await answerTo(who, 'show A-01JD6Q0000000000000000000Z')).toBe(answer);
  });

  it.each([
    ['shwo it', 'Did you mean: '],
    ['show', 'show needs an id'],
    ['undo it', 'undo needs one id or several'],
    ['hunt it', 'hunt needs an id'],
    ['history status:faild', 'did you mean failed?'],
    ['<script>alert(1)</script>', 'is not a command'],
  ])('%s is answered with what was understood', async (text, words) => {
    expect(await answerTo(carol, text)).toContain(words);
  });

  it('link says honestly why there is nothing to connect here', async () => {
    const expected = world.chat.platform === 'slack' ? 'cannot be connected from here' : 'In Teams no link is needed';
    expect(await answerTo(carol, 'link')).toContain(expected);
    expect(await answerTo(carol, 'link 7KQ2-9XMP')).toContain(expected);
  });

  it('says nothing that others can see', async () => {
    const { id } = await raise();
    const before = world.chat.everything().length;
    await answerTo(carol, `show ${id}`, 2);
    await answerTo(carol, 'nonsense');
    expect(world.chat.everything()).toHaveLength(before);
    expect(world.chat.told(alice).join('\n')).not.toContain('nonsense');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

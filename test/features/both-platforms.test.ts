/** One decision on every surface: the same action in Slack and in Teams, one record behind both. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { askRecord } from '../setup/record.ts';
import { isolateDevice, quarantineFile } from './actions.ts';
import { type BothWorlds, bothWorlds } from './both-worlds.ts';
import { alice, bob, crowd, erin, people, teamsIdOf } from './people.ts';
import { channel } from './teams-world.ts';
import { openWorld, type World } from './world.ts';

const analysts = crowd(100);

describe('an action whose card is in Slack and in Teams', () => {
  let world: World;
  let database: string;
  let slack: BothWorlds['slack'];
  let teams: BothWorlds['teams'];

  beforeAll(async () => {
    database = await freshDatabase();
    const both = await bothWorlds(analysts);
    ({ slack, teams } = both);
    world = await openWorld({
      chat: both.chat,
      services: { databaseUrl: database, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [...people, ...analysts],
    });
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(() => world.close());

  const both = () => [slack, teams];
  async function raise(body: { title: string }): Promise<{ id: string; title: string }> {
    const { id } = (await world.submit(body)).body;
    for (const chat of both()) await world.until(`the card is in ${chat.platform}`, () => chat.card(body.title));
    return { id, title: body.title };
  }
  const bothSay = async (title: string, texts: string[]) => {
    for (const chat of both()) {
      await world.until(`the card in ${chat.platform} says ${texts.join(', ')}`, () =>
        texts.every((text) => chat.card(title)?.includes(text)),
      );
    }
  };
  const count = async (query: string, id: string): Promise<number> => Number((await askRecord<{ n: string }>(database, query, [id]))[0]?.n);

  it('changes both copies when it is approved in Teams, and says where that was', async () => {
    const { id, title } = await raise(quarantineFile());
    await teams.press(alice, title, /^Approve/);
    await bothSay(title, ['Completed', 'Alice Adams', 'Teams']);
    for (const chat of both()) {
      await world.until(`the outcome is told in ${chat.platform}`, () => chat.thread(title).some((text) => text.includes('Completed')));
      expect(chat.copies(title)).toBe(1);
    }
    expect((await world.read(id)).decision).toMatchObject({ verb: 'approve', platform: 'teams' });
  });

  it('changes both copies when it is rejected in Slack', async () => {
    const { title } = await raise(isolateDevice());
    await slack.reject(erin, title, 'The owner is known and reachable');
    await bothSay(title, ['Rejected', 'Erin Evans', 'The owner is known and reachable']);
  });

  it('tells whoever presses on the other platform who was first', async () => {
    const { title } = await raise(quarantineFile({ parameters: { simulator: { takesMs: 3000 } } }));
    const older = { slack: slack.remember(title), teams: teams.remember(title) };
    await slack.press(alice, title, /^Approve/, { older: older.slack });
    const before = teams.told(bob).length;
    await teams.press(bob, title, /^Approve/, { older: older.teams });
    expect(await world.until('Bob is told', () => teams.told(bob)[before])).toContain('Alice Adams approved this already');
    // The same person on the other platform is recognised as the same person.
    await teams.press(alice, title, /^Approve/, { older: older.teams });
    expect(teams.told(alice).at(-1)).toContain('You approved this already');
  });

  it('is decided once by 100 people who press on both platforms at the same moment, and everybody else hears who decided', {
    timeout: 90_000,
  }, async () => {
    const { id, title } = await raise(quarantineFile());
    const older = { slack: slack.remember(title), teams: teams.remember(title) };
    const presses = analysts.map((who, index) => {
      const chat = index % 2 === 0 ? slack : teams;
      const options = { older: older[chat.platform], bot: Math.floor(index / 2) % 2 };
      return index % 4 < 2 ? chat.press(who, title, /^Approve/, options) : chat.reject(who, title, `not this one (${index})`, options);
    });
    await Promise.all(presses);
    const stored = await world.until('an end', async () => {
      const action = await world.read(id);
      return ['completed', 'rejected'].includes(action.status) ? action : null;
    });
    const winner = analysts.find(({ upn }) => upn === stored.decision?.actor.upn);
    if (!winner) throw new Error('nobody decided');
    const heard = await world.until('everybody has heard', () => {
      const texts = analysts.map((who, index) => {
        const chat = index % 2 === 0 ? slack : teams;
        return [...chat.told(who), chat.dialog(who) ?? ''].join(' ');
      });
      return texts.every((text) => text.trim() !== '') ? texts : null;
    });
    for (const [index, text] of heard.entries()) if (analysts[index] !== winner) expect(text).toContain(winner.displayName);
    expect(await count("select count(*) as n from audit_events where action_id = $1 and kind = 'decided'", id)).toBe(1);
    expect(await count('select count(*) as n from outbox where action_id = $1', id)).toBe(1);
    await bothSay(title, [winner.displayName, stored.status === 'completed' ? 'Completed' : 'Rejected']);
  });

  it('still reaches Slack when the app is removed from Teams, tells operators, and is in Teams when the app is back', async () => {
    await teams.teams.uninstall(channel, teamsIdOf(alice));
    await world.until('an alarm', () => world.logLines.some((line) => line.includes('ALARM') && line.includes(channel)));
    const body = quarantineFile();
    await world.submit(body);
    await world.until('the card is in Slack', () => slack.card(body.title));
    await world.until('Teams refused it', () => world.logLines.some((line) => line.includes('BotNotInConversationRoster')));
    expect(teams.card(body.title)).toBeNull();
    await slack.press(alice, body.title, /^Approve/);
    await world.until('it is completed', () => slack.card(body.title)?.includes('Completed'));
    await teams.teams.install(channel, teamsIdOf(alice));
    await world.until('the card is in Teams', () => teams.card(body.title)?.includes('Completed'));
  });

  it('writes refused requests into the audit record', async () => {
    const { teams: organisation } = teams;
    const activity = organisation.activity({
      person: teamsIdOf(alice),
      conversation: channel,
      type: 'message',
      text: 'help',
    });
    expect(await organisation.send({ activity, token: null })).toMatchObject({ status: 401 });
    const where = "kind = 'refused' and action_id is null and data ->> 'reason' = $1 and data ->> 'platform' = 'teams'";
    await world.until(
      'it is written down',
      async () => (await count(`select count(*) as n from audit_events where ${where}`, 'no-token')) === 1,
    );
  });

  it('breaks no platform’s own rules', () => {
    expect([...slack.problems(), ...teams.problems()]).toEqual([]);
  });
});

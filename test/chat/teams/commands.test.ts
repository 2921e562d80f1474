import { expect, test } from 'vitest';
import { cardFor } from '../../../src/chat/card.ts';
import { plain, words } from '../../../src/chat/show.ts';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { plainContext } from '../hostile.ts';
import { alice, bob, channel, chat, openRig, withRecord } from './rig.ts';

withRecord();

type Rig = Awaited<ReturnType<typeof openRig>>;
const answers = ({ world }: Rig, person = alice.id) =>
  world.privateMessages(person).map(({ via, conversation, card }) => ({ via, conversation, says: JSON.stringify(card) }));
const nothingPublic = ({ world }: Rig) => [...world.messages(channel), ...world.messages(chat)].filter(({ from }) => from === 'bot');

test.each([
  ['as a slash command in a channel', { conversation: channel, targeted: true }],
  ['by @mention in a channel', { conversation: channel, mention: true }],
  ['by @mention in a group chat', { conversation: chat, mention: true }],
] as const)('what somebody asks %s is read without the mention and answered to them alone', async (_how, where) => {
  const rig = await openRig();
  expect((await rig.world.say({ person: alice.id, text: 'show\u00a0A-1', ...where })).status).toBe(200);
  const [answer] = await poll('the answer', () => answers(rig).length > 0 && answers(rig));
  expect(answer).toMatchObject({ via: 'targeted', says: expect.stringContaining('You asked: show\u00a0A-1') });
  expect(rig.commands).toMatchObject([{ platform: 'teams', by: `teams:11111111-2222-4333-8444-555555555555/${alice.aadObjectId}` }]);
  expect(rig.commands[0]?.text.trim()).toBe('show\u00a0A-1');
  expect(await rig.commands[0]?.person({ fresh: true })).toMatchObject({ ok: true, value: { entraId: alice.aadObjectId } });
  expect(rig.world.privateMessages(bob.id)).toEqual([]);
  expect(nothingPublic(rig)).toEqual([]);
  expect(rig.world.problems).toEqual([]);
});

test('who is mentioned is known by the id behind the mention, and only where somebody is to stand in', async () => {
  const rig = await openRig();
  const where = { conversation: channel, targeted: true };
  const text = `<at>${bob.name}</at>`;
  await rig.world.say({ person: alice.id, text: `delegate to ${text} until tomorrow`, mentions: [bob.id], ...where });
  await rig.world.say({ person: alice.id, text: `history ${text}`, mentions: [bob.id], ...where });
  await poll('both', () => rig.commands.length === 2);
  expect(rig.commands.map((one) => one.text.replace(/\s+/g, ' ').trim())).toEqual([`delegate to <@${bob.id}> until tomorrow`, 'history']);
  const [asked] = rig.commands;
  expect(await asked?.mentioned?.(bob.id)({ fresh: true })).toMatchObject({
    ok: true,
    value: { platform: 'teams', entraId: bob.aadObjectId },
  });
  expect(await asked?.mentioned?.('29:nobody')({ fresh: true })).toMatchObject({ ok: false, refusal: { kind: 'unknown-person' } });
});

test('in their own chat with the bot somebody is answered there', async () => {
  const own = 'a:alice-and-bot';
  const rig = await openRig({ teams: { conversations: [{ id: own, type: 'personal', name: 'Countersign', members: [alice.id] }] } });
  await rig.world.say({ person: alice.id, conversation: own, text: 'help' });
  const [answer] = await poll('the answer', () => answers(rig).length > 0 && answers(rig));
  expect(answer).toMatchObject({ via: 'personal' });
  expect(rig.world.problems).toEqual([]);
});

test('an answer with a card is the card and what is said beside it, in this order', async () => {
  const card = { ...cardFor(anAction(), plainContext), buttons: [] };
  const rig = await openRig({ bot: { commands: async () => ({ card, lines: [[words('What happened')]] }) } });
  await rig.world.say({ person: alice.id, conversation: channel, text: 'show it', targeted: true });
  const both = await poll('both answers', () => answers(rig).length === 2 && answers(rig));
  expect(both[0]?.says).toContain(plain(card.title));
  expect(both[1]?.says).toContain('What happened');
  // A copy for one person is no card of ours: it asks for nothing.
  expect(both[0]?.says).not.toContain('ac.refresh');
});

test('a command that takes longer is answered in the end, once, however often Teams sends it', async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const rig = await openRig({
    bot: {
      commands: async () => {
        asked += 1;
        await gate.promise;
        return { lines: [[words('Here you are')]], card: null };
      },
    },
  });
  const first = rig.world.say({ person: alice.id, conversation: channel, text: 'help', targeted: true });
  await poll('the request', () => rig.world.recorded.length > 0 && asked === 1);
  const [sent] = rig.world.recorded;
  if (!sent) throw new Error('nothing was sent');
  const again = rig.world.replay(sent);
  await poll('the first answer', () => answers(rig).some(({ says }) => says.includes('Still checking')), 9000);
  gate.resolve();
  await poll('the answer', () => answers(rig).some(({ says }) => says.includes('Here you are')));
  expect(await Promise.all([first, again])).toMatchObject([{ status: 200 }, { status: 200 }]);
  expect(asked).toBe(1);
  expect(answers(rig)).toHaveLength(2);
  await poll('nothing left to do', () => rig.chat.inFlight() === 0);
});

test('a rush of questions is answered within the limits of Teams: what finds no room in the channel comes in person', {
  timeout: 40_000,
}, async () => {
  const rig = await openRig();
  const people = [alice, bob];
  const asked = Array.from({ length: 24 }, (_, index) => people[index % 2] ?? alice);
  await Promise.all(asked.map(({ id }) => rig.world.say({ person: id, conversation: channel, text: 'help', targeted: true })));
  const everything = () => people.flatMap(({ id }) => answers(rig, id));
  await poll('an answer to each', () => everything().length === asked.length, 30_000);
  const heard = everything();
  expect(new Set(heard.map(({ via }) => via))).toEqual(new Set(['targeted', 'personal']));
  expect(rig.world.calls.filter(({ status }) => status === 429)).toEqual([]);
});

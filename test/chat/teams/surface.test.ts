import { expect, test } from 'vitest';
import { cardFor } from '../../../src/chat/card.ts';
import type { SurfaceError } from '../../../src/chat/surface.ts';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { plainContext } from '../hostile.ts';
import { aCardRow, alice, bob, channel, chat, openRig, withRecord } from './rig.ts';

withRecord();

const card = cardFor(anAction(), plainContext);
const done = cardFor(anAction({ status: 'completed', version: 3 }), plainContext);
const note = { kind: 'note' as const, lines: [[{ kind: 'words' as const, text: 'Completed.' }]], fallback: 'Completed.' };
const place = { conversation: channel, parentRef: null };

async function troubleOf(work: Promise<unknown>): Promise<SurfaceError['trouble'] | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return (error as SurfaceError).trouble;
  }
}

test('a card begins a thread, is updated in place, and answered in its thread', async () => {
  const { world, chat: side } = await openRig();
  const ref = await side.surface.post(place, 'card-1', card);
  expect(world.messages(channel)).toMatchObject([{ id: ref, from: 'bot', edits: 0, summary: expect.stringContaining('Decision needed') }]);
  await side.surface.update({ ...place, ref, cardId: 'card-1' }, done);
  expect(world.messages(channel)).toMatchObject([{ id: ref, edits: 1 }]);
  const reply = await side.surface.post({ conversation: channel, parentRef: ref }, 'note-1', note);
  expect(world.thread(channel, ref)).toMatchObject([{ id: reply, parentId: ref }]);
  await side.surface.update({ conversation: channel, parentRef: ref, ref: reply, cardId: 'note-1' }, note);
  expect(world.thread(channel, ref)).toMatchObject([{ edits: 1 }]);
  expect(world.problems).toEqual([]);
});

test('in a group chat, which has no threads, a note follows as a message of its own', async () => {
  const { world, chat: side } = await openRig();
  const ref = await side.surface.post({ conversation: chat, parentRef: null }, 'card-1', card);
  await side.surface.post({ conversation: chat, parentRef: ref }, 'note-1', note);
  expect(world.messages(chat)).toHaveLength(2);
});

test.each([
  ['ratelimit', 'rate-limited'],
  ['http412', 'unavailable'],
  ['http403', 'unreachable'],
  ['http404', 'unreachable'],
  ['http500', 'unknown'],
  ['http502', 'unknown'],
  ['reset', 'unknown'],
  ['lostAnswer', 'unknown'],
] as const)('a post that meets %s is tried once and said to be %s', async (kind, trouble) => {
  const { world, chat: side } = await openRig();
  world.faults.add({ where: 'post', kind, ...(kind === 'ratelimit' ? { retryAfterSeconds: 7 } : {}) });
  expect(await troubleOf(side.surface.post(place, 'card-1', card))).toBe(trouble);
  expect(world.calls.filter(({ method }) => method === 'post')).toHaveLength(1);
});

test('a message that somebody deleted is said to be gone', async () => {
  const { world, chat: side } = await openRig();
  const ref = await side.surface.post(place, 'card-1', card);
  world.deleteMessage(channel, ref);
  expect(await troubleOf(side.surface.update({ ...place, ref, cardId: 'card-1' }, done))).toBe('gone');
});

test('a Teams that cannot be reached, and one that gives no token, did certainly nothing', async () => {
  const { world, chat: side } = await openRig();
  world.faults.add({ where: 'token', kind: 'http500' });
  expect(await troubleOf(side.surface.post(place, 'card-1', card))).toBe('unavailable');
  expect(await troubleOf(side.surface.post(place, 'card-1', card))).toBe(null);
  await world.close();
  // The first call may still find a pooled connection; what it meets there is not known.
  await troubleOf(side.surface.post(place, 'card-2', card));
  expect(await troubleOf(side.surface.post(place, 'card-2', card))).toBe('unavailable');
});

test('the lanes keep within every limit of Teams, whatever the moment', async () => {
  const { chat: side } = await openRig();
  const allowed = [
    { seconds: 1, most: 7 },
    { seconds: 2, most: 8 },
    { seconds: 30, most: 60 },
    { seconds: 3600, most: 1800 },
  ];
  const lanes = side.surface.postLanes(place);
  const own = lanes.filter(({ lane }) => lane.includes(channel));
  for (const { seconds, most } of allowed) {
    const through = Math.min(...own.map(({ capacity, perSecond }) => capacity + perSecond * seconds));
    expect(through, `in ${seconds} s`).toBeLessThanOrEqual(most);
  }
  const tenant = lanes.filter(({ lane }) => !lane.includes(channel));
  expect(tenant.map(({ capacity, perSecond }) => capacity + perSecond)).toEqual([50]);
  // Edits count against the same limits as posts.
  expect(side.surface.updateLanes(channel)).toEqual(lanes);
});

test('no log line holds a token or what a card says', async () => {
  const { world, chat: side, log, post } = await openRig();
  const message = await post();
  world.faults.add({ where: 'targeted', kind: 'http500' });
  world.faults.add({ where: 'createConversation', kind: 'http500' });
  await world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/, oldClient: true });
  await troubleOf(side.surface.update({ ...place, ref: 'nothing', cardId: 'card-1' }, done));
  await poll('a log line', () => log.length > 0);
  expect(log.join('\n')).not.toMatch(/Bearer|eyJ|teams-app-password|Wacatac/);
});

test('whoever looks at a card gets its newest state, and only they', async () => {
  const { world, post } = await openRig();
  const message = await post();
  const away = world.watch(bob.id, channel);
  await poll('the newest state', () => JSON.stringify(world.shownTo(bob.id, channel, message.id)).includes('completed'));
  expect(JSON.stringify(world.shownTo(alice.id, channel, message.id))).not.toContain('completed');
  expect(world.messages(channel)).toMatchObject([{ edits: 0 }]);
  away();
  expect(world.problems).toEqual([]);
});

test('a message whose post had no answer is known as soon as somebody looks at it', async () => {
  const { world, chat: side } = await openRig();
  await aCardRow('card-1');
  world.faults.add({ where: 'post', kind: 'lostAnswer' });
  expect(await troubleOf(side.surface.post(place, 'card-1', card))).toBe('unknown');
  expect(await side.surface.find(place, 'card-1', 0)).toBeNull();
  world.watch(bob.id, channel);
  const [message] = world.messages(channel);
  await expect.poll(() => side.surface.find(place, 'card-1', 0)).toBe(message?.id);
});

test('a second message of the same card goes away as soon as somebody looks, and the card stays', async () => {
  const { world, chat: side, record } = await openRig();
  await aCardRow('card-1');
  world.faults.add({ where: 'post', kind: 'lostAnswer' });
  await troubleOf(side.surface.post(place, 'card-1', card));
  const ref = await side.surface.post(place, 'card-1', card);
  await record.cards.shown('card-1', 1, ref, Date.now());
  expect(world.messages(channel)).toHaveLength(2);
  world.watch(bob.id, channel);
  await poll('one message', () => world.messages(channel).length === 1);
  expect(world.messages(channel)).toMatchObject([{ id: ref }]);
});

test('an old message of another card is never taken away, whatever a client claims', async () => {
  const { world, post } = await openRig();
  const one = await post();
  const other = await post(anAction({ title: 'Another one' }));
  const activity = world.activity({
    person: alice.id,
    conversation: channel,
    type: 'invoke',
    name: 'adaptiveCard/action',
    replyToId: other.id,
    value: { action: { type: 'Action.Execute', verb: 'ac.refresh', data: { cardId: 'card-1' } }, trigger: 'manual' },
  });
  expect((await world.send({ activity })).status).toBe(200);
  expect(world.messages(channel).map(({ id }) => id)).toEqual([one.id, other.id]);
});

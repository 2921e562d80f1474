import { expect, test } from 'vitest';
import { poll } from '../../setup/poll.ts';
import { aCardRow, alice, bob, channel, chat, openRig, withRecord } from './rig.ts';

withRecord();

const team = '19:team@thread.tacv2';

test('an install is remembered with where the conversation is reached', async () => {
  const { world, record } = await openRig();
  expect((await world.install(channel, alice.id)).status).toBe(200);
  expect(await record.conversations.get('teams', channel)).toMatchObject({
    serviceUrl: world.serviceUrl,
    type: 'channel',
    team,
    organisation: '11111111-2222-4333-8444-555555555555',
    standing: 'installed',
  });
  await world.install(chat, alice.id);
  expect(await record.conversations.get('teams', chat)).toMatchObject({ type: 'groupChat', standing: 'installed' });
});

test('what was not authenticated is not remembered', async () => {
  const { world, record } = await openRig();
  const activity = world.activity({ person: alice.id, conversation: channel, type: 'installationUpdate', action: 'add' });
  await world.send({ activity, token: await world.token({ key: 'foreign' }) });
  expect(await record.conversations.get('teams', channel)).toBeNull();
});

test('any press tells where a conversation is reached now', async () => {
  const { world, record, post } = await openRig();
  const message = await post();
  await record.conversations.present(
    { platform: 'teams', conversation: channel, organisation: 't', serviceUrl: 'https://old.example/', type: 'channel', team, name: 'SOC' },
    Date.now(),
  );
  await world.press({ person: bob.id, conversation: channel, messageId: message.id, button: /^Approve/ });
  await poll('the press', () => true);
  const known = async () => (await record.conversations.get('teams', channel))?.serviceUrl === world.serviceUrl;
  await expect.poll(known).toBe(true);
});

test('a removed app is an alarm where cards are routed, and an install brings back what could not be posted', async () => {
  const { world, record, chat: side, log, lost, poked } = await openRig();
  await world.install(channel, alice.id);
  await world.uninstall(channel, alice.id);
  expect(await record.conversations.get('teams', channel)).toMatchObject({ standing: 'removed' });
  expect(log.filter((line) => line.includes('ALARM'))).toHaveLength(1);
  expect(lost).toEqual(['removed']);

  await aCardRow('card-1');
  await expect(
    side.surface.post({ conversation: channel, parentRef: null }, 'card-1', { kind: 'note', lines: [], fallback: 'x' }),
  ).rejects.toMatchObject({
    trouble: 'unreachable',
    message: expect.stringContaining('BotNotInConversationRoster'),
  });
  await record.cards.later('card-1', Date.now() + 600_000, { error: 'unreachable: Teams answered 403', uncertain: false });
  const before = poked();
  await world.install(channel, alice.id);
  expect(poked()).toBe(before + 1);
  const due = await record.cards.claimDue({
    platform: 'teams',
    what: 'post',
    holder: 'x',
    now: Date.now() + 1,
    leaseMs: 1000,
    beginMs: 1000,
    limit: 10,
    except: [],
  });
  expect(due).toMatchObject([{ cardId: 'card-1' }]);
});

test('a deleted channel is an alarm, and stays deleted when the app leaves its team afterwards', async () => {
  const { world, record, log } = await openRig();
  await world.install(channel, alice.id);
  await world.deleteChannel(channel, alice.id);
  expect(await record.conversations.get('teams', channel)).toMatchObject({ standing: 'deleted' });
  expect(log.filter((line) => line.includes('ALARM'))).toHaveLength(1);
});

test('what is out of reach is said again when the bot starts', async () => {
  const { log } = await openRig();
  expect(log.filter((line) => line.includes('ALARM'))).toHaveLength(0);
  const first = await openRig();
  await first.world.install(channel, alice.id);
  await first.world.uninstall(channel, alice.id);
  const again = await openRig();
  expect(again.log.filter((line) => line.includes('ALARM'))).toHaveLength(1);
  expect(again.lost).toEqual(['removed']);
});

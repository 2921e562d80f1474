import { describe, expect, test } from 'vitest';
import type { TeamsPerson } from '../../../sandbox/teams/types.ts';
import { ALICE, BOB, card, edit, execute, first, post, SOC, says, settableClock, shows, startBot, startWorld } from './world.ts';

const refreshing = (more: object = {}, ...buttons: object[]) => ({
  ...card(...buttons),
  refresh: { action: { type: 'Action.Execute', title: 'Refresh', verb: 'refresh', data: { cardId: 'c1' } }, ...more },
});
const own = card(execute('Undo'));

async function startWatched() {
  const clock = settableClock();
  const teams = await startWorld({ now: clock.now });
  const bot = await startBot(teams, () => shows(own));
  return { clock, teams, bot };
}

describe('somebody who looks at a conversation', () => {
  test('has a new card refreshed, which only they see', async () => {
    const { teams, bot } = await startWatched();
    teams.watch(ALICE, SOC);
    const viewed = teams.next('view');
    const messageId = await post(teams, refreshing());
    expect(await viewed).toEqual({ person: ALICE, messageId });
    expect(first(bot.got).activity).toMatchObject({
      name: 'adaptiveCard/action',
      replyToId: messageId,
      from: { id: ALICE },
      value: { action: { type: 'Action.Execute', verb: 'refresh', data: { cardId: 'c1' } }, trigger: 'automatic' },
    });
    expect(teams.shownTo(ALICE, SOC, messageId)).toEqual(own);
    expect(teams.shownTo(BOB, SOC, messageId)).toEqual(refreshing());
    expect(teams.problems).toEqual([]);
  });

  test('has the cards refreshed that were there before, and none after they stopped looking', async () => {
    const { teams, bot } = await startWatched();
    const messageId = await post(teams, refreshing());
    const viewed = teams.next('view');
    const stop = teams.watch(ALICE, SOC);
    expect(await viewed).toEqual({ person: ALICE, messageId });
    stop();
    await post(teams, refreshing());
    const next = teams.next('view');
    teams.watch(BOB, SOC);
    expect(await next).toMatchObject({ person: BOB });
    await expect.poll(() => bot.got.map(({ activity }) => activity.from['id'])).toEqual([ALICE, BOB, BOB]);
  });

  test('has an edited card refreshed, but not within a minute of their last invoke', async () => {
    const { clock, teams, bot } = await startWatched();
    const messageId = await post(teams, refreshing());
    teams.watch(ALICE, SOC);
    await teams.next('view');
    clock.forward(59_000);
    await edit(teams, messageId, refreshing());
    expect(teams.shownTo(ALICE, SOC, messageId)).toEqual(refreshing());
    clock.forward(1_000);
    const viewed = teams.next('view');
    await edit(teams, messageId, refreshing());
    await viewed;
    expect(bot.got).toHaveLength(2);
  });

  test('is not refreshed right after a press', async () => {
    const { teams, bot } = await startWatched();
    const messageId = await post(teams, refreshing({}, execute('Approve')));
    await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve' });
    teams.watch(ALICE, SOC);
    const viewed = teams.next('view', ({ person }) => person === BOB);
    teams.watch(BOB, SOC);
    await viewed;
    expect(bot.got.map(({ activity }) => activity.from['id'])).toEqual([ALICE, BOB]);
  });

  test('is told nothing when a refresh answers with words or goes wrong', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => (bot.got.length === 1 ? says('Nothing new') : { status: 500 }));
    teams.watch(ALICE, SOC);
    await post(teams, refreshing());
    await post(teams, refreshing());
    await expect.poll(() => teams.problems).toEqual([expect.stringContaining('status 500')]);
    expect(teams.privateMessages(ALICE)).toEqual([]);
  });
});

describe('whom a card is refreshed for', () => {
  const crowd = (count: number): TeamsPerson[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `29:${index}`,
      aadObjectId: `${index}`,
      name: `${index}`,
      upn: `${index}@contoso.example`,
    }));

  test('named people only, the first 60 of them, and more than 60 is a problem', async () => {
    const people = crowd(62);
    const teams = await startWorld({ people });
    const bot = await startBot(teams, () => shows(own));
    for (const { id } of people) teams.watch(id, SOC);
    await post(teams, refreshing({ userIds: people.slice(1).map(({ id }) => id) }));
    await expect.poll(() => bot.got.length).toBe(60);
    expect(bot.got.map(({ activity }) => activity.from['id']).sort()).toEqual(
      people
        .slice(1, 61)
        .map(({ id }) => id)
        .sort(),
    );
    await post(teams, refreshing({ userIds: [] }));
    expect(teams.problems).toEqual([expect.stringContaining('refresh for 61 people')]);
  });

  test('everybody only where at most 60 are', async () => {
    const people = crowd(61);
    const teams = await startWorld({
      people,
      conversations: [
        { id: SOC, type: 'channel', name: 'soc' },
        { id: '19:few@thread.tacv2', type: 'channel', name: 'few', members: people.slice(1).map(({ id }) => id) },
      ],
    });
    const bot = await startBot(teams, () => shows(own));
    teams.watch('29:1', SOC);
    teams.watch('29:1', '19:few@thread.tacv2');
    await post(teams, refreshing());
    const viewed = teams.next('view');
    await post(teams, refreshing(), '19:few@thread.tacv2');
    await viewed;
    expect(bot.got).toHaveLength(1);
  });
});

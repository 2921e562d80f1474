/** A storm in Slack and in Teams at once: two groups, one record behind both. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice } from './actions.ts';
import { type BothWorlds, bothWorlds } from './both-worlds.ts';
import { alice, erin } from './people.ts';
import { openWorld, type World } from './world.ts';

const mark = 'Why together';
const amount = 60;

describe('a storm that goes to Slack and to Teams', () => {
  let world: World;
  let slack: BothWorlds['slack'];
  let teams: BothWorlds['teams'];

  beforeAll(async () => {
    const both = await bothWorlds();
    ({ slack, teams } = both);
    world = await openWorld({
      chat: both.chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    });
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(() => world.close());

  const groupIn = (chat: typeof slack | typeof teams) => chat.everything().find((text) => text.includes(mark));

  it('counts in both what was decided in one, and a press in the other decides nothing twice', { timeout: 60_000 }, async () => {
    const one = (index: number) =>
      isolateDevice({ severity: 'low', entities: [{ type: 'device', name: `wks-${index}.contoso.example`, group: 'Workstations' }] });
    await Promise.all(Array.from({ length: amount }, (_, index) => world.submit(one(index))));
    for (const chat of [slack, teams])
      await world.until(`the group in ${chat.platform} can be decided`, () => / wait for a decision/.test(groupIn(chat) ?? ''));
    await world.until('both stand', () => slack.everything().length > 0 && teams.everything().length > 0);
    const inTeams = teams.remember(mark);
    await slack.press(alice, mark, /^Approve all \d+$/);
    const asked = await world.until('alice is asked', () =>
      slack.dialog(alice)?.includes('If all are approved') ? slack.dialog(alice) : null,
    );
    const count = Number(/(\d+) devices/.exec(asked ?? '')?.[1]);
    expect(count).toBeGreaterThan(10);
    await slack.submit(alice, { Decision: 'approve' });
    // Meanwhile somebody else presses the same in Teams.
    await teams.press(erin, mark, /^Approve all \d+$/, { older: inTeams });
    const said = await world.until('erin hears something', () => teams.dialog(erin) ?? teams.told(erin).at(-1));
    if (said.includes('If all are approved')) await teams.submit(erin, { Decision: 'approve' });
    for (const chat of [slack, teams])
      await world.until(`the group in ${chat.platform} counts along`, () => / approved and carried out/.test(groupIn(chat) ?? ''), 30_000);
    const decidedOnes = () => world.stages.filter(({ stage }) => stage === 'decided').map(({ actionId }) => actionId);
    // The group counts along while the batch is still at work.
    const decided = await world.until('all are decided', () => (decidedOnes().length >= count ? decidedOnes() : null), 30_000);
    expect(new Set(decided).size).toBe(decided.length);
    expect([...slack.problems(), ...teams.problems()]).toEqual([]);
  });
});

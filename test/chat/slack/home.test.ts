/** The Home tab between a simulated workspace and answers a test hands in: when it is published, for whom, and what its buttons do. */
import { expect, test } from 'vitest';
import type { Inbox } from '../../../src/action-center/inbox.ts';
import { cardFor } from '../../../src/chat/card.ts';
import { emptyInbox, inboxCard } from '../../../src/chat/inbox-card.ts';
import { words } from '../../../src/chat/show.ts';
import type { SlackDeps } from '../../../src/chat/slack/app.ts';
import { anAction, testNow } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { plainContext } from '../hostile.ts';
import { openRig, recordingFlows } from './rig.ts';

const user = 'U0ALICE';
const action = anAction();
const inbox: Inbox = { at: testNow.toISOString(), waiting: [action], count: { kind: 'exact', count: 1 }, decided: [] };

/** Counts what it is asked; the tab says how often that was. */
function counting() {
  const asked: string[] = [];
  const commands: SlackDeps['commands'] = async ({ text, by }) => {
    asked.push(`${by} ${text}`);
    if (text !== 'inbox') return { lines: [[words('The story.')]], card: cardFor(action, plainContext) };
    return {
      lines: [],
      card: null,
      inbox: {
        ...inboxCard(inbox, new Map([[action.id, { conversation: 'C0SOC', ref: '17.42' }]])),
        intro: [[words(`Answer ${asked.length}.`)]],
      },
    };
  };
  return { asked, commands };
}

const opened = async (over: { commands?: SlackDeps['commands']; everyMs?: number; socketMode?: boolean } = {}) => {
  const { asked, commands } = counting();
  const rig = await openRig({
    flows: recordingFlows(action),
    socketMode: over.socketMode ?? false,
    bot: { commands: over.commands ?? commands, homeEveryMs: over.everyMs ?? 200 },
  });
  const published = () => rig.world.calls.filter(({ method }) => method === 'views.publish');
  const tab = (text: string) => poll(`a Home tab that says ${text}`, () => JSON.stringify(rig.world.home(user) ?? '').includes(text));
  return { ...rig, asked, published, tab };
};

test.each([false, true])('opening the Home tab publishes the inbox of whoever opened it (Socket Mode: %s)', async (socketMode) => {
  const { world, asked, tab } = await opened({ socketMode });
  expect((await world.openHome({ user })).status).toBe(200);
  await tab('Answer 1.');
  expect(asked).toEqual([`slack:T000000001/${user} inbox`]);
  const text = JSON.stringify(world.home(user));
  expect(text).toContain('https://contoso-example.slack.com/archives/C0SOC/p1742');
  expect(text).not.toMatch(/ac\.(approve|reject)/);
  expect(world.problems).toEqual([]);
});

test('the Messages tab publishes nothing', async () => {
  const { world, published, tab } = await opened();
  await world.openHome({ user, tab: 'messages' });
  await world.openHome({ user });
  await tab('Answer 1.');
  expect(published()).toHaveLength(1);
});

test('repeated opens and refreshes are published at most once in a while, and end with the newest', async () => {
  const { world, published, tab } = await opened({ everyMs: 400 });
  const started = performance.now();
  for (let time = 0; time < 8; time += 1) await world.openHome({ user });
  await tab('Answer 1.');
  await world.clickInHome({ user, button: 'Refresh' });
  await tab('Answer 2.');
  expect(performance.now() - started).toBeGreaterThanOrEqual(400);
  await world.clickInHome({ user, button: 'Refresh' });
  await tab('Answer 3.');
  const times = published().map(({ at }) => at);
  expect(times).toHaveLength(3);
  for (const [index, at] of times.slice(1).entries()) expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(380);
  expect(world.problems).toEqual([]);
});

test('a pause that Slack asks for is kept, and then the newest is published', async () => {
  const { world, published, tab } = await opened({ everyMs: 50 });
  world.faults.add({ method: 'views.publish', kind: 'ratelimit', retryAfterSeconds: 1 });
  await world.openHome({ user });
  await tab('Answer 2.');
  const [refused, taken] = published();
  expect([refused?.ok, taken?.ok]).toEqual([false, true]);
  expect((taken?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(950);
});

test('a publication that fails is logged, and the next open tries again', async () => {
  const { world, log, tab } = await opened();
  world.faults.add({ method: 'views.publish', kind: 'http500' });
  await world.openHome({ user });
  await poll('a line in the log', () => log.join('').includes('a Home tab could not be published'));
  await world.openHome({ user });
  await tab('Answer 2.');
});

test('after a press on a card the tab of whoever pressed is published anew, if they opened it before', async () => {
  const { world, asked, post, tab } = await opened();
  const { ts, channel } = await post();
  const approve = () => world.click({ user, channel, ts, button: 'Approve Quarantine' });
  await approve();
  await world.openHome({ user });
  await tab('Answer 1.');
  await approve();
  await tab('Answer 2.');
  expect(asked).toHaveLength(2);
});

test('Show in the Home tab opens the whole action as a dialog, for whoever pressed alone', async () => {
  const { world, asked, tab } = await opened();
  await world.openHome({ user });
  await tab('Answer 1.');
  expect((await world.clickInHome({ user, button: 'Show 1' })).status).toBe(200);
  const view = await poll('the dialog', () => world.view(user));
  const text = JSON.stringify(view);
  expect(text).toContain(action.title);
  expect(text).toContain('The story.');
  expect(asked.at(-1)).toBe(`slack:T000000001/${user} show ${action.id}`);
  await world.clickInHome({ user, button: 'Open card 1' });
  expect(world.problems).toEqual([]);
});

test('a tab whose inbox does not come as one says what came instead', async () => {
  const { world, tab } = await opened({ commands: async () => ({ lines: [[words('The record did not answer.')]], card: null }) });
  await world.openHome({ user });
  await tab('The record did not answer.');
  expect(world.problems).toEqual([]);
});

test('nothing is published any more after the stop', async () => {
  const { world, chat, published, tab } = await opened({ everyMs: 100 });
  await world.openHome({ user });
  await tab('Answer 1.');
  await world.openHome({ user });
  const before = performance.now();
  await chat.stop(2000);
  expect(performance.now() - before).toBeLessThan(1000);
  await world.openHome({ user });
  await expect(poll('a second publication', () => published().length > 1, 400)).rejects.toThrow('not within');
});

test('Slack may check the address of events, and shapes nobody knows do no harm', async () => {
  const { world, log } = await opened({ commands: async () => ({ lines: [], card: null, inbox: emptyInbox([words('Nothing.')]) }) });
  const check = { type: 'url_verification', challenge: 'c-123', token: 't' };
  const answer = await world.send({ body: JSON.stringify(check), contentType: 'application/json' });
  expect(answer).toMatchObject({ status: 200, body: { challenge: 'c-123' } });
  expect((await world.event({ type: 'app_home_opened', user: 7 })).status).toBe(200);
  await poll('a line in the log', () => log.join('').includes('in a shape that is not known'));
});

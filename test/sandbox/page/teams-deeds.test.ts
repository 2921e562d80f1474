import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AdaptiveCard } from '../../../sandbox/teams/types.ts';
import { people } from '../../../sandbox/world/people.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;

beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const [alice] = people;
const bob = people.find(({ slackId }) => slackId === 'U0BOB') ?? alice;
const data = { actionId: 'action-of-isolateDevice', digest: 'd', version: 1 };
const line = (text: string) => ({ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text }] });
const approve = { type: 'Action.Execute', title: 'Approve', verb: 'ac.approve', associatedInputs: 'none', data };
const reject = { type: 'Action.Submit', title: 'Reject', data: { msteams: { type: 'task/fetch' }, ...data } };

function aCard(text: string, actions: object[] = [approve, reject]): AdaptiveCard {
  const body = [line(text), ...(actions.length > 0 ? [{ type: 'ActionSet', actions }] : [])];
  return { type: 'AdaptiveCard', version: '1.5', fallbackText: text, speak: text, body };
}

const press = (messageId: string, more: object = {}) =>
  rig.deeds['/teams/press']?.({ user: 'U0BOB', messageId, button: 'Approve', inputs: {}, ...more });
const sent = () => rig.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const bobsPage = () => rig.read().teams.selves['U0BOB'];

test('a press in Teams is an invoke to the bot, and the journal says how it was answered', async () => {
  const answer = { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'You also need Search and Purge.' };
  rig.replies.set('adaptiveCard/action', { status: 200, body: answer });
  const id = await rig.postToTeams(aCard('Isolate app-07?'));
  expect(await press(id)).toMatchObject({ ok: true, status: 200 });
  expect(sent()).toMatchObject([
    { type: 'invoke', name: 'adaptiveCard/action', replyToId: id, from: { id: bob.teamsId, aadObjectId: bob.entraId } },
  ]);
  expect(rig.journal.lines().at(-1)).toMatchObject({ who: 'teams' });
  expect(rig.journal.lines().at(-1)?.text).toMatch(/^Bob Brown pressed Approve; the request was answered 200 in \d+ ms$/);
  expect(bobsPage()?.bars).toMatchObject({ [id]: { text: 'You also need Search and Purge.' } });
  expect(rig.read().teams.selves['U0ALICE']?.bars).toEqual({});
});

test('the page shows the channel, its threads, and to each person the card as they see it', async () => {
  const id = await rig.postToTeams(aCard('Isolate app-07?'));
  await rig.postToTeams(aCard('Completed.', []), id);
  const own = { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: aCard('You approved it.', []) };
  rig.replies.set('adaptiveCard/action', { status: 200, body: own });
  await press(id);
  const { channel, messages, selves } = rig.read().teams;
  expect(channel).toMatchObject({ name: 'SOC approvals', team: 'Security operations' });
  expect(messages).toMatchObject([
    { id, from: 'Countersign', isBot: true, edited: false, actionId: data.actionId, replies: [{ isBot: true, replies: [] }] },
  ]);
  expect(JSON.stringify(messages[0]?.card)).toContain('Isolate app-07?');
  expect(JSON.stringify(selves['U0BOB']?.cards[id])).toContain('You approved it.');
  expect(selves['U0ALICE']?.cards).toEqual({});
  expect(rig.teams.problems).toEqual([]);
});

test('an answer that is an error is told as Teams tells it', async () => {
  const id = await rig.postToTeams(aCard('Isolate app-07?'));
  const broken = { statusCode: 500, type: 'application/vnd.microsoft.error', value: { code: 'Bug', message: 'Something is broken here.' } };
  rig.replies.set('adaptiveCard/action', { status: 200, body: broken });
  expect(await press(id)).toEqual({ ok: true });
  expect(bobsPage()?.bars).toMatchObject({ [id]: { text: 'Something is broken here.' } });
  rig.replies.set('adaptiveCard/action', { status: 403 });
  await press(id);
  expect(bobsPage()?.bars).toMatchObject({ [id]: { text: 'Something went wrong. Please try again.' } });
  rig.replies.set('message', { status: 403 });
  const said = await rig.deeds['/teams/say']?.({ user: 'U0BOB', text: '/help' });
  expect(said).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^Something went wrong, says Teams: .* answered 403 in \d+ ms\.$/),
  });
});

test('a dialog opens from a card, is filled in, and says something in the end', async () => {
  const input = { type: 'Input.Text', id: 'reason', label: 'Reason' };
  const form = { ...aCard('Why?', []), actions: [{ type: 'Action.Submit', title: 'Reject', data }] };
  const card = { contentType: 'application/vnd.microsoft.card.adaptive', content: { ...form, body: [...form.body, input] } };
  rig.replies.set('task/fetch', { status: 200, body: { task: { type: 'continue', value: { title: 'Reject', card } } } });
  rig.replies.set('task/submit', { status: 200, body: { task: { type: 'message', value: 'Rejected.' } } });
  const id = await rig.postToTeams(aCard('Isolate app-07?'));
  await press(id, { button: 'Reject' });
  expect(bobsPage()?.dialog).toMatchObject({ title: 'Reject' });
  expect(rig.read().teams.selves['U0ALICE']?.dialog).toBeNull();
  await rig.deeds['/teams/submit']?.({ user: 'U0BOB', button: 'Reject', values: { reason: 'Known' } });
  expect(sent().at(-1)).toMatchObject({ name: 'task/submit', value: { data: { ...data, reason: 'Known' } } });
  expect(bobsPage()).toMatchObject({ dialog: null, said: { text: 'Rejected.' } });
  expect(rig.journal.lines().at(-1)?.text).toMatch(/^Bob Brown submitted "Reject"/);

  await press(id, { button: 'Reject' });
  await rig.deeds['/teams/close-dialog']?.({ user: 'U0BOB' });
  expect(bobsPage()?.dialog).toBeNull();
});

test('a slash command is for the bot alone, a mention is read by everybody, and anything else never reaches a bot', async () => {
  const say = (text: string) => rig.deeds['/teams/say']?.({ user: 'U0BOB', text });
  await say('/show A-1');
  await say('@Countersign help');
  const [slash, mention] = sent() as { text: string; recipient: { isTargeted?: boolean } }[];
  expect(slash).toMatchObject({ type: 'message', recipient: { isTargeted: true } });
  expect(slash?.text).toContain('show A-1');
  expect(mention?.recipient.isTargeted).toBeUndefined();
  expect(mention?.text).toMatch(/<at>.*<\/at>.*help/);
  await expect(say('hello all')).rejects.toThrow('/help or @Countersign help');
  expect(rig.received).toHaveLength(2);
});

test('the Teams of whoever is played is open: their cards refresh by themselves, and only theirs', async () => {
  const refresh = { action: { type: 'Action.Execute', verb: 'ac.refresh', data }, userIds: [alice.teamsId, bob.teamsId] };
  rig.replies.set('adaptiveCard/action', {
    status: 200,
    body: { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: aCard('As you see it.', []) },
  });
  await rig.deeds['/play']?.({ user: 'U0ALICE' });
  await rig.deeds['/play']?.({ user: 'U0BOB' });
  const seen = rig.teams.next('view', ({ person }) => person === bob.teamsId);
  const id = await rig.postToTeams({ ...aCard('Isolate app-07?'), refresh });
  await seen;
  expect(JSON.stringify(bobsPage()?.cards[id])).toContain('As you see it.');
  expect(sent()).toMatchObject([{ from: { id: bob.teamsId }, value: { trigger: 'automatic' } }]);
});

test('nobody but the five people can do anything', async () => {
  const id = await rig.postToTeams(aCard('Isolate app-07?'));
  await expect(press(id, { user: 'U0NOBODY' })).rejects.toThrow('there is nobody called U0NOBODY');
  await expect(rig.deeds['/play']?.({ user: 'U0NOBODY' })).rejects.toThrow('there is nobody called U0NOBODY');
  await expect(press(id, { inputs: { a: 1 } })).rejects.toThrow('inputs.a must be a text');
  expect(rig.received).toEqual([]);
});

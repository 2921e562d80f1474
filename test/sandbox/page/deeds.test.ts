import { afterEach, beforeEach, expect, test } from 'vitest';
import { channel } from '../../../sandbox/world/setting.ts';
import { botToken, openRig, type Rig } from './rig.ts';

let rig: Rig;

beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

async function postCard(): Promise<string> {
  const text = (words: string) => ({ type: 'plain_text', text: words });
  const confirm = { title: text('Sure?'), text: text('Really'), confirm: text('Yes'), deny: text('No') };
  const elements = [{ type: 'button', action_id: 'go', value: 'action-of-isolateDevice', text: text('Approve'), confirm }];
  const answer = await fetch(`${rig.slack.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel: channel.id, text: 'A card', blocks: [{ type: 'actions', block_id: 'b', elements }] }),
  });
  return ((await answer.json()) as { ts: string }).ts;
}

const press = (body: Record<string, unknown>) => rig.deeds['/press']?.({ channel: channel.id, button: 'Approve', ...body });

test('a press is a signed request to the bot, and the journal says how it was answered', async () => {
  const ts = await postCard();
  expect(await press({ user: 'U0BOB', ts, confirm: 'accept' })).toMatchObject({ ok: true, status: 200 });
  expect(rig.received).toHaveLength(1);
  expect(rig.received[0]?.headers['x-slack-signature']).toMatch(/^v0=[0-9a-f]{64}$/);
  expect(decodeURIComponent(rig.received[0]?.body ?? '')).toContain('"U0BOB"');
  expect(rig.journal.lines().at(-1)?.text).toMatch(/^Bob Brown pressed Approve; the signed request was answered 200 in \d+ ms$/);
});

test('a press that was denied in the dialog sends nothing', async () => {
  const ts = await postCard();
  expect(await press({ user: 'U0BOB', ts, confirm: 'deny' })).toEqual({ ok: true });
  expect(rig.received).toEqual([]);
});

test('nobody but the five people can press', async () => {
  const ts = await postCard();
  await expect(press({ user: 'U0NOBODY', ts, confirm: 'accept' })).rejects.toThrow('there is nobody called U0NOBODY');
  await expect(press({ user: 'U0BOB', ts, confirm: 'maybe' })).rejects.toThrow('confirm must be accept or deny');
  expect(rig.received).toEqual([]);
});

test('what is typed behind a slash is a signed slash command', async () => {
  expect(await rig.deeds['/command']?.({ user: 'U0BOB', text: '/actions show  A-1' })).toMatchObject({ ok: true, status: 200 });
  const sent = new URLSearchParams(rig.received[0]?.body);
  expect([sent.get('command'), sent.get('text'), sent.get('user_id')]).toEqual(['/actions', 'show  A-1', 'U0BOB']);
  await expect(rig.deeds['/command']?.({ user: 'U0BOB', text: 'hello' })).rejects.toThrow('begins with a slash');
  expect(rig.received).toHaveLength(1);
});

test('raising is handed to the producer and shows in the state, together with its card', async () => {
  await rig.deeds['/raise']?.({ type: 'isolateDevice' });
  await postCard();
  expect(rig.raised).toEqual(['isolateDevice']);
  const state = rig.read();
  expect(state.actions).toMatchObject([{ id: 'action-of-isolateDevice', title: 'Isolate app-07' }]);
  expect(state.messages).toMatchObject([{ text: 'A card', actionId: 'action-of-isolateDevice', replies: [] }]);
  expect(state.people.map(({ id }) => id)).toEqual(['U0ALICE', 'U0BOB', 'U0CAROL', 'U0DAVE', 'U0ERIN']);
  await expect(rig.deeds['/raise']?.({ type: 'isolateDevice', ending: 'toString' })).rejects.toThrow('no ending');
});

test('a storm is many of one type at once, each handed to the producer', async () => {
  await rig.deeds['/storm']?.({ type: 'isolateDevice' });
  expect(rig.raised).toEqual(Array.from({ length: 50 }, () => 'isolateDevice'));
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeeds } from '../../../sandbox/page/deeds.ts';
import { type Journal, openJournal } from '../../../sandbox/page/journal.ts';
import type { Deeds } from '../../../sandbox/page/server.ts';
import { snapshot } from '../../../sandbox/page/snapshot.ts';
import { startSlack } from '../../../sandbox/slack/server.ts';
import type { SlackWorld } from '../../../sandbox/slack/types.ts';
import { channel, slackPeople } from '../../../sandbox/world/setting.ts';

/** Stands where the bot would stand: takes what Slack sends and says yes. */
let receiver: Server;
let received: { body: string; signature: string }[];
let slack: SlackWorld;
let journal: Journal;
let deeds: Deeds;
let raised: string[];

const botToken = 'xoxb-test';

beforeEach(async () => {
  received = [];
  raised = [];
  receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ body, signature: String(request.headers['x-slack-signature']) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const requestUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/slack/events`;
  slack = await startSlack({ signingSecret: 'a secret', botToken, people: slackPeople(), channels: [channel], requestUrl });
  journal = openJournal(() => {});
  deeds = openDeeds({
    slack,
    journal,
    raise: async (type) => {
      raised.push(type);
      return { id: `action-of-${type}`, type, label: 'Isolate device', title: 'Isolate app-07' };
    },
  });
});

afterEach(async () => {
  await slack.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

async function postCard(): Promise<string> {
  const text = (words: string) => ({ type: 'plain_text', text: words });
  const confirm = { title: text('Sure?'), text: text('Really'), confirm: text('Yes'), deny: text('No') };
  const elements = [{ type: 'button', action_id: 'go', value: 'action-of-isolateDevice', text: text('Approve'), confirm }];
  const answer = await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel: channel.id, text: 'A card', blocks: [{ type: 'actions', block_id: 'b', elements }] }),
  });
  return ((await answer.json()) as { ts: string }).ts;
}

const press = (body: Record<string, unknown>) => deeds['/press']?.({ channel: channel.id, button: 'Approve', ...body });

test('a press is a signed request to the bot, and the journal says how it was answered', async () => {
  const ts = await postCard();
  expect(await press({ user: 'U0BOB', ts, confirm: 'accept' })).toMatchObject({ ok: true, status: 200 });
  expect(received).toHaveLength(1);
  expect(received[0]?.signature).toMatch(/^v0=[0-9a-f]{64}$/);
  expect(decodeURIComponent(received[0]?.body ?? '')).toContain('"U0BOB"');
  expect(journal.lines().at(-1)?.text).toMatch(/^Bob Brown pressed Approve; the signed request was answered 200 in \d+ ms$/);
});

test('a press that was denied in the dialog sends nothing', async () => {
  const ts = await postCard();
  expect(await press({ user: 'U0BOB', ts, confirm: 'deny' })).toEqual({ ok: true });
  expect(received).toEqual([]);
});

test('nobody but the five people can press', async () => {
  const ts = await postCard();
  await expect(press({ user: 'U0NOBODY', ts, confirm: 'accept' })).rejects.toThrow('there is nobody called U0NOBODY');
  await expect(press({ user: 'U0BOB', ts, confirm: 'maybe' })).rejects.toThrow('confirm must be accept or deny');
  expect(received).toEqual([]);
});

test('raising is handed to the producer and shows in the state, together with its card', async () => {
  await deeds['/raise']?.({ type: 'isolateDevice' });
  await postCard();
  expect(raised).toEqual(['isolateDevice']);
  const state = snapshot(slack, channel, journal);
  expect(state.actions).toMatchObject([{ id: 'action-of-isolateDevice', title: 'Isolate app-07' }]);
  expect(state.messages).toMatchObject([{ text: 'A card', actionId: 'action-of-isolateDevice', replies: [] }]);
  expect(state.people.map(({ id }) => id)).toEqual(['U0ALICE', 'U0BOB', 'U0CAROL', 'U0DAVE', 'U0ERIN']);
  await expect(deeds['/raise']?.({ type: 'isolateDevice', ending: 'toString' })).rejects.toThrow('no ending');
});

import { describe, expect, test } from 'vitest';
import { actions, button, section } from './block-fixtures.ts';
import { APP_TOKEN, BOT_TOKEN, call, first, SOC, startWorld } from './world.ts';

const card = { channel: SOC, text: 'Quarantine invoice.exe?', blocks: [section(), actions(button())] };

describe('who may call', () => {
  test('a call without a token, with a wrong one, or with the wrong kind is refused', async () => {
    const slack = await startWorld();
    expect(await call(slack, 'auth.test', {}, '')).toMatchObject({ ok: false, error: 'not_authed', status: 200 });
    expect(await call(slack, 'auth.test', {}, 'xoxb-stolen')).toMatchObject({ ok: false, error: 'invalid_auth' });
    expect(await call(slack, 'auth.test', {}, APP_TOKEN)).toMatchObject({ ok: false, error: 'not_allowed_token_type' });
    expect(await call(slack, 'apps.connections.open', {}, BOT_TOKEN)).toMatchObject({ ok: false, error: 'not_allowed_token_type' });
    expect(await call(slack, 'auth.test', {})).toMatchObject({ ok: true, team_id: 'T000000001' });
  });

  test('a method outside the granted scopes says which scope it needs', async () => {
    const slack = await startWorld({ scopes: ['chat:write'], historyForBot: false });
    expect(await call(slack, 'users.lookupByEmail', { email: 'alice@contoso.example' })).toMatchObject({
      error: 'missing_scope',
      needed: 'users:read.email',
      provided: 'chat:write',
    });
    expect(await call(slack, 'conversations.history', { channel: SOC })).toMatchObject({ error: 'missing_scope' });
    expect(await call(slack, 'chat.postMessage', card)).toMatchObject({ ok: true });
  });

  test('an unknown method is answered with status 200 and fails the test', async () => {
    const slack = await startWorld();
    expect(await call(slack, 'chat.shout', {})).toMatchObject({ ok: false, status: 200, error: 'unknown_method' });
    expect(await call(slack, 'constructor', {})).toMatchObject({ error: 'unknown_method' });
    expect(slack.problems).toEqual(['unknown method chat.shout', 'unknown method constructor']);
  });
});

describe('messages', () => {
  test('a message is kept as Slack keeps it, with ids given to blocks and elements', async () => {
    const slack = await startWorld();
    const seen = slack.next('message');
    const posted = await call(slack, 'chat.postMessage', card);
    expect(posted).toMatchObject({ ok: true, channel: SOC, message: { type: 'message', text: card.text } });
    const message = first(slack.messages(SOC));
    expect(message.ts).toBe(posted['ts']);
    expect(message.ts).toMatch(/^\d{10}\.\d{6}$/);
    expect(message.blocks[0]).toMatchObject({ block_id: expect.any(String), text: { type: 'mrkdwn', verbatim: false } });
    expect(await seen).toEqual(message);
  });

  test('arguments may come form-encoded, with blocks as JSON text', async () => {
    const slack = await startWorld();
    const form = new URLSearchParams({ channel: '#soc', text: 'a', blocks: JSON.stringify(card.blocks), token: BOT_TOKEN });
    const answer = await fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', body: form });
    expect(await answer.json()).toMatchObject({ ok: true, channel: SOC });
    expect(slack.calls).toMatchObject([{ method: 'chat.postMessage', ok: true, status: 200, token: BOT_TOKEN }]);
  });

  test.each([
    ['C0NOWHERE', 'channel_not_found'],
    ['C0OUT', 'not_in_channel'],
    ['C0OLD', 'is_archived'],
    ['U0GONE', 'channel_not_found'],
  ])('posting to %s is refused with %s', async (channel, error) => {
    const slack = await startWorld();
    expect(await call(slack, 'chat.postMessage', { ...card, channel })).toMatchObject({ ok: false, status: 200, error });
  });

  test('invalid blocks are refused in the shape Slack gives', async () => {
    const slack = await startWorld();
    const many = Array.from({ length: 26 }, (_, index) => button({ action_id: `a${index}` }));
    const answer = await call(slack, 'chat.postMessage', { ...card, blocks: [section(), actions(...many)] });
    expect(answer).toMatchObject({
      error: 'invalid_blocks',
      errors: ['no more than 25 items allowed [json-pointer:/blocks/1/elements]'],
      response_metadata: { messages: ['[ERROR] no more than 25 items allowed [json-pointer:/blocks/1/elements]'] },
    });
    expect(await call(slack, 'chat.postMessage', { ...card, blocks: 'nonsense' })).toMatchObject({ error: 'invalid_blocks_format' });
    expect(slack.messages(SOC)).toEqual([]);
  });

  test('a message of over 12,000 characters of blocks is too long', async () => {
    const slack = await startWorld();
    const blocks = Array.from({ length: 4 }, () => section('x'.repeat(2_900)));
    expect(await call(slack, 'chat.postMessage', { ...card, blocks })).toMatchObject({ ok: true });
    expect(await call(slack, 'chat.postMessage', { ...card, blocks: [...blocks, section('x'.repeat(400))] })).toMatchObject({
      error: 'msg_blocks_too_long',
    });
  });

  test('no text at all is refused; blocks without text fail the test; long text is cut', async () => {
    const slack = await startWorld();
    expect(await call(slack, 'chat.postMessage', { channel: SOC })).toMatchObject({ error: 'no_text' });
    expect(slack.problems).toEqual([]);
    await call(slack, 'chat.postMessage', { channel: SOC, blocks: card.blocks });
    expect(slack.problems).toEqual([expect.stringContaining('text missing next to blocks')]);
    const long = await call(slack, 'chat.postMessage', { channel: SOC, text: 'x'.repeat(40_001) });
    expect(long).toMatchObject({ ok: true, response_metadata: { warnings: ['message_truncated'] } });
    expect(slack.messages(SOC).at(-1)?.text).toHaveLength(40_000);
  });

  test('an update keeps the blocks it does not name, and drops them for an empty list', async () => {
    const slack = await startWorld();
    const { ts } = await call(slack, 'chat.postMessage', card);
    const updated = slack.next('update');
    await call(slack, 'chat.update', { channel: SOC, ts, text: 'Approved' });
    expect(await updated).toMatchObject({ ts, kind: 'update', via: 'chat.update', message: { text: 'Approved' } });
    expect(first(slack.messages(SOC)).blocks).toHaveLength(2);
    await call(slack, 'chat.update', { channel: SOC, ts, text: 'Approved', blocks: [] });
    expect(first(slack.messages(SOC))).toMatchObject({ ts, text: 'Approved', blocks: [], edited: { user: 'U00000BOT' } });
  });

  test('a copy read before an update does not change with it', async () => {
    const slack = await startWorld();
    const { ts } = await call(slack, 'chat.postMessage', card);
    const [before] = slack.messages(SOC);
    await call(slack, 'chat.update', { channel: SOC, ts, text: 'Approved', blocks: [] });
    expect(before).toMatchObject({ text: card.text, blocks: [{}, {}] });
  });

  test('only messages that exist can be changed, deleted or linked to', async () => {
    const slack = await startWorld();
    const nothing = { channel: SOC, ts: '1.000001', text: 'a' };
    expect(await call(slack, 'chat.update', nothing)).toMatchObject({ error: 'message_not_found' });
    expect(await call(slack, 'chat.delete', nothing)).toMatchObject({ error: 'message_not_found' });
    expect(await call(slack, 'chat.getPermalink', { channel: SOC, message_ts: '1.000001' })).toMatchObject({ error: 'message_not_found' });
    const { ts } = await call(slack, 'chat.postMessage', card);
    const link = await call(slack, 'chat.getPermalink', { channel: SOC, message_ts: ts });
    expect(link['permalink']).toBe(`https://contoso-example.slack.com/archives/${SOC}/p${String(ts).replace('.', '')}`);
    expect(await call(slack, 'chat.delete', { channel: SOC, ts })).toMatchObject({ ok: true });
    expect(slack.messages(SOC)).toEqual([]);
  });

  test('an answer to a private message goes to one person only', async () => {
    const slack = await startWorld();
    expect(await call(slack, 'chat.postEphemeral', { channel: SOC, user: 'U0ALICE', text: 'Only you' })).toMatchObject({ ok: true });
    expect(slack.ephemerals('U0ALICE')).toMatchObject([{ text: 'Only you', via: 'chat.postEphemeral' }]);
    expect(slack.ephemerals('U0BOB')).toEqual([]);
    expect(slack.messages(SOC)).toEqual([]);
    expect(await call(slack, 'chat.postEphemeral', { channel: SOC, user: 'U0X', text: 'a' })).toMatchObject({
      error: 'user_not_in_channel',
    });
  });
});

describe('threads, history and metadata', () => {
  const metadata = { event_type: 'countersign_card', event_payload: { action: 'a1', version: 1 } };

  test('replies stay out of the channel and are found in their thread', async () => {
    const slack = await startWorld();
    const { ts } = await call(slack, 'chat.postMessage', card);
    await call(slack, 'chat.postMessage', { channel: SOC, text: 'Done', thread_ts: ts });
    expect(slack.messages(SOC)).toHaveLength(1);
    expect(slack.thread(SOC, String(ts))).toMatchObject([{ text: 'Done', thread_ts: ts }]);
    const replies = await call(slack, 'conversations.replies', { channel: SOC, ts });
    expect(replies['messages']).toMatchObject([{ text: card.text, reply_count: 1 }, { text: 'Done' }]);
    expect(await call(slack, 'chat.postMessage', { channel: SOC, text: 'a', thread_ts: '1.1' })).toMatchObject({
      error: 'thread_not_found',
    });
    expect(await call(slack, 'conversations.replies', { channel: SOC, ts: '1.1' })).toMatchObject({ error: 'thread_not_found' });
  });

  test('metadata is shown only to those who ask for it', async () => {
    const slack = await startWorld();
    await call(slack, 'chat.postMessage', { ...card, metadata });
    const read = async (args: object) =>
      first((await call(slack, 'conversations.history', { channel: SOC, ...args }))['messages'] as object[]);
    expect(await read({})).not.toHaveProperty('metadata');
    expect(await read({ include_all_metadata: true })).toMatchObject({ metadata });
    expect(await call(slack, 'chat.postMessage', { ...card, metadata: { event_type: 'a' } })).toMatchObject({
      error: 'invalid_metadata_format',
    });
  });

  test('history comes newest first, in pages and windows', async () => {
    const slack = await startWorld({ enforceRates: false });
    for (const text of ['one', 'two', 'three']) await call(slack, 'chat.postMessage', { channel: SOC, text });
    const texts = (answer: object) => ((answer as { messages: { text: string }[] }).messages ?? []).map((message) => message.text);
    const page = await call(slack, 'conversations.history', { channel: SOC, limit: 2 });
    expect([texts(page), page['has_more']]).toEqual([['three', 'two'], true]);
    const { next_cursor: cursor } = page['response_metadata'] as { next_cursor: string };
    expect(texts(await call(slack, 'conversations.history', { channel: SOC, limit: 2, cursor }))).toEqual(['one']);
    const oldest = first(slack.messages(SOC)).ts;
    expect(texts(await call(slack, 'conversations.history', { channel: SOC, oldest }))).toEqual(['three', 'two']);
    expect(texts(await call(slack, 'conversations.history', { channel: SOC, oldest, inclusive: true }))).toEqual(['three', 'two', 'one']);
    expect(await call(slack, 'conversations.history', { channel: 'C0OUT' })).toMatchObject({ error: 'not_in_channel' });
  });
});

describe('people and places', () => {
  test('people are shown with the flags that matter for who may decide', async () => {
    const slack = await startWorld();
    const info = async (user: string) => (await call(slack, 'users.info', { user }))['user'] as Record<string, unknown>;
    expect(await info('U0ALICE')).toMatchObject({ deleted: false, is_restricted: false, profile: { email: 'alice@contoso.example' } });
    expect(await info('U0BOB')).toMatchObject({ is_restricted: true, is_ultra_restricted: false });
    expect(await info('U0GONE')).toMatchObject({ deleted: true });
    const eve = await info('U0EVE');
    expect(eve).toMatchObject({ team_id: 'T0FABRIKAM', is_stranger: true });
    expect(eve['profile']).not.toHaveProperty('email');
    expect(await call(slack, 'users.info', { user: 'U0NOBODY' })).toMatchObject({ error: 'user_not_found' });
  });

  test('an address finds active people of the workspace only', async () => {
    const slack = await startWorld();
    expect(await call(slack, 'users.lookupByEmail', { email: 'Alice@contoso.example' })).toMatchObject({ user: { id: 'U0ALICE' } });
    for (const email of ['gone@contoso.example', 'eve@fabrikam.example', 'nobody@contoso.example']) {
      expect(await call(slack, 'users.lookupByEmail', { email })).toMatchObject({ error: 'users_not_found' });
    }
  });

  test('a channel tells whether another company can read it', async () => {
    const slack = await startWorld();
    expect(await call(slack, 'conversations.info', { channel: SOC })).toMatchObject({ channel: { is_ext_shared: false, is_member: true } });
    expect(await call(slack, 'conversations.info', { channel: 'C0SHARED' })).toMatchObject({ channel: { is_ext_shared: true } });
    expect(await call(slack, 'conversations.info', { channel: 'C0NO' })).toMatchObject({ error: 'channel_not_found' });
  });

  test('a direct message is opened once and is the same when the person is named', async () => {
    const slack = await startWorld();
    const open = await call(slack, 'conversations.open', { users: 'U0ALICE' });
    const posted = await call(slack, 'chat.postMessage', { channel: 'U0ALICE', text: 'Your digest' });
    expect(open['channel']).toEqual({ id: posted['channel'] });
    expect(slack.messages(String(posted['channel']))).toMatchObject([{ text: 'Your digest' }]);
    expect(await call(slack, 'conversations.open', { users: 'U0GONE' })).toMatchObject({ error: 'user_disabled' });
    expect(await call(slack, 'conversations.open', { users: 'U0NO' })).toMatchObject({ error: 'user_not_found' });
  });
});

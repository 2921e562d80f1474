import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SlackWorld } from '../../../sandbox/slack/types.ts';
import { actions, button, section } from './block-fixtures.ts';
import { call, first, respond, SIGNING_SECRET, SOC, settableClock, startApp, startWorld } from './world.ts';

const confirm = { text: { type: 'plain_text', text: 'Sure?' } };
const open = button({ action_id: 'hunt', text: { type: 'plain_text', text: 'Go hunt' }, url: 'https://security.contoso.example/hunting' });
const reject = button({ action_id: 'reject', text: { type: 'plain_text', text: 'Reject' }, confirm });
const blocks = [section(), { ...actions(button(), reject, open), block_id: 'a1:1' }];

async function postCard(slack: SlackWorld, more: object = {}): Promise<string> {
  return String((await call(slack, 'chat.postMessage', { channel: SOC, text: 'Card', blocks, ...more }))['ts']);
}

describe('a click', () => {
  test('arrives signed, form-encoded, and shaped as Slack shapes it', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    const ts = await postCard(slack, { metadata: { event_type: 'card', event_payload: {} } });
    expect(await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' })).toMatchObject({ status: 200, timedOut: false });
    const { headers, body, payload } = first(app.got);
    const stamp = headers['x-slack-request-timestamp'];
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(headers['x-slack-signature']).toBe(`v0=${createHmac('sha256', SIGNING_SECRET).update(`v0:${stamp}:${body}`).digest('hex')}`);
    expect(payload).toMatchObject({
      type: 'block_actions',
      user: { id: 'U0ALICE', username: 'alice', name: 'alice', team_id: 'T000000001' },
      team: { id: 'T000000001', domain: 'contoso-example' },
      enterprise: null,
      is_enterprise_install: false,
      channel: { id: SOC, name: 'soc' },
      container: { type: 'message', message_ts: ts, channel_id: SOC, is_ephemeral: false },
      message: { ts, text: 'Card', bot_id: 'B000000001' },
      actions: [{ type: 'button', action_id: 'approve', block_id: 'a1:1', value: 'a1:1', text: { text: 'Approve', emoji: true } }],
      state: { values: {} },
    });
    expect(payload.response_url).toContain(`${slack.url}/actions/T000000001/`);
    expect(payload.message).not.toHaveProperty('metadata');
    expect(slack.problems).toEqual([]);
  });

  test('of a person from another organisation names both teams', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    await slack.click({ user: 'U0EVE', channel: SOC, ts: await postCard(slack), button: 'Approve' });
    expect(first(app.got).payload).toMatchObject({ user: { team_id: 'T0FABRIKAM' }, team: { id: 'T000000001' } });
  });

  test('on a link is sent too', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    await slack.click({ user: 'U0ALICE', channel: SOC, ts: await postCard(slack), button: 'Go hunt' });
    expect(first(app.got).payload.actions).toMatchObject([{ action_id: 'hunt', url: 'https://security.contoso.example/hunting' }]);
  });

  test('is sent only when the confirm dialog is accepted', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    const ts = await postCard(slack);
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Reject', confirm: 'deny' });
    expect(app.got).toHaveLength(0);
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Reject', confirm: 'accept' });
    expect(app.got).toHaveLength(1);
    await expect(slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve', confirm: 'deny' })).rejects.toThrow(
      'no confirm dialog',
    );
  });

  test('can come from an older copy of a message that has changed since', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    const ts = await postCard(slack);
    const older = first(slack.messages(SOC));
    await call(slack, 'chat.update', { channel: SOC, ts, text: 'Decided', blocks: [section('Decided')] });
    await expect(slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' })).rejects.toThrow('there is nothing to press');
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve', message: older });
    expect(first(app.got).payload).toMatchObject({ message: { text: 'Card' }, actions: [{ value: 'a1:1' }] });
  });

  test('on one of two equal buttons has to say near what', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    const rows = [section('WKS-0042'), actions(button({ value: 'one' })), section('WKS-0043'), actions(button({ value: 'two' }))];
    const ts = await postCard(slack, { blocks: rows });
    await expect(slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' })).rejects.toThrow('2 times "Approve"');
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve', near: 'WKS-0043' });
    expect(first(app.got).payload.actions).toMatchObject([{ value: 'two' }]);
  });

  test('carries what is ticked, and a tick is remembered for that person', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    const options = ['one', 'two'].map((value) => ({ text: { type: 'plain_text', text: `Device ${value}` }, value }));
    const boxes = { type: 'checkboxes', action_id: 'picked', options, initial_options: options };
    const ts = await postCard(slack, { blocks: [{ type: 'actions', block_id: 'bulk', elements: [boxes, button()] }] });
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Device one' });
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' });
    await slack.click({ user: 'U0BOB', channel: SOC, ts, button: 'Approve' });
    const selected = app.got.map(({ payload }) => payload.state.values['bulk']?.['picked']);
    expect(app.got[0]?.payload.actions).toMatchObject([{ type: 'checkboxes', selected_options: [{ value: 'two' }] }]);
    expect(selected).toMatchObject([
      { selected_options: [{ value: 'two' }] },
      { selected_options: [{ value: 'two' }] },
      { selected_options: [{}, {}] },
    ]);
  });

  test('can be pressed in a menu', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    const menu = {
      type: 'overflow',
      action_id: 'more',
      options: [{ text: { type: 'plain_text', text: 'Show history' }, value: 'history' }],
    };
    const ts = await postCard(slack, { blocks: [{ ...section(), accessory: menu }] });
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Show history' });
    expect(first(app.got).payload.actions).toMatchObject([{ type: 'overflow', selected_option: { value: 'history' } }]);
  });

  test('that is not acked in 3 s, not listened to, or answered with an error fails the test', async () => {
    const slack = await startWorld();
    const replies = [{ never: true }, { status: 404 }, { status: 500 }];
    const app = await startApp(slack, () => replies[app.got.length - 1] ?? {});
    const ts = await postCard(slack);
    const ack = await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' });
    expect(ack).toMatchObject({ timedOut: true });
    expect(ack.ms).toBeGreaterThan(2_900);
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' });
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' });
    const what = 'the click on "Approve" by U0ALICE';
    expect(slack.problems).toEqual([`${what}: not acked in 3 s`, `${what}: listener missing (404)`, `${what}: answered with status 500`]);
  });

  test('goes to several bots in turn, or to the one that is named', async () => {
    const slack = await startWorld();
    const bots = [await startApp(slack), await startApp(slack)];
    const ts = await postCard(slack);
    for (const _ of [1, 2]) await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' });
    expect(bots.map((bot) => bot.got.length)).toEqual([1, 1]);
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve', url: bots[1]?.url ?? '' });
    expect(bots[1]?.got).toHaveLength(2);
  });

  test('can be replayed byte for byte, and requests can be made by hand', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    await slack.click({ user: 'U0ALICE', channel: SOC, ts: await postCard(slack), button: 'Approve' });
    expect(await slack.replay(first(slack.recorded))).toMatchObject({ status: 200 });
    const [one, two] = app.got;
    expect(two?.body).toBe(one?.body);
    expect(two?.headers['x-slack-signature']).toBe(one?.headers['x-slack-signature']);
    await slack.send({ body: 'payload=%7B%7D', signature: 'v0=00', timestamp: 12 });
    expect(app.got[2]?.headers).toMatchObject({ 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': '12' });
    expect(slack.problems).toEqual([]);
  });
});

describe('a response_url', () => {
  async function pressed(slack: SlackWorld, user = 'U0ALICE'): Promise<string> {
    const app = await startApp(slack);
    await slack.click({ user, channel: SOC, ts: await postCard(slack), button: 'Approve' });
    return first(app.got).payload.response_url;
  }

  test('replaces, answers privately, answers the channel and deletes', async () => {
    const slack = await startWorld();
    const url = await pressed(slack);
    expect(await respond(url, { replace_original: true, text: 'Processing…' })).toMatchObject({ status: 200, body: { ok: true } });
    expect(slack.messages(SOC)).toMatchObject([{ text: 'Processing…', blocks: [] }]);
    const whisper = slack.next('ephemeral');
    await respond(url, { text: 'You may not', response_type: 'ephemeral' });
    expect(await whisper).toMatchObject({ user: 'U0ALICE', text: 'You may not', via: 'response_url' });
    await respond(url, { text: 'For all', response_type: 'in_channel' });
    expect(slack.messages(SOC).map(({ text }) => text)).toEqual(['Processing…', 'For all']);
    await respond(url, { delete_original: true });
    expect(slack.messages(SOC).map(({ text }) => text)).toEqual(['For all']);
  });

  test('works five times', async () => {
    const slack = await startWorld();
    const url = await pressed(slack);
    for (const _ of [1, 2, 3, 4, 5]) expect(await respond(url, { text: 'a' })).toMatchObject({ status: 200 });
    expect(await respond(url, { text: 'a' })).toEqual({ status: 404, body: { ok: false, error: 'expired_url' } });
    expect(slack.ephemerals('U0ALICE')).toHaveLength(5);
  });

  test('works for thirty minutes', async () => {
    const clock = settableClock();
    const slack = await startWorld({ now: clock.now });
    const url = await pressed(slack);
    clock.forward(30 * 60_000);
    expect(await respond(url, { text: 'a' })).toMatchObject({ status: 200 });
    clock.forward(1);
    expect(await respond(url, { text: 'a' })).toMatchObject({ status: 404, body: { error: 'expired_url' } });
  });

  test('refuses blocks that Slack refuses, and takes faults', async () => {
    const slack = await startWorld();
    const url = await pressed(slack);
    expect(await respond(url, { text: 'a', blocks: [{ type: 'section' }] })).toMatchObject({
      status: 400,
      body: { error: 'invalid_blocks' },
    });
    expect(slack.problems).toEqual([expect.stringContaining('/blocks/0')]);
    slack.faults.add({ method: 'response_url', kind: 'http500' });
    expect(await respond(url, { text: 'a' })).toMatchObject({ status: 500 });
  });

  test('of a private message replaces that private message', async () => {
    const slack = await startWorld();
    const app = await startApp(slack);
    await call(slack, 'chat.postEphemeral', { channel: SOC, user: 'U0ALICE', text: 'Still sure?', blocks });
    const { ts } = first(slack.ephemerals('U0ALICE'));
    await slack.click({ user: 'U0ALICE', channel: SOC, ts, button: 'Approve' });
    const { payload } = first(app.got);
    expect(payload.container).toMatchObject({ is_ephemeral: true });
    expect(payload).not.toHaveProperty('message');
    await respond(payload.response_url, { replace_original: true, text: 'Recorded' });
    expect(slack.ephemerals('U0ALICE')).toMatchObject([{ text: 'Recorded', blocks: [] }]);
  });
});

describe('a command', () => {
  test('arrives with the fields Slack sends, and its answer is private', async () => {
    const slack = await startWorld();
    const app = await startApp(slack, () => ({ json: { text: 'Nothing pending' } }));
    await slack.command({ user: 'U0ALICE', channel: SOC, command: '/actions', text: 'history <x> & y' });
    expect(first(app.got).payload).toMatchObject({
      command: '/actions',
      text: 'history &lt;x&gt; &amp; y',
      user_id: 'U0ALICE',
      team_id: 'T000000001',
      channel_id: SOC,
      is_enterprise_install: 'false',
    });
    expect(slack.ephemerals('U0ALICE')).toMatchObject([{ text: 'Nothing pending', via: 'ack' }]);
    await respond(first(app.got).payload.response_url, { text: 'More' });
    expect(slack.ephemerals('U0ALICE')).toHaveLength(2);
  });

  test('answered with plain text or for the whole channel is shown so', async () => {
    const slack = await startWorld();
    const replies = [{ text: 'plain' }, { json: { response_type: 'in_channel', text: 'all' } }, {}];
    const app = await startApp(slack, () => replies[app.got.length - 1] ?? {});
    for (const _ of replies) await slack.command({ user: 'U0BOB', channel: SOC, command: '/actions', text: '' });
    expect(slack.ephemerals('U0BOB').map(({ text }) => text)).toEqual(['plain']);
    expect(slack.messages(SOC).map(({ text }) => text)).toEqual(['all']);
  });
});

test('waiting for an event that does not come ends with a clear text', async () => {
  const slack = await startWorld();
  await expect(slack.next('update', undefined, 20)).rejects.toThrow('no matching "update" event within 20 ms');
});

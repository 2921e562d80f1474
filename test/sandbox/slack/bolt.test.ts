// Slack's own framework against the simulation: what Bolt verifies, parses and calls must work unchanged.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { WebAPIPlatformError, WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import { expect, onTestFinished, test } from 'vitest';
import type { SlackWorld } from '../../../sandbox/slack/types.ts';
import { actions, button, modal } from './block-fixtures.ts';
import { APP_TOKEN, BOT_TOKEN, first, SIGNING_SECRET, SOC, startWorld } from './world.ts';

const clientOptions = (slack: SlackWorld) => ({
  slackApiUrl: slack.apiUrl,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  logger: QUIET,
});

/** Some of these tests make Bolt complain on purpose. */
const quiet = (): void => {};
const QUIET = { debug: quiet, info: quiet, warn: quiet, error: quiet, setLevel: quiet, getLevel: () => LogLevel.ERROR, setName: quiet };

function listen(app: App): void {
  app.action('approve', async ({ ack, respond, body }) => {
    await ack();
    await respond({ replace_original: true, text: `Approved by ${body.user.id}` });
  });
  app.command('/actions', async ({ ack, client, body }) => {
    await ack();
    await client.views.open({ trigger_id: body.trigger_id, view: modal({ callback_id: 'undo' }) as never });
  });
  app.view('undo', async ({ ack, view }) => {
    const typed = view.state.values['why']?.['comment']?.value;
    await ack(typed === 'no' ? { response_action: 'errors', errors: { why: 'Say why' } } : { response_action: 'clear' });
  });
}

async function startBolt(slack: SlackWorld): Promise<void> {
  const receiver = new HTTPReceiver({ signingSecret: SIGNING_SECRET, logger: QUIET });
  const app = new App({
    receiver,
    token: BOT_TOKEN,
    deferInitialization: true,
    clientOptions: clientOptions(slack),
    logger: QUIET,
  });
  await app.init();
  listen(app);
  const server = (await receiver.start(0)) as Server;
  onTestFinished(async () => {
    server.closeAllConnections();
    await app.stop();
  });
  slack.setRequestUrls([`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`]);
}

async function pressAndWait(slack: SlackWorld): Promise<void> {
  const posted = await new WebClient(BOT_TOKEN, clientOptions(slack)).chat.postMessage({
    channel: SOC,
    text: 'Card',
    blocks: [actions(button()) as never],
  });
  const updated = slack.next('update');
  expect(await slack.click({ user: 'U0ALICE', channel: SOC, ts: posted.ts ?? '', button: 'Approve' })).toMatchObject({ status: 200 });
  expect(await updated).toMatchObject({ via: 'response_url', message: { text: 'Approved by U0ALICE' } });
}

test('Bolt accepts the signature of a click and answers through response_url', async () => {
  const slack = await startWorld();
  await startBolt(slack);
  await pressAndWait(slack);
  expect(slack.problems).toEqual([]);
});

test('Bolt refuses a wrong signature and an old stamp', async () => {
  const slack = await startWorld();
  await startBolt(slack);
  const body = 'payload=%7B%22type%22%3A%22block_actions%22%7D';
  expect(await slack.send({ body, signature: `v0=${'0'.repeat(64)}` })).toMatchObject({ status: 401 });
  expect(await slack.send({ body, timestamp: Math.floor(Date.now() / 1000) - 301 })).toMatchObject({ status: 401 });
});

test('Bolt opens a modal from a command and answers its submission', async () => {
  const slack = await startWorld();
  await startBolt(slack);
  const shown = slack.next('view');
  await slack.command({ user: 'U0ALICE', channel: SOC, command: '/actions', text: 'undo a1' });
  expect(await shown).toMatchObject({ view: { callback_id: 'undo' } });
  await slack.submit({ user: 'U0ALICE', values: { Comment: 'no' } });
  expect(slack.view('U0ALICE')).toMatchObject({ errors: { why: 'Say why' } });
  await slack.submit({ user: 'U0ALICE', values: { Comment: 'False positive' } });
  expect(slack.view('U0ALICE')).toBeUndefined();
  expect(slack.problems).toEqual([]);
});

test('a command nobody listens to fails the test', async () => {
  const slack = await startWorld();
  await startBolt(slack);
  await slack.command({ user: 'U0ALICE', channel: SOC, command: '/nothing', text: '' });
  expect(slack.problems).toEqual([expect.stringMatching(/not acked in 3 s|listener missing/)]);
});

test('the same over Socket Mode', async () => {
  const slack = await startWorld();
  // The receiver's own option type names only some of the client's options.
  const installerOptions = { clientOptions: clientOptions(slack) };
  const receiver = new SocketModeReceiver({ appToken: APP_TOKEN, installerOptions, logger: QUIET });
  const app = new App({
    receiver,
    token: BOT_TOKEN,
    deferInitialization: true,
    clientOptions: clientOptions(slack),
    logger: QUIET,
  });
  await app.init();
  listen(app);
  const connected = new Promise((resolve) => receiver.client.once('connected', resolve));
  await app.start();
  await connected;
  onTestFinished(async () => {
    await app.stop();
    await expect.poll(() => slack.socketMode.connections()).toBe(0);
  });
  await pressAndWait(slack);
  expect(slack.socketMode.connections()).toBe(1);
  expect(slack.problems).toEqual([]);
});

test('the client sees refusals and rate limits as from Slack', async () => {
  const slack = await startWorld();
  const client = new WebClient(BOT_TOKEN, clientOptions(slack));
  const refused = client.chat.postMessage({ channel: SOC, text: 'a', blocks: [{ type: 'section' } as never] });
  const error = await refused.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WebAPIPlatformError);
  expect(error).toMatchObject({ data: { error: 'invalid_blocks', errors: [expect.stringContaining('[json-pointer:/blocks/0]')] } });
  slack.faults.add({ method: 'chat.postMessage', kind: 'ratelimit', retryAfterSeconds: 3 });
  const limited = await client.chat.postMessage({ channel: SOC, text: 'a' }).catch((caught: unknown) => caught);
  expect(limited).toBeInstanceOf(WebAPIRateLimitedError);
  expect(limited).toMatchObject({ retryAfter: 3 });
  expect(first(slack.calls)).toMatchObject({ method: 'chat.postMessage', args: { blocks: [{ type: 'section' }] } });
});

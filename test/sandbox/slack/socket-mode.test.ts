import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { SlackWorld } from '../../../sandbox/slack/types.ts';
import { actions, button } from './block-fixtures.ts';
import { APP_TOKEN, call, SOC, startWorld } from './world.ts';

type Frame = { type: string; envelope_id: string; payload: Record<string, unknown>; [field: string]: unknown };
type Connection = { ws: WebSocket; frames: Frame[]; frame(index: number): Promise<Frame> };

async function openUrl(slack: SlackWorld): Promise<string> {
  return String((await call(slack, 'apps.connections.open', {}, APP_TOKEN))['url']);
}

async function connect(slack: SlackWorld, answer?: (frame: Frame) => object | undefined): Promise<Connection> {
  const ws = new WebSocket(await openUrl(slack));
  const frames: Frame[] = [];
  ws.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    frames.push(frame);
    const reply = frame.envelope_id === undefined ? undefined : answer?.(frame);
    if (reply !== undefined) ws.send(JSON.stringify(reply));
  });
  onTestFinished(() => ws.terminate());
  const frame = async (index: number): Promise<Frame> => {
    const got = frames[index];
    if (got !== undefined) return got;
    await once(ws, 'message', { signal: AbortSignal.timeout(5_000) });
    return frame(index);
  };
  return { ws, frames, frame };
}

const ack = (frame: Frame): object => ({ envelope_id: frame.envelope_id });
const card = { channel: SOC, text: 'Card', blocks: [actions(button())] };
const pressApprove = async (slack: SlackWorld) => {
  const { ts } = await call(slack, 'chat.postMessage', card);
  return slack.click({ user: 'U0ALICE', channel: SOC, ts: String(ts), button: 'Approve' });
};

test('says hello, then hands clicks over in envelopes that are acked by id', async () => {
  const slack = await startWorld();
  const connection = await connect(slack, ack);
  expect(await connection.frame(0)).toMatchObject({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A000000001' } });
  expect(await pressApprove(slack)).toMatchObject({ status: 200, timedOut: false });
  expect(connection.frames[1]).toMatchObject({
    type: 'interactive',
    accepts_response_payload: true,
    payload: { type: 'block_actions', actions: [{ action_id: 'approve' }] },
  });
  expect(slack.problems).toEqual([]);
});

test('commands are answered through the ack, and events travel the same way', async () => {
  const slack = await startWorld();
  const connection = await connect(slack, (frame) => ({ ...ack(frame), payload: { text: 'Nothing pending' } }));
  await connection.frame(0);
  await slack.command({ user: 'U0ALICE', channel: SOC, command: '/actions', text: 'pending' });
  expect(slack.ephemerals('U0ALICE')).toMatchObject([{ text: 'Nothing pending', via: 'ack' }]);
  await slack.event({ type: 'app_home_opened', user: 'U0ALICE' });
  expect(connection.frames.map(({ type }) => type)).toEqual(['hello', 'slash_commands', 'events_api']);
  expect(connection.frames[2]?.payload).toMatchObject({ type: 'event_callback', event: { type: 'app_home_opened' } });
});

test('a payload goes to one of two connections only', async () => {
  const slack = await startWorld();
  const both = [await connect(slack, ack), await connect(slack, ack)];
  for (const connection of both) await connection.frame(0);
  for (const _ of [1, 2]) await pressApprove(slack);
  expect(both.map(({ frames }) => frames.length)).toEqual([2, 2]);
});

test('an envelope that is not acked in 3 s fails the test', async () => {
  const slack = await startWorld();
  await (await connect(slack)).frame(0);
  expect(await pressApprove(slack)).toMatchObject({ timedOut: true });
  expect(slack.problems).toEqual(['the click on "Approve" by U0ALICE: not acked in 3 s']);
});

test('a disconnect is announced, and a cut is not', async () => {
  const slack = await startWorld();
  const [one, two] = [await connect(slack), await connect(slack)];
  await Promise.all([one.frame(0), two.frame(0)]);
  slack.socketMode.disconnect('warning');
  expect(await one.frame(1)).toMatchObject({ type: 'disconnect', reason: 'warning' });
  expect(slack.socketMode.connections()).toBe(2);
  const closed = Promise.all([once(one.ws, 'close'), once(two.ws, 'close')]);
  slack.socketMode.disconnect('refresh_requested');
  await closed;
  expect(one.frames.at(-1)).toMatchObject({ type: 'disconnect', reason: 'refresh_requested' });
  const three = await connect(slack);
  await three.frame(0);
  slack.socketMode.cut();
  await once(three.ws, 'close');
  expect(three.frames).toHaveLength(1);
});

test('a connection address works once, and ten connections are the most', async () => {
  const slack = await startWorld();
  const url = await openUrl(slack);
  const ws = new WebSocket(url);
  await once(ws, 'open');
  const [error] = await once(new WebSocket(url), 'error');
  expect(String(error)).toContain('403');
  const others = await Promise.all(Array.from({ length: 9 }, () => connect(slack)));
  await Promise.all(others.map((other) => other.frame(0)));
  expect(await (await connect(slack)).frame(0)).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
  ws.terminate();
});

test('with neither address nor connection a click is a problem, not a success', async () => {
  const slack = await startWorld();
  expect(await pressApprove(slack)).toMatchObject({ status: 0 });
  expect(slack.problems).toEqual([expect.stringContaining('no request URL is set')]);
});

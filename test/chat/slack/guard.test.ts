import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { channel, openRig, recordingFlows, signingSecret } from './rig.ts';

const user = 'U0ALICE';
const button = 'Approve Quarantine';
const form = 'application/x-www-form-urlencoded';
const seconds = () => Math.floor(Date.now() / 1000);

/** A rig with one press done, whose signed request can be sent again in other clothes. */
async function pressed() {
  const flows = recordingFlows(anAction());
  const rig = await openRig({ flows });
  const { ts } = await rig.post();
  await rig.world.click({ user, channel, ts, button });
  const recorded = rig.world.recorded.at(-1);
  if (!recorded) throw new Error('nothing was recorded');
  return { ...rig, flows, ts, recorded };
}

describe('a replay', () => {
  test('of a signed press, byte for byte, is answered and changes nothing', async () => {
    const { world, flows, recorded } = await pressed();
    const acks = await Promise.all([world.replay(recorded), world.replay(recorded), world.replay(recorded)]);
    for (const ack of acks) expect(ack.status).toBe(200);
    expect(flows.clicks).toHaveLength(1);
    expect(world.ephemerals(user)).toHaveLength(1);
  });

  test('in another content type is still the same request', async () => {
    const { world, flows, recorded } = await pressed();
    await world.replay({ ...recorded, headers: { ...recorded.headers, 'Content-Type': `${form}; charset=UTF-8` } });
    expect(flows.clicks).toHaveLength(1);
  });

  test('with something appended to its signature is refused', async () => {
    const { world, flows, recorded } = await pressed();
    const signature = `${recorded.headers['X-Slack-Signature']}=again`;
    expect((await world.replay({ ...recorded, headers: { ...recorded.headers, 'X-Slack-Signature': signature } })).status).toBe(401);
    expect(flows.clicks).toHaveLength(1);
  });

  test('an attacker cannot use a press up by sending its signature first with another body', async () => {
    const { world, flows, recorded } = await pressed();
    const body = recorded.body.replace('U0ALICE', 'U0MALLO');
    const stamp = seconds() + 1;
    const signature = `v0=${createHmac('sha256', signingSecret).update(`v0:${stamp}:${recorded.body}`).digest('hex')}`;
    expect((await world.send({ body, timestamp: stamp, signature })).status).toBe(401);
    expect((await world.send({ body: recorded.body, timestamp: stamp, signature })).status).toBe(200);
    expect(flows.clicks).toHaveLength(2);
  });
});

describe('what Slack would not send', () => {
  test('a wrong signature is refused', async () => {
    const { world, flows, recorded } = await pressed();
    expect((await world.send({ body: recorded.body, signature: `v0=${'0'.repeat(64)}` })).status).toBe(401);
    expect((await world.send({ body: recorded.body, signature: '' })).status).toBe(401);
    expect(flows.clicks).toHaveLength(1);
  });

  test('a time stamp from the future or from long ago is refused', async () => {
    const { world, flows, recorded } = await pressed();
    expect((await world.send({ body: recorded.body, timestamp: seconds() + 120 })).status).toBe(401);
    expect((await world.send({ body: recorded.body, timestamp: seconds() - 400 })).status).toBe(401);
    expect(flows.clicks).toHaveLength(1);
    expect((await world.send({ body: recorded.body, timestamp: seconds() + 30 })).status).toBe(200);
    expect(flows.clicks).toHaveLength(2);
  });

  test.each([
    ['an empty body', '', form, 400],
    ['a form whose payload is not JSON', 'payload=%7Bnot', form, 400],
    ['a payload that is no object', 'payload=null', form, 400],
    ['two payloads', 'payload=%7B%7D&payload=%7B%7D', form, 400],
    ['JSON that is no object', 'null', 'application/json', 400],
    ['broken JSON', '{', 'application/json', 400],
    ['XML', '<a/>', 'text/xml', 415],
    ['another charset', 'payload=%7B%7D', `${form}; charset=utf-16`, 415],
  ])('%s is refused, and the next press works', async (_what, body, contentType, status) => {
    const { world, flows, ts } = await pressed();
    expect((await world.send({ body, contentType })).status).toBe(status);
    await world.click({ user, channel, ts, button });
    expect(flows.clicks).toHaveLength(2);
  });

  test('an unsigned empty body is refused as well', async () => {
    const { url } = await pressed();
    expect((await fetch(url, { method: 'POST' })).status).toBe(415);
    expect((await fetch(url, { method: 'POST', headers: { 'content-type': form } })).status).toBe(400);
  });

  test('a body over 1 MiB is refused, whether its length is named or not', async () => {
    const { url } = await pressed();
    const body = `payload=${'a'.repeat(1_100_000)}`;
    expect(await sendRaw(url, body, { 'content-length': String(body.length) })).toBe(413);
    expect(await sendRaw(url, body, { 'transfer-encoding': 'chunked' })).toBe(413);
  });

  test('a press without its parts is acknowledged and logged, and the bot goes on', async () => {
    const { world, flows, ts, log } = await pressed();
    const half = { type: 'block_actions', team: { id: 'T000000001' }, user: {}, actions: [{ action_id: 'ac.approve', type: 'button' }] };
    expect((await world.send({ body: new URLSearchParams({ payload: JSON.stringify(half) }).toString() })).status).toBe(200);
    expect(log.join()).toContain('in a shape that is not known');
    await world.click({ user, channel, ts, button });
    expect(flows.clicks).toHaveLength(2);
  });
});

describe('what Slack may send', () => {
  test('a form with its charset named is read', async () => {
    const { world, flows, recorded } = await pressed();
    const ack = await world.send({ body: recorded.body, timestamp: seconds() + 2, contentType: `${form}; charset=utf-8` });
    expect(ack.status).toBe(200);
    expect(flows.clicks).toHaveLength(2);
  });

  test('the address check is answered', async () => {
    const { world } = await pressed();
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    expect(await world.send({ body: challenge, contentType: 'application/json' })).toMatchObject({
      status: 200,
      body: { challenge: 'abc' },
    });
    expect((await world.send({ body: 'ssl_check=1', signature: 'none' })).status).toBe(200);
  });

  test('something nothing here answers is told to the log', async () => {
    const { world, log } = await pressed();
    const ack = await world.command({ user, channel, command: '/unknown', text: '' });
    expect(ack.timedOut || ack.status === 404).toBe(true);
    await poll('the log line', () => log.join().includes('nothing here answers'));
  });
});

/** Slack never sends such sizes; the client of the simulated one would not either. */
function sendRaw(url: string, body: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false, headers: { 'content-type': form, ...headers } }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

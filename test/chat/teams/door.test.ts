/** Who gets in: every request is signed and sent as the Bot Service would, then spoiled in one place. */
import { expect, test } from 'vitest';
import type { TokenClaims } from '../../../sandbox/teams/types.ts';
import { alice, anonymous, channel, openRig, recordingFlows, stranger, withRecord } from './rig.ts';

withRecord();

const otherTenant = '22222222-2222-4333-8444-555555555555';
const open = async () => {
  const flows = recordingFlows();
  const rig = await openRig({ flows });
  const message = await rig.post();
  const approve = (message.card as { body: unknown[] }).body;
  const data = firstData(approve);
  const activity = (over: Record<string, unknown> = {}, person = alice.id) => ({
    ...rig.world.activity({
      person,
      conversation: channel,
      type: 'invoke',
      name: 'adaptiveCard/action',
      replyToId: message.id,
      value: { action: { type: 'Action.Execute', verb: 'ac.approve', data }, trigger: 'manual' },
    }),
    ...over,
  });
  return { ...rig, flows, activity };
};

/** The data of the first Action.Execute. */
function firstData(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(firstData).find((data) => data !== undefined);
  if (typeof node !== 'object' || node === null) return undefined;
  const { type, data, ...rest } = node as Record<string, unknown>;
  if (type === 'Action.Execute') return data;
  return Object.values(rest)
    .map(firstData)
    .find((found) => found !== undefined);
}

test('the good one is accepted, and decides', async () => {
  const { world, flows, refusals, activity } = await open();
  const ack = await world.send({ activity: activity() });
  expect(ack).toMatchObject({ status: 200, body: { statusCode: 200, type: 'application/vnd.microsoft.activity.message' } });
  expect(flows.clicks).toHaveLength(1);
  expect(await flows.clicks[0]?.person({ fresh: true })).toMatchObject({ ok: true, value: { entraId: alice.aadObjectId } });
  expect(refusals).toEqual([]);
});

test.each<[string, TokenClaims | null, number, string]>([
  ['no header', null, 401, 'no-token'],
  ['another audience', { aud: '88888888-8888-4777-8666-555555555555' }, 401, 'wrong-audience'],
  ['another issuer', { iss: 'https://login.evil.example/' }, 401, 'wrong-issuer'],
  ['an emulator as issuer', { issuedBy: 'emulator' }, 401, 'wrong-issuer'],
  ['an end in the past', { expiresInSeconds: -3600 }, 401, 'expired-token'],
  ['a key that is not published', { key: 'foreign' }, 401, 'signature'],
  ['another service URL', { serviceurl: 'https://smba.trafficmanager.net/emea/' }, 401, 'signature'],
  ['no service URL', { serviceurl: null }, 401, 'signature'],
])('a token with %s is refused and written down', async (_what, claims, status, reason) => {
  const { world, flows, refusals, activity } = await open();
  const token = claims === null ? null : await world.token(claims);
  expect(await world.send({ activity: activity(), token })).toMatchObject({ status });
  expect(refusals).toMatchObject([{ reason, facts: { entraId: alice.aadObjectId } }]);
  expect(flows.clicks).toEqual([]);
});

test.each<[string, Record<string, unknown>, number, string]>([
  ['no service URL', { serviceUrl: undefined }, 403, 'no-service-url'],
  [
    'another tenant',
    { conversation: { id: channel, tenantId: otherTenant }, channelData: { tenant: { id: otherTenant } } },
    403,
    'foreign-tenant',
  ],
  ['another channel', { channelId: 'webchat' }, 403, 'wrong-channel'],
  ['the channel with a back door', { channelId: 'AseChannel' }, 403, 'wrong-channel'],
  ['no channel', { channelId: undefined }, 403, 'wrong-channel'],
])('an activity with %s is refused and written down', async (_what, over, status, reason) => {
  const { world, flows, refusals, activity } = await open();
  expect(await world.send({ activity: activity(over) })).toMatchObject({ status });
  expect(refusals).toMatchObject([{ reason }]);
  expect(flows.clicks).toEqual([]);
});

test('somebody without an Entra id behind them is refused and written down', async () => {
  const { world, flows, refusals, activity } = await open();
  expect(await world.send({ activity: activity({}, anonymous.id) })).toMatchObject({ status: 403 });
  expect(refusals).toMatchObject([{ reason: 'no-person' }]);
  expect(flows.clicks).toEqual([]);
});

test('somebody of another organisation in a shared channel is refused and written down', async () => {
  const { world, flows, refusals, activity } = await open();
  expect(await world.send({ activity: activity({}, stranger.id) })).toMatchObject({ status: 403 });
  expect(refusals).toMatchObject([{ reason: 'foreign-tenant' }]);
  expect(flows.clicks).toEqual([]);
});

test.each([
  ['nothing', '', 'application/json', 400],
  ['no JSON', '{ broken', 'application/json', 400],
  ['a list', '[]', 'application/json', 400],
  ['a form', 'a=b', 'application/x-www-form-urlencoded', 415],
  ['far too much', `"${'x'.repeat(1_100_000)}"`, 'application/json', 413],
])('a body with %s is answered with a clear no', async (_what, body, type, status) => {
  const { url } = await openRig();
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body }).catch(() => null);
  expect(answer?.status ?? 413).toBe(status);
});

test('a flood of refused requests is counted, not written down without end', async () => {
  const { world, refusals, activity } = await open();
  for (let round = 0; round < 8; round += 1)
    await Promise.all(Array.from({ length: 10 }, () => world.send({ activity: activity(), token: null })));
  expect(refusals.length).toBeGreaterThanOrEqual(60);
  expect(refusals.length).toBeLessThan(80);
});

test('while the keys cannot be fetched nobody gets in, and Teams is asked to come again', async () => {
  const flows = recordingFlows();
  const { world, activity } = await (async () => {
    const rig = await openRig({ flows, env: { TEAMS_OPENID_URL: 'http://127.0.0.1:1/openid' } });
    return {
      ...rig,
      activity: () => rig.world.activity({ person: alice.id, conversation: channel, type: 'invoke', name: 'adaptiveCard/action' }),
    };
  })();
  expect(await world.send({ activity: activity() })).toMatchObject({ status: 503 });
  expect(flows.clicks).toEqual([]);
});

test('an emulator on this machine needs no token, and still a tenant that is allowed', async () => {
  const flows = recordingFlows();
  const { world, refusals } = await openRig({
    flows,
    teams: { appId: '' },
    env: { MICROSOFT_APP_ID: '', MICROSOFT_APP_PASSWORD: '', TEAMS_LOGIN_URL: '', TEAMS_OPENID_URL: '', TEAMS_INSECURE_LOOPBACK: 'true' },
  });
  const said = world.activity({ person: alice.id, conversation: channel, type: 'invoke', name: 'adaptiveCard/action', value: {} });
  expect(await world.send({ activity: said, token: null })).toMatchObject({ status: 200 });
  const foreign = { ...said, conversation: { id: channel, tenantId: otherTenant }, channelData: { tenant: { id: otherTenant } } };
  expect(await world.send({ activity: foreign, token: null })).toMatchObject({ status: 403 });
  expect(refusals).toMatchObject([{ reason: 'foreign-tenant' }]);
});

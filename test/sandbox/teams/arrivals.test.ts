// What else comes to the bot: typed messages, the app coming and going, and requests that somebody made up.
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { settingsFor } from '../../../sandbox/teams/settings.ts';
import type { TokenClaims } from '../../../sandbox/teams/types.ts';
import { ALICE, APP_ID, at, call, first, MAIL, OPTIONS, post, SOC, startBot, startWorld, TENANT } from './world.ts';

describe('a typed message', () => {
  test('reaches the bot by mention, with the thread it stands in', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const root = await post(teams);
    await teams.say({ person: ALICE, conversation: SOC, text: 'show a1', mention: true, inThread: root });
    const { activity } = first(bot.got);
    expect(activity).toMatchObject({
      type: 'message',
      text: '<at>Countersign</at> show a1',
      conversation: { id: `${SOC};messageid=${root}` },
      entities: [{ type: 'mention', text: '<at>Countersign</at>', mentioned: { id: `28:${APP_ID}` } }, { type: 'clientInfo' }],
    });
    expect(activity['recipient']).not.toHaveProperty('isTargeted');
    expect(teams.thread(SOC, root)).toMatchObject([{ id: activity.id, from: ALICE, text: '<at>Countersign</at> show a1' }]);
    await call(teams, 'POST', at(String(activity.conversation['id'])), { type: 'message', text: 'a1 is pending' });
    expect(teams.thread(SOC, root)).toHaveLength(2);
  });

  test('as a slash command is seen by the bot alone and answered the same way', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    await teams.say({ person: ALICE, conversation: SOC, text: 'help', targeted: true });
    const { activity } = first(bot.got);
    expect(activity).toMatchObject({ text: 'help', recipient: { id: `28:${APP_ID}`, isTargeted: true } });
    expect(teams.messages(SOC)).toEqual([]);
    const to = String(activity.conversation['id']);
    const answer = { type: 'message', text: 'show, help', recipient: { id: ALICE, isTargeted: true } };
    expect(await call(teams, 'POST', at(to, '/activities?isTargetedActivity=true'), answer)).toMatchObject({ status: 201 });
    expect(await call(teams, 'POST', at(to), { type: 'message', text: 'for all' })).toMatchObject({ status: 404 });
  });

  test('in a channel is not for the bot without a mention; in their own chat it is', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const chat = await call(teams, 'POST', '', { isGroup: false, tenantId: TENANT, members: [{ id: ALICE }] });
    expect(await teams.say({ person: ALICE, conversation: SOC, text: 'lunch?' })).toMatchObject({ status: 0 });
    expect(await teams.say({ person: ALICE, conversation: chat.body.id, text: 'help' })).toMatchObject({ status: 200 });
    expect(bot.got.map(({ activity }) => activity['text'])).toEqual(['help']);
    expect(first(bot.got).activity).toMatchObject({ conversation: { conversationType: 'personal', id: chat.body.id } });
  });
});

describe('the app', () => {
  test('removed from a team is out of all its channels, until it is added again', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const message = { type: 'message', text: 'a' };
    expect(await teams.uninstall('19:general@thread.tacv2', ALICE)).toMatchObject({ status: 200 });
    expect(await call(teams, 'POST', at(SOC), message)).toMatchObject({ status: 403 });
    expect(await call(teams, 'POST', at(MAIL), message)).toMatchObject({ status: 201 });
    await teams.install(SOC, ALICE);
    expect(await call(teams, 'POST', at(SOC), message)).toMatchObject({ status: 201 });
    const bare = {
      conversation: { id: SOC },
      from: { id: ALICE },
      channelData: { team: { id: '19:general@thread.tacv2' }, tenant: { id: TENANT } },
    };
    expect(bot.got.map(({ activity }) => activity)).toMatchObject([
      { type: 'installationUpdate', action: 'remove' },
      { type: 'conversationUpdate', membersRemoved: [{ id: `28:${APP_ID}` }], channelData: { eventType: 'teamMemberRemoved' } },
      { type: 'installationUpdate', action: 'add', ...bare },
      { type: 'conversationUpdate', membersAdded: [{ id: `28:${APP_ID}` }], ...bare },
    ]);
  });

  test('shows when the bot refuses to hear of it', async () => {
    const teams = await startWorld();
    await startBot(teams, ({ activity }) => ({ status: activity['type'] === 'installationUpdate' ? 403 : 200 }));
    expect(await teams.install(SOC, ALICE)).toMatchObject({ status: 403 });
    expect(teams.problems).toEqual([]);
  });

  test('hears of a deleted channel in the team’s first one', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const id = await post(teams);
    await teams.deleteChannel(SOC, ALICE);
    expect(first(bot.got).activity).toMatchObject({
      type: 'conversationUpdate',
      conversation: { id: '19:general@thread.tacv2' },
      channelData: { eventType: 'channelDeleted', channel: { id: SOC, name: 'soc' }, team: { id: '19:general@thread.tacv2' } },
    });
    const update = await call(teams, 'PUT', at(SOC, `/activities/${id}`), { type: 'message', text: 'a' });
    expect(update).toMatchObject({ status: 404, body: { error: { code: 'ConversationNotFound' } } });
  });

  test('is not told of a message that a person deleted', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    teams.deleteMessage(SOC, await post(teams));
    expect([bot.got, teams.messages(SOC)]).toEqual([[], []]);
  });
});

describe('a connector token', () => {
  const verify = async (teams: Awaited<ReturnType<typeof startWorld>>, claims?: TokenClaims) => {
    const metadata = (await (await fetch(teams.openIdMetadataUrl)).json()) as { jwks_uri: string; issuer: string };
    const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
    return jwtVerify(await teams.token(claims), keys, { issuer: metadata.issuer, audience: APP_ID });
  };

  test('is signed with the published key and bound to the service URL', async () => {
    const teams = await startWorld();
    const { payload, protectedHeader } = await verify(teams);
    expect(payload).toMatchObject({ iss: 'https://api.botframework.com', aud: APP_ID, serviceurl: teams.serviceUrl });
    const keys = (await (await fetch(`${teams.url}/v1/.well-known/keys`)).json()) as { keys: object[] };
    expect(keys.keys).toMatchObject([{ kty: 'RSA', use: 'sig', kid: protectedHeader.kid, endorsements: ['msteams'] }]);
  });

  test('can be spoiled in every way', async () => {
    const teams = await startWorld();
    await expect(verify(teams, { expiresInSeconds: -3600 })).rejects.toThrow(errors.JWTExpired);
    await expect(verify(teams, { aud: 'another app' })).rejects.toThrow('"aud"');
    await expect(verify(teams, { iss: 'https://login.contoso.example' })).rejects.toThrow('"iss"');
    await expect(verify(teams, { key: 'foreign' })).rejects.toThrow(errors.JWSSignatureVerificationFailed);
    await expect(verify(teams, { issuedBy: 'emulator' })).rejects.toThrow('"iss"');
    expect((await verify(teams, { serviceurl: null })).payload).not.toHaveProperty('serviceurl');
    expect((await verify(teams, { serviceurl: 'https://evil.example/' })).payload).toMatchObject({ serviceurl: 'https://evil.example/' });
  });
});

describe('a made-up request', () => {
  test('carries the activity, token and headers it was given', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const activity = teams.activity({ person: ALICE, conversation: SOC, type: 'message', text: 'hi', channelId: 'webchat' });
    await teams.send({ activity });
    await teams.send({ activity, token: null, headers: { 'x-forwarded-for': '198.51.100.7' } });
    await teams.send({ activity, token: 'x' });
    expect(bot.got.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${await teams.token()}`, undefined, 'Bearer x']);
    expect(bot.got[1]).toMatchObject({ activity: { channelId: 'webchat', text: 'hi' }, headers: { 'x-forwarded-for': '198.51.100.7' } });
    expect(teams.problems).toEqual([]);
  });

  test('is recorded and can be repeated byte for byte', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    await teams.say({ person: ALICE, conversation: SOC, text: 'help', mention: true });
    await teams.replay(first(teams.recorded));
    const [one, two] = bot.got;
    expect([two?.body, two?.headers['authorization']]).toEqual([one?.body, one?.headers['authorization']]);
  });
});

test('the settings of a bot in this world', async () => {
  const teams = await startWorld();
  expect(settingsFor(teams, OPTIONS)).toEqual({
    MICROSOFT_APP_ID: APP_ID,
    MICROSOFT_APP_PASSWORD: OPTIONS.appPassword,
    MICROSOFT_APP_TENANT_ID: TENANT,
    MICROSOFT_APP_TYPE: 'SingleTenant',
    TEAMS_SERVICE_URLS: `${teams.url}/amer/`,
    TEAMS_LOGIN_URL: `${teams.url}/login`,
    TEAMS_OPENID_URL: `${teams.url}/v1/.well-known/openidconfiguration`,
  });
});

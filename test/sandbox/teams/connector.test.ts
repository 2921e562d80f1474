import { describe, expect, test } from 'vitest';
import {
  ALICE,
  at,
  BOB,
  call,
  card,
  edit,
  execute,
  FABRIKAM,
  first,
  GROUP,
  post,
  SOC,
  settableClock,
  startBot,
  startWorld,
  TENANT,
  tokenFor,
  withCard,
} from './world.ts';

const text = (said: string) => ({ type: 'message', text: said });
const newThread = (activity: object, channel = SOC) => ({
  isGroup: true,
  channelData: { channel: { id: channel }, tenant: { id: TENANT } },
  activity,
});
const personal = (person: string) => ({ isGroup: false, tenantId: TENANT, members: [{ id: person }] });

describe('tokens of the bot', () => {
  test('are given for its id and secret only', async () => {
    const teams = await startWorld();
    const good = await tokenFor(teams);
    expect(good.status).toBe(200);
    expect(await good.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600, access_token: expect.any(String) });
    const refused = async (change: Record<string, string>, tenant?: string) => (await tokenFor(teams, change, tenant)).status;
    expect(await refused({ client_secret: 'wrong' })).toBe(401);
    expect(await refused({ client_id: 'somebody else' })).toBe(400);
    expect(await refused({ scope: 'https://graph.microsoft.com/.default' })).toBe(400);
    expect(await refused({ grant_type: 'password' })).toBe(400);
    expect(await refused({}, FABRIKAM)).toBe(400);
    expect(JSON.stringify(teams.calls)).not.toContain('a-client-secret');
  });

  test('open the connector for an hour; nothing else does', async () => {
    const clock = settableClock();
    const teams = await startWorld({ now: clock.now });
    expect(await call(teams, 'POST', at(SOC), text('a'), null)).toMatchObject({ status: 401 });
    expect(await call(teams, 'POST', at(SOC), text('a'), 'made-up')).toMatchObject({
      status: 401,
      body: { error: { code: 'Unauthorized' } },
    });
    expect(await call(teams, 'POST', at(SOC), text('a'))).toMatchObject({ status: 201 });
    clock.forward(3_600_000);
    expect(await call(teams, 'POST', at(SOC), text('a'))).toMatchObject({ status: 401 });
  });

  test('are neither wanted nor sent by an emulator', async () => {
    const teams = await startWorld({ appId: '', appPassword: '' });
    const bot = await startBot(teams);
    expect(await call(teams, 'POST', at(SOC), text('a'), null)).toMatchObject({ status: 201 });
    await teams.say({ person: ALICE, conversation: SOC, text: 'help', mention: true });
    expect(first(bot.got).headers).not.toHaveProperty('authorization');
  });
});

describe('a new thread in a channel', () => {
  test('is begun by a conversation of its own', async () => {
    const teams = await startWorld();
    const posted = teams.next('message');
    const { status, body } = await call(teams, 'POST', '', newThread({ ...withCard(card(execute('Approve'))), summary: 'Approve?' }));
    expect(status).toBe(201);
    expect(body).toEqual({
      id: `${SOC};messageid=${body['activityId']}`,
      activityId: expect.stringMatching(/^\d+$/),
      serviceUrl: teams.serviceUrl,
    });
    expect(await posted).toMatchObject({
      id: body['activityId'],
      conversation: SOC,
      parentId: null,
      from: 'bot',
      summary: 'Approve?',
      edits: 0,
    });
    expect(teams.messages(SOC)).toMatchObject([{ card: { type: 'AdaptiveCard' } }]);
    expect(first(teams.calls.filter(({ method }) => method === 'post'))).toMatchObject({ path: '/amer/v3/conversations', status: 201 });
  });

  test('is begun by a post to the bare channel too, and answered under its id or by replyToId', async () => {
    const teams = await startWorld();
    const root = await post(teams, text('root'));
    const replied = teams.next('thread');
    const one = await call(teams, 'POST', at(`${SOC};messageid=${root}`), text('one'));
    expect(await replied).toMatchObject({ text: 'one', parentId: root });
    await call(teams, 'POST', at(SOC, `/activities/${root}`), text('two'));
    await call(teams, 'POST', at(SOC), { ...text('three'), replyToId: one.body.id });
    expect(teams.messages(SOC)).toMatchObject([{ text: 'root' }]);
    expect(teams.thread(SOC, root)).toMatchObject([{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
    const gone = await call(teams, 'POST', at(`${SOC};messageid=1`), text('lost'));
    expect(gone).toMatchObject({ status: 404, body: { error: { code: 'ActivityNotFoundInConversation' } } });
  });

  test('does not exist in a group chat', async () => {
    const teams = await startWorld();
    const root = await post(teams, text('root'), GROUP);
    await call(teams, 'POST', at(GROUP, `/activities/${root}`), text('answer'));
    expect(teams.messages(GROUP)).toMatchObject([{ text: 'root' }, { text: 'answer' }]);
  });
});

describe('a message', () => {
  test('is edited and deleted by the bot that sent it', async () => {
    const teams = await startWorld();
    const root = await post(teams);
    const updated = teams.next('update');
    expect(await edit(teams, root, card(execute('Undo')))).toMatchObject({ status: 200, body: { id: root } });
    expect(await updated).toMatchObject({ id: root, edits: 1, card: { body: [{}, { actions: [{ title: 'Undo' }] }] } });
    const deleted = teams.next('delete');
    expect(await call(teams, 'DELETE', at(`${SOC};messageid=${root}`, `/activities/${root}`))).toMatchObject({ status: 200 });
    expect(await deleted).toMatchObject({ id: root });
    expect(teams.messages(SOC)).toEqual([]);
    expect(await edit(teams, root, card())).toMatchObject({ status: 404, body: { error: { code: 'ActivityNotFoundInConversation' } } });
  });

  test('of a person is not the bot’s to change', async () => {
    const teams = await startWorld();
    await teams.say({ person: ALICE, conversation: SOC, text: 'hello' });
    const { id } = first(teams.messages(SOC));
    expect(await edit(teams, id, card())).toMatchObject({ status: 403 });
    expect(await call(teams, 'DELETE', at(SOC, `/activities/${id}`))).toMatchObject({ status: 403 });
    expect(teams.messages(SOC)).toMatchObject([{ text: 'hello', edits: 0 }]);
  });

  test('is not looked for in another thread', async () => {
    const teams = await startWorld();
    const [one, two] = [await post(teams), await post(teams)];
    expect(await call(teams, 'PUT', at(`${SOC};messageid=${one}`, `/activities/${two}`), withCard(card()))).toMatchObject({ status: 404 });
  });

  test('is refused where the bot is not, where nothing is, and above 100 KB', async () => {
    const teams = await startWorld();
    const to = (conversation: string, said = 'a') => call(teams, 'POST', at(conversation), text(said));
    expect(await to('19:out@thread.tacv2')).toMatchObject({ status: 403, body: { error: { code: 'BotNotInConversationRoster' } } });
    expect(await to('19:nowhere@thread.tacv2')).toMatchObject({ status: 404, body: { error: { code: 'ConversationNotFound' } } });
    expect(await to(SOC, 'x'.repeat(51_150))).toMatchObject({ status: 201 });
    expect(await to(SOC, 'x'.repeat(51_200))).toMatchObject({ status: 413, body: { error: { code: 'MessageSizeTooBig' } } });
    expect(teams.problems).toEqual([expect.stringContaining('Teams takes 102400')]);
  });

  test('that says nothing and an activity that is none are told apart', async () => {
    const teams = await startWorld();
    await post(teams, text(' '));
    expect(teams.problems).toEqual([expect.stringContaining('an empty message')]);
    expect(await call(teams, 'POST', at(SOC), { text: 'no type' })).toMatchObject({ status: 400 });
    expect(await call(teams, 'POST', at(SOC), { type: 'typing' })).toMatchObject({ status: 201 });
    expect(teams.messages(SOC)).toHaveLength(1);
  });
});

describe('a personal chat', () => {
  test('is one and the same for a person, and what is posted there is private', async () => {
    const teams = await startWorld();
    const { status, body } = await call(teams, 'POST', '', personal(ALICE));
    expect([status, body.id]).toEqual([201, expect.stringMatching(/^a:/)]);
    expect((await call(teams, 'POST', '', personal(ALICE))).body.id).toBe(body.id);
    expect((await call(teams, 'POST', '', personal(BOB))).body.id).not.toBe(body.id);
    const got = teams.next('private');
    await call(teams, 'POST', at(body.id), text('only you'));
    expect(await got).toMatchObject({ person: ALICE, via: 'personal', text: 'only you', conversation: body.id });
    expect(teams.messages(body.id)).toMatchObject([{ text: 'only you' }]);
    expect(teams.privateMessages(BOB)).toEqual([]);
  });

  test('is only for people who can be reached', async () => {
    const teams = await startWorld({
      conversations: [
        { id: '19:mail@thread.tacv2', type: 'channel', name: 'mail', members: [ALICE] },
        { id: 'a:bob', type: 'personal', name: 'Bob', members: [BOB], botInstalled: false },
      ],
    });
    expect(await call(teams, 'POST', '', personal(ALICE))).toMatchObject({ status: 201 });
    expect(await call(teams, 'POST', '', personal(BOB))).toMatchObject({ status: 403 });
    expect(await call(teams, 'POST', '', personal('29:eve'))).toMatchObject({ status: 403 });
    expect(await call(teams, 'POST', '', personal('29:nobody'))).toMatchObject({ status: 400 });
    expect(await call(teams, 'POST', '', { ...personal(ALICE), tenantId: '' })).toMatchObject({ status: 400 });
  });
});

describe('members', () => {
  test('come in pages and one by one, with the tenant they belong to', async () => {
    const teams = await startWorld();
    const page = await call(teams, 'GET', at(SOC, '/pagedmembers?pageSize=3'));
    expect(page.body).toMatchObject({
      continuationToken: '3',
      members: [{ id: ALICE, email: 'alice@contoso.example', tenantId: TENANT }, {}, {}],
    });
    const rest = await call(teams, 'GET', at(SOC, '/pagedmembers?pageSize=3&continuationToken=3'));
    expect(rest.body).toEqual({ members: [expect.objectContaining({ id: '29:eve', tenantId: FABRIKAM })] });
    const one = await call(teams, 'GET', at(SOC, `/members/${encodeURIComponent(BOB)}`));
    expect(one.body).toMatchObject({ id: BOB, aadObjectId: '22222222-2222-4222-8222-222222222222', name: 'Bob Brown' });
    expect(await call(teams, 'GET', at(GROUP, '/members/29:eve'))).toMatchObject({ status: 404 });
  });
});

test('a request that is no operation is a problem', async () => {
  const teams = await startWorld();
  expect(await call(teams, 'PATCH', at(SOC))).toMatchObject({ status: 400 });
  expect(await call(teams, 'GET', at(SOC, '/nothing'))).toMatchObject({ status: 404 });
  expect(teams.problems).toHaveLength(2);
});

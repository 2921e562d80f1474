import { describe, expect, test } from 'vitest';
import {
  ALICE,
  at,
  BOB,
  call,
  card,
  execute,
  first,
  GROUP,
  MAIL,
  post,
  SOC,
  says,
  settableClock,
  startBot,
  startWorld,
  TENANT,
} from './world.ts';

const to = (person: string, more: object = {}) => ({
  type: 'message',
  text: 'only you',
  recipient: { id: person, isTargeted: true },
  ...more,
});
const targeted = (conversation: string, id = ''): string =>
  at(conversation, `/activities${id === '' ? '' : `/${id}`}?isTargetedActivity=true`);

describe('a targeted message', () => {
  test('is seen by one person and by nobody else', async () => {
    const teams = await startWorld();
    const root = await post(teams);
    const got = teams.next('private');
    const { status, body } = await call(teams, 'POST', targeted(`${SOC};messageid=${root}`), to(ALICE));
    expect(status).toBe(201);
    expect(await got).toMatchObject({ person: ALICE, via: 'targeted', conversation: SOC, thread: root, id: body.id, text: 'only you' });
    expect(teams.privateMessages(BOB)).toEqual([]);
    expect([...teams.messages(SOC), ...teams.thread(SOC, root)]).toHaveLength(1);
  });

  test('needs a recipient who is there and the mark on them', async () => {
    const teams = await startWorld();
    const post = (body: object, conversation = MAIL) => call(teams, 'POST', targeted(conversation), body);
    expect(await post({ type: 'message', text: 'a' })).toMatchObject({ status: 400 });
    expect(await post(to(ALICE, { recipient: { id: ALICE } }))).toMatchObject({ status: 400 });
    expect(await post(to('29:eve'))).toMatchObject({ status: 400 });
    expect(await post(to(ALICE), '19:out@thread.tacv2')).toMatchObject({ status: 403 });
    const chat = await call(teams, 'POST', '', { isGroup: false, tenantId: TENANT, members: [{ id: ALICE }] });
    expect(await post(to(ALICE), chat.body.id)).toMatchObject({ status: 400 });
    expect(teams.privateMessages(ALICE)).toEqual([]);
  });

  test('without the query parameter is a message for everybody', async () => {
    const teams = await startWorld();
    await call(teams, 'POST', at(GROUP), to(ALICE));
    expect(teams.messages(GROUP)).toMatchObject([{ text: 'only you' }]);
    expect(teams.privateMessages(ALICE)).toEqual([]);
  });

  test('is edited and deleted without naming the recipient, and only as targeted', async () => {
    const teams = await startWorld();
    const { body } = await call(teams, 'POST', targeted(SOC), to(ALICE));
    expect(await call(teams, 'PUT', targeted(SOC, body.id), to(ALICE))).toMatchObject({ status: 400 });
    expect(await call(teams, 'PUT', at(SOC, `/activities/${body.id}`), { type: 'message', text: 'b' })).toMatchObject({ status: 404 });
    expect(await call(teams, 'PUT', targeted(SOC, body.id), { type: 'message', text: 'changed' })).toMatchObject({ status: 200 });
    expect(teams.privateMessages(ALICE)).toMatchObject([{ text: 'changed' }]);
    expect(await call(teams, 'DELETE', targeted(SOC, body.id))).toMatchObject({ status: 200 });
    expect(teams.privateMessages(ALICE)).toEqual([]);
    expect(await call(teams, 'DELETE', targeted(SOC, body.id))).toMatchObject({ status: 404 });
  });

  test('is gone after a day', async () => {
    const clock = settableClock();
    const teams = await startWorld({ now: clock.now });
    await call(teams, 'POST', targeted(SOC), to(ALICE));
    clock.forward(24 * 3_600_000 + 1);
    expect(teams.privateMessages(ALICE)).toEqual([]);
  });

  test('can carry a card that only its reader presses', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => says('Done'));
    const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card(execute('Export')) }];
    const { body } = await call(teams, 'POST', targeted(SOC), to(ALICE, { attachments }));
    await expect(teams.press({ person: BOB, conversation: SOC, messageId: body.id, button: 'Export' })).rejects.toThrow('No card');
    await teams.press({ person: ALICE, conversation: SOC, messageId: body.id, button: 'Export' });
    expect(first(bot.got).activity).toMatchObject({ replyToId: body.id, from: { id: ALICE } });
  });
});

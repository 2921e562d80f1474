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
  says,
  shows,
  startBot,
  startWorld,
  TENANT,
  withCard,
} from './world.ts';

const fallback = { type: 'Action.Submit', title: 'Approve', data: { verb: 'approve', actionId: 'a1' } };
const reason = { type: 'Input.Text', id: 'reason', label: 'Reason', isRequired: true, errorMessage: 'Say why', maxLength: 10 };

describe('a press on an Action.Execute', () => {
  test('arrives with a good token and in the shape Teams gives it', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => says('Approved'));
    const id = await post(teams);
    expect(await teams.press({ person: ALICE, conversation: SOC, messageId: id, button: 'Approve' })).toMatchObject({
      status: 200,
      timedOut: false,
    });
    const { headers, activity } = first(bot.got);
    expect(headers['authorization']).toBe(`Bearer ${await teams.token()}`);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(activity).toMatchObject({
      type: 'invoke',
      name: 'adaptiveCard/action',
      channelId: 'msteams',
      serviceUrl: teams.serviceUrl,
      from: { id: ALICE, name: 'Alice Adams', aadObjectId: '11111111-1111-4111-8111-111111111111' },
      recipient: { id: '28:5b1c4a3e-8f7d-4c7a-9e61-1f2d3c4b5a69', name: 'Countersign' },
      conversation: { id: `${SOC};messageid=${id}`, conversationType: 'channel', tenantId: TENANT, isGroup: true },
      channelData: { tenant: { id: TENANT }, channel: { id: SOC }, team: { id: '19:general@thread.tacv2' } },
      replyToId: id,
      value: { action: { type: 'Action.Execute', title: 'Approve', verb: 'approve', data: { actionId: 'a1' } }, trigger: 'manual' },
    });
    expect(teams.privateMessages(ALICE)).toMatchObject([{ via: 'bar', text: 'Approved', conversation: SOC }]);
    expect(teams.problems).toEqual([]);
  });

  test('names the thread of an answer, and no thread in a group chat', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => says('ok'));
    const root = await post(teams);
    const reply = await call(teams, 'POST', at(`${SOC};messageid=${root}`), withCard(card(execute('Approve'))));
    await teams.press({ person: ALICE, conversation: SOC, messageId: reply.body.id, button: 'Approve' });
    await teams.press({
      person: BOB,
      conversation: GROUP,
      messageId: await post(teams, card(execute('Approve')), GROUP),
      button: /approve/i,
    });
    expect(bot.got.map(({ activity }) => activity.conversation['id'])).toEqual([`${SOC};messageid=${root}`, GROUP]);
    expect(bot.got.map(({ activity }) => activity.id).filter((id, index, all) => all.indexOf(id) === index)).toHaveLength(2);
  });

  test('says who has no Entra account and who belongs to another organisation', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => says('no'));
    const messageId = await post(teams);
    for (const person of ['29:anonymous', '29:eve']) await teams.press({ person, conversation: SOC, messageId, button: 'Approve' });
    const [anonymous, eve] = bot.got.map(({ activity }) => activity);
    expect(anonymous?.from).not.toHaveProperty('aadObjectId');
    expect(eve).toMatchObject({ conversation: { tenantId: TENANT }, channelData: { tenant: { id: FABRIKAM } } });
    await expect(teams.press({ person: '29:eve', conversation: GROUP, messageId, button: 'Approve' })).rejects.toThrow('is not in');
  });

  test('finds the button behind an Action.ShowCard and on the card itself, and takes along what is typed there', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => says('ok'));
    const asking = { type: 'AdaptiveCard', version: '1.5', body: [reason], actions: [execute('Yes')] };
    const content = {
      ...card({ type: 'Action.ShowCard', title: 'Approve', card: asking }),
      actions: [execute('Later', { associatedInputs: 'none' })],
    };
    const messageId = await post(teams, content);
    const at = { person: ALICE, conversation: SOC, messageId };
    expect(await teams.press({ ...at, button: 'Approve' })).toMatchObject({ status: 0 });
    expect(await teams.press({ ...at, button: 'Yes' })).toMatchObject({ status: 0, body: { errors: { reason: 'Say why' } } });
    await teams.press({ ...at, button: 'Later' });
    await teams.press({ ...at, button: 'Yes', inputs: { Reason: 'a known false alarm' } });
    expect(bot.got.map(({ activity }) => activity.value['action'])).toMatchObject([
      { data: { actionId: 'a1' } },
      { data: { actionId: 'a1', reason: 'a known fa' } },
    ]);
    await expect(teams.press({ ...at, button: 'Yes', inputs: { Comment: '' } })).rejects.toThrow('there is "Reason"');
  });

  test('can come from an older copy of a card that has changed since', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams, () => says('Too late'));
    const messageId = await post(teams);
    const older = card(execute('Approve', { data: { actionId: 'a1', version: 1 } }));
    await edit(teams, messageId, card());
    const at = { person: ALICE, conversation: SOC, messageId, button: 'Approve' };
    await expect(teams.press(at)).rejects.toThrow('there is nothing to press');
    await teams.press({ ...at, card: older });
    expect(first(bot.got).activity.value).toMatchObject({ action: { data: { version: 1 } } });
  });

  test('needs one button that fits', async () => {
    const teams = await startWorld();
    const hidden = { type: 'ActionSet', isVisible: false, actions: [execute('Hidden')] };
    const content = { ...card(execute('Approve'), execute('Approve again')), actions: [execute('Off', { isEnabled: false })] };
    const messageId = await post(teams, { ...content, body: [...content.body, hidden] });
    const press = (button: string | RegExp) => teams.press({ person: ALICE, conversation: SOC, messageId, button });
    await expect(press(/approve/i)).rejects.toThrow('2 buttons fit');
    await expect(press('Hidden')).rejects.toThrow('No "Hidden" here');
    await expect(press('Off')).rejects.toThrow('disabled');
  });
});

describe('other buttons', () => {
  test('an old client takes the Action.Submit behind fallback, which arrives as a message without text', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const messageId = await post(teams, card(execute('Approve', { fallback }), execute('Newer only')));
    const at = { person: ALICE, conversation: SOC, messageId, oldClient: true };
    expect(await teams.press({ ...at, button: 'Approve' })).toMatchObject({ status: 200 });
    expect(first(bot.got).activity).toMatchObject({ type: 'message', replyToId: messageId, value: { verb: 'approve', actionId: 'a1' } });
    expect(first(bot.got).activity).not.toHaveProperty('text');
    await expect(teams.press({ ...at, button: 'Newer only' })).rejects.toThrow('No "Newer only"');
  });

  test('a link sends nothing', async () => {
    const teams = await startWorld();
    const bot = await startBot(teams);
    const messageId = await post(teams, card({ type: 'Action.OpenUrl', title: 'Go hunt', url: 'https://security.contoso.example/' }));
    expect(await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Go hunt' })).toMatchObject({ status: 0 });
    expect(bot.got).toEqual([]);
  });
});

describe('the answer to a press', () => {
  const pressed = async (answer: Parameters<typeof startBot>[1]) => {
    const teams = await startWorld();
    await startBot(teams, answer);
    const messageId = await post(teams);
    await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve' });
    return { teams, messageId, bar: teams.privateMessages(ALICE).at(-1)?.text };
  };

  test('with a card is seen by the presser alone, until the message is edited', async () => {
    const decided = card(execute('Undo'));
    const { teams, messageId } = await pressed(() => shows(decided));
    expect(teams.shownTo(ALICE, SOC, messageId)).toEqual(decided);
    expect(teams.shownTo(BOB, SOC, messageId)).toEqual(card(execute('Approve')));
    await edit(teams, messageId, card());
    expect(teams.shownTo(ALICE, SOC, messageId)).toEqual(card());
    expect(teams.problems).toEqual([]);
  });

  test('with an error shows its message', async () => {
    const value = { code: 'BadRequest', message: 'This card is out of date.' };
    const { teams, bar } = await pressed(() => ({ json: { statusCode: 400, type: 'application/vnd.microsoft.error', value } }));
    expect(bar).toBe('This card is out of date.');
    expect(teams.problems).toEqual([]);
  });

  test.each([
    ['nothing to say', says(''), /empty message/],
    ['no handler', { status: 501 }, /status 501/],
    ['a refused request', { status: 403 }, /status 403/],
    ['a broken bot', { status: 500, text: 'oops' }, /status 500/],
    ['no body', { status: 200 }, /no invoke response/],
    ['a body that is no JSON', { text: '<html>' }, /no invoke response/],
    ['an unknown type', { json: { statusCode: 200, type: 'text/plain', value: 'ok' } }, /type "text\/plain"/],
    ['no card where one is named', { json: { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive' } }, /no card/],
    ['a cut connection', { reset: true }, /not delivered/],
  ])('with %s shows that something went wrong', async (_, reply, problem) => {
    const { teams, bar } = await pressed(() => reply);
    expect(bar).toBe('Something went wrong. Please try again.');
    expect(teams.problems).toEqual([expect.stringMatching(problem)]);
  });

  test('that stays away makes Teams ask again with the same bytes, of whichever bot is next', async () => {
    const teams = await startWorld({ resendAfterMs: 150 });
    const stuck = await startBot(teams, () => ({ never: true }));
    const awake = await startBot(teams, () => says('Approved'));
    const messageId = await post(teams);
    const ack = await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve' });
    expect(ack).toMatchObject({ status: 200 });
    expect(ack.ms).toBeGreaterThan(140);
    expect([stuck.got.length, awake.got.length]).toEqual([1, 1]);
    expect(first(awake.got).body).toBe(first(stuck.got).body);
    expect(teams.recorded).toHaveLength(2);
    expect(teams.privateMessages(ALICE)).toMatchObject([{ text: 'Approved' }]);
    expect(teams.problems).toEqual([]);
  });

  test('after more than two seconds is noted as slow, and no problem', async () => {
    const { teams } = await pressed(() => new Promise((resolve) => setTimeout(() => resolve(says('At last')), 2_050)));
    expect(teams.slow).toEqual([{ ms: expect.any(Number), what: expect.stringContaining('"Approve" by 29:alice') }]);
    expect(teams.problems).toEqual([]);
  });

  test('is not waited for after a while', async () => {
    const teams = await startWorld({ resendAfterMs: 100, giveUpAfterMs: 250 });
    await startBot(teams, () => ({ never: true }));
    const messageId = await post(teams);
    const ack = await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve' });
    expect(ack).toMatchObject({ status: 0, timedOut: true });
    expect(ack.ms).toBeGreaterThan(240);
    expect(teams.privateMessages(ALICE)).toMatchObject([{ via: 'bar', text: 'Something went wrong. Please try again.' }]);
    expect(teams.recorded).toHaveLength(2);
    expect(teams.problems).toEqual([expect.stringContaining('no answer in 0.25 s')]);
  });
});

test('presses go round the bots unless one is named', async () => {
  const teams = await startWorld();
  const [one, two] = [await startBot(teams, () => says('one')), await startBot(teams, () => says('two'))];
  const messageId = await post(teams);
  for (const url of [undefined, undefined, two.url])
    await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve', ...(url === undefined ? {} : { url }) });
  expect([one.got.length, two.got.length]).toEqual([1, 2]);
});

test('a bot that is nowhere is a problem', async () => {
  const teams = await startWorld();
  const messageId = await post(teams);
  await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve' });
  expect(teams.problems).toEqual([expect.stringContaining('no messages URL')]);
});

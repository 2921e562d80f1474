import { describe, expect, test } from 'vitest';
import { ALICE, card, first, opens, post, SOC, startBot, startWorld } from './world.ts';

const reject = { type: 'Action.Submit', title: 'Reject', data: { msteams: { type: 'task/fetch' }, verb: 'reject', actionId: 'a1' } };
const form = {
  type: 'AdaptiveCard',
  version: '1.5',
  body: [
    { type: 'Input.Text', id: 'reason', label: 'Reason', isRequired: true, errorMessage: 'Say why' },
    { type: 'Input.Toggle', id: 'tell', title: 'Tell the team', value: 'true' },
    {
      type: 'Input.ChoiceSet',
      id: 'why',
      label: 'Class',
      choices: [
        { title: 'False positive', value: 'fp' },
        { title: 'Expected', value: 'ok' },
      ],
    },
  ],
  actions: [{ type: 'Action.Submit', title: 'Reject it', data: { verb: 'reject', actionId: 'a1' } }],
};

async function openForm(answers: Parameters<typeof startBot>[1][]) {
  const teams = await startWorld();
  let turn = 0;
  const bot = await startBot(teams, (got) => {
    turn += 1;
    return turn === 1 ? opens(form) : (answers[turn - 2]?.(got) ?? {});
  });
  const messageId = await post(teams, card(reject));
  const opened = teams.next('dialog');
  await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Reject' });
  expect(await opened).toMatchObject({ person: ALICE, dialog: { title: 'Reject' } });
  return { teams, bot, messageId };
}

describe('a dialog', () => {
  test('is asked for with the data of the button and shown to one person', async () => {
    const { teams, bot, messageId } = await openForm([]);
    expect(first(bot.got).activity).toMatchObject({
      type: 'invoke',
      name: 'task/fetch',
      replyToId: messageId,
      conversation: { id: `${SOC};messageid=${messageId}` },
      value: { data: { msteams: { type: 'task/fetch' }, verb: 'reject', actionId: 'a1' }, context: { theme: 'default' } },
    });
    expect(teams.dialog(ALICE)).toEqual({ title: 'Reject', card: form, conversation: SOC, messageId });
    teams.closeDialog(ALICE);
    expect(teams.dialog(ALICE)).toBeNull();
    await expect(teams.submitDialog({ person: ALICE, values: {} })).rejects.toThrow('no dialog open');
  });

  test('sends what was filled in, by label or id, and nothing while something is missing', async () => {
    const { teams, bot } = await openForm([]);
    expect(await teams.submitDialog({ person: ALICE, values: {} })).toMatchObject({ status: 0, body: { errors: { reason: 'Say why' } } });
    expect(bot.got).toHaveLength(1);
    await teams.submitDialog({ person: ALICE, values: { reason: 'Known tool', Class: 'False positive' }, button: /^reject/i });
    expect(bot.got.at(-1)?.activity).toMatchObject({
      name: 'task/submit',
      value: { data: { verb: 'reject', actionId: 'a1', reason: 'Known tool', tell: 'true', why: 'fp' }, context: { theme: 'default' } },
    });
    expect(teams.dialog(ALICE)).toBeNull();
    expect(teams.problems).toEqual([]);
  });

  test('is replaced, and closed with a message', async () => {
    const said = { json: { task: { type: 'message', value: 'Rejected' } } };
    const { teams } = await openForm([() => opens(form, 'Once more'), () => said]);
    await teams.submitDialog({ person: ALICE, values: { reason: 'x' } });
    expect(teams.dialog(ALICE)).toMatchObject({ title: 'Once more' });
    await teams.submitDialog({ person: ALICE, values: { reason: 'known tool' } });
    expect(teams.dialog(ALICE)).toBeNull();
    expect(teams.privateMessages(ALICE)).toMatchObject([{ via: 'dialog', text: 'Rejected' }]);
  });

  test('stays open when the answer is none', async () => {
    const { teams } = await openForm([() => ({ json: { statusCode: 200, type: 'a', value: 'b' } }), () => ({ status: 500 })]);
    for (const _ of [1, 2]) await teams.submitDialog({ person: ALICE, values: { reason: 'x' } });
    expect(teams.dialog(ALICE)).toMatchObject({ title: 'Reject' });
    expect(teams.privateMessages(ALICE)).toMatchObject([{ via: 'bar' }, { via: 'bar' }]);
    expect(teams.problems).toEqual([expect.stringContaining('no dialog'), expect.stringContaining('status 500')]);
  });
});

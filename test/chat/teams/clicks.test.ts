import { expect, test } from 'vitest';
import { UpstreamError } from '../../../src/action-center/errors.ts';
import { refuse } from '../../../src/action-center/refusal.ts';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { alice, bob, channel, chat, openRig, recordingFlows, withRecord } from './rig.ts';

withRecord();

const barsOf = (rig: Awaited<ReturnType<typeof openRig>>, person = alice.id) =>
  rig.world.privateMessages(person).flatMap(({ via, text }) => (via === 'bar' ? [text] : []));

test('Approve is answered to the presser alone, within the press', async () => {
  const flows = recordingFlows();
  const rig = await openRig({ flows });
  const message = await rig.post();
  const ack = await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/ });
  expect(ack.status).toBe(200);
  expect(barsOf(rig)).toEqual([expect.stringContaining('Recorded: you approved')]);
  expect(flows.clicks).toMatchObject([
    {
      verb: 'approve',
      platform: 'teams',
      by: `teams:${rig.world.activity({ person: alice.id, conversation: channel, type: 'x' })['channelData'] ? '11111111-2222-4333-8444-555555555555' : ''}/${alice.aadObjectId}`,
    },
  ]);
  expect(rig.world.privateMessages(bob.id)).toEqual([]);
  expect(rig.world.problems).toEqual([]);
});

test('Reject asks for a reason in a dialog, asks again for a better one, and answers in the dialog', async () => {
  const flows = recordingFlows();
  const rig = await openRig({ flows });
  const message = await rig.post();
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: 'Reject' });
  expect(rig.world.dialog(alice.id)?.title).toBe('Reject');
  await rig.world.submitDialog({ person: alice.id, values: { reason: ' x ' } });
  expect(JSON.stringify(rig.world.dialog(alice.id)?.card)).toContain('at least 3 characters');
  expect(flows.clicks).toEqual([]);
  await rig.world.submitDialog({ person: alice.id, values: { reason: 'Known tool, Kim is on the phone' } });
  expect(rig.world.dialog(alice.id)).toBeNull();
  expect(flows.clicks).toMatchObject([{ verb: 'reject', comment: 'Known tool, Kim is on the phone' }]);
  expect(rig.world.privateMessages(alice.id).at(-1)).toMatchObject({ via: 'dialog', text: expect.stringContaining('you rejected') });
  expect(rig.world.problems).toEqual([]);
});

test('whoever may not reject is told so instead of being asked why', async () => {
  const rig = await openRig({ flows: { ...recordingFlows(), check: async () => refuse({ kind: 'guest' }) } });
  const message = await rig.post();
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: 'Reject' });
  expect(rig.world.dialog(alice.id)).toBeNull();
  expect(rig.world.privateMessages(alice.id)).toMatchObject([
    { via: 'dialog', text: expect.stringContaining('Guest accounts cannot decide') },
  ]);
});

test('a time in the bar and in the short answer of a dialog is that of the clock of whoever pressed', async () => {
  const late = refuse({ kind: 'expired' as const, expiresAt: '2026-11-28T08:00:00.000Z' });
  const rig = await openRig({ flows: { ...recordingFlows(), check: async () => late, decide: async () => late } });
  const message = await rig.post();
  for (const button of [/^Approve/, 'Reject'])
    await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button });
  const said = expect.stringContaining('The deadline passed at 2026-11-28 09:00 your time (2026-11-28 08:00 UTC)');
  expect(rig.world.privateMessages(alice.id)).toMatchObject([
    { via: 'bar', text: said },
    { via: 'dialog', text: said },
  ]);
});

test('a press that takes longer is answered within 2 s, sent again by Teams in vain, and told privately in the end', async () => {
  const gate = Promise.withResolvers<void>();
  const flows = recordingFlows();
  const rig = await openRig({
    flows: {
      ...flows,
      decide: async (click) => {
        await gate.promise;
        return flows.decide(click);
      },
    },
    teams: { resendAfterMs: 1000 },
  });
  const message = await rig.post();
  const ack = await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/ });
  expect(ack.ms).toBeLessThan(2600);
  expect(barsOf(rig).at(-1)).toContain('Still checking');
  expect(flows.clicks).toHaveLength(0);
  gate.resolve();
  const told = await poll('the late answer', () => rig.world.privateMessages(alice.id).find(({ via }) => via === 'targeted'));
  expect(JSON.stringify(told.card)).toContain('Recorded: you approved');
  // Sent at least twice, decided once.
  expect(rig.world.recorded.filter(({ body }) => body.includes('ac.approve')).length).toBeGreaterThan(1);
  expect(flows.clicks).toHaveLength(1);
  expect(rig.world.messages(channel)).toHaveLength(1);
});

test.each(['http403', 'http500', 'reset'] as const)(
  'a private answer that Teams refuses with %s goes to the personal chat, never to the channel',
  async (kind) => {
    const rig = await openRig();
    const message = await rig.post();
    rig.world.faults.add({ where: 'targeted', kind });
    await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/, oldClient: true });
    const told = await poll('the personal message', () => rig.world.privateMessages(alice.id).find(({ via }) => via === 'personal'));
    expect(JSON.stringify(told.card)).toContain('Recorded: you approved');
    expect(rig.world.messages(channel)).toHaveLength(1);
    expect(rig.world.thread(channel, message.id)).toEqual([]);
  },
);

test('a private answer waits for the pause that Teams asks for', async () => {
  const rig = await openRig();
  const message = await rig.post();
  rig.world.faults.add({ where: 'targeted', kind: 'ratelimit', retryAfterSeconds: 1 });
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/, oldClient: true });
  const told = await poll('the answer', () => rig.world.privateMessages(alice.id)[0]);
  expect(told.via).toBe('targeted');
});

test('an answer that can be delivered nowhere is an error in the log, and nothing public', async () => {
  const rig = await openRig();
  const message = await rig.post();
  rig.world.faults.add({ where: 'targeted', kind: 'http403' });
  rig.world.faults.add({ where: 'createConversation', kind: 'http403' });
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/, oldClient: true });
  await poll('a log line', () => rig.log.some((line) => line.includes('could not be delivered')));
  expect(rig.world.messages(channel)).toHaveLength(1);
  expect(rig.world.thread(channel, message.id)).toEqual([]);
});

test('an old client that knows no Action.Execute decides all the same', async () => {
  const flows = recordingFlows();
  const rig = await openRig({ flows });
  const message = await rig.post();
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/, oldClient: true });
  expect(flows.clicks).toHaveLength(1);
  expect(await poll('the answer', () => rig.world.privateMessages(alice.id)[0])).toMatchObject({ via: 'targeted' });
});

test.each([
  ['adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'ac.unknown', data: {} }, trigger: 'manual' }, 200, 'out of date'],
  ['adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'ac.approve', data: { actionId: 'nonsense' } } }, 200, 'out of date'],
  ['adaptiveCard/action', 'nonsense', 200, 'out of date'],
  ['task/fetch', { data: { verb: 'ac.other' } }, 200, 'out of date'],
  ['task/submit', null, 200, 'out of date'],
  ['composeExtension/query', { commandId: 'x' }, 400, 'does not offer'],
  ['signin/verifyState', { state: '1' }, 400, 'does not offer'],
  [undefined, {}, 400, 'does not offer'],
])('an invoke %s that nothing here knows is answered properly', async (name, value, status, text) => {
  const flows = recordingFlows();
  const { world } = await openRig({ flows });
  const ack = await world.send({
    activity: { ...world.activity({ person: alice.id, conversation: channel, type: 'invoke', value }), name },
  });
  expect(ack.status).toBe(status);
  expect(JSON.stringify(ack.body)).toContain(text);
  expect(flows.clicks).toEqual([]);
});

test('an invoke whose flow breaks is answered with an id that the log has too', async () => {
  const rig = await openRig({ flows: { ...recordingFlows(), decide: () => Promise.reject(new Error('boom')) } });
  const message = await rig.post();
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/ });
  const [id] = /\b[0-9A-F]{8}\b/.exec(barsOf(rig).at(-1) ?? '') ?? [];
  expect(id).toBeDefined();
  expect(rig.log.join('\n')).toContain(`"troubleId":"${id}"`);
  expect(rig.log.join('\n')).toContain('boom');
});

test('when the record does not answer the person hears that it may or may not be recorded', async () => {
  const rig = await openRig({
    flows: { ...recordingFlows(), decide: () => Promise.reject(new UpstreamError('store', 'down', { retryable: true })) },
  });
  const message = await rig.post();
  await rig.world.press({ person: alice.id, conversation: channel, messageId: message.id, button: /^Approve/ });
  expect(barsOf(rig).at(-1)).toContain('may or may not be recorded');
});

test('what a client does by itself decides nothing, whatever it claims to press', async () => {
  const flows = recordingFlows();
  const rig = await openRig({ flows });
  const message = await rig.post();
  const data = { actionId: anAction().id, digest: anAction().scopeDigest, version: 1 };
  const activity = rig.world.activity({
    person: alice.id,
    conversation: channel,
    type: 'invoke',
    name: 'adaptiveCard/action',
    replyToId: message.id,
    value: { action: { type: 'Action.Execute', verb: 'ac.approve', data }, trigger: 'automatic' },
  });
  expect((await rig.world.send({ activity })).status).toBe(200);
  expect(flows.clicks).toEqual([]);
});

test('a card in a group chat works the same', async () => {
  const flows = recordingFlows();
  const rig = await openRig({ flows });
  const message = await rig.post(anAction(), chat);
  await rig.world.press({ person: alice.id, conversation: chat, messageId: message.id, button: /^Approve/ });
  expect(flows.clicks).toHaveLength(1);
  expect(rig.world.problems).toEqual([]);
});

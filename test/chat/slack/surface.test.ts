import { describe, expect, test } from 'vitest';
import type { SlackOptions } from '../../../sandbox/slack/types.ts';
import { cardFor, noteFor } from '../../../src/chat/card.ts';
import { SurfaceError } from '../../../src/chat/surface.ts';
import { anAction } from '../../setup/builders.ts';
import { plainContext } from '../hostile.ts';
import { channel, openRig, recordingFlows } from './rig.ts';

const place = { conversation: channel, parentRef: null };
const card = cardFor(anAction(), plainContext);
const note = noteFor(
  { kind: 'outcome', at: '2026-11-21T08:02:30.000Z', actorId: null, data: { status: 'completed' } },
  anAction({ status: 'completed' }),
);
const hourMs = 3_600_000;
const open = (slack: Partial<SlackOptions> = {}) => openRig({ flows: recordingFlows(anAction()), slack });

async function troubleOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SurfaceError)) throw new Error(`no SurfaceError but ${String(error)}`);
  return error.retryAfterMs === null ? error.trouble : `${error.trouble} ${error.retryAfterMs}`;
}

describe('a card', () => {
  test('is posted once, updated in place, and answered in its thread', async () => {
    const { world, chat } = await open();
    const ref = await chat.surface.post(place, 'card-7', card);
    const posted = world.messages(channel);
    expect(posted).toHaveLength(1);
    expect(posted[0]).toMatchObject({ ts: ref, metadata: { event_type: 'countersign_card', event_payload: { card_id: 'card-7' } } });
    await chat.surface.update({ ...place, ref, cardId: 'card-7' }, cardFor(anAction({ status: 'completed', version: 3 }), plainContext));
    const [updated] = world.messages(channel);
    expect(JSON.stringify(updated?.blocks)).toContain('Approved and completed.');
    expect(updated?.metadata).toEqual(posted[0]?.metadata);
    await chat.surface.post({ conversation: channel, parentRef: ref }, 'note-1', note);
    expect(world.thread(channel, ref)[0]?.text).toContain('Completed.');
    const args = world.calls.find((call) => call.method === 'chat.postMessage')?.args;
    expect(args).toMatchObject({ unfurl_links: 'false', unfurl_media: 'false' });
    expect(world.problems).toEqual([]);
  });

  test('whose post got no answer is found again, and only our own message counts', async () => {
    const { world, chat } = await open();
    world.faults.add({ method: 'chat.postMessage', kind: 'lostAnswer' });
    expect(await troubleOf(chat.surface.post(place, 'card-8', card))).toBe('unknown');
    const [lost] = world.messages(channel);
    expect(world.messages(channel)).toHaveLength(1);
    expect(await chat.surface.find(place, 'card-8', hourMs)).toBe(lost?.ts);
    expect(await chat.surface.find(place, 'card-9', hourMs)).toBeNull();
    const ref = lost?.ts ?? '';
    const noteRef = await chat.surface.post({ conversation: channel, parentRef: ref }, 'note-8', note);
    expect(await chat.surface.find({ conversation: channel, parentRef: ref }, 'note-8', hourMs)).toBe(noteRef);
  });

  test('is found among many newer messages', async () => {
    const { chat } = await open();
    const ref = await chat.surface.post(place, 'card-first', card);
    for (let index = 0; index < 250; index += 1) await chat.surface.post(place, `card-${index}`, note);
    expect(await chat.surface.find(place, 'card-first', hourMs)).toBe(ref);
  });

  test('is looked up only as far back as it is old: after an outage many are, and each page counts', async () => {
    let backMs = 48 * hourMs;
    const { world, chat } = await open({ now: () => Date.now() - backMs });
    for (let index = 0; index < 250; index += 1) await chat.surface.post(place, `card-${index}`, note);
    backMs = 0;
    world.faults.add({ method: 'chat.postMessage', kind: 'lostAnswer' });
    expect(await troubleOf(chat.surface.post(place, 'card-lost', card))).toBe('unknown');
    const lost = world.messages(channel).at(-1);
    expect(await chat.surface.find(place, 'card-lost', 1000)).toBe(lost?.ts);
    expect(await chat.surface.find(place, 'card-never', 1000)).toBeNull();
    expect(world.calls.filter(({ method }) => method === 'conversations.history')).toHaveLength(2);
  });

  test('cannot be looked up without the history scope, and then is taken as not posted', async () => {
    const { chat, log } = await open({ historyForBot: false });
    await chat.surface.post(place, 'card-1', card);
    expect(await chat.surface.find(place, 'card-1', hourMs)).toBeNull();
    expect(log.join()).toContain('history scope');
  });
});

describe('trouble', () => {
  test.each([
    [{ kind: 'ratelimit', retryAfterSeconds: 7 }, 'rate-limited 7000'],
    [{ kind: 'error', error: 'ratelimited' }, 'rate-limited 30000'],
    [{ kind: 'http500' }, 'unknown'],
    [{ kind: 'reset' }, 'unknown'],
    [{ kind: 'error', error: 'fatal_error' }, 'unknown'],
    [{ kind: 'error', error: 'msg_blocks_too_long' }, 'refused'],
    [{ kind: 'error', error: 'invalid_blocks' }, 'refused'],
    [{ kind: 'error', error: 'channel_not_found' }, 'unreachable'],
    [{ kind: 'error', error: 'is_archived' }, 'unreachable'],
    [{ kind: 'error', error: 'an_error_of_next_year' }, 'unreachable'],
  ] as const)('a post that meets %o is %s, and is not repeated', async (fault, expected) => {
    const { world, chat } = await open();
    world.faults.add({ method: 'chat.postMessage', ...fault });
    expect(await troubleOf(chat.surface.post(place, 'card-1', card))).toBe(expected);
    expect(world.calls.filter((call) => call.method === 'chat.postMessage')).toHaveLength(1);
  });

  test('a message that is gone is said to be gone', async () => {
    const { chat } = await open();
    expect(await troubleOf(chat.surface.update({ ...place, ref: '1.000001', cardId: 'card-7' }, card))).toBe('gone');
    expect(await troubleOf(chat.surface.post({ conversation: channel, parentRef: '1.000001' }, 'note-1', note))).toBe('gone');
  });

  test('a Slack that cannot be reached did certainly nothing', async () => {
    const { world, chat } = await open();
    await world.close();
    // The first call may still find a pooled connection; what it meets there is not known.
    await troubleOf(chat.surface.update({ ...place, ref: '1.000001', cardId: 'card-7' }, card));
    expect(await troubleOf(chat.surface.update({ ...place, ref: '1.000001', cardId: 'card-7' }, card))).toBe('unavailable');
  });

  test('a channel shared with another organisation gets no card', async () => {
    const { world, chat, log } = await open({ channels: [{ id: channel, name: 'soc', isExtShared: true }] });
    expect(await troubleOf(chat.surface.post(place, 'card-1', card))).toBe('unreachable');
    expect(world.messages(channel)).toEqual([]);
    expect(log.join()).toContain('shared with another organisation');
  });

  test('while nobody can tell whether a channel is shared, nothing is posted there', async () => {
    const { world, chat } = await open({
      channels: [
        { id: channel, name: 'soc' },
        { id: 'C0NEW', name: 'new' },
      ],
    });
    world.faults.add({ method: 'conversations.info', kind: 'http500' });
    const elsewhere = { conversation: 'C0NEW', parentRef: null };
    expect(await troubleOf(chat.surface.post(elsewhere, 'card-1', card))).toBe('unavailable');
    await chat.surface.post(elsewhere, 'card-1', card);
    expect(world.messages('C0NEW')).toHaveLength(1);
  });
});

test('posts are paced per channel and updates per workspace', async () => {
  const { chat } = await open();
  expect(chat.surface.postLanes(place)).toEqual([{ lane: 'slack:T000000001:post:C0SOC', capacity: 3, perSecond: 1 }]);
  expect(chat.surface.updateLanes(channel)).toEqual([{ lane: 'slack:T000000001:update', capacity: 20, perSecond: 50 / 60 }]);
});

test('two workspaces never use each other’s token', async () => {
  const first = await openRig({ flows: recordingFlows(anAction()), slack: { botToken: 'xoxb-first' }, bot: { botToken: 'xoxb-first' } });
  const second = await openRig({
    flows: recordingFlows(anAction()),
    slack: { botToken: 'xoxb-second', teamId: 'T000000002' },
    bot: { botToken: 'xoxb-second' },
  });
  await second.post();
  await first.post();
  await second.post();
  expect(new Set(first.world.calls.map((call) => call.token))).toEqual(new Set(['xoxb-first']));
  expect(new Set(second.world.calls.map((call) => call.token))).toEqual(new Set(['xoxb-second']));
  expect([first.chat.teamId, second.chat.teamId]).toEqual(['T000000001', 'T000000002']);
});

import { describe, expect, test } from 'vitest';
import { ok } from '../../../src/action-center/refusal.ts';
import { cardFor } from '../../../src/chat/card.ts';
import { type AnswerCommand, type Asked, answerCommand } from '../../../src/chat/commands.ts';
import { words } from '../../../src/chat/show.ts';
import { openLog } from '../../../src/log.ts';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { plainContext } from '../hostile.ts';
import { noDigest } from '../no-digest.ts';
import { noHunts } from '../no-hunts.ts';
import { noMany } from '../no-many.ts';
import { channel, openRig, recordingFlows } from './rig.ts';

const user = 'U0ALICE';
const line = (text: string) => ({ lines: [[words(text)]], card: null });

/** A rig whose answers are remembered and handed in. */
async function openAsking(answer: AnswerCommand = async () => line('Here you are'), options: { socketMode?: boolean } = {}) {
  const asked: Asked[] = [];
  const commands: AnswerCommand = (one) => {
    asked.push(one);
    return answer(one);
  };
  const rig = await openRig({ flows: recordingFlows(anAction()), ...options, bot: { commands } });
  const ask = (text: string, who = user) => rig.world.command({ user: who, channel, command: '/actions', text });
  const told = (text: string, who = user) =>
    poll(`"${text}"`, () => rig.world.ephemerals(who).find((one) => JSON.stringify(one).includes(text)));
  return { ...rig, asked, ask, told };
}

test.each([false, true])(
  'a command is acknowledged, answered to the asking person alone, and read as it was typed (Socket Mode: %s)',
  async (socketMode) => {
    const { world, asked, ask, told } = await openAsking(undefined, { socketMode });
    expect(await ask('show <b> & "c" &lt;')).toMatchObject({ status: 200 });
    await told('Here you are');
    expect(asked).toMatchObject([{ text: 'show <b> & "c" &lt;', platform: 'slack', by: 'slack:T000000001/U0ALICE' }]);
    expect(await asked[0]?.person({ fresh: true })).toMatchObject({ ok: true });
    expect(world.messages(channel)).toEqual([]);
    expect(world.problems).toEqual([]);
  },
);

test('who is mentioned is known for certain where it counts, and reads as it was typed everywhere else', async () => {
  const { asked, ask, told } = await openAsking(undefined);
  await ask('history by:<@U0BOB|bob> in <#C0SOC|soc> & more');
  await told('Here you are');
  await ask('delegate to <@U0BOB|bob> until tomorrow');
  await poll('both', () => asked.length === 2);
  expect(asked.map(({ text }) => text)).toEqual(['history by:@bob in #soc & more', 'delegate to <@U0BOB|bob> until tomorrow']);
  expect(await asked[1]?.mentioned?.('U0ALICE')({ fresh: true })).toMatchObject({ ok: true, value: { userId: 'U0ALICE' } });
});

test('a command that takes longer is acknowledged before it is answered, and answered in the end', async () => {
  const gate = Promise.withResolvers<void>();
  const { world, ask, told } = await openAsking(async () => {
    await gate.promise;
    return line('Here you are');
  });
  const ack = await ask('help');
  expect(ack).toMatchObject({ status: 200, timedOut: false });
  // Acknowledged at once, not when the time to answer is over.
  expect(world.ephemerals(user)).toEqual([]);
  await told('Still checking');
  gate.resolve();
  await told('Here you are');
  expect(world.problems).toEqual([]);
});

test('show answers with a card that nobody else sees and nobody can decide on', async () => {
  const action = anAction();
  const { world, ask, told } = await openAsking((asked) =>
    answerCommand(
      {
        look: async () => ok({ action, history: [] }),
        places: async () => [],
        hunts: noHunts,
        exports: { start: () => Promise.reject(new Error('nothing is exported here')) },
        draw: (one) => cardFor(one, plainContext),
        many: { many: noMany, backend: 'simulator', log: openLog('silent', { write: () => {} }) },
        history: {
          lookUp: () => Promise.reject(new Error('nothing is looked up for this')),
          keepDefault: () => Promise.reject(new Error('nothing is kept for this')),
          noteShared: () => Promise.reject(new Error('nothing is shared for this')),
          visibility: 'never',
        },
        digest: noDigest,
        inbox: () => Promise.reject(new Error('nothing is listed for this')),
        log: openLog('silent', { write: () => {} }),
      },
      asked,
    ),
  );
  await ask(`show \`${action.id}\``);
  await told('Nobody has decided it yet.');
  const answers = JSON.stringify(world.ephemerals(user));
  expect(answers).toContain(action.id);
  expect(answers).not.toMatch(/ac\.(approve|reject)/);
  expect(world.messages(channel)).toEqual([]);
  expect(world.problems).toEqual([]);
});

test('an answer whose response_url is refused still reaches the person, in private', async () => {
  const { world, ask, told } = await openAsking();
  world.faults.add({ method: 'response_url', kind: 'http500', times: 1 });
  await ask('help');
  await told('Here you are');
  expect(world.messages(channel)).toEqual([]);
});

test.each(['U0GUEST', 'U0STRANGER', 'U0ELSEWHERE', 'U0GONE', 'U0BOT'])('who asks is looked up for %s as for a press', async (who) => {
  const { asked, ask, told } = await openAsking();
  await ask('help', who);
  await told('Here you are', who);
  expect(await asked[0]?.person({ fresh: true })).toMatchObject({ ok: false });
});

describe('what arrives at the door', () => {
  test('a command that is sent again byte for byte is answered once', async () => {
    const { world, asked, ask, told } = await openAsking();
    await ask('help');
    await told('Here you are');
    const recorded = world.recorded.at(-1);
    if (!recorded) throw new Error('nothing was recorded');
    for (const ack of await Promise.all([world.replay(recorded), world.replay(recorded)])) expect(ack.status).toBe(200);
    expect(asked).toHaveLength(1);
    expect(world.ephemerals(user)).toHaveLength(1);
  });

  test('a command with a wrong signature is refused, and one that is too old', async () => {
    const { world, asked, ask, told } = await openAsking();
    await ask('help');
    await told('Here you are');
    const body = world.recorded.at(-1)?.body ?? '';
    expect(body).toContain('command=');
    expect((await world.send({ body, signature: `v0=${'0'.repeat(64)}` })).status).toBe(401);
    expect((await world.send({ body, timestamp: Math.floor(Date.now() / 1000) - 400 })).status).toBe(401);
    expect(asked).toHaveLength(1);
  });

  test('a command without its parts is acknowledged and logged, and the next one works', async () => {
    const { world, asked, ask, told, log } = await openAsking();
    const body = new URLSearchParams({ command: '/actions', team_id: 'T000000001', user_id: '', text: 'help' }).toString();
    expect((await world.send({ body })).status).toBe(200);
    await poll('the log line', () => log.join().includes('in a shape that is not known'));
    expect(asked).toEqual([]);
    await ask('help');
    await told('Here you are');
  });
});

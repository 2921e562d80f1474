import { expect, test } from 'vitest';
import type { Asked } from '../../../src/chat/commands.ts';
import { words } from '../../../src/chat/show.ts';
import { anAction } from '../../setup/builders.ts';
import { channel, openRig, recordingFlows, waitFor } from './rig.ts';

const line = (text: string) => ({ lines: [[words(text)]], card: null });

test.each([false, true])(
  'a command is acknowledged, answered to the asking person alone, and read as it was typed (Socket Mode: %s)',
  async (socketMode) => {
    const asked: Asked[] = [];
    const { world } = await openRig({
      flows: recordingFlows(anAction()),
      socketMode,
      bot: {
        commands: async (one) => {
          asked.push(one);
          return line('Here you are');
        },
      },
    });
    const ack = await world.command({ user: 'U0ALICE', channel, command: '/actions', text: 'show <b> & "c"' });
    expect(ack).toMatchObject({ status: 200 });
    const [answer] = await waitFor(() => world.ephemerals('U0ALICE').length > 0 && world.ephemerals('U0ALICE'), 'the answer');
    expect(answer?.text).toContain('Here you are');
    expect(asked).toMatchObject([{ text: 'show <b> & "c"', platform: 'slack', by: 'slack:T000000001/U0ALICE' }]);
    expect(await asked[0]?.person({ fresh: true })).toMatchObject({ ok: true });
    expect(world.messages(channel)).toEqual([]);
    expect(world.problems).toEqual([]);
  },
);

test('a command that takes longer is acknowledged in time and answered in the end', async () => {
  const gate = Promise.withResolvers<void>();
  const { world } = await openRig({
    flows: recordingFlows(anAction()),
    bot: {
      commands: async () => {
        await gate.promise;
        return line('Here you are');
      },
    },
  });
  const ack = await world.command({ user: 'U0ALICE', channel, command: '/actions', text: 'help' });
  expect(ack.ms).toBeLessThan(3000);
  await waitFor(() => world.ephemerals('U0ALICE').some(({ text }) => text.includes('Still checking')), 'the first answer');
  gate.resolve();
  await waitFor(() => world.ephemerals('U0ALICE').some(({ text }) => text.includes('Here you are')), 'the answer');
  expect(world.problems).toEqual([]);
});

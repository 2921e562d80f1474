/** A press on Run here: the person hears at once that it runs, and everybody reads the answer under the card. */
import { z } from 'zod';
import type { HuntJobs } from '../hunt-jobs.ts';
import { atLast, soon } from '../press.ts';
import { stillChecking } from '../words.ts';
import type { Reader, TellPrivately } from './answers.ts';
import { courierFor } from './commands.ts';
import type { SendFile } from './files.ts';
import type { Arrival } from './guard.ts';
import type { Clicker, ClickingPerson } from './people.ts';
import { readPressed } from './pressed.ts';
import { renderLine } from './render.ts';

export type HuntPressDeps = {
  hunts: Pick<HuntJobs, 'start'>;
  teamId: string;
  personBehind: (clicker: Clicker) => ClickingPerson;
  tell: TellPrivately;
  sendFile: SendFile;
};

const answerWithinMs = 2500;

const Pressed = z.object({
  user: z.object({ id: z.string().min(1), team_id: z.string().min(1).nullish() }),
  channel: z.object({ id: z.string() }).nullish(),
  container: z.object({ channel_id: z.string().nullish() }).nullish(),
  response_url: z.url({ protocol: /^https?$/ }).nullish(),
  actions: z.array(z.object({ action_id: z.literal('ac.run'), value: z.string() })).min(1),
});

export const isHuntPress = (body: unknown): boolean => Pressed.safeParse(body).success;

export async function onHuntPress(
  deps: HuntPressDeps,
  { body, arrival, ack }: { body: unknown; arrival: Arrival; ack: () => Promise<void> },
): Promise<void> {
  // Nothing is decided by a hunt, so nothing has to be waited for.
  await ack();
  const { user, channel, container, response_url: responseUrl = null, actions } = Pressed.parse(body);
  const reader: Reader = { userId: user.id, channel: channel?.id ?? container?.channel_id ?? null, responseUrl };
  const clicker: Clicker = { userId: user.id, teamId: user.team_id ?? null };
  const work = deps.hunts.start({
    actionId: readPressed(actions[0]?.value ?? '')?.actionId ?? '',
    platform: 'slack',
    by: `slack:${clicker.teamId ?? deps.teamId}/${clicker.userId}`,
    person: deps.personBehind(clicker),
    clickId: arrival.requestKey,
    courier: courierFor(deps, reader),
  });
  const line = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (line === null) await deps.tell(reader, renderLine(stillChecking));
  await deps.tell(reader, renderLine(line ?? (await atLast(work))));
}

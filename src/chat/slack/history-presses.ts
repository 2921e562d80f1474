/** Presses on answers to look-ups: each sends a command, as if the person had typed it. What comes of it replaces the answer, or follows it. */
import { z } from 'zod';
import type { Log } from '../../action-center/ports.ts';
import { threadLines } from '../command-words.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import { type HistoryPress, pressOfPicks, readWrittenPress, showPress } from '../history-press.ts';
import { shareFailed } from '../history-words.ts';
import { soon } from '../press.ts';
import { outOfDate, stillChecking } from '../words.ts';
import type { Reader, TellPrivately } from './answers.ts';
import { placeOf } from './commands.ts';
import type { Arrival } from './guard.ts';
import type { Clicker, ClickingPerson } from './people.ts';
import { renderLine, renderLines, type SlackContent } from './render.ts';
import { menuPrefix, renderAnswer } from './render-history.ts';
import type { LinkTo } from './render-inbox.ts';

export type HistoryPressDeps = {
  answer: AnswerCommand;
  teamId: string;
  personBehind: (clicker: Clicker) => ClickingPerson;
  tell: TellPrivately;
  linkTo: LinkTo;
  /** Posts for everybody in the channel. Rejects when it was not posted. */
  share: (channel: string, content: SlackContent) => Promise<void>;
  log: Log;
};

const answerWithinMs = 2500;

const ours = /^ac\.(look\.|quick\.|show$)/;
const Pressed = z.object({
  user: z.object({ id: z.string().min(1), team_id: z.string().min(1).nullish() }),
  channel: z.object({ id: z.string() }).nullish(),
  container: z.object({ channel_id: z.string().nullish(), is_ephemeral: z.boolean().nullish() }).nullish(),
  response_url: z.url({ protocol: /^https?$/ }).nullish(),
  actions: z
    .array(
      z.object({
        action_id: z.string().regex(ours),
        block_id: z.string().nullish(),
        value: z.string().nullish(),
        selected_option: z.object({ value: z.string() }).nullish(),
      }),
    )
    .min(1),
});
type Pressed = z.infer<typeof Pressed>;

export const isHistoryPress = (body: unknown): boolean => Pressed.safeParse(body).success;

export async function onHistoryPress(
  deps: HistoryPressDeps,
  { body, arrival, ack }: { body: unknown; arrival: Arrival; ack: () => Promise<void> },
): Promise<void> {
  // Nothing is decided by a look-up, so nothing has to be waited for.
  await ack();
  const pressed = Pressed.parse(body);
  const { user, channel, container, response_url: responseUrl = null } = pressed;
  const reader: Reader = { userId: user.id, channel: channel?.id ?? container?.channel_id ?? null, responseUrl };
  const press = pressOf(pressed);
  if (press === null) return deps.tell(reader, renderLine(outOfDate));
  const clicker: Clicker = { userId: user.id, teamId: user.team_id ?? null };
  const work = deps.answer({
    ...press,
    place: placeOf(reader.channel),
    platform: 'slack',
    by: `slack:${clicker.teamId ?? deps.teamId}/${clicker.userId}`,
    person: deps.personBehind(clicker),
    clickId: arrival.requestKey,
  });
  const inTime = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (inTime === null) await deps.tell(reader, renderLine(stillChecking));
  // What others see too is never replaced.
  await say(deps, reader, inTime ?? (await work), container?.is_ephemeral === true);
}

function pressOf({ actions }: Pressed): HistoryPress | null {
  const [action] = actions;
  if (action === undefined) return null;
  const picked = action.selected_option?.value ?? null;
  if (action.action_id === 'ac.show') {
    const id = picked ?? action.value;
    return id ? showPress(id) : null;
  }
  if (action.action_id.startsWith('ac.quick.')) {
    const shown = action.block_id?.startsWith(menuPrefix) ? action.block_id.slice(menuPrefix.length) : '';
    return pressOfPicks(shown, { [action.action_id.slice('ac.quick.'.length)]: picked });
  }
  return readWrittenPress(action.value ?? '');
}

async function say(
  deps: HistoryPressDeps,
  reader: Reader,
  { lines, card, share, posted: cardsAt }: CommandAnswer,
  replace: boolean,
): Promise<void> {
  if (share !== undefined && !(await posted(deps, reader.channel, renderAnswer(share)))) return deps.tell(reader, renderLine(shareFailed));
  if (card !== null) await deps.tell(reader, renderAnswer(card), { replace: replace && card.kind === 'history' });
  if (lines.length > 0) await deps.tell(reader, renderLines([...lines, ...threadLines(cardsAt, deps.linkTo)]));
}

async function posted({ share, log }: HistoryPressDeps, channel: string | null, content: SlackContent): Promise<boolean> {
  if (channel === null) return false;
  try {
    await share(channel, content);
    return true;
  } catch (error) {
    log.warn({ channel, err: error }, 'a look-up could not be shared');
    return false;
  }
}

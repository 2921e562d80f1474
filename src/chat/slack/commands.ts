/** The slash command. Slack hears at once that it came; the answer follows through the response_url, for the asking person alone. */
import { z } from 'zod';
import type { AskedAt } from '../../action-center/look-up.ts';
import type { Log } from '../../action-center/ports.ts';
import { threadLines } from '../command-words.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import type { Courier } from '../export-jobs.ts';
import { fileComment } from '../export-words.ts';
import { soon } from '../press.ts';
import { stillChecking } from '../words.ts';
import type { Reader, TellPrivately } from './answers.ts';
import type { SendFile } from './files.ts';
import type { Arrival } from './guard.ts';
import type { Clicker, ClickingPerson } from './people.ts';
import { renderLine, renderLines } from './render.ts';
import { renderDigest } from './render-digest.ts';
import { renderAnswer } from './render-history.ts';
import { type LinkTo, renderInboxMessage } from './render-inbox.ts';
import { noPictures } from './render-picture.ts';

export type CommandDeps = {
  answer: AnswerCommand;
  teamId: string;
  /** Hands a file to this person in their own chat with the app. Throws when it did not arrive. */
  sendFile: SendFile;
  personBehind: (clicker: Clicker) => ClickingPerson;
  tell: TellPrivately;
  linkTo: LinkTo;
  log: Log;
};

const answerWithinMs = 2500;

const SlashCommand = z.object({
  user_id: z.string().min(1),
  user_name: z.string().nullish(),
  team_id: z.string().min(1).nullish(),
  channel_id: z.string().nullish(),
  response_url: z.url({ protocol: /^https?$/ }).nullish(),
  text: z.string().nullish(),
});

export async function onSlashCommand(
  deps: CommandDeps,
  { body, arrival, ack }: { body: unknown; arrival: Arrival; ack: () => Promise<void> },
): Promise<void> {
  // Nothing is recorded by a look-up, so nothing has to be waited for.
  await ack();
  const command = SlashCommand.safeParse(body).data;
  if (!command) {
    deps.log.error({ clickId: arrival.requestKey }, 'a command came in a shape that is not known; nobody could be answered');
    return;
  }
  const { user_id: userId, team_id: teamId = null } = command;
  const reader: Reader = { userId, channel: command.channel_id ?? null, responseUrl: command.response_url ?? null };
  const work = deps.answer({
    text: unescaped(command.text ?? ''),
    name: command.user_name ?? null,
    place: placeOf(reader.channel),
    platform: 'slack',
    by: `slack:${teamId ?? deps.teamId}/${userId}`,
    account: userId,
    courier: courierFor(deps, reader),
    person: deps.personBehind({ userId, teamId }),
    mentioned: (account) => deps.personBehind({ userId: account, teamId: null }),
    clickId: arrival.requestKey,
  });
  const answer = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (answer === null) await deps.tell(reader, renderLine(stillChecking));
  await say(deps, reader, answer ?? (await work));
}

/** Slack takes five answers through one response_url: two to the command, one on the way, two in the end. */
export function courierFor({ tell, sendFile }: Pick<CommandDeps, 'tell' | 'sendFile'>, reader: Reader): Courier {
  let mentions = 0;
  return {
    tell: (...lines) => tell(reader, renderLines(lines)),
    mention: (line) => {
      mentions += 1;
      return tell(mentions === 1 ? reader : { ...reader, responseUrl: null }, renderLine(line));
    },
    send: (file, tally, signal) => sendFile(reader.userId, file, { comment: fileComment(tally), signal }),
  };
}

async function say({ tell, linkTo }: CommandDeps, reader: Reader, { lines, card, inbox, digest, posted }: CommandAnswer): Promise<void> {
  if (digest !== undefined) await tell(reader, renderDigest(digest, noPictures));
  if (inbox !== undefined) await tell(reader, renderInboxMessage(inbox, linkTo));
  if (card !== null) await tell(reader, renderAnswer(card));
  if (lines.length > 0) await tell(reader, renderLines([...lines, ...threadLines(posted, linkTo)]));
}

/** A direct message to the app is its owner's alone. */
export const placeOf = (channel: string | null): AskedAt => ({
  conversation: channel ?? '',
  isPersonal: channel === null || channel.startsWith('D'),
});

/**
 * Slack brings people, channels and addresses into angle brackets and escapes these three signs in what people type. Only who is meant by a
 * stand-in has to be known for certain; everywhere else the words count that the person saw.
 */
function unescaped(text: string): string {
  const seen = /^\s*delegate\s/i.test(text)
    ? text
    : text
        .replaceAll(/<([@#])[A-Z0-9]+\|([^>]*)>/g, '$1$2')
        .replaceAll(/<(?:mailto:|https?:\/\/)[^>|]*\|([^>]*)>/g, '$1')
        .replaceAll(/<(https?:\/\/[^>|]*)>/g, '$1');
  return seen.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What people write to the bot: by slash command, by @mention, or in their own chat with it. Answered in private, whatever the way. */
import { z } from 'zod';
import type { Log, PersonClaim } from '../../action-center/ports.ts';
import { ok, type PersonRefusal, type Result } from '../../action-center/refusal.ts';
import { threadLines } from '../command-words.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import { soon } from '../press.ts';
import { stillChecking } from '../words.ts';
import type { Arrival } from './activity.ts';
import { isPersonal, type TellPrivately } from './answers.ts';
import { courierOf, type OfferFile } from './files.ts';
import { renderLine, renderLines } from './render.ts';
import { renderDigest } from './render-digest.ts';
import { renderAnswer } from './render-history.ts';
import { type LinkTo, renderInbox } from './render-inbox.ts';

export type CommandDeps = {
  answer: AnswerCommand;
  tell: TellPrivately;
  offerFile: OfferFile;
  /** The address of a message in this organisation. */
  linksIn: (organisation: string) => LinkTo;
  /** Who is behind the id that a mention carries. */
  personMentioned: (arrival: Arrival, account: string) => Promise<Result<PersonClaim, PersonRefusal>>;
  /** Told of what goes on after the request is answered, so that a stop waits for it. Never rejects. */
  track: (work: Promise<void>) => void;
  log: Log;
};

const saidWithinMs = 5000;

/** Teams only wants to hear that the message came; the answer is a message of its own. */
export function onCommand(deps: CommandDeps, arrival: Arrival): void {
  const { person, requestKey: clickId } = arrival;
  if (person === null) return;
  const answered = answer(deps, arrival, person.entraId);
  deps.track(answered.catch((error: unknown) => deps.log.error({ clickId, err: error }, 'a command could not be answered')));
}

async function answer(deps: CommandDeps, arrival: Arrival, entraId: string): Promise<void> {
  const { organisation, requestKey: clickId, receivedAt } = arrival;
  const work = deps.answer({
    text: textOf(arrival),
    place: { conversation: arrival.conversation, isPersonal: isPersonal(arrival) },
    platform: 'teams',
    by: `teams:${organisation}/${entraId}`,
    account: arrival.person?.id ?? null,
    courier: {
      ...courierOf(deps.tell, arrival),
      offer: (offer) => deps.offerFile(arrival, offer),
    },
    person: async () => ok({ platform: 'teams', tenantId: organisation, entraId }),
    mentioned: (account) => () => deps.personMentioned(arrival, account),
    clickId,
  });
  const inTime = await soon(work, { receivedAt, ms: saidWithinMs });
  if (inTime === null) await deps.tell(arrival, renderLine(stillChecking));
  await sayAnswer(deps, arrival, inTime ?? (await work));
}

export async function sayAnswer(
  { tell, linksIn }: Pick<CommandDeps, 'tell' | 'linksIn'>,
  arrival: Arrival,
  { lines, card, inbox, digest, posted }: CommandAnswer,
): Promise<void> {
  const linkTo = linksIn(arrival.organisation);
  if (digest !== undefined) await tell(arrival, renderDigest(digest));
  if (inbox !== undefined) await tell(arrival, renderInbox(inbox, linkTo));
  if (card !== null) await tell(arrival, renderAnswer(card));
  if (lines.length > 0) await tell(arrival, renderLines([...lines, ...threadLines(posted, linkTo)]));
}

/** Without the mention of the bot, which is markup in the text. What else is in it is the person's own. */
function textOf({ activity }: Arrival): string {
  const { text, entities, recipient } = activity;
  const without = (given: string) => given.replace(/<at\b[^>]*>[^<]{0,200}<\/at>/gi, ' ');
  const plain = without(text ?? '');
  if (!/^(\s|&nbsp;)*delegate\b/i.test(plain)) return plain;
  // Who is meant by a stand-in has to be known for certain: by the id behind the mention.
  const mentions = (entities ?? []).slice(0, mentionsMost).flatMap((entity) => Mention.safeParse(entity).data ?? []);
  const others = mentions.filter(({ mentioned }) => mentioned.id !== recipient?.id);
  return without(others.reduce((said, { text: shown, mentioned }) => said.replace(shown, () => ` <@${mentioned.id}> `), text ?? ''));
}

const mentionsMost = 20;
const Mention = z.object({
  type: z.literal('mention'),
  text: z.string().min(1).max(1000),
  mentioned: z.object({ id: z.string().min(1).max(200) }),
});

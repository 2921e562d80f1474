/** What people write to the bot: by slash command, by @mention, or in their own chat with it. Answered in private, whatever the way. */
import type { Log } from '../../action-center/ports.ts';
import { ok } from '../../action-center/refusal.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import { soon } from '../press.ts';
import { stillChecking } from '../words.ts';
import type { Arrival } from './activity.ts';
import type { TellPrivately } from './answers.ts';
import { renderCard, renderLine, renderLines } from './render.ts';

export type CommandDeps = {
  answer: AnswerCommand;
  tell: TellPrivately;
  /** Told of what goes on after the request is answered, so that a stop waits for it. Never rejects. */
  track: (work: Promise<void>) => void;
  log: Log;
};

const saidWithinMs = 5000;

export async function onCommand(deps: CommandDeps, arrival: Arrival): Promise<void> {
  const { organisation, person, requestKey } = arrival;
  if (person === null) return;
  const work = deps.answer({
    text: textOf(arrival),
    platform: 'teams',
    by: `teams:${organisation}/${person.entraId}`,
    person: async () => ok({ platform: 'teams', tenantId: organisation, entraId: person.entraId }),
    clickId: requestKey,
  });
  const answer = await soon(work, { receivedAt: arrival.receivedAt, ms: saidWithinMs });
  if (answer !== null) return say(deps, arrival, answer);
  await deps.tell(arrival, renderLine(stillChecking));
  // Not waited for: Teams would send the message again.
  const said = work.then((late) => say(deps, arrival, late));
  deps.track(said.catch((error: unknown) => deps.log.error({ clickId: requestKey, err: error }, 'a late answer could not be said')));
}

async function say({ tell }: CommandDeps, arrival: Arrival, { lines, card }: CommandAnswer): Promise<void> {
  if (card !== null) await tell(arrival, renderCard(card));
  if (lines.length > 0) await tell(arrival, renderLines(lines));
}

/** Without the mention of the bot, which is markup in the text. What else is in it is the person's own. */
function textOf({ activity }: Arrival): string {
  return (activity.text ?? '').replace(/<at\b[^>]*>[^<]{0,200}<\/at>/gi, ' ');
}

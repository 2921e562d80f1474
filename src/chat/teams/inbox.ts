/** The presses on an inbox: Refresh gives the presser the newest one in its place, Show the whole action in private. Nothing is decided here. */
import { z } from 'zod';
import type { Log } from '../../action-center/ports.ts';
import { ok } from '../../action-center/refusal.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import { emptyInbox } from '../inbox-card.ts';
import { inboxLate, showFollows } from '../inbox-words.ts';
import { soon } from '../press.ts';
import type { Arrival } from './activity.ts';
import { isPersonal } from './answers.ts';
import { barAnswer, cardAnswer, type InvokeAnswer } from './invoke.ts';
import { inboxVerbs, type LinkTo, renderInbox } from './render-inbox.ts';

export type InboxDeps = {
  answer: AnswerCommand;
  /** The address of a message in this organisation. */
  linksIn: (organisation: string) => LinkTo;
  /** Says the answer to a command in private. */
  say: (arrival: Arrival, answer: CommandAnswer) => Promise<void>;
  /** Told of what goes on after the request is answered, so that a stop waits for it. Never rejects. */
  track: (work: Promise<void>) => void;
  log: Log;
};

const answerWithinMs = 1800;
const Press = z.object({
  action: z.object({
    verb: z.enum([inboxVerbs.refresh, inboxVerbs.show]),
    data: z.object({ actionId: z.string().max(100).nullish() }).nullish(),
  }),
});

const pressOf = ({ activity }: Arrival) =>
  activity.name === 'adaptiveCard/action' ? Press.safeParse(activity.value).data?.action : undefined;

/** Null: not a press on an inbox. */
export async function onInboxPress(deps: InboxDeps, arrival: Arrival): Promise<InvokeAnswer | null> {
  const press = pressOf(arrival);
  if (press === undefined) return null;
  if (press.verb === inboxVerbs.refresh) {
    const answer = await soon(ask(deps, arrival, 'inbox'), { receivedAt: arrival.receivedAt, ms: answerWithinMs });
    const inbox = answer?.inbox ?? emptyInbox(answer?.lines[0] ?? inboxLate);
    return cardAnswer(renderInbox(inbox, deps.linksIn(arrival.organisation)));
  }
  const said = ask(deps, arrival, `show ${press.data?.actionId ?? ''}`).then((answer) => deps.say(arrival, answer));
  deps.track(
    said.catch((error: unknown) => deps.log.error({ clickId: arrival.requestKey, err: error }, 'an action of an inbox could not be shown')),
  );
  return barAnswer(showFollows, arrival);
}

/** Changes nothing and its answer is large: not worth remembering for when it comes again. */
export const isInboxRefresh = (arrival: Arrival): boolean => pressOf(arrival)?.verb === inboxVerbs.refresh;

function ask({ answer }: InboxDeps, arrival: Arrival, text: string): Promise<CommandAnswer> {
  const { organisation, person, requestKey: clickId } = arrival;
  const entraId = person?.entraId ?? '';
  return answer({
    text,
    place: { conversation: arrival.conversation, isPersonal: isPersonal(arrival) },
    platform: 'teams',
    by: `teams:${organisation}/${entraId}`,
    person: async () => ok({ platform: 'teams', tenantId: organisation, entraId }),
    clickId,
  });
}

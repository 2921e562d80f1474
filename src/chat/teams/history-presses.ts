/** Presses on answers to look-ups: each sends a command, as if the person had typed it. The presser's own view of the answer is replaced. */
import { z } from 'zod';
import type { Log } from '../../action-center/ports.ts';
import { ok } from '../../action-center/refusal.ts';
import { threadLines } from '../command-words.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import { type HistoryPress, pressOfPicks, readPress, showPress } from '../history-press.ts';
import { shareFailed, shownBelow } from '../history-words.ts';
import { soon } from '../press.ts';
import { type Line, words } from '../show.ts';
import { SurfaceError } from '../surface.ts';
import { outOfDate, stillChecking } from '../words.ts';
import type { Arrival } from './activity.ts';
import { isPersonal, type TellPrivately } from './answers.ts';
import { barAnswer, cardAnswer, errorAnswer, type InvokeAnswer } from './invoke.ts';
import { renderLine, renderLines, type TeamsContent } from './render.ts';
import { renderAnswer } from './render-history.ts';
import type { LinkTo } from './render-inbox.ts';

export type HistoryPressDeps = {
  answer: AnswerCommand;
  tell: TellPrivately;
  /** Posts for everybody in the conversation. Throws SurfaceError when it was not posted. */
  share: (arrival: Arrival, content: TeamsContent) => Promise<void>;
  /** Told of what goes on after the request is answered, so that a stop waits for it. Never rejects. */
  track: (work: Promise<void>) => void;
  /** The address of a message in this organisation. */
  linksIn: (organisation: string) => LinkTo;
  log: Log;
};

/** Teams sends an invoke again after a while, on phones after 3 s. */
const answerWithinMs = 1800;

const verbs = ['ac.look', 'ac.quick', 'ac.show'] as const;
type HistoryVerb = (typeof verbs)[number];
export const isHistoryVerb = (verb: string | null | undefined): verb is HistoryVerb => verbs.some((one) => one === verb);

const text = z.string().min(1).max(4000);
const choice = z.string().max(100).nullish();
/** `below`: pressed on something that must not be replaced by its answer. */
const Look = z.object({ text, cursor: z.string().max(400).nullish(), share: z.boolean().nullish(), below: z.boolean().nullish() });
const Quick = z.object({ text, period: choice, type: choice, status: choice, source: choice, decision: choice });
const Show = z.object({ actionId: z.string().max(64).nullish(), row: z.string().max(64).nullish() });

export async function onHistoryPress(
  deps: HistoryPressDeps,
  arrival: Arrival,
  action: { verb?: string | null | undefined; data?: unknown },
): Promise<InvokeAnswer> {
  const press = pressOf(action);
  const { organisation, person, requestKey: clickId, receivedAt } = arrival;
  if (press === null || person === null) return errorAnswer(400, outOfDate);
  const { entraId } = person;
  const work = deps
    .answer({
      ...press,
      place: { conversation: arrival.conversation, isPersonal: isPersonal(arrival) },
      platform: 'teams',
      by: `teams:${organisation}/${entraId}`,
      person: async () => ok({ platform: 'teams', tenantId: organisation, entraId }),
      clickId,
    })
    .then((answer) => shared(deps, arrival, answer));
  const inTime = await soon(work, { receivedAt, ms: answerWithinMs });
  const isBelow = Look.safeParse(action.data).data?.below === true;
  if (inTime !== null) return shown(deps, arrival, inTime, isBelow);
  later(
    deps,
    arrival,
    work.then((answer) => tellAll(deps, arrival, answer)),
  );
  return barAnswer(stillChecking, arrival);
}

function pressOf({ verb, data }: { verb?: string | null | undefined; data?: unknown }): HistoryPress | null {
  if (verb === 'ac.show') {
    const show = Show.safeParse(data).data;
    const id = show?.actionId ?? show?.row;
    return id ? showPress(id) : null;
  }
  if (verb === 'ac.quick') {
    const quick = Quick.safeParse(data).data;
    return quick ? pressOfPicks(decoded(quick.text), quick) : null;
  }
  const look = Look.safeParse(data).data;
  return look ? readPress({ ...look, text: decoded(look.text), cursor: look.cursor || null }) : null;
}

function decoded(coded: string): string {
  try {
    return decodeURIComponent(coded);
  } catch {
    return ''; // answered as out of date
  }
}

async function shared({ share, log }: HistoryPressDeps, arrival: Arrival, answer: CommandAnswer): Promise<CommandAnswer> {
  if (answer.share === undefined) return answer;
  try {
    await share(arrival, renderAnswer(answer.share));
    return answer;
  } catch (error) {
    if (!(error instanceof SurfaceError)) throw error;
    log.warn({ conversation: arrival.conversation, trouble: error.trouble, reason: error.message }, 'a look-up could not be shared');
    return { lines: [shareFailed], card: null };
  }
}

/** A page replaces the one that was pressed on, for this person alone; an action gets a message of its own; a sentence a bar. */
function shown(deps: HistoryPressDeps, arrival: Arrival, answer: CommandAnswer, isBelow: boolean): InvokeAnswer {
  const { card, lines } = answer;
  if (card?.kind === 'history' && !isBelow) return cardAnswer(renderAnswer(card));
  if (card === null) return barAnswer(joined(lines), arrival);
  later(deps, arrival, tellAll(deps, arrival, answer));
  return barAnswer(shownBelow, arrival);
}

const joined = (lines: readonly Line[]): Line => lines.flatMap((line, index) => (index === 0 ? line : [words(' '), ...line]));

async function tellAll({ tell, linksIn }: HistoryPressDeps, arrival: Arrival, { card, lines, posted }: CommandAnswer): Promise<void> {
  if (card !== null) await tell(arrival, renderAnswer(card));
  if (lines.length > 0)
    await tell(
      arrival,
      card === null ? renderLine(joined(lines)) : renderLines([...lines, ...threadLines(posted, linksIn(arrival.organisation))]),
    );
}

function later({ track, log }: HistoryPressDeps, { requestKey: clickId }: Arrival, work: Promise<void>): void {
  track(work.catch((error: unknown) => log.error({ clickId, err: error }, 'an answer to a look-up could not be said')));
}

/**
 * Presses and sent dialogs: read, handed to the flows, answered. The answer goes out after the commit; when that takes too long the person hears
 * so, and gets the result in private once it is there. Nothing about deciding lives here.
 */
import { z } from 'zod';
import { ActionId } from '../../action-center/action.ts';
import type { Click } from '../../action-center/decide.ts';
import type { PersonClaim } from '../../action-center/ports.ts';
import { ok } from '../../action-center/refusal.ts';
import type { Card } from '../card.ts';
import { type AnyClick, atLast, checkedFor, decisionLine, type Flows, type PressDeps, soon } from '../press.ts';
import { type AskedVerb, resultDialogTexts } from '../reason-words.ts';
import type { Line } from '../show.ts';
import { newTroubleId } from '../trouble-id.ts';
import { bugText, cardGone, linkFollows, notNewest, outOfDate, pressAgain, stillChecking } from '../words.ts';
import type { Arrival } from './activity.ts';
import { type HistoryPressDeps, isHistoryVerb, onHistoryPress } from './history-presses.ts';
import { type HuntPressDeps, huntPressed, isHuntVerb } from './hunt-presses.ts';
import { barAnswer, cardAnswer, dialogAnswer, errorAnswer, type InvokeAnswer, notOffered, saidInDialog } from './invoke.ts';
import { fetchMany, pressMany, readManyPress, submitMany, type TeamsManyDeps } from './many.ts';
import { refreshVerb, renderLine, withRefresh } from './render.ts';
import { renderPosted } from './render-posted.ts';
import { reasonField, reasonProblem, renderReasonDialog } from './render-reason.ts';

export type ClickDeps = TeamsManyDeps & {
  flows: Flows;
  /** What the card shows now, and what the message it is on means for it. Null: no such card here. */
  lookedAt: (sighting: { cardId: string; conversation: string; ref: string }) => Promise<Card | null>;
  history: HistoryPressDeps;
  hunt: HuntPressDeps;
};

/** Teams sends an invoke again after a while, on phones after 3 s. */
const answerWithinMs = 1800;

const PressData = z.object({
  verb: z.string().nullish(),
  actionId: ActionId,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  version: z.coerce.number().int().min(1),
  [reasonField]: z.string().max(20_000).nullish(),
});
type PressedData = z.infer<typeof PressData>;
const RefreshData = z.object({ cardId: z.string().min(1).max(200) });
const Execute = z.object({ action: z.object({ verb: z.string().nullish(), data: z.unknown().optional() }), trigger: z.string().nullish() });
const Task = z.object({ data: z.unknown().optional() });

const pressDeps = ({ flows, log }: ClickDeps): PressDeps => ({ flows, log, platform: 'teams' });

/** Every invoke gets an answer, whatever it is and whatever happens. Never rejects. */
export async function onInvoke(deps: ClickDeps, arrival: Arrival): Promise<InvokeAnswer> {
  const { name, value } = arrival.activity;
  try {
    switch (name) {
      case 'adaptiveCard/action':
        return await onExecute(deps, arrival, value);
      case 'task/fetch':
        return await onFetch(deps, arrival, value);
      case 'task/submit':
        return await onSubmit(deps, arrival, value);
      default:
        return notOffered;
    }
  } catch (error) {
    const troubleId = newTroubleId();
    deps.log.error({ clickId: arrival.requestKey, invoke: name, troubleId, err: error }, 'an invoke failed');
    return name === 'adaptiveCard/action' ? errorAnswer(500, bugText(troubleId)) : saidInDialog(bugText(troubleId), arrival);
  }
}

/** A client asking for the newest state of a card, by itself or through its menu. */
export const isRefresh = ({ activity }: Arrival): boolean =>
  activity.name === 'adaptiveCard/action' && Execute.safeParse(activity.value).data?.action.verb === refreshVerb;

async function onExecute(deps: ClickDeps, arrival: Arrival, value: unknown): Promise<InvokeAnswer> {
  const execute = Execute.safeParse(value).data;
  if (execute?.action.verb === refreshVerb) return refresh(deps, arrival, execute.action.data);
  if (execute && isHistoryVerb(execute.action.verb) && execute.trigger !== 'automatic')
    return onHistoryPress(deps.history, arrival, execute.action);
  const pressed = PressData.safeParse(execute?.action.data).data;
  // What a client does by itself is no press of a person, so it never decides.
  const isManual = execute?.trigger === undefined || execute.trigger === null || execute.trigger === 'manual';
  if (execute && isManual && isHuntVerb(execute.action.verb))
    return barAnswer(await inTime(deps, arrival, huntPressed(deps.hunt, arrival, execute.action.data)), arrival);
  const many = execute && isManual ? readManyPress(execute.action.verb, execute.action.data) : null;
  if (many !== null) return barAnswer(await inTime(deps, arrival, pressMany(deps, arrival, many)), arrival);
  const verb = decidingVerb(execute?.action.verb);
  if (!pressed || !isManual || verb === null) return errorAnswer(400, outOfDate);
  const work = decisionLine(pressDeps(deps), clickOf(arrival, pressed, verb, null) as AnyClick);
  const line = await inTime(deps, arrival, work);
  if (!hasLink(line)) return barAnswer(line, arrival);
  later(deps, arrival, Promise.resolve(line));
  return barAnswer(linkFollows, arrival);
}

/** What a press on a button decides at once. */
const decidingVerbs: Record<string, Exclude<AnyClick['verb'], 'reject'>> = {
  'ac.approve': 'approve',
  'ac.undo': 'undo',
  'ac.cancel': 'cancel',
  'ac.retry': 'retry',
};
const decidingVerb = (verb: string | null | undefined) =>
  Object.hasOwn(decidingVerbs, verb ?? '') ? (decidingVerbs[verb ?? ''] ?? null) : null;

/** The line while Teams still waits; else that it takes longer, and the line itself in private when it is there. */
async function inTime(deps: ClickDeps, arrival: Arrival, work: Promise<Line>): Promise<Line> {
  const line = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (line !== null) return line;
  later(deps, arrival, atLast(work));
  return stillChecking;
}

/** The bar under a card and the short answer in a dialog are text: a link needs a card. */
const hasLink = (line: Line): boolean => line.some(({ kind }) => kind === 'link');

const inDialog = (line: Line, arrival: Arrival): InvokeAnswer =>
  hasLink(line) ? dialogAnswer({ title: resultDialogTexts.title, card: renderLine(line).card }) : saidInDialog(line, arrival);

/** Said after the request is answered; nobody waits for it. */
function later(deps: ClickDeps, arrival: Arrival, line: Promise<Line>): void {
  const said = line.then((text) => deps.tell(arrival, renderLine(text)));
  deps.track(
    said.catch((error: unknown) => deps.log.error({ clickId: arrival.requestKey, err: error }, 'a late answer could not be said')),
  );
}

async function refresh(deps: ClickDeps, { activity, conversation }: Arrival, data: unknown): Promise<InvokeAnswer> {
  const asked = RefreshData.safeParse(data).data;
  if (!asked || !activity.replyToId) return errorAnswer(400, outOfDate);
  try {
    const card = await deps.lookedAt({ cardId: asked.cardId, conversation, ref: activity.replyToId });
    return card === null ? errorAnswer(400, cardGone) : cardAnswer(withRefresh(renderPosted(card), asked.cardId));
  } catch (error) {
    deps.log.warn({ cardId: asked.cardId, err: error }, 'the newest state of a card could not be read');
    return errorAnswer(500, notNewest);
  }
}

const askedVerbs: Record<string, AskedVerb> = { 'ac.reject': 'reject', 'ac.approve': 'approve', 'ac.undo': 'undo' };

/** What a dialog is asked for, or was sent with. */
function askedOf(data: unknown): { pressed: PressedData; verb: AskedVerb } | null {
  const pressed = PressData.safeParse(data).data;
  const verb = pressed && Object.hasOwn(askedVerbs, pressed.verb ?? '') ? askedVerbs[pressed.verb ?? ''] : undefined;
  return pressed && verb ? { pressed, verb } : null;
}

/** Only who may decide is asked why. */
async function onFetch(deps: ClickDeps, arrival: Arrival, value: unknown): Promise<InvokeAnswer> {
  const data = Task.safeParse(value).data?.data;
  const list = await fetchMany(deps, arrival, data);
  if (list !== null) return list;
  const asked = askedOf(data);
  if (!asked) return saidInDialog(outOfDate, arrival);
  const { pressed, verb } = asked;
  const work = checkedFor(pressDeps(deps), clickOf(arrival, pressed, verb, null));
  const checked = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (checked === null) {
    later(deps, arrival, atLast(work.then((late) => ('line' in late ? late.line : pressAgain))));
    return saidInDialog(stillChecking, arrival);
  }
  return 'line' in checked ? inDialog(checked.line, arrival) : dialogAnswer(renderReasonDialog(checked.action, asked));
}

/** The dialog with the reason was sent. Its answer is shown in the dialog itself. */
async function onSubmit(deps: ClickDeps, arrival: Arrival, value: unknown): Promise<InvokeAnswer> {
  const data = Task.safeParse(value).data?.data;
  const many = await submitMany(deps, arrival, data);
  if (many !== null) return many;
  const asked = askedOf(data);
  if (!asked) return saidInDialog(outOfDate, arrival);
  const { pressed, verb } = asked;
  const reason = (pressed[reasonField] ?? '').trim();
  const problem = reasonProblem(reason);
  if (problem !== null) return askAgain(deps, arrival, asked, { reason, problem });
  const work = decisionLine(pressDeps(deps), clickOf(arrival, pressed, verb, reason));
  return inDialog(await inTime(deps, arrival, work), arrival);
}

/** The dialog again, with what was wrong said and what was written kept. */
async function askAgain(
  deps: ClickDeps,
  arrival: Arrival,
  asked: { pressed: PressedData; verb: AskedVerb },
  again: { reason: string; problem: string },
): Promise<InvokeAnswer> {
  const work = checkedFor(pressDeps(deps), clickOf(arrival, asked.pressed, asked.verb, null));
  const checked = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (checked === null) return saidInDialog(pressAgain, arrival);
  return 'line' in checked ? inDialog(checked.line, arrival) : dialogAnswer(renderReasonDialog(checked.action, asked, again));
}

/** An old client that does not know Action.Execute: the press comes as a message, and is answered in private. False: not a press. */
export async function onSubmittedPress(deps: ClickDeps, arrival: Arrival): Promise<boolean> {
  const { value } = arrival.activity;
  if (typeof value !== 'object' || value === null) return false;
  if ('verb' in value && isHuntVerb(value.verb)) {
    await deps.tell(arrival, renderLine(await inTime(deps, arrival, huntPressed(deps.hunt, arrival, value))));
    return true;
  }
  const many = readManyPress('verb' in value ? value.verb : null, value);
  if (many !== null) {
    await deps.tell(arrival, renderLine(await inTime(deps, arrival, pressMany(deps, arrival, many))));
    return true;
  }
  const pressed = PressData.safeParse(value).data;
  const verb = decidingVerb(pressed?.verb);
  if (!pressed || verb === null) {
    await deps.tell(arrival, renderLine(outOfDate));
    return true;
  }
  const line = await inTime(deps, arrival, decisionLine(pressDeps(deps), clickOf(arrival, pressed, verb, null) as AnyClick));
  await deps.tell(arrival, renderLine(line));
  return true;
}

type ClickFor<V> = Omit<Click, 'verb'> & { verb: V };

function clickOf<V extends AnyClick['verb']>(
  arrival: Arrival,
  { actionId, digest }: PressedData,
  verb: V,
  comment: string | null,
): ClickFor<V> {
  const { organisation, person, requestKey } = arrival;
  const claim: PersonClaim = { platform: 'teams', tenantId: organisation, entraId: person?.entraId ?? '' };
  return {
    actionId,
    shownDigest: digest,
    verb,
    account: person?.id ?? '',
    by: `teams:${organisation}/${person?.entraId ?? ''}`,
    // Microsoft's channel vouches for who pressed; the directory says what that is worth.
    person: async () => ok(claim),
    platform: 'teams',
    comment,
    clickId: requestKey,
  };
}

/** Presses and dialogs about many actions at once: read, handed to the flows, answered in private. Nothing about deciding lives here. */
import { z } from 'zod';
import { ActionId, ActionType } from '../../action-center/action.ts';
import type { Asker } from '../../action-center/batch.ts';
import type { GroupPress } from '../../action-center/plan-group.ts';
import { ok } from '../../action-center/refusal.ts';
import { bulkTexts } from '../batch-words.ts';
import { groupTexts } from '../group-words.ts';
import { beginLine, bulkList, bulkRadius, groupMembers, groupQuestion, groupRadius, type ManyDeps, undoQuestion } from '../many.ts';
import { soon } from '../press.ts';
import { reasonLimits } from '../reason-words.ts';
import type { Line } from '../show.ts';
import { outOfDate, seePrivate, stillChecking } from '../words.ts';
import type { Arrival } from './activity.ts';
import type { TellPrivately } from './answers.ts';
import { dialogAnswer, type InvokeAnswer, saidInDialog } from './invoke.ts';
import { renderCard, renderLine } from './render.ts';
import { renderBulkChoose, renderBulkConfirm, renderBulkConfirmAgain } from './render-bulk.ts';
import { readGroupDialog, readReview } from './render-group.ts';

export type TeamsManyDeps = ManyDeps & {
  tell: TellPrivately;
  /** Told of what goes on after the request is answered, so that a stop waits for it. Never rejects. */
  track: (work: Promise<void>) => void;
};

const answerWithinMs = 1800;
const batchId = z.string().min(1).max(64);

const More = z.object({ actionId: ActionId });
const Begin = z.object({ batchId, batchVerb: z.enum(['approve', 'reject', 'undo']) });
const Open = z.object({ verb: z.literal('ac.bulk'), type: ActionType });
const Chosen = z.object({ verb: z.literal('ac.bulk.choose'), type: ActionType, chosen: z.string().max(10_000).nullish() });
const Confirmed = z.object({
  verb: z.literal('ac.bulk.confirm'),
  batchId,
  count: z.coerce.number().int().min(1).max(1000),
  decision: z.enum(['approve', 'reject']).nullish().catch(null),
  reason: z.string().max(20_000).nullish(),
});

export type ManyPress =
  | { kind: 'more'; actionId: string }
  | { kind: 'review'; press: GroupPress }
  | { kind: 'begin'; batchId: string; verb: 'approve' | 'reject' | 'undo' };

/** Null: not about many. */
export function readManyPress(verb: unknown, data: unknown): ManyPress | null {
  const more = verb === 'ac.more' ? More.safeParse(data).data : undefined;
  if (more) return { kind: 'more', actionId: more.actionId };
  const review = readReview(verb, data);
  if (review !== null) return { kind: 'review', press: review };
  const begin = verb === 'ac.begin' ? Begin.safeParse(data).data : undefined;
  return begin ? { kind: 'begin', batchId: begin.batchId, verb: begin.batchVerb } : null;
}

function askerOf({ organisation, person, conversation, requestKey }: Arrival): Asker {
  const entraId = person?.entraId ?? '';
  return {
    by: `teams:${organisation}/${entraId}`,
    // Microsoft's channel vouches for who pressed; the directory says what that is worth.
    person: async () => ok({ platform: 'teams', tenantId: organisation, entraId }),
    platform: 'teams',
    conversation,
    clickId: requestKey,
  };
}

/** What the presser reads under the card. Never rejects. */
export async function pressMany(deps: TeamsManyDeps, arrival: Arrival, press: ManyPress): Promise<Line> {
  const asker = askerOf(arrival);
  if (press.kind === 'begin') return beginLine(deps, { ...asker, batchId: press.batchId, verb: press.verb, comment: null });
  const isReview = press.kind === 'review';
  const answer = await (isReview ? groupQuestion(deps, press.press, asker) : undoQuestion(deps, [press.actionId], asker));
  if ('line' in answer) return answer.line;
  later(deps, arrival, deps.tell(arrival, renderCard(answer)));
  return isReview ? groupTexts.reviewFollows : seePrivate;
}

/** Said after the request is answered; nobody waits for it. */
function later({ track, log }: TeamsManyDeps, { requestKey: clickId }: Arrival, said: Promise<void>): void {
  track(said.catch((error: unknown) => log.error({ clickId, err: error }, 'a late answer could not be said')));
}

/** The dialog with the open actions of one type, or about a group. Null: another dialog. */
export async function fetchMany(deps: TeamsManyDeps, arrival: Arrival, data: unknown): Promise<InvokeAnswer | null> {
  const asker = askerOf(arrival);
  const ofGroup = readGroupDialog(data);
  if (ofGroup?.kind === 'members') return shown(arrival, groupMembers(deps, ofGroup.choice, asker), renderBulkChoose);
  if (ofGroup?.kind === 'decide') {
    const { press } = ofGroup;
    return shown(arrival, groupRadius(deps, press, asker), (plan) => renderBulkConfirm(plan, press.decision));
  }
  const asked = Open.safeParse(data).data;
  return asked ? shown(arrival, bulkList(deps, asked.type, asker), renderBulkChoose) : null;
}

async function shown<T extends object>(
  arrival: Arrival,
  work: Promise<T | { line: Line }>,
  draw: (value: T) => Parameters<typeof dialogAnswer>[0],
): Promise<InvokeAnswer> {
  const value = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (value === null) return saidInDialog(bulkTexts.notInTime, arrival);
  return 'line' in value ? saidInDialog(value.line, arrival) : dialogAnswer(draw(value));
}

/** What was chosen, or what was confirmed. Null: another dialog. */
export async function submitMany(deps: TeamsManyDeps, arrival: Arrival, data: unknown): Promise<InvokeAnswer | null> {
  const chosen = Chosen.safeParse(data).data;
  if (chosen) {
    const ids = (chosen.chosen ?? '').split(',').filter((id) => id !== '');
    if (ids.length === 0) return fetchMany(deps, arrival, { verb: 'ac.bulk', type: chosen.type });
    return shown(arrival, bulkRadius(deps, ids, askerOf(arrival)), (plan) => renderBulkConfirm(plan));
  }
  const confirmed = Confirmed.safeParse(data).data;
  if (!confirmed) return null;
  return confirm(deps, arrival, confirmed);
}

async function confirm(deps: TeamsManyDeps, arrival: Arrival, confirmed: z.infer<typeof Confirmed>): Promise<InvokeAnswer> {
  const { decision, count } = confirmed;
  const reason = (confirmed.reason ?? '').trim();
  const again = (problem: string) =>
    dialogAnswer(renderBulkConfirmAgain({ batchId: confirmed.batchId, count, decision: decision ?? null, reason, problem }));
  if (decision === null || decision === undefined) return again(bulkTexts.chooseDecision);
  if (decision === 'reject' && [...reason].length < reasonLimits.min) return again(bulkTexts.reasonNeeded);
  if ([...reason].length > reasonLimits.max) return saidInDialog(outOfDate, arrival);
  const work = beginLine(deps, { ...askerOf(arrival), batchId: confirmed.batchId, verb: decision, comment: reason || null });
  const line = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (line === null)
    later(
      deps,
      arrival,
      work.then((text) => deps.tell(arrival, renderLine(text))),
    );
  return saidInDialog(line ?? stillChecking, arrival);
}

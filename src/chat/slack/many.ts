/** Presses and dialogs about many actions at once: read, handed to the flows, answered in private. Nothing about deciding lives here. */
import type { ModalView } from '@slack/types';
import { ActionType } from '../../action-center/action.ts';
import type { Asker, BatchVerb, Confirmation } from '../../action-center/batch.ts';
import { bulkTexts } from '../batch-words.ts';
import { beginLine, bulkList, bulkRadius, groupMembers, groupQuestion, groupRadius, type ManyDeps, undoQuestion } from '../many.ts';
import { soon, within } from '../press.ts';
import type { Line } from '../show.ts';
import { outOfDate, stillChecking, storeFailed } from '../words.ts';
import type { Reader, TellPrivately } from './answers.ts';
import { bulkChooseView, bulkConfirmView, readBegin, readBulkChoice, readBulkConfirmation } from './bulk-dialog.ts';
import { resultView } from './dialog.ts';
import type { Arrival } from './guard.ts';
import type { Clicker, ClickingPerson } from './people.ts';
import { readPressed } from './pressed.ts';
import { renderCard, renderLine } from './render.ts';
import { type ReadGroupPress, readGroupPress } from './render-group.ts';

export type SlackManyDeps = ManyDeps & {
  teamId: string;
  personBehind: (clicker: Clicker) => ClickingPerson;
  tell: TellPrivately;
  openView: (triggerId: string, view: ModalView) => Promise<void>;
};

type ViewAnswer = { response_action: 'errors'; errors: Record<string, string> } | { response_action: 'update'; view: ModalView };
type ManyPress = {
  button: { action_id: string; value?: string | null | undefined };
  reader: Reader;
  clicker: Clicker;
  arrival: Arrival;
  triggerId: string;
  ack: () => Promise<void>;
};
type ManySubmit = { view: unknown; clicker: Clicker; arrival: Arrival; ack: (answer?: ViewAnswer) => Promise<void> };

const answerWithinMs = 2500;
const giveUpMs = 60_000;

const askerOf = (deps: SlackManyDeps, clicker: Clicker, arrival: Arrival, conversation: string | null): Asker => ({
  by: `slack:${clicker.teamId ?? deps.teamId}/${clicker.userId}`,
  person: deps.personBehind(clicker),
  platform: 'slack',
  conversation,
  clickId: arrival.requestKey,
});

/** False: not about many. */
export async function onManyPress(deps: SlackManyDeps, press: ManyPress): Promise<boolean> {
  const { button, reader, clicker, arrival, ack } = press;
  const asker = askerOf(deps, clicker, arrival, reader.channel);
  const pressed = button.action_id === 'ac.more' ? readPressed(button.value ?? '') : null;
  if (pressed !== null) {
    await ack();
    const answer = await within(undoQuestion(deps, [pressed.actionId], asker), giveUpMs, { line: storeFailed });
    await deps.tell(reader, 'line' in answer ? renderLine(answer.line) : renderCard(answer));
    return true;
  }
  const begin = button.action_id.startsWith('ac.begin.') ? readBegin(button.value ?? '') : null;
  if (begin !== null) {
    await confirmed(deps, { ...asker, ...begin, comment: null }, { reader, arrival, show: () => ack().then(() => false) });
    return true;
  }
  const ofGroup = readGroupPress(button.action_id, button.value ?? '');
  if (ofGroup !== null) {
    await onGroupPress(deps, ofGroup, press, asker);
    return true;
  }
  const type = button.action_id.startsWith('ac.bulk.') ? ActionType.safeParse(button.value).data : undefined;
  if (type === undefined) return false;
  await openDialog(deps, press, bulkList(deps, type, asker), (list) => bulkChooseView(list, reader.channel));
  return true;
}

async function onGroupPress(deps: SlackManyDeps, pressed: ReadGroupPress, press: ManyPress, asker: Asker): Promise<void> {
  const { reader, ack } = press;
  if (pressed.kind === 'review') {
    await ack();
    const answer = await within(groupQuestion(deps, pressed.press, asker), giveUpMs, { line: storeFailed });
    return deps.tell(reader, 'line' in answer ? renderLine(answer.line) : renderCard(answer));
  }
  if (pressed.kind === 'members')
    return openDialog(deps, press, groupMembers(deps, pressed.choice, asker), (list) => bulkChooseView(list, reader.channel));
  const { verb } = pressed.press;
  return openDialog(deps, press, groupRadius(deps, pressed.press, asker), (plan) => bulkConfirmView(plan, reader.channel, verb));
}

/** `show` ends the request; false: what it was given still has to be said. */
type Answering = { reader: Reader; arrival: Arrival; show: (line: Line) => Promise<boolean> };

/** The acknowledgement goes out after the batch is in the record, or says that it takes longer. */
async function confirmed(deps: SlackManyDeps, confirmation: Confirmation, { reader, arrival, show }: Answering): Promise<void> {
  const work = beginLine(deps, confirmation);
  const line = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  if (!(await show(line ?? stillChecking))) await deps.tell(reader, renderLine(line ?? stillChecking));
  if (line === null) await deps.tell(reader, renderLine(await within(work, giveUpMs, storeFailed)));
}

/** What it shows has to be there before the trigger runs out. */
async function openDialog<T extends object>(
  deps: SlackManyDeps,
  { reader, arrival, triggerId, ack }: ManyPress,
  work: Promise<T | { line: Line }>,
  viewOf: (value: T) => ModalView,
): Promise<void> {
  const shown = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  await ack();
  if (shown === null) return deps.tell(reader, renderLine(bulkTexts.notInTime));
  if ('line' in shown) return deps.tell(reader, renderLine(shown.line));
  try {
    await deps.openView(triggerId, viewOf(shown));
  } catch (error) {
    deps.log.warn({ clickId: arrival.requestKey, err: error }, 'a dialog about several actions could not be opened');
    await deps.tell(reader, renderLine(bulkTexts.notInTime));
  }
}

/** False: not a dialog about many. */
export async function onManySubmit(deps: SlackManyDeps, submit: ManySubmit): Promise<boolean> {
  const { view, clicker, arrival, ack } = submit;
  const choice = readBulkChoice(view);
  if (choice !== null) {
    const work = bulkRadius(deps, choice.ids, askerOf(deps, clicker, arrival, choice.channel));
    const plan = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
    const next =
      plan === null ? resultView(bulkTexts.notInTime) : 'line' in plan ? resultView(plan.line) : bulkConfirmView(plan, choice.channel);
    await ack({ response_action: 'update', view: next });
    return true;
  }
  const confirmation = readBulkConfirmation(view);
  if (confirmation === null) return false;
  if (confirmation === 'unreadable') {
    await ack({ response_action: 'update', view: resultView(outOfDate) });
    return true;
  }
  if ('errors' in confirmation) {
    await ack({ response_action: 'errors', errors: confirmation.errors });
    return true;
  }
  const { batchId, verb, comment, channel } = confirmation;
  const asker = askerOf(deps, clicker, arrival, channel);
  const reader: Reader = { userId: clicker.userId, channel, responseUrl: null };
  const show = (line: Line) => ack({ response_action: 'update', view: resultView(line) }).then(() => true);
  await confirmed(deps, { ...asker, batchId, verb: verb satisfies BatchVerb, comment }, { reader, arrival, show });
  return true;
}

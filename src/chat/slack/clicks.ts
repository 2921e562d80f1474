/**
 * Presses and sent dialogs: read, handed to the flows, answered. The acknowledgement goes out after the commit; when that takes too long the person
 * hears so, and gets the result in private once it is there. Nothing about deciding lives here.
 */

import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { Click } from '../../action-center/decide.ts';
import { type AnyClick, atLast, checkedFor, decisionLine, type Flows, type PressDeps, soon } from '../press.ts';
import type { AskedVerb } from '../reason-words.ts';
import type { Line } from '../show.ts';
import { outOfDate, pressAgain, stillChecking } from '../words.ts';
import type { Reader } from './answers.ts';
import { readSubmission, reasonDialog, reasonErrors, resultView } from './dialog.ts';
import type { Arrival } from './guard.ts';
import { onManyPress, onManySubmit, type SlackManyDeps } from './many.ts';
import type { Clicker } from './people.ts';
import { type Pressed, readPressed } from './pressed.ts';
import { renderLine } from './render.ts';

export type ClickDeps = SlackManyDeps & {
  flows: Flows;
};

/** One interaction as Bolt hands it over. `ack` answers Slack's request; its argument is what a dialog shows next. */
export type Interaction = { body: unknown; arrival: Arrival; ack: (answer?: DialogAnswer) => Promise<void> };
export type DialogAnswer = { response_action: 'errors'; errors: Record<string, string> } | { response_action: 'update'; view: ModalView };

/** Slack shows a warning after 3 s. */
const answerWithinMs = 2500;

const Person = z.object({ id: z.string().min(1), team_id: z.string().min(1).nullish() });
const Press = z.object({
  user: Person,
  channel: z.object({ id: z.string() }).nullish(),
  container: z.object({ channel_id: z.string().nullish() }).nullish(),
  response_url: z.url({ protocol: /^https?$/ }).nullish(),
  trigger_id: z.string().nullish(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().nullish() })).min(1),
});
type Press = z.infer<typeof Press>;
const Submission = z.object({ user: Person, view: z.unknown() });

const pressDeps = ({ flows, log }: ClickDeps): PressDeps => ({ flows, log, platform: 'slack' });

const clickerOf = ({ id, team_id }: z.infer<typeof Person>): Clicker => ({ userId: id, teamId: team_id ?? null });

function readerOf({ user, channel, container, response_url }: Press): Reader {
  return { userId: user.id, channel: channel?.id ?? container?.channel_id ?? null, responseUrl: response_url ?? null };
}

type ClickOf<V> = { pressed: Pressed; clicker: Clicker; arrival: Arrival; verb: V; comment: string | null };
type ClickFor<V> = Omit<Click, 'verb'> & { verb: V };

function clickOf<V extends AnyClick['verb']>(deps: ClickDeps, { pressed, clicker, arrival, verb, comment }: ClickOf<V>): ClickFor<V> {
  return {
    actionId: pressed.actionId,
    shownDigest: pressed.digest,
    verb,
    by: `slack:${clicker.teamId ?? deps.teamId}/${clicker.userId}`,
    account: clicker.userId,
    person: deps.personBehind(clicker),
    platform: 'slack',
    comment,
    clickId: arrival.requestKey,
  };
}

const askingButtons: Record<string, AskedVerb> = { 'ac.reject': 'reject', 'ac.approve-why': 'approve', 'ac.undo-why': 'undo' };

const decidingButtons: Record<string, AnyClick['verb']> = {
  'ac.approve': 'approve',
  'ac.undo': 'undo',
  'ac.cancel': 'cancel',
  'ac.retry': 'retry',
};

/** A button was pressed. */
export async function onPress(deps: ClickDeps, { body, arrival, ack }: Interaction): Promise<void> {
  const press = Press.safeParse(body).data;
  const [button] = press?.actions ?? [];
  if (!press || !button) {
    deps.log.error({ clickId: arrival.requestKey }, 'a press came in a shape that is not known; nobody could be answered');
    return ack();
  }
  // These open a page in the browser; Slack only wants to hear that we saw it.
  if (button.action_id === 'ac.hunt' || button.action_id === 'ac.portal') return ack();
  const pressed = readPressed(button.value ?? '');
  const clicker = clickerOf(press.user);
  const verb = decidingButtons[button.action_id];
  if (pressed && verb !== undefined) {
    const click = clickOf(deps, { pressed, clicker, arrival, verb, comment: null }) as AnyClick;
    return answerDecision(deps, click, { reader: readerOf(press), arrival, ack });
  }
  const many = { button, reader: readerOf(press), clicker, arrival, triggerId: press.trigger_id ?? '', ack };
  if (await onManyPress(deps, many)) return;
  const asked = askingButtons[button.action_id];
  if (pressed && asked) return askForReason(deps, { press, pressed, verb: asked }, { body, arrival, ack });
  await ack();
  return deps.tell(readerOf(press), renderLine(outOfDate));
}

async function answerDecision(
  deps: ClickDeps,
  click: AnyClick,
  to: { reader: Reader; arrival: Arrival; ack: () => Promise<void> },
): Promise<void> {
  const work = decisionLine(pressDeps(deps), click);
  const line = await soon(work, { receivedAt: to.arrival.receivedAt, ms: answerWithinMs });
  await to.ack();
  if (line !== null) return deps.tell(to.reader, renderLine(line));
  await deps.tell(to.reader, renderLine(stillChecking));
  return deps.tell(to.reader, renderLine(await atLast(work)));
}

type Asking = { press: Press; pressed: Pressed; verb: AskedVerb };

/** Only who may decide is asked why. */
async function askForReason(deps: ClickDeps, { press, pressed, verb }: Asking, { arrival, ack }: Interaction): Promise<void> {
  const reader = readerOf(press);
  const click = clickOf(deps, { pressed, clicker: clickerOf(press.user), arrival, verb, comment: null });
  const work = checkedFor(pressDeps(deps), click);
  const checked = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  await ack();
  if (checked === null) {
    await deps.tell(reader, renderLine(stillChecking));
    const late = await atLast(work.then((value) => ('line' in value ? value.line : pressAgain)));
    return deps.tell(reader, renderLine(late));
  }
  if ('line' in checked) return deps.tell(reader, renderLine(checked.line));
  try {
    await deps.openView(press.trigger_id ?? '', reasonDialog({ action: checked.action, verb, pressed, channel: reader.channel }));
  } catch (error) {
    deps.log.warn({ actionId: click.actionId, clickId: click.clickId, err: error }, 'the dialog that asks why could not be opened');
    return deps.tell(reader, renderLine(pressAgain));
  }
}

/** The dialog with the reason was sent. Its answer is shown in the dialog itself. */
export async function onSubmit(deps: ClickDeps, { body, arrival, ack }: Interaction): Promise<void> {
  const submission = Submission.safeParse(body).data;
  if (submission) {
    const asked = { view: submission.view, clicker: clickerOf(submission.user), arrival, ack };
    if (await onManySubmit(deps, asked)) return;
  }
  const sent = submission ? readSubmission(submission.view) : null;
  const show = (line: Line) => ack({ response_action: 'update', view: resultView(line) });
  if (!submission || !sent) return show(outOfDate);
  const errors = reasonErrors(sent.reason);
  if (errors) return ack({ response_action: 'errors', errors });
  const clicker = clickerOf(submission.user);
  const work = decisionLine(
    pressDeps(deps),
    clickOf(deps, { pressed: sent.pressed, clicker, arrival, verb: sent.verb, comment: sent.reason }),
  );
  const line = await soon(work, { receivedAt: arrival.receivedAt, ms: answerWithinMs });
  await show(line ?? stillChecking);
  if (line === null) await deps.tell({ userId: clicker.userId, channel: sent.channel, responseUrl: null }, renderLine(await atLast(work)));
}

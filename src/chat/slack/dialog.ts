/** Dialogs: the one that asks why somebody rejects or approves, and the one that shows what became of it. */
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { RemediationAction } from '../../action-center/intake.ts';
import { type AskedVerb, reasonAbout, reasonDialogTexts, reasonLimits, reasonProblems, resultDialogTexts } from '../reason-words.ts';
import type { Line } from '../show.ts';
import { type Pressed, readPressed, writePressed } from './pressed.ts';
import { renderLine } from './render.ts';

const callbacks: Record<AskedVerb, string> = { approve: 'ac.approve', reject: 'ac.reject', undo: 'ac.undo' };
const field = 'reason';

/** What the dialog has to remember. It comes back as data: no secret in it, and no authority. */
const Remembered = z.object({ value: z.string(), channel: z.string().nullable() });

const plain = (text: string) => ({ type: 'plain_text' as const, text, emoji: false });

type Asking = { action: RemediationAction; verb: AskedVerb; pressed: Pressed; channel: string | null };

export function reasonDialog({ action, verb, pressed, channel }: Asking): ModalView {
  const texts = reasonDialogTexts[verb];
  return {
    type: 'modal',
    callback_id: callbacks[verb],
    private_metadata: JSON.stringify({ value: writePressed(pressed), channel } satisfies z.infer<typeof Remembered>),
    title: plain(texts.title),
    submit: plain(texts.submit),
    close: plain(texts.close),
    blocks: [
      ...renderLine(reasonAbout(action, verb)).blocks,
      {
        type: 'input',
        block_id: field,
        label: plain(texts.label),
        hint: plain(texts.hint),
        element: {
          type: 'plain_text_input',
          action_id: field,
          multiline: true,
          min_length: reasonLimits.min,
          max_length: reasonLimits.max,
          focus_on_load: true,
        },
      },
    ],
  };
}

/** The same dialog after it was sent, with the answer and nothing left to send. */
export function resultView(line: Line): ModalView {
  return {
    type: 'modal',
    callback_id: 'ac.result',
    title: plain(resultDialogTexts.title),
    close: plain(resultDialogTexts.close),
    blocks: renderLine(line).blocks,
  };
}

const SubmittedView = z.object({
  callback_id: z.string(),
  private_metadata: z.string(),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }).loose())) }),
});

export type SubmittedReason = { verb: AskedVerb; pressed: Pressed; channel: string | null; reason: string };

/** Null: not a dialog of ours, or of an older version. */
export function readSubmission(view: unknown): SubmittedReason | null {
  const submitted = SubmittedView.safeParse(view).data;
  const verb = (['approve', 'reject', 'undo'] as const).find((one) => submitted?.callback_id === callbacks[one]);
  if (!submitted || verb === undefined) return null;
  const remembered = Remembered.safeParse(parseJson(submitted.private_metadata)).data;
  const pressed = remembered ? readPressed(remembered.value) : null;
  if (!remembered || !pressed) return null;
  return { verb, pressed, channel: remembered.channel, reason: submitted.state.values[field]?.[field]?.value?.trim() ?? '' };
}

/** What is wrong with the reason, keyed as Slack wants it; null when nothing is. */
export function reasonErrors(reason: string): Record<string, string> | null {
  const length = [...reason].length;
  if (length < reasonLimits.min) return { [field]: reasonProblems.tooShort };
  return length > reasonLimits.max ? { [field]: reasonProblems.tooLong } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused as out of date
  }
}

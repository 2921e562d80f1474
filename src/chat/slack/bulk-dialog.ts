/** Two dialogs: which of the open actions, and then, with the blast radius in sight, what shall become of them. */
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { BulkPlan } from '../../action-center/bulk.ts';
import { bulkTexts as texts } from '../batch-words.ts';
import type { Choices } from '../many.ts';
import { reasonLimits } from '../reason-words.ts';
import { showText } from '../show.ts';
import { renderLines } from './render.ts';

const chooseCallback = 'ac.bulk.choose';
const confirmCallback = 'ac.bulk.confirm';
const chosenField = 'chosen';
const decisionField = 'decision';
const reasonField = 'reason';
const optionLength = 75;

const plain = (text: string) => ({ type: 'plain_text' as const, text, emoji: false });

/** What a dialog has to remember. It comes back as data: no secret in it, and no authority. */
const ChooseMemory = z.object({ channel: z.string().nullable() });
const ConfirmMemory = z.object({ batchId: z.string().min(1).max(64), channel: z.string().nullable() });

export function bulkChooseView({ type, actions, total }: Choices, channel: string | null): ModalView {
  const options = actions.map((action) => ({ text: plain(showText(texts.option(action), optionLength)), value: action.id }));
  return {
    type: 'modal',
    callback_id: chooseCallback,
    private_metadata: JSON.stringify({ channel } satisfies z.infer<typeof ChooseMemory>),
    title: plain(texts.title),
    submit: plain(texts.next),
    close: plain(texts.close),
    blocks: [
      ...renderLines(texts.choose(type, actions.length, total)).blocks,
      {
        type: 'input',
        block_id: chosenField,
        label: plain(texts.chosen),
        element: { type: 'multi_static_select', action_id: chosenField, options },
      },
    ],
  };
}

/** `decided`: what was pressed; it can still be changed. */
export function bulkConfirmView(plan: BulkPlan, channel: string | null, decided: 'approve' | 'reject' | null = null): ModalView {
  const { batchId, actions } = plan;
  const n = actions.length;
  const approve = { text: plain(texts.approveAll(n)), value: 'approve' };
  const reject = { text: plain(texts.rejectAll(n)), value: 'reject' };
  return {
    type: 'modal',
    callback_id: confirmCallback,
    private_metadata: JSON.stringify({ batchId, channel } satisfies z.infer<typeof ConfirmMemory>),
    title: plain(texts.title),
    submit: plain(texts.confirm),
    close: plain(texts.close),
    blocks: [
      ...renderLines(texts.radius(plan)).blocks,
      {
        type: 'input',
        block_id: decisionField,
        label: plain(texts.decision),
        element: {
          type: 'radio_buttons',
          action_id: decisionField,
          options: [approve, reject],
          ...(decided === null ? {} : { initial_option: decided === 'approve' ? approve : reject }),
        },
      },
      {
        type: 'input',
        block_id: reasonField,
        optional: true,
        label: plain(texts.reason),
        hint: plain(texts.reasonHint),
        element: { type: 'plain_text_input', action_id: reasonField, multiline: true, max_length: reasonLimits.max },
      },
    ],
  };
}

const Field = z
  .object({
    value: z.string().nullish(),
    selected_option: z.object({ value: z.string() }).nullish(),
    selected_options: z.array(z.object({ value: z.string() })).nullish(),
  })
  .loose();
const SubmittedView = z.object({
  callback_id: z.string(),
  private_metadata: z.string(),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), Field)) }),
});

/** Null: another dialog. */
export function readBulkChoice(view: unknown): { ids: string[]; channel: string | null } | null {
  const submitted = SubmittedView.safeParse(view).data;
  if (submitted?.callback_id !== chooseCallback) return null;
  const channel = ChooseMemory.safeParse(parseJson(submitted.private_metadata)).data?.channel ?? null;
  const chosen = submitted.state.values[chosenField]?.[chosenField]?.selected_options ?? [];
  return { ids: chosen.map(({ value }) => value), channel };
}

export type BulkConfirmation = { batchId: string; verb: 'approve' | 'reject'; comment: string | null; channel: string | null };

/** Null: another dialog. `errors` as Slack wants them, keyed by field. */
export function readBulkConfirmation(view: unknown): BulkConfirmation | { errors: Record<string, string> } | 'unreadable' | null {
  const submitted = SubmittedView.safeParse(view).data;
  if (submitted?.callback_id !== confirmCallback) return null;
  const memory = ConfirmMemory.safeParse(parseJson(submitted.private_metadata)).data;
  if (!memory) return 'unreadable';
  const { values } = submitted.state;
  const verb = z.enum(['approve', 'reject']).safeParse(values[decisionField]?.[decisionField]?.selected_option?.value).data;
  if (verb === undefined) return { errors: { [decisionField]: texts.chooseDecision } };
  const comment = values[reasonField]?.[reasonField]?.value?.trim() || null;
  if (verb === 'reject' && (comment ?? '').length < reasonLimits.min) return { errors: { [reasonField]: texts.reasonNeeded } };
  return { ...memory, verb, comment };
}

/** The value of a button that begins a batch; null: not one of ours. */
export function readBegin(value: string): { batchId: string; verb: 'approve' | 'reject' | 'undo' } | null {
  const [batchId = '', verb] = value.split('|');
  return (
    z.object({ batchId: z.string().min(1).max(64), verb: z.enum(['approve', 'reject', 'undo']) }).safeParse({ batchId, verb }).data ?? null
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // read as a dialog of an older version
  }
}

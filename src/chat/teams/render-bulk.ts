/** The dialogs of a bulk decision. Dialogs rather than inputs in a message: inputs beside buttons are known to fail on phones and in channels. */
import type { BulkPlan } from '../../action-center/bulk.ts';
import { bulkTexts, fallbackOf } from '../batch-words.ts';
import type { Choices } from '../many.ts';
import { reasonLimits } from '../reason-words.ts';
import { type Line, showText, words } from '../show.ts';
import { plainText } from './escape.ts';
import { texts } from './render.ts';
import { runs } from './render-runs.ts';
import { type AdaptiveCard, expand } from './templates.ts';

type Dialog = { title: string; card: AdaptiveCard };
const choiceLength = 100;

const drawn = (lines: readonly Line[]) => lines.map((line) => ({ inlines: runs(line, 300) }));

export function renderBulkChoose({ type, actions, total }: Choices): Dialog {
  const lines = bulkTexts.choose(type, actions.length, total);
  const card = expand('bulk-choose', {
    ...texts(fallbackOf(lines)),
    lines: drawn(lines),
    label: bulkTexts.chosen,
    chooseSome: bulkTexts.chooseSome,
    next: bulkTexts.next,
    type,
    choices: actions.map((action) => ({ title: plainText(showText(bulkTexts.option(action), choiceLength)), value: action.id })),
  });
  return { title: bulkTexts.title, card };
}

type Confirming = {
  batchId: string;
  count: number;
  lines: readonly Line[];
  decision: string | null;
  reason: string;
  problem: string | null;
};

function confirmDialog({ batchId, count, lines, decision, reason, problem }: Confirming): Dialog {
  const card = expand('bulk-confirm', {
    ...texts(fallbackOf(lines)),
    lines: drawn(lines),
    decision: bulkTexts.decision,
    chooseDecision: bulkTexts.chooseDecision,
    approveAll: bulkTexts.approveAll(count),
    rejectAll: bulkTexts.rejectAll(count),
    chosen: decision ?? '',
    reason: bulkTexts.reason,
    written: plainText(reason.slice(0, reasonLimits.max)),
    max: reasonLimits.max,
    problems: problem === null ? [] : [{ text: problem }],
    hint: bulkTexts.reasonHint,
    confirm: bulkTexts.confirm,
    batchId,
    count,
  });
  return { title: bulkTexts.title, card };
}

/** `decided`: what was pressed; it can still be changed. */
export const renderBulkConfirm = (plan: BulkPlan, decided: 'approve' | 'reject' | null = null): Dialog =>
  confirmDialog({
    batchId: plan.batchId,
    count: plan.actions.length,
    lines: bulkTexts.radius(plan),
    decision: decided,
    reason: '',
    problem: null,
  });

/** With what was wrong said, and what was chosen and written kept. */
export const renderBulkConfirmAgain = (again: Omit<Confirming, 'lines' | 'problem'> & { problem: string }): Dialog =>
  confirmDialog({ ...again, lines: [[words(bulkTexts.again(again.count))]] });

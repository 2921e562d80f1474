/**
 * The dialog that asks why. Opened by an Action.Submit of type task/fetch rather than by an input in the card itself: a card that is updated while
 * somebody writes would lose the text, and inputs beside Action.Execute are known to fail on phones and in channels (AdaptiveCards#9315,
 * botbuilder-js#4430, msteams-docs#9291).
 */
import { catalogue } from '../../action-center/catalogue.ts';
import type { RemediationAction } from '../../action-center/intake.ts';
import type { Pressed } from '../card.ts';
import { subjectOf } from '../evidence.ts';
import { foreign, type Line, plain, words } from '../show.ts';
import { reasonLimits, rejectDialogTexts } from '../words.ts';
import { plainText } from './escape.ts';
import { texts } from './render.ts';
import { runs } from './render-runs.ts';
import { type AdaptiveCard, expand } from './templates.ts';

/** The input's id, and with it the name of the reason in what comes back. */
export const reasonField = 'reason';

/** Asked again with `problem` said and what was written kept. */
export function renderRejectDialog(
  action: RemediationAction,
  { actionId, digest, version }: Pressed,
  again: { reason: string; problem: string } | null = null,
): { title: string; card: AdaptiveCard } {
  const about: Line = [
    words('You are about to reject '),
    foreign(`${catalogue[action.type].label}: ${subjectOf(action)}`, 150),
    words('.'),
  ];
  const { title, submit, label, hint, tooShort } = rejectDialogTexts;
  const card = expand('reject-dialog', {
    ...texts(plain(about)),
    about: runs(about, 300),
    label,
    hint,
    tooShort,
    submit,
    max: reasonLimits.max,
    reason: plainText(again?.reason.slice(0, reasonLimits.max) ?? ''),
    problems: again === null ? [] : [{ text: again.problem }],
    actionId,
    digest,
    version,
  });
  return { title, card };
}

/** What is wrong with a reason, in words; null when nothing is. */
export function reasonProblem(reason: string): string | null {
  const length = [...reason.trim()].length;
  if (length < reasonLimits.min) return rejectDialogTexts.tooShort;
  return length > reasonLimits.max ? rejectDialogTexts.tooLong : null;
}

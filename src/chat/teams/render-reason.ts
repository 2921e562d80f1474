/**
 * The dialog that asks why. Opened by an Action.Submit of type task/fetch rather than by an input in the card itself: a card that is updated while
 * somebody writes would lose the text, and inputs beside Action.Execute are known to fail on phones and in channels (AdaptiveCards#9315,
 * botbuilder-js#4430, msteams-docs#9291).
 */
import type { RemediationAction } from '../../action-center/intake.ts';
import type { Pressed } from '../card.ts';
import { type AskedVerb, reasonAbout, reasonDialogTexts, reasonLimits, reasonProblems } from '../reason-words.ts';
import { plain } from '../show.ts';
import { plainText } from './escape.ts';
import { texts } from './render.ts';
import { runs } from './render-runs.ts';
import { type AdaptiveCard, expand } from './templates.ts';

/** The input's id, and with it the name of the reason in what comes back. */
export const reasonField = 'reason';

/** Asked again with `problem` said and what was written kept. */
export function renderReasonDialog(
  action: RemediationAction,
  { pressed, verb }: { pressed: Pressed; verb: AskedVerb },
  again: { reason: string; problem: string } | null = null,
): { title: string; card: AdaptiveCard } {
  const about = reasonAbout(action, verb);
  const { actionId, digest, version } = pressed;
  const { title, submit, label, hint } = reasonDialogTexts[verb];
  const card = expand('reason-dialog', {
    ...texts(plain(about)),
    about: runs(about, 300),
    label,
    hint,
    tooShort: reasonProblems.tooShort,
    submit,
    style: verb === 'reject' ? 'destructive' : 'positive',
    verb: `ac.${verb}`,
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
  if (length < reasonLimits.min) return reasonProblems.tooShort;
  return length > reasonLimits.max ? reasonProblems.tooLong : null;
}

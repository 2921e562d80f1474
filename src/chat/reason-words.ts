/** What the dialog says that asks why: the same dialog for every decision that needs a reason. */
import { catalogue } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { subjectOf } from './evidence.ts';
import { foreign, type Line, words } from './show.ts';

/** What is decided with a reason from a card. */
export type AskedVerb = 'approve' | 'reject' | 'undo';

const common = {
  close: 'Go back',
  label: 'Reason',
  hint: 'Everybody who sees the card can read it; it is kept in the record.',
} as const;

export const reasonDialogTexts: Record<AskedVerb, { title: string; submit: string; close: string; label: string; hint: string }> = {
  approve: { ...common, title: 'Approve', submit: 'Approve' },
  reject: { ...common, title: 'Reject', submit: 'Reject' },
  undo: { ...common, title: 'Undo', submit: 'Undo' },
};

export const reasonProblems = {
  tooShort: 'Please write at least 3 characters.',
  tooLong: 'Please write at most 500 characters.',
} as const;

export const resultDialogTexts = { title: 'Result', close: 'Close' } as const;

export const reasonLimits = { min: 3, max: 500 } as const;

/** What is about to be decided, and for an approval what it leads to: there is no other question before it. */
export function reasonAbout(action: RemediationAction, verb: AskedVerb): Line {
  const row = catalogue[action.type];
  const about = foreign(`${row.label}: ${subjectOf(action)}`, 150);
  if (verb === 'reject') return [words('You are about to reject '), about, words('.')];
  if (verb === 'undo')
    return [words('You are about to undo '), about, words('. It starts right after this. The policy asks for a reason.')];
  const others = action.needed - action.approvals.length - 1;
  const start =
    others > 0
      ? ` It starts after ${others === 1 ? 'one more person' : `${others} more people`} approved.`
      : ' It starts right after this.';
  const undo = row.reversible ? '' : ' It cannot be undone.';
  return [words('You are about to approve '), about, words(`.${start}${undo} The policy asks for a reason.`)];
}

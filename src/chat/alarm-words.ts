/** What operators read of an alarm, and what somebody reads in private whose decision was not carried out. */
import { Verb } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { NoteCard } from './card.ts';
import { delegatedLines } from './delegation-words.ts';
import { subjectOf } from './evidence.ts';
import { standInLine } from './reminder-words.ts';
import { exact, foreign, type Line, plain, showText, strong, time, words } from './show.ts';
import { outcomeText } from './words.ts';

const fallbackLimit = 300;

/** A message of its own that tells one event; `action` is the one it is about, if any. */
export function noticeFor(event: AuditEvent, action: RemediationAction | null): NoteCard {
  const lines = linesOf(event, action);
  return { kind: 'note', lines, fallback: showText(lines.map(plain).join(' '), fallbackLimit) };
}

function linesOf(event: AuditEvent, action: RemediationAction | null): Line[] {
  const { alarm } = event.data;
  if (event.kind === 'alarm' && alarm === 'refusals') return refusalLines(event.data);
  if (event.kind === 'alarm' && alarm === 'failed') return failureLines(event.data, action);
  if (event.kind === 'delegated') return delegatedLines(event.data);
  return vetoLines(event.data, action);
}

type Data = AuditEvent['data'];
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const aboutOf = (action: RemediationAction | null): Line =>
  action === null
    ? [words('An action')]
    : [foreign(`${catalogue[action.type].label}: ${subjectOf(action)}`, 150), words(' (action '), exact(action.id, 64), words(')')];

function refusalLines({ count, upn, subject, accounts, withinMs, lastAt, lastActionId }: Data): Line[] {
  const names = Array.isArray(accounts) ? accounts.map(String) : [];
  const minutes = Math.round(Number(withinMs) / 60_000);
  return [
    [strong('Alarm: one person was refused again and again. ')],
    [
      exact(textOf(upn) || textOf(subject), 200),
      words(` tried ${String(count)} times within ${minutes} minutes to do what they have no authority for, the last time `),
      time(textOf(lastAt)),
      words('. Nothing was decided by it.'),
    ],
    ...(names.length === 0
      ? []
      : [[words('Account: '), ...names.flatMap((name, index) => [words(index === 0 ? '' : ', '), exact(name, 200)])]]),
    ...(textOf(lastActionId) === '' ? [] : [[words('Last tried on action '), exact(textOf(lastActionId), 64)]]),
    [words('Ask them what they wanted. If it was not they, treat the account as taken over. Each try is in the record.')],
  ];
}

const retry = 'If it is still needed, press Retry on its card, or have it raised again.';
type FailureText = { begin: string; by: string; next: string };
const failureTexts: Record<string, FailureText> & { failed: FailureText } = {
  failed: {
    begin: 'Alarm: an approved action did not come to its end. ',
    by: 'Approved by ',
    next: `Look in Defender whether it took effect. ${retry}`,
  },
  partiallyCompleted: {
    begin: 'Alarm: an approved action was carried out only in part. ',
    by: 'Approved by ',
    next: `The rest was not done. ${retry}`,
  },
  undoFailed: {
    begin: 'Alarm: an undo did not come to its end. ',
    by: 'Undo asked for by ',
    next: 'What was done still stands, in full or in part: look in Defender. If it is still to be undone, press Undo on its card.',
  },
};

function failureLines({ status, message, others }: Data, action: RemediationAction | null): Line[] {
  const decision = action?.decision;
  const { begin, by, next } = failureTexts[textOf(status)] ?? failureTexts['failed'];
  const isUndo = status === 'undoFailed';
  return [
    [strong(begin)],
    isUndo ? aboutOf(action) : [...aboutOf(action), words(`: ${outcomeText(textOf(status)).toLowerCase()}`)],
    ...(decision ? [[words(by), foreign(decision.actor.displayName, 100), words(', '), time(decision.decidedAt)]] : []),
    ...(textOf(message) === '' ? [] : [[words('The backend says: '), foreign(textOf(message), 600)]]),
    ...(Number(others) > 0 ? [[words(`And ${String(others)} more in the same moment: History lists what failed.`)]] : []),
    [words(next)],
  ];
}

type VetoText = { what: string; next: string };
const raiseAgain = 'Nothing was done. If it is still needed, have it raised again and ask somebody who may decide.';
const vetoTexts: Record<Verb, VetoText> = {
  approve: { what: 'Your approval was not carried out. ', next: raiseAgain },
  reject: {
    what: 'Your rejection was not passed on to the backend. ',
    next: 'The action stays rejected in the record; close it in Defender if it is still open there.',
  },
  undo: {
    what: 'Your undo was not carried out. ',
    next: 'The action stands as it was carried out. If it still has to be undone, ask somebody who may decide to press Undo.',
  },
  cancel: {
    what: 'Your request to stop this was not carried out. ',
    next: 'What was not stopped goes on. If it still has to be stopped, do it in Defender, or ask somebody who may decide to press Cancel.',
  },
};

/** Private: to everybody whose decision it was. */
function vetoLines({ verb, reason, standsInFor }: Data, action: RemediationAction | null): Line[] {
  const { what, next } = vetoTexts[Verb.safeParse(verb).data ?? 'approve'];
  return [
    [strong(what), ...aboutOf(action)],
    [words('Why: '), foreign(textOf(reason), 400)],
    [words(next)],
    ...(textOf(standsInFor) === '' ? [] : [standInLine(textOf(standsInFor))]),
  ];
}

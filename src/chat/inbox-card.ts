/**
 * Neutral picture of one person's inbox: plain data that Slack and Teams each draw in their own way. Pure. There is nothing to decide with in it:
 * one decides on the card, which is kept up to date and carries what was shown.
 */
import { catalogue } from '../action-center/catalogue.ts';
import type { CardPlace, DecidedByPerson, Inbox } from '../action-center/inbox.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { remindedForLine, takenLine } from './delegation-words.ts';
import { subjectOf } from './evidence.ts';
import { ageText, approvalsText, asOfNote, countdownText, countText, inboxTexts, orderNote, severityText } from './inbox-words.ts';
import { foreign, type Line, plain, showText, strong, time, words } from './show.ts';
import { standingText } from './words.ts';

/** `place`: where the card is; its platform makes an address of it. */
export type InboxRow = { actionId: string; number: number; heading: Line; lines: Line[]; place: CardPlace | null };

export type InboxCard = {
  kind: 'inbox';
  heading: string;
  /** How many there are, or why nothing is listed. */
  intro: Line[];
  /** How many await, shown or not. */
  total: number;
  rows: InboxRow[];
  decided: { heading: string; lines: { line: Line; place: CardPlace | null }[] } | null;
  footnotes: Line[];
  /** One sentence for notifications and screen readers, at most 300 characters. */
  fallback: string;
};

export function inboxCard(inbox: Inbox, places: ReadonlyMap<string, CardPlace>): InboxCard {
  const at = Date.parse(inbox.at);
  const intro = countText(inbox.count);
  const placeOf = ({ id }: RemediationAction) => places.get(id) ?? null;
  return {
    kind: 'inbox',
    heading: inboxTexts.heading,
    intro: [intro, ...(inbox.standIn?.taken ?? []).map(takenLine)],
    total: inbox.count.count,
    rows: inbox.waiting.map((action, index) =>
      rowOf(action, index + 1, { at, place: placeOf(action), forName: inbox.standIn?.remindedFor.get(action.id) ?? null }),
    ),
    decided: {
      heading: inboxTexts.decidedHeading,
      lines:
        inbox.decided.length === 0
          ? [{ line: [words(inboxTexts.nothingDecided)], place: null }]
          : inbox.decided.map((one) => ({ line: decidedLine(one), place: placeOf(one.action) })),
    },
    footnotes: [...(inbox.waiting.length === 0 ? [] : [orderNote]), [words(asOfNote), time(inbox.at), words('.')]],
    fallback: showText(plain(intro), 300),
  };
}

/** Nothing is listed, and why. */
export function emptyInbox(why: Line): InboxCard {
  return {
    kind: 'inbox',
    heading: inboxTexts.heading,
    intro: [why],
    total: 0,
    rows: [],
    decided: null,
    footnotes: [],
    fallback: showText(plain(why), 300),
  };
}

function rowOf(
  action: RemediationAction,
  number: number,
  { at, place, forName }: { at: number; place: CardPlace | null; forName: string | null },
): InboxRow {
  return {
    actionId: action.id,
    number,
    heading: [strong(`${number}. ${catalogue[action.type].label}: `), foreign(subjectOf(action), 120)],
    lines: [
      [foreign(action.title, 200)],
      [words(`${severityText(action.severity)}, ${ageText(at - Date.parse(action.requestedAt))}, `), ...approvalsOf(action)],
      [words('Decide '), strong(countdownText(Date.parse(action.expiresAt) - at)), words(', before '), time(action.expiresAt)],
      ...(forName === null ? [] : [remindedForLine(forName)]),
    ],
    place,
  };
}

/** `1 of 2 approvals: Alice Adams`. */
function approvalsOf({ needed, approvals }: RemediationAction): Line {
  const names = approvals.slice(0, 5).flatMap(({ actor }, index): Line => {
    const name = foreign(actor.displayName, 100);
    return index === 0 ? [name] : [words(', '), name];
  });
  return [words(approvalsText(approvals.length, needed)), ...(needed === 1 ? [] : names)];
}

const done = { approve: 'You approved ', reject: 'You rejected ', undo: 'You undid ', cancel: 'You cancelled ' } as const;

function decidedLine({ action, decision }: DecidedByPerson): Line {
  const about = foreign(`${catalogue[action.type].label}: ${subjectOf(action)}`, 150);
  return [words(done[decision.verb]), about, words(', '), time(decision.decidedAt), words('. '), ...standingText(action)];
}

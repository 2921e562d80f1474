/**
 * Neutral picture of one person's inbox: plain data that Slack and Teams each draw in their own way. Pure. There is nothing to decide with in it:
 * one decides on the card, which is kept up to date and carries what was shown.
 */
import { catalogue } from '../action-center/catalogue.ts';
import type { CardPlace, DecidedByPerson, Inbox } from '../action-center/inbox.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { remindedForLine, takenLine } from './delegation-words.ts';
import { subjectOf } from './evidence.ts';
import * as say from './inbox-words.ts';
import { foreign, type Line, plain, showText, words } from './show.ts';
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
  const intro = say.countText(inbox.count);
  const placeOf = ({ id }: RemediationAction) => places.get(id) ?? null;
  return {
    kind: 'inbox',
    heading: say.inboxTexts.heading,
    intro: [intro, ...(inbox.standIn?.taken ?? []).map(takenLine)],
    total: inbox.count.count,
    rows: inbox.waiting.map((action, index) =>
      rowOf(action, index + 1, { at, place: placeOf(action), forName: inbox.standIn?.remindedFor.get(action.id) ?? null }),
    ),
    decided: {
      heading: say.inboxTexts.decidedHeading,
      lines:
        inbox.decided.length === 0
          ? [{ line: [words(say.inboxTexts.nothingDecided)], place: null }]
          : inbox.decided.map((one) => ({ line: decidedLine(one), place: placeOf(one.action) })),
    },
    footnotes: [...(inbox.waiting.length === 0 ? [] : [say.orderNote]), say.asOfNote(inbox.at)],
    fallback: showText(plain(intro), 300),
  };
}

/** Nothing is listed, and why. */
export function emptyInbox(why: Line): InboxCard {
  return {
    kind: 'inbox',
    heading: say.inboxTexts.heading,
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
    heading: say.rowHeading(number, action.type, subjectOf(action)),
    lines: [
      [foreign(action.title, 200)],
      say.rowStanding(action.severity, at - Date.parse(action.requestedAt), approvalsOf(action)),
      say.decideByText(action.expiresAt, Date.parse(action.expiresAt) - at),
      ...(forName === null ? [] : [remindedForLine(forName)]),
    ],
    place,
  };
}

const approvalsOf = ({ needed, approvals }: RemediationAction): Line =>
  say.approvalsText(
    approvals.map(({ actor }) => actor.displayName),
    needed,
  );

function decidedLine({ action, decision }: DecidedByPerson): Line {
  const heading = `${catalogue[action.type].label}: ${subjectOf(action)}`;
  return say.decidedText(decision.verb, heading, decision.decidedAt, standingText(action));
}

/**
 * Neutral pictures of an action: plain data that Slack and Teams each draw in their own way. Pure; everything a card says comes from the record
 * and the context. Text from outside is marked `foreign` (show.ts) and never becomes a link, a mention or markup.
 */
import { type ActionType, Decision } from '../action-center/action.ts';
import { whyNotCancellable, whyNotRetriable } from '../action-center/again-bars.ts';
import type { BatchVerb } from '../action-center/batch.ts';
import type { BlastRadius } from '../action-center/blast-radius.ts';
import { type BackendName, catalogue, mayCarryOut } from '../action-center/catalogue.ts';
import { isTooOldToHunt } from '../action-center/hunt.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import type { GroupPress, MemberChoice } from '../action-center/plan-group.ts';
import type { AuditEvent, Barred } from '../action-center/ports.ts';
import { whyNotUndoable } from '../action-center/undoable.ts';
import { cancelConfirm, cancelNoted, retryConfirm, retryNoted } from './again-words.ts';
import { factsOf } from './card-facts.ts';
import * as say from './card-words.ts';
import type { DrawnPicture } from './chart.ts';
import type { DigestCard } from './digest-card.ts';
import { elsewhereParts } from './elsewhere-words.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { runHereLabel } from './hunt-words.ts';
import { disarm, foreign, type Line, plain, showText } from './show.ts';
import { undoConfirm } from './undo-words.ts';
import { barredFootnote, type Confirm, confirmTexts, standingText } from './words.ts';

export type CardContext = {
  now: Date;
  /** Advanced hunting with the query filled in; null when there is nothing (left) to hunt for. */
  huntUrl: string | null;
  /** Whether the query can be run from here. */
  runHere?: boolean;
  /** How far it has spread, once that is known. */
  evidence?: BlastRadius | null;
  portal: { actionCenter: string } & Partial<Record<'incident' | 'alert' | 'investigation' | EntityPage, string>>;
  backend: BackendName;
  globalAdministratorMayDecide: boolean;
  /** The policy keeps this action out of chat. */
  barred?: Barred | null;
  /** The policy asks for a reason with every approval of it. */
  approvalNeedsReason?: boolean;
  /** And with its undo. */
  undoNeedsReason?: boolean;
};

/** Pages of what is acted on. */
export type EntityPage = 'device' | 'file' | 'user' | 'email' | 'url' | 'ip';

/** `onlyLinks`: a renderer without room for links leaves it out. */
export type Fact = { label: string; value: Line; onlyLinks?: true };

/** What a press is bound to. Comes back as data; it carries no authority. */
export type Pressed = { actionId: string; digest: string; version: number };

export type CardButton =
  | {
      kind: 'approve';
      label: string;
      describes: string;
      pressed: Pressed;
      confirm: Confirm | null /** A dialog asks why. */;
      asksWhy?: true;
    }
  | { kind: 'reject'; label: string; describes: string; pressed: Pressed }
  | { kind: 'undo'; label: string; describes: string; pressed: Pressed; confirm: Confirm; asksWhy?: true }
  | { kind: 'cancel'; label: string; describes: string; pressed: Pressed; confirm: Confirm }
  | { kind: 'retry'; label: string; describes: string; pressed: Pressed; confirm: Confirm }
  /** Asks, in private, what else could be undone with it. */
  | { kind: 'more'; label: string; describes: string; pressed: Pressed }
  | { kind: 'hunt'; label: string; describes: string; url: string }
  /** Runs the hunting query and answers under the card. It decides nothing. */
  | { kind: 'run'; label: string; describes: string; pressed: Pressed }
  | { kind: 'portal'; label: string; describes: string; url: string };

export type ActionCard = {
  kind: 'action';
  actionId: string;
  version: number;
  /** The action type and what it is about; a question while somebody has to answer it. */
  heading: string;
  title: Line;
  /** Where the action stands, in words. */
  standing: Line;
  /** What changed since the card was first shown. */
  notice: Line | null;
  facts: Fact[];
  /** Every entity the decision is about; a renderer without room says how many it left out. */
  evidence: Evidence[];
  /** Free text with line breaks. */
  details: string | null;
  /** What pressing really does, and what cannot be done from here. */
  footnotes: Line[];
  buttons: CardButton[];
  /** One sentence for notifications and screen readers, at most 300 characters. */
  fallback: string;
};

/** Text that is safe to show, and shown literally. */
export type NoteTable = { columns: string[]; rows: string[][] };
export type NoteCard = { kind: 'note'; lines: Line[]; table?: NoteTable; picture?: DrawnPicture; fallback: string };

/** How far many decisions are that were confirmed at once. */
export type BatchCard = {
  kind: 'batch';
  heading: string;
  standing: Line;
  facts: Fact[];
  /** What failed or was refused, one line each. */
  setbacks: Line[];
  footnotes: Line[];
  isRunning: boolean;
  fallback: string;
};

export type AskButton =
  | { kind: 'undo'; label: string; pressed: Pressed }
  /** `name` tells the buttons of one question apart. */
  | { kind: 'begin'; name: string; label: string; batchId: string; verb: BatchVerb }
  | { kind: 'bulk'; label: string; type: ActionType }
  | { kind: 'members'; label: string; choice: MemberChoice };

/** A question for one person alone; without a press nothing happens. */
export type AskCard = { kind: 'ask'; lines: Line[]; buttons: AskButton[]; fallback: string };

/** Bound to what the card showed. Both ask once more before anything is decided. */
export type GroupButton =
  | { kind: 'reviewGroup'; label: string; describes: string; pressed: GroupPress }
  | { kind: 'decideGroup'; label: string; describes: string; pressed: GroupPress; type: ActionType; verb: 'approve' | 'reject' };

/** One card for many actions that have none of their own. */
export type GroupCard = {
  kind: 'group';
  groupId: string;
  version: number;
  heading: string;
  standing: Line;
  facts: Fact[];
  /** On what they act most. */
  top: Fact[];
  footnotes: Line[];
  buttons: GroupButton[];
  isOpen: boolean;
  fallback: string;
};

export type Card = ActionCard | NoteCard | BatchCard | AskCard | GroupCard | DigestCard;

const fallbackLimit = 300;

export function cardFor(action: RemediationAction, context: CardContext): ActionCard {
  const heading = say.headingText(action);
  const open = isOpen(action);
  return {
    kind: 'action',
    actionId: action.id,
    version: action.version,
    heading: open ? say.askedText(heading) : heading,
    title: [foreign(action.title, 300)],
    standing: standingText(action),
    notice: open && action.scopeNote !== null ? say.changedText(action.scopeNote) : null,
    facts: factsOf(action, context),
    evidence: action.entities.map(evidenceOf),
    details: action.details === undefined || action.details === '' ? null : disarm(showText(action.details, 4000, { lines: true })),
    footnotes: footnotesOf(action, context),
    buttons: buttonsOf(action, context, heading),
    fallback: showText(say.fallbackText(action, { isOpen: open, standing: plain(standingText(action)) }), fallbackLimit),
  };
}

/** What is said in the thread of a card when something happened to its action. */
export function noteFor(event: AuditEvent, action: RemediationAction): NoteCard {
  const lines = [noteLine(event, action)];
  const message = event.data['message'];
  if (typeof message === 'string' && message !== '') lines.push(say.noteTexts.backendSays(message));
  return { kind: 'note', lines, fallback: showText(lines.map(plain).join(' '), fallbackLimit) };
}

function noteLine(event: AuditEvent, action: RemediationAction): Line {
  const { kind, data } = event;
  const { status, verb, cancels, retries } = data;
  if (kind === 'outcome' && typeof status === 'string') return say.noteTexts.outcome(action, { status, verb });
  if (kind === 'decided' && (cancels !== undefined || retries !== undefined)) {
    // Who it was stands in the record of the decision.
    const by = Decision.safeParse(data).data?.actor.displayName ?? null;
    return say.noteTexts.again(action, cancels === undefined ? retryNoted : cancelNoted, by);
  }
  if (kind === 'decidedElsewhere') return say.noteTexts.elsewhere(action, elsewhereParts(event));
  if (kind === 'superseded') return say.noteTexts.superseded(action);
  if (kind === 'expired') return say.noteTexts.expired(action);
  return say.noteTexts.standing(action, standingText(action));
}

function footnotesOf(action: RemediationAction, context: CardContext): Line[] {
  const notes: Line[] = [];
  if (isOpen(action) && context.barred) {
    notes.push(barredFootnote(context.barred.because));
  } else if (isOpen(action) && !mayCarryOut(action, context.backend)) {
    notes.push(say.noApiText);
  } else if (isOpen(action)) {
    notes.push(say.executionTexts[context.backend]);
  } else if (context.backend === 'simulator') {
    notes.push(say.executionTexts.simulator);
  }
  if (context.huntUrl === null) notes.push(say.noHuntText(isTooOldToHunt(action.requestedAt, context.now) ? 'too-old' : 'nothing-to-hunt'));
  return [...notes, say.actionIdText(action.id)];
}

function buttonsOf(action: RemediationAction, context: CardContext, describes: string): CardButton[] {
  const row = catalogue[action.type];
  const pressed = { actionId: action.id, digest: action.scopeDigest, version: action.version };
  const hunt = huntButtons(context, describes, pressed);
  if (!isOpen(action)) return [...againButtons(action, context, describes), ...undoButtons(action, context, describes), ...hunt];
  if (context.barred || !mayCarryOut(action, context.backend)) {
    return [{ kind: 'portal', label: say.buttonLabels.decideInDefender, describes, url: context.portal.actionCenter }, ...hunt];
  }
  const asksWhy = context.approvalNeedsReason === true;
  // The dialog that asks why says what the confirmation would.
  const careful = !asksWhy && (!row.reversible || row.risk !== 'normal');
  const confirm = careful ? confirmTexts(action, describes, context.backend) : null;
  return [
    { kind: 'approve', label: row.approveLabel, describes, pressed, confirm, ...(asksWhy ? { asksWhy } : {}) },
    { kind: 'reject', label: say.buttonLabels.reject, describes, pressed },
    ...hunt,
  ];
}

function huntButtons({ huntUrl, runHere }: CardContext, describes: string, pressed: Pressed): CardButton[] {
  if (huntUrl === null) return [];
  const run: CardButton[] = runHere ? [{ kind: 'run', label: runHereLabel, describes, pressed }] : [];
  return [{ kind: 'hunt', label: say.buttonLabels.hunt, describes, url: huntUrl }, ...run];
}

/** Stop what runs, try again what came to nothing. */
function againButtons(action: RemediationAction, { backend, now, barred }: CardContext, describes: string): CardButton[] {
  if (barred) return [];
  const common = { describes, pressed: { actionId: action.id, digest: action.scopeDigest, version: action.version } };
  if (whyNotCancellable(action, backend) === null)
    return [{ kind: 'cancel', label: say.buttonLabels.cancel, ...common, confirm: cancelConfirm(describes, backend) }];
  if (whyNotRetriable(action, { backend, now }) === null)
    return [{ kind: 'retry', label: say.buttonLabels.retry, ...common, confirm: retryConfirm(action, describes, backend) }];
  return [];
}

function undoButtons(action: RemediationAction, { backend, now, barred, undoNeedsReason }: CardContext, describes: string): CardButton[] {
  if (barred || whyNotUndoable(action, { backend, now }) !== null) return [];
  const pressed = { actionId: action.id, digest: action.scopeDigest, version: action.version };
  const undo: CardButton = {
    kind: 'undo',
    label: say.buttonLabels.undo,
    describes,
    pressed,
    confirm: undoConfirm(action, describes, backend),
    ...(undoNeedsReason ? { asksWhy: true } : {}),
  };
  if (action.type !== 'stopAndQuarantineFile') return [undo];
  return [undo, { kind: 'more', label: say.buttonLabels.undoMore, describes, pressed }];
}

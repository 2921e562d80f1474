/** What people read when they are reminded. It is drawn when it is posted, so that it says what is true then; what was decided meanwhile is left out. */
import type { Platform } from '../action-center/action.ts';
import { catalogue, severityLabels } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { Reminding } from '../action-center/reminder-ports.ts';
import type { NoteCard } from './card.ts';
import { written } from './command-words.ts';
import { subjectOf } from './evidence.ts';
import { approvalsText, countdownText, rowStanding } from './inbox-words.ts';
import { foreign, type Line, listed, plain, showText, strong, time, words } from './show.ts';

const fallbackLimit = 300;
/** More in one message nobody reads; the rest is counted. */
export const remindersNamed = 8;

export type ReminderContext = {
  note: AuditEvent;
  /** Said under the card of the action it is about. */
  isThread: boolean;
  platform: Platform;
  now: Date;
  linkTo: (action: RemediationAction) => string | null;
};

type Item = Reminding['items'][number];

export function reminderCard({ items, total }: Reminding, context: ReminderContext): NoteCard {
  const [first] = items;
  const lines = first === undefined ? over : total === 1 ? oneLines(first, context) : manyLines(items, total, context);
  const all = [...lines, ...standInLines(context.note)];
  return { kind: 'note', lines: all, fallback: showText(all.map(plain).join(' '), fallbackLimit) };
}

const over: Line[] = [[words('What this reminded of waits no longer: it was decided, or its deadline has passed.')]];

function oneLines({ action, kind }: Item, context: ReminderContext): Line[] {
  const { now, isThread } = context;
  const left = countdownText(Date.parse(action.expiresAt) - now.getTime());
  const deadline: Line = [words(' Decide before '), time(action.expiresAt), words('.')];
  const head =
    kind === 'warned'
      ? [strong(`The deadline is near: it expires ${left} if nobody decides.`), ...deadline]
      : [strong(kind === 'reminded' ? 'Reminder: nobody has decided this yet.' : 'This still waits for a decision.'), ...deadline];
  const about = isThread ? [] : [[...nameOf(action), ...linkPart(action, context)]];
  return [head, ...about, factsOf(action, context), ...(kind === 'warned' ? [expiryLine] : [])];
}

const expiryLine: Line = [words('What expires is not carried out, and nobody is shown as having rejected it.')];

function factsOf(action: RemediationAction, { now }: ReminderContext): Line {
  const names = action.approvals.map(({ actor }) => actor.displayName);
  const age = now.getTime() - Date.parse(action.requestedAt);
  return [...rowStanding(action.severity, age, approvalsText(names, action.needed)), words('.')];
}

function manyLines(items: readonly Item[], total: number, context: ReminderContext): Line[] {
  const isWarning = items.some(({ kind }) => kind === 'warned');
  const head = strong(
    isWarning ? `${total} actions wait for a decision; the first expires soon.` : `${total} actions wait for a decision.`,
  );
  const rows = items.map(({ action }): Line => {
    const left = countdownText(Date.parse(action.expiresAt) - context.now.getTime());
    return [
      ...nameOf(action),
      words(` (${severityLabels[action.severity].toLowerCase()} severity), to be decided ${left}`),
      ...linkPart(action, context),
    ];
  });
  const command = written[context.platform](context.note.data['isPrivate'] === true ? 'inbox' : 'pending');
  const more = total - items.length;
  const rest: Line = [...(more > 0 ? [words(`And ${more} more. `)] : []), strong(command), words(' lists what waits.')];
  return [[head], ...rows, rest];
}

const nameOf = (action: RemediationAction): Line => [words(`${catalogue[action.type].label}: `), foreign(subjectOf(action), 120)];

function linkPart(action: RemediationAction, { linkTo }: ReminderContext): Line {
  const url = linkTo(action);
  return url === null ? [] : [words(', '), { kind: 'link', text: 'open the card', url }];
}

function standInLines({ data }: AuditEvent): Line[] {
  const names = Array.isArray(data['standsInFor']) ? data['standsInFor'].map((name) => plain([foreign(String(name), 100)])) : [];
  return names.length === 0 ? [] : [standInLine(listed(names, 'and'))];
}

/** Why somebody is told what is another one's. */
export const standInLine = (name: string): Line => [
  words('You are told because you stand in for '),
  foreign(name, 400),
  words('. You decide with your own roles alone.'),
];

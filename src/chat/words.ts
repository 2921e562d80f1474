/**
 * Every sentence a person reads. A refusal says what happened, what is missing and what to do now, in one or two calm sentences. "Nothing was
 * decided" is said only where it is certain; otherwise a sentence speaks of the press alone.
 */
import type { ActionStatus, Decision, OutcomeStatus, Platform, ReasonVerb, Role, Verb } from '../action-center/action.ts';
import { type BackendName, catalogue } from '../action-center/catalogue.ts';
import type { Decided } from '../action-center/decide.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import { roleLabels } from '../action-center/permissions.ts';
import type { PersonRefusal, Refusal } from '../action-center/refusal.ts';
import { notCancellableText, notRetriableText } from './again-words.ts';
import { subjectOf } from './evidence.ts';
import { foreign, type Line, listed, time, words } from './show.ts';
import { mixedTypesText, nothingToConfirmText, notUndoableText, tooManyText, undoFailedTexts } from './undo-words.ts';

export type WordsContext = { platform: Platform };

export const platformLabels: Record<Decision['platform'], string> = { slack: 'Slack', teams: 'Teams', cli: 'the command line' };

/** For whoever has a message read to them. */
export const spokenTexts = { buttons: 'Buttons:', cut: 'There is more in the message itself.' };

const done: Record<Verb, string> = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' };
const doing: Record<Verb, string> = { approve: 'approve', reject: 'reject', undo: 'undo', cancel: 'cancel' };

/** Where an action stands. */
export function standingText(action: RemediationAction): Line {
  const { status } = action;
  if (status === 'completed' && action.decision.verb === 'undo') return [words(undoFailedTexts[action.outcome.status])];
  return [words(status === 'pending' || status === 'awaitingSecondApproval' ? openText(action) : closedTexts[status])];
}

function openText(action: RemediationAction): string {
  if (action.needed === 1) return 'Waiting for a decision.';
  return action.approvals.length === 0
    ? `Waiting for ${action.needed} approvals.`
    : `${action.approvals.length} of ${action.needed} approvals given; waiting for another person.`;
}

const closedTexts: Record<Exclude<ActionStatus, 'pending' | 'awaitingSecondApproval'>, string> = {
  queued: 'Approved; waiting to be carried out.',
  inProgress: 'Approved; being carried out now.',
  completed: 'Approved and completed.',
  partiallyCompleted: 'Approved, but only partly completed.',
  failed: 'Approved, but carrying it out failed.',
  timedOut: 'Approved, but no result came in time; look in Defender whether it took effect.',
  cancelled: 'Approved, then cancelled before it was done.',
  rejected: 'Rejected; it is not carried out.',
  expired: 'Expired: nobody decided before the deadline. Nobody rejected it.',
  superseded: 'Superseded by a newer action; no decision is needed here any more.',
  decidedElsewhere: 'Decided elsewhere, for example in Defender itself.',
  undoQueued: 'Completed; its undo is on the way.',
  undone: 'Completed, then undone.',
};

const outcomeTexts: Record<OutcomeStatus, string> = {
  inProgress: 'In progress.',
  completed: 'Completed.',
  partiallyCompleted: 'Only partly completed.',
  failed: 'Failed.',
  timedOut: 'Timed out.',
  cancelled: 'Cancelled.',
  undone: 'Undone.',
};

export const outcomeText = (status: string, verb?: unknown): string =>
  verb === 'undo' && Object.hasOwn(undoFailedTexts, status) ? undoFailedTexts[status as OutcomeStatus] : plainOutcomeText(status);

const plainOutcomeText = (status: string): string =>
  Object.hasOwn(outcomeTexts, status) ? outcomeTexts[status as OutcomeStatus] : 'Outcome reported.';

/** Combinations of three are rare and long to read; they are named only where there is nothing shorter. */
export function usualCombinations(combinations: readonly Role[][]): readonly Role[][] {
  const usual = combinations.filter((combination) => combination.length <= 2);
  return usual.length > 0 ? usual : combinations;
}

/** `Security Administrator and Search and Purge, or Global Administrator`. */
export function rolesText(combinations: readonly (readonly Role[])[]): string {
  const each = combinations.map((combination) =>
    listed(
      combination.map((role) => roleLabels[role]),
      'and',
    ),
  );
  const last = each.length > 1 ? ` or ${each.at(-1)}` : '';
  return each.length > 1 ? `${each.slice(0, -1).join(', ')},${last}` : (each[0] ?? 'no role that exists here');
}

/** What the clicker is told in private when the answer is no. */
export function refusalText(refusal: Refusal, { platform }: WordsContext): Line {
  const about = personRefusalText(refusal, `${platformLabels[platform]} account`);
  return about ?? actionRefusalText(refusal as Exclude<Refusal, PersonRefusal>);
}

/** Null: it is not about who somebody is. */
function personRefusalText(refusal: Refusal, account: string): Line | null {
  switch (refusal.kind) {
    // The same words whether nobody or nobody suitable was found: an answer here must not tell which addresses exist.
    case 'unknown-person':
      if (refusal.connect !== undefined) return say(connectText(refusal.connect, account, 'This press decided nothing'));
      return say(
        `Your ${account} is not connected to a person who may decide. This press decided nothing; ask your Countersign administrators to connect it.`,
      );
    case 'ambiguous-person':
      return say(
        `Your ${account} cannot be matched to exactly one person. This press decided nothing; ask your Countersign administrators to connect it.`,
      );
    case 'disabled-person':
      return say('Your account is disabled in the directory, so this press decided nothing. Ask your identity administrators about it.');
    case 'guest':
      return say('Guest accounts cannot decide, so this press decided nothing. Please ask a member of your organisation.');
    case 'external-person':
      return say(
        'Your account belongs to another organisation, so this press decided nothing. Please ask somebody of the organisation that owns this card.',
      );
    case 'bot':
      return say('Apps and bots cannot decide, so this press decided nothing.');
    case 'identity-unavailable':
      return say(
        `Who you are could not be checked, because ${serviceText(refusal.service)} did not answer. This press decided nothing; please press again in a minute.`,
      );
    default:
      return null;
  }
}

function actionRefusalText(refusal: Exclude<Refusal, PersonRefusal>): Line {
  switch (refusal.kind) {
    case 'not-found':
      return say(
        'This card belongs to an action that is not in the record, so this press decided nothing. Look in the Action center in Defender.',
      );
    case 'decide-in-defender':
      return say(
        'This type of action cannot be carried out from here, so nothing was decided. Please open it in Defender and decide there.',
      );
    case 'not-undoable':
      return notUndoableText(refusal.bar, refusal.byYou);
    case 'not-cancellable':
      return notCancellableText(refusal.bar);
    case 'not-retriable':
      return notRetriableText(refusal.bar);
    case 'mixed-action-types':
      return mixedTypesText(refusal.types);
    case 'too-many':
      return tooManyText(refusal.most);
    case 'nothing-to-confirm':
      return nothingToConfirmText(refusal.why);
    case 'comment-needed':
      return commentNeededText(refusal.verb);
    case 'barred':
      return barredText(refusal.because);
    case 'sign-in-needed':
      return signInText(refusal.url, refusal.withinMs);
    case 'expired':
      return [
        words('The deadline passed at '),
        time(refusal.expiresAt),
        words(', so nothing was decided: the action is expired, not rejected. If it is still needed, have it raised again.'),
      ];
    case 'scope-changed':
      return scopeChangedText(refusal.note);
    case 'second-approver-needed':
      return secondApproverText(refusal.approvals, refusal.needed);
    case 'own-request':
      return say(
        `You asked for this action yourself, so your approval is none of the ${refusal.needed} it needs, and this press decided nothing. You may reject it; approving takes other people.`,
      );
    case 'not-permitted':
      return notPermittedText(refusal);
    case 'already-decided':
      return alreadyDecidedText(refusal);
  }
}

const say = (text: string): Line => [words(text)];

/** Where people connect their accounts themselves. */
export const connectText = (connect: 'now' | 'again', account: string, result: string): string =>
  connect === 'now'
    ? `Your ${account} is not connected to a person yet. ${result}; type /actions link to connect it, which takes a minute.`
    : `The connection of your ${account} has run out. ${result}; type /actions link to renew it, which takes a minute.`;

function commentNeededText(verb: ReasonVerb): Line {
  if (verb === 'reject')
    return say('A rejection needs a reason, so this press decided nothing. Please press Reject again and write one sentence why.');
  const what = verb === 'approve' ? 'An approval' : 'The undo';
  return say(
    `${what} of this action needs a reason, so this press decided nothing. Please press the button on the newest card and write one sentence why.`,
  );
}

const becauseText = (because: string | null): Line => (because === null ? [] : [words('Because: '), foreign(because), words('. ')]);

const barredText = (because: string | null): Line => [
  words('By policy this type of action is not decided in chat, so nothing was decided. '),
  ...becauseText(because),
  words('Please open it in Defender and decide there.'),
];

/** What the card says under an action that is barred. */
export const barredFootnote = (because: string | null): Line => [
  words('By policy this type of action is not decided in chat: it has to be decided in Defender. '),
  ...becauseText(because),
];

function signInText(url: string, withinMs: number): Line {
  const minutes = Math.max(1, Math.round(withinMs / 60_000));
  return [
    words(
      `The asset is protected: deciding about it needs a sign-in of yours in the last ${minutes === 1 ? 'minute' : `${minutes} minutes`}. Nothing was decided yet. `,
    ),
    ...(url === ''
      ? [words('Press the button on its card to sign in.')]
      : [{ kind: 'link' as const, text: 'Sign in', url }, words(' (this link is for you alone and works once), then press again.')]),
  ];
}

const serviceTexts: Record<string, string> = {
  directory: 'the directory',
  slack: 'Slack',
  teams: 'Teams',
  store: 'the record',
  'sign-in': 'the sign-in',
};
export const serviceText = (service: string) =>
  Object.hasOwn(serviceTexts, service) ? (serviceTexts[service] ?? '') : 'a service it needs';

function scopeChangedText(note: string | null): Line {
  const because: Line = note === null ? [words('What this card showed has changed. ')] : [foreign(note, 300), words(' ')];
  return [...because, words('Nothing was decided. The card is being redrawn; please read it again and press once more.')];
}

function secondApproverText(approvals: readonly Decision[], needed: number): Line {
  return say(`Your approval is recorded already: ${approvals.length} of ${needed}. The next one has to come from a different person.`);
}

function notPermittedText({ verb, missing, deviceGroup, eligible, deciders = [] }: Extract<Refusal, { kind: 'not-permitted' }>): Line {
  const line: Line = [];
  if (eligible !== undefined) {
    return say(
      `To ${doing[verb]} this you need ${rolesText([eligible])}, for which you are eligible but which is not active. This press decided nothing; activate your role first (in Privileged Identity Management), then press again.`,
    );
  }
  // With roles enough, only the device group stands in the way.
  if (missing.length > 0) line.push(words(`To ${doing[verb]} this you also need ${rolesText(usualCombinations(missing).slice(0, 4))}. `));
  if (deviceGroup === 'unknown')
    line.push(words('You may act on some device groups only, and the group of a device in this action is not known. '));
  else if (deviceGroup !== undefined) line.push(words('You may not act on devices of the group '), foreign(deviceGroup, 100), words('. '));
  if (line.length === 0) line.push(words(`Nobody can ${doing[verb]} this with the present settings. `));
  line.push(words('This press decided nothing. '));
  const wanted = missing.length > 0 ? 'the role (or to activate it for you)' : 'the permission';
  if (deciders.length === 0) return [...line, words(`Please ask somebody who may decide, or an administrator for ${wanted}.`)];
  return [
    ...line,
    words('Please ask '),
    ...namesLine(deciders),
    words(` (they may, and decided lately), or an administrator for ${wanted}.`),
  ];
}

const namesLine = (names: readonly string[]): Line =>
  names.flatMap((name, index) => {
    const separator = index === names.length - 1 ? ' or ' : ', ';
    return [...(index === 0 ? [] : [words(separator)]), foreign(name, 100)];
  });

function alreadyDecidedText({ status, decision, byYou, repeated }: Extract<Refusal, { kind: 'already-decided' }>): Line {
  const standing = words(status === 'pending' || status === 'awaitingSecondApproval' ? 'It is open again.' : closedTexts[status]);
  if (decision === null) return [standing, words(' Your press changed nothing.')];
  const when = [time(decision.decidedAt), words('. ')];
  const what = done[decision.verb];
  if (repeated) return [words(`You ${what} this already, at `), ...when, words('It counts once. '), standing];
  if (byYou) return [words(`You ${what} this yourself, at `), ...when, words('A decision is final. '), standing];
  return [
    foreign(decision.actor.displayName, 100),
    words(` ${what} this already, at `),
    ...when,
    standing,
    words(' Your press changed nothing.'),
  ];
}

/** What the clicker is told in private once the decision is in the record. */
export function recordedText({ action, decision }: Decided): Line {
  const about = foreign(`${catalogue[action.type].label}: ${subjectOf(action)}`, 150);
  if (decision.verb === 'cancel') return [words('Recorded: you asked to stop '), about, words('. The card shows whether it came in time.')];
  if (decision.verb === 'undo') return [words('Recorded: you asked to undo '), about, words('. The card shows what becomes of it.')];
  if (decision.verb === 'reject') return [words('Recorded: you rejected '), about, words('. It will not be carried out.')];
  if (isOpen(action)) {
    const count = `${action.approvals.length} of ${action.needed}`;
    return [words('Recorded: you approved '), about, words(`, ${count}. It starts when a different person approves it too.`)];
  }
  return [words('Recorded: you approved '), about, words('. The card shows what becomes of it.')];
}

export const stillChecking: Line = say('Still checking. You get the result here as soon as it is known.');
/** Where an answer has no room for a link. */
export const linkFollows: Line = say(
  'Nothing was decided yet: you have to sign in first. The link comes in a message that only you can see.',
);
export const storeFailed: Line = say(
  'The record did not answer, so your press may or may not be recorded. Watch the card, or press again: pressing twice is safe.',
);
export const seePrivate: Line = say('What could be undone with it was sent to you in private. Nothing was changed yet.');
export const outOfDate: Line = say(
  'This card is out of date, so this press decided nothing. Please use the newest card of this action, or Defender.',
);
export const cardGone: Line = say(
  'This card belongs to nothing in the record any more. Please use the newest card of this action, or Defender.',
);
export const notNewest: Line = say(
  'The newest state of this card could not be read, so it may show an old one. Nothing was decided by this.',
);
export const pressAgain: Line = say(
  'The dialog could not be opened in time, so nothing was decided by this press. Please press the button again.',
);

export const notOfferedText = 'Countersign does not offer this.';

/** For what should never happen; the id finds it in the log. */
export function bugText(id: string): Line {
  return say(
    `Something went wrong on our side (${id}), and your press may or may not be recorded. Watch the card, or press again: pressing twice is safe.`,
  );
}

export type Confirm = { title: string; text: string; yes: string; no: string };

/** Asked once more before something that cannot, or not easily, be taken back. */
export function confirmTexts(action: RemediationAction, heading: string, backend: BackendName): Confirm {
  const row = catalogue[action.type];
  const others = action.needed - action.approvals.length - 1;
  const start =
    others > 0
      ? `It starts after ${others === 1 ? 'one more person' : `${others} more people`} approved. `
      : 'It starts right after this. ';
  const undo = row.reversible ? 'It can be undone later, but it takes effect at once.' : 'It cannot be undone.';
  const real = backend === 'simulator' ? ' Simulated: nothing real is touched.' : '';
  return { title: row.approveLabel, text: `${heading}. ${start}${undo}${real}`, yes: 'Approve', no: 'Go back' };
}

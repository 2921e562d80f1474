/** Every sentence about many actions at once: what would happen, what is happening, what became of it. */
import type { ActionType } from '../action-center/action.ts';
import type { Batch, BatchVerb } from '../action-center/batch.ts';
import type { BulkPlan, OpenType, RadiusKind } from '../action-center/bulk.ts';
import { type BackendName, catalogue } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { subjectOf } from './evidence.ts';
import { leftOutOfGroupText } from './group-words.ts';
import { disarm, exact, foreign, type Line, listed, plain, strong, words } from './show.ts';
import { undoEffect } from './undo-words.ts';
import { platformLabels } from './words.ts';

const say = (text: string): Line => [words(text)];
/** So many are named; the rest is a number. */
export const namedMost = 10;

const verbs: Record<BatchVerb, { title: string; done: string; doing: string }> = {
  approve: { title: 'Approve', done: 'carried out', doing: 'approve' },
  reject: { title: 'Reject', done: 'rejected', doing: 'reject' },
  undo: { title: 'Undo', done: 'undone', doing: 'undo' },
};

const countOf = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

export const batchHeading = ({ verb, type, total }: Pick<Batch, 'verb' | 'type' | 'total'>): string =>
  `${verbs[verb ?? 'approve'].title} ${countOf(total, 'action')}: ${catalogue[type].label}`;

export function batchStanding({ status, total, counts, verb }: Batch): string {
  const ended = total - counts.waiting - counts.decided;
  if (status === 'running') return `Under way: ${ended} of ${total} have come to an end.`;
  const { done } = verbs[verb ?? 'approve'];
  const parts = [
    `${counts.done} ${done}`,
    ...(counts.shared > 0 ? [`${counts.shared} approved and waiting for another person`] : []),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.refused > 0 ? [`${counts.refused} refused`] : []),
  ];
  return `Finished: ${listed(parts, 'and')}.`;
}

export const counterLabels = {
  done: 'Done',
  failed: 'Failed',
  refused: 'Refused',
  left: 'Left',
  shared: 'Waiting for another person',
} as const;

export const batchLabels = { askedForBy: 'Asked for by', reason: 'Reason', begun: 'Begun', finished: 'Finished' } as const;

export const askedForByText = ({ actor, platform }: Pick<Batch, 'actor' | 'platform'>): Line => [
  foreign(actor.displayName, 100),
  words(' ('),
  exact(actor.upn),
  words(`) in ${platformLabels[platform]}`),
];

export const batchIdText = (id: string): Line => [words('Batch '), exact(id, 64)];

/** `what`: which action of the batch. */
export const refusedSetback = (what: Line, why: Line | null): Line => [
  ...what,
  words(', refused: '),
  ...(why ?? [words('no reason is known.')]),
];
export const failedSetback = (what: Line, message: string | null): Line => [
  ...what,
  ...(message === null ? [words(', failed.')] : [words(', failed: '), foreign(message, 300)]),
];

export const moreSetbacks = (n: number): Line =>
  say(`And ${countOf(n, 'more', 'more')} that failed or ${n === 1 ? 'was' : 'were'} refused.`);

/** The names of devices, mailboxes or users, the first few of them. */
function subjectsLine(actions: readonly RemediationAction[]): Line {
  const named = actions
    .slice(0, namedMost)
    .flatMap((action, index): Line => [...(index === 0 ? [] : [words(', ')]), foreign(placeOf(action), 80)]);
  const left = actions.length - namedMost;
  return left > 0 ? [...named, words(` and ${left} more`)] : named;
}

/** Of many actions with the same file it is the device that tells them apart. */
function placeOf(action: RemediationAction): string {
  const device = action.entities.find((entity) => entity.type === 'device');
  return device?.name ?? action.asset ?? device?.deviceId ?? subjectOf(action);
}

export const undoTexts = {
  one: 'Undo',
  single: (action: RemediationAction, backend: BackendName): Line[] => [
    [strong('To be undone: '), words(`${catalogue[action.type].label}: `), foreign(subjectOf(action), 150), words('.')],
    say(`${undoEffect(action.type, backend)} Nothing has been changed yet.`),
  ],
  many: (actions: readonly RemediationAction[], type: ActionType, backend: BackendName): Line[] => [
    [
      strong(`To be undone: ${countOf(actions.length, 'action')} of the type “${catalogue[type].label}”, on `),
      ...subjectsLine(actions),
      words('.'),
    ],
    say(`${undoEffect(type, backend)} Nothing has been changed yet.`),
  ],
  manyButton: (n: number): string => `Undo all ${n}`,
  more: (others: readonly RemediationAction[]): Line => [
    strong(`${countOf(others.length, 'more instance')} of this file`),
    words(others.length === 1 ? ' is quarantined: on ' : ' are quarantined: on '),
    ...subjectsLine(others),
    words('.'),
  ],
  moreButton: (n: number): string => `Undo this and ${n} more`,
  noMore: say('No other instance of this file is known here as quarantined.'),
  leftOut: (n: number): Line => say(`${countOf(n, 'action')} that you named ${n === 1 ? 'is' : 'are'} left out:`),
  leftOutMore: (n: number): Line => say(`And ${n} more.`),
} as const;

/** What the person hears when they confirmed. */
export function begunText({ verb, total, conversation }: Batch): Line {
  const where =
    conversation === null ? 'Ask for each action to see what became of it.' : 'A card here counts along until all have come to an end.';
  return say(`Recorded: you asked to ${verbs[verb ?? 'approve'].doing} ${countOf(total, 'action')}. ${where}`);
}

const radiusTexts: Record<RadiusKind, [one: string, many: string]> = {
  devices: ['device', 'devices'],
  mailboxes: ['mailbox', 'mailboxes'],
  users: ['user', 'users'],
  files: ['file', 'files'],
  emails: ['email', 'emails'],
  addresses: ['URL or IP address', 'URLs or IP addresses'],
  others: ['other item', 'other items'],
};

export const bulkTexts = {
  title: 'Several at once',
  intro: say('Which type? Several actions can be decided at once when they are of the same type.'),
  none: say('Nothing of a kind that you may decide waits for a decision in this conversation.'),
  typeButton: ({ type, count }: OpenType): string => `${catalogue[type].label} (${count})`,
  choose: (type: ActionType, shown: number, total = shown): Line[] => [
    [
      strong(catalogue[type].label),
      words(`: ${countOf(total, 'action')} ${total === 1 ? 'waits' : 'wait'} for a decision here. Nothing is decided by choosing.`),
    ],
    ...(total > shown ? [say(`The list shows the ${shown} of them that you may decide with the nearest deadlines.`)] : []),
  ],
  chosen: 'Actions',
  chooseSome: 'Please choose at least one action.',
  next: 'Next',
  option: (action: RemediationAction): string => disarm(`${placeOf(action)}: ${action.title}`),
  radius: ({ actions, type, radius: { kinds, irreversible }, leftOut }: BulkPlan): Line[] => [
    [strong(`${countOf(actions.length, 'action')}: ${catalogue[type].label}. `), words('On '), ...subjectsLine(actions), words('.')],
    [
      strong('If all are approved, this hits '),
      words(
        `${
          listed(
            kinds.map(({ kind, count }) => `${count} ${radiusTexts[kind][count === 1 ? 0 : 1]}`),
            'and',
          ) || 'nothing that can be counted'
        }.`,
      ),
    ],
    irreversible.length === 0
      ? say('All of them can be undone later, but they take effect at once.')
      : [
          strong(
            `${irreversible.length === actions.length ? 'None' : `${irreversible.length}`} of them can${irreversible.length === actions.length ? '' : 'not'} be undone: `,
          ),
          ...subjectsLine(irreversible),
          words('.'),
        ],
    ...(leftOut === undefined ? [] : leftOutOfGroupText(leftOut)),
    say('Each is decided by itself: your roles, protected assets and further approvals count as always.'),
  ],
  again: (n: number): string => `${countOf(n, 'action')} chosen. Nothing was decided yet.`,
  decision: 'Decision',
  chooseDecision: 'Please choose what to do.',
  approveAll: (n: number): string => `Approve all ${n}`,
  rejectAll: (n: number): string => `Reject all ${n}`,
  reason: 'Reason',
  reasonHint: 'Needed to reject. Everybody who sees the cards can read it; it is kept in the record.',
  reasonNeeded: 'A rejection needs a reason of at least 3 characters.',
  confirm: 'Confirm',
  close: 'Go back',
  notInTime: say('The list could not be opened in time, so nothing was decided. Please press again.'),
} as const;

export const fallbackOf = (lines: readonly Line[]): string => lines.map(plain).join(' ').slice(0, 300);

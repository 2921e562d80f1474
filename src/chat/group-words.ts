/** Every sentence about a group: one card for many actions. */
import type { ActionStatus, ActionType } from '../action-center/action.ts';
import type { LeftOutOfGroup } from '../action-center/bulk.ts';
import { catalogue, severityLabels } from '../action-center/catalogue.ts';
import { commonOf, type NamedKind, type OpenKind } from '../action-center/group.ts';
import { exact, type Line, listed, strong, words } from './show.ts';

const say = (text: string): Line => [words(text)];
const countOf = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** What became of members, in the order in which it is told. Rejected and expired are never the same. */
type Standing = 'open' | 'underWay' | 'done' | 'failed' | 'rejected' | 'expired' | 'undone' | 'replaced';
const standings: Record<ActionStatus, Standing> = {
  pending: 'open',
  awaitingSecondApproval: 'open',
  queued: 'underWay',
  inProgress: 'underWay',
  undoQueued: 'underWay',
  completed: 'done',
  partiallyCompleted: 'failed',
  failed: 'failed',
  timedOut: 'failed',
  cancelled: 'replaced',
  rejected: 'rejected',
  expired: 'expired',
  superseded: 'replaced',
  decidedElsewhere: 'replaced',
  undone: 'undone',
};
export const standingOf = (status: ActionStatus): Standing => standings[status];
const standingTexts: Record<Standing, (n: number) => string> = {
  open: (n) => `${n} ${n === 1 ? 'waits' : 'wait'} for a decision`,
  underWay: (n) => `${n} approved and under way`,
  done: (n) => `${n} approved and carried out`,
  failed: (n) => `${n} approved but failed`,
  rejected: (n) => `${n} rejected`,
  expired: (n) => `${n} expired without a decision`,
  undone: (n) => `${n} undone`,
  replaced: (n) => `${n} cancelled, replaced or decided elsewhere`,
};
const standingOrder = Object.keys(standingTexts) as Standing[];

export const groupTexts = {
  heading: (total: number, types: readonly ActionType[], isOpen: boolean): string => {
    const [only, ...more] = types;
    const isOneType = only !== undefined && more.length === 0;
    if (isOneType) return `${countOf(total, 'action')}: ${catalogue[only].label}${isOpen ? '?' : ''}`;
    return `${countOf(total, 'action')} of ${types.length} types${isOpen ? ': approve or reject?' : ''}`;
  },
  empty: 'Actions that have cards of their own now',
  standing: (counts: ReadonlyMap<Standing, number>): string => {
    const parts = standingOrder.flatMap((one) => {
      const n = counts.get(one) ?? 0;
      return n > 0 ? [standingTexts[one](n)] : [];
    });
    return parts.length === 0 ? 'Every action that was here has a card of its own now.' : `${listed(parts, 'and')}.`;
  },
  why: (key: string): Line => {
    const common = commonOf(key);
    if (common === null) return say('More actions came than this conversation can take as single cards, so one card stands for these.');
    const what = {
      file: 'acts on the same file',
      investigation: 'belongs to the same investigation',
      incident: 'belongs to the same incident',
    };
    return [words(`Each of them ${what[common.what]}, `), exact(common.id, 80), words(', so one card stands for these.')];
  },
  labels: {
    why: 'Why together',
    types: 'Types',
    severities: 'Severity, of those that wait',
    oldest: 'Oldest that waits',
    nearest: 'Nearest deadline',
  },
  type: (type: ActionType, n: number): string => `${catalogue[type].label}: ${n}`,
  severity: ({ severity, count }: Pick<OpenKind, 'severity' | 'count'>): string => `${severityLabels[severity]}: ${count}`,
  moreTypes: (n: number): string => `and ${countOf(n, 'more type')}`,
  top: { device: 'Devices', file: 'Files', sender: 'Senders' } satisfies Record<NamedKind, string>,
  inActions: (n: number): string => ` in ${countOf(n, 'action')}`,
  moreNames: (n: number): string => `and ${n} more`,
  single: 'High severity, protected assets and near deadlines have cards of their own.',
  each: 'A decision on all is still a decision on each: your roles, protected assets and further approvals count as always.',
  inDefender: 'Types without a public API have to be decided in Defender.',
  taking: 'More may join this card. A press covers what the card showed when it was pressed.',
  closed: 'Nothing joins this card any more.',
  group: 'Group ',
  review: 'Review',
  reviewDescribes: 'the actions behind this card, for you alone',
  decide: (verb: 'approve' | 'reject', n: number, type: ActionType, isMixed: boolean): string => {
    const what = verb === 'approve' ? `Approve all ${n}` : `Reject all ${n}`;
    return isMixed ? `${what}: ${catalogue[type].label}` : what;
  },
  decideDescribes: (type: ActionType): string => `${catalogue[type].label}; shows what it hits and asks once more`,
  /** What is asked in private after Review. */
  ask: (total: number): Line => [
    strong(`${countOf(total, 'action')} behind this card ${total === 1 ? 'waits' : 'wait'} for a decision of a kind that you may make. `),
    words('Which ones? Nothing is decided by looking.'),
  ],
  kindButton: ({ type, severity, count }: OpenKind): string =>
    `${catalogue[type].label}, ${severityLabels[severity].toLowerCase()} (${count})`,
  fallback: (heading: string, standing: string): string => `${heading}${heading.endsWith('?') ? '' : '.'} ${standing}`,
  reviewFollows: say('The actions behind this card were sent to you in private. Nothing was decided by this.'),
} as const;

/** In the confirmation: what the card counted and this press leaves out. */
export function leftOutOfGroupText({ notYours, later, beyond }: LeftOutOfGroup): Line[] {
  const parts = [
    ...(notYours > 0 ? [`${notYours} that you may not decide or that are decided in Defender`] : []),
    ...(later > 0 ? [`${later} that joined after the card was drawn that you pressed on`] : []),
    ...(beyond > 0 ? [`${beyond} beyond what is decided at once`] : []),
  ];
  return parts.length === 0 ? [] : [[strong('Not among them: '), words(`${listed(parts, 'and')}.`)]];
}

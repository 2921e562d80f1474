/** Every sentence on a card around its facts: what happened, what pressing does, what the buttons are called. */
import { type BackendName, catalogue, severityLabels } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { subjectOf } from './evidence.ts';
import { exact, foreign, type Line, strong, utc, words } from './show.ts';
import { outcomeText } from './words.ts';

export const buttonLabels = {
  reject: 'Reject',
  cancel: 'Cancel',
  retry: 'Retry',
  undo: 'Undo',
  undoMore: 'Undo more of this file',
  hunt: 'Go hunt',
  decideInDefender: 'Decide in Defender',
  /** Teams presses it by itself. */
  refresh: 'Refresh',
} as const;

/** The action type and what it is about. */
export const headingText = (action: RemediationAction): string => `${catalogue[action.type].label}: ${subjectOf(action)}`;
export const askedText = (heading: string): string => `${heading}?`;

export const changedText = (note: string): Line => [strong('Changed: '), foreign(note, 300)];

export const executionTexts: Record<BackendName, Line> = {
  defender: [words('Runs in Defender after approval.')],
  defenderWithoutMail: [words('Runs in Defender after approval.')],
  consumer: [words('Carried out by your consumer after approval.')],
  simulator: [words('Simulated: nothing real is touched.')],
};

export const noApiText: Line = [words('No public API can carry this type out: it has to be decided in Defender.')];

const noHuntTexts = {
  'too-old': 'Go hunt is not offered: Defender keeps hunting data for 30 days and this request is older.',
  'nothing-to-hunt': 'Go hunt is not offered: nothing in this action can be searched for.',
} as const;
export const noHuntText = (why: keyof typeof noHuntTexts): Line => [words(noHuntTexts[why])];

/** What `show` asks for. */
export const actionIdText = (id: string): Line => [words('Action '), exact(id, 64)];

/** One sentence, for notifications and where no card can be drawn. */
export function fallbackText(action: RemediationAction, { isOpen, standing }: { isOpen: boolean; standing: string }): string {
  const what = `${headingText(action)} (${severityLabels[action.severity]} severity)`;
  return isOpen ? `Decision needed: ${what}. ${standing} Decide before ${utc(action.expiresAt)}.` : `${standing} ${what}.`;
}

const about = (action: RemediationAction) => words(`${headingText(action)}.`);

/** In the thread of a card. */
export const noteTexts = {
  outcome: (action: RemediationAction, { status, verb }: { status: string; verb: unknown }): Line => [
    strong(`${outcomeText(status, verb)} `),
    about(action),
  ],
  /** `noted`: what was asked for. `by`: null when the record does not name the person. */
  again: (action: RemediationAction, noted: string, by: string | null): Line => [
    strong(`${noted} `),
    about(action),
    ...(by === null ? [] : [words(' Asked for by '), foreign(by, 100), words('.')]),
  ],
  superseded: (action: RemediationAction): Line => [
    strong('Superseded. '),
    about(action),
    ...(action.supersededBy ? [words(' The newer action is '), exact(action.supersededBy, 64), words('; decide there.')] : []),
  ],
  elsewhere: (action: RemediationAction, told: Line): Line => [...told, about(action)],
  expired: (action: RemediationAction): Line => [strong('Expired: nobody decided before the deadline. '), about(action)],
  standing: (action: RemediationAction, standing: Line): Line => [...standing, words(' '), about(action)],
  backendSays: (message: string): Line => [words('The backend says: '), foreign(message, 600)],
} as const;

/** Where a card is longer than the platform takes. */
export const roomTexts = {
  shortened: 'Shortened to fit; Defender and the record hold the rest.',
  andMore: ' and more',
  moreLines: (count: number): string => `(${count} more lines)`,
  linkTooLong: (label: string): string => `${label} is not offered: its link is too long for Teams.`,
  actsOn: (count: number): string => (count === 1 ? 'Acts on' : `Acts on these ${count}`),
  noPicture: 'The chart could not be shown here. It says: ',
  notShown: (count: number): string => ` (${count} not shown here)`,
} as const;

/** Every sentence about taking back what was done. It says why something cannot be undone, and who can do what about it. */
import type { ActionStatus, ActionType, OutcomeStatus } from '../action-center/action.ts';
import { type BackendName, catalogue, sourceLabels, statusLabels } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { UndoBar } from '../action-center/undoable.ts';
import { exact, foreign, type Line, listed, time, words } from './show.ts';

const say = (text: string): Line => [words(text)];

/** An undo that came to no good leaves the action as it was before. */
export const undoFailedTexts: Record<OutcomeStatus, string> = {
  inProgress: 'The undo is in progress.',
  completed: 'Undone.',
  undone: 'Undone.',
  partiallyCompleted: 'The undo was only partly done; what was done stands as the backend reports it.',
  failed: 'The undo failed; what was done still stands.',
  timedOut: 'The undo brought no result in time; look in Defender whether it took effect.',
  cancelled: 'The undo was not carried out; what was done still stands.',
};

/** Why an action cannot be undone; the person hears it in private. */
export function notUndoableText(bar: UndoBar, byYou: boolean): Line {
  switch (bar.reason) {
    case 'final':
      return say('The effect of this type of action is final: nobody can undo it. Nothing was changed.');
    case 'type':
      return say(
        'The Action center offers no undo for this type. If its effect has to go, have the opposite action raised. Nothing was changed.',
      );
    case 'source':
      return say(
        `Actions of the source “${sourceLabels[bar.source]}” are not among those the Action center can undo. Please look in Defender. Nothing was changed.`,
      );
    case 'in-defender':
      return say('No public API can undo this type: please undo it in the Action center in Defender. Nothing was changed.');
    case 'not-completed':
      return say(`Only what is completed can be undone. ${unfinished(bar.status)} Nothing was changed.`);
    case 'undo-running':
    case 'already-undone': {
      const { actor, decidedAt } = bar.decision;
      const who: Line = byYou ? [words('You')] : [foreign(actor.displayName, 100)];
      const what = bar.reason === 'already-undone' ? ' undid this already, at ' : ' asked to undo this already, at ';
      const standing = bar.reason === 'already-undone' ? '. It is undone.' : '. The undo is on the way; it counts once.';
      return [...who, words(what), time(decidedAt), words(standing)];
    }
    case 'reversed':
      return [
        words(`This is undone already: a newer action, “${catalogue[bar.type].label}”, did the opposite at `),
        time(bar.at),
        words(' ('),
        exact(bar.by, 64),
        words('). Nothing was changed.'),
      ];
    case 'retention':
      return say(
        `This was done more than ${bar.days} days ago, and mail cannot be had back after that. Nothing was changed; ask your mail administrators if it is needed all the same.`,
      );
  }
}

function unfinished(status: ActionStatus): string {
  return status === 'partiallyCompleted'
    ? 'This one was only partly completed, so it has to be looked after in Defender.'
    : `This one stands at “${statusLabels[status]}”.`;
}

export function mixedTypesText(types: readonly ActionType[]): Line {
  const labels = listed(
    types.map((type) => `“${catalogue[type].label}”`),
    'and',
  );
  return say(
    `Several actions can be decided at once only when they are of the same type; these are ${labels}. Please ask for one type at a time.`,
  );
}

export const tooManyText = (most: number): Line => say(`At most ${most} actions can be taken at once. Please choose fewer.`);

export function nothingToConfirmText(why: 'begun' | 'too-late' | 'not-yours'): Line {
  switch (why) {
    case 'begun':
      return say('This was confirmed already and counts once; its card shows how far it is.');
    case 'too-late':
      return say('This was shown to you too long ago to be confirmed, so nothing was begun. Please ask again and read the list anew.');
    case 'not-yours':
      return say('This was prepared for somebody else, so nothing was begun. Please ask for your own.');
  }
}

export type Confirmation = { title: string; text: string; yes: string; no: string };

/** Asked once more before an undo: what was held back comes back. */
export function undoConfirm(action: RemediationAction, heading: string, backend: BackendName): Confirmation {
  return { title: 'Undo this action', text: `${heading}. ${undoEffect(action.type, backend)}`, yes: 'Yes, undo it', no: 'Go back' };
}

export function undoEffect(type: ActionType, backend: BackendName): string {
  const { undoType } = catalogue[type];
  const how = undoType === null ? 'Its effect is taken back.' : `It is taken back with “${catalogue[undoType].label}”.`;
  const real = backend === 'simulator' ? ' Simulated: nothing real is touched.' : '';
  return `${how} What it held back can act again, and it starts right after this.${real}`;
}

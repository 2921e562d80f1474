/** Every sentence about stopping an action that runs, and about carrying one out again that came to nothing. */
import type { CancelBar, RetryBar } from '../action-center/again-bars.ts';
import { type BackendName, catalogue, statusLabels } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { foreign, type Line, time, words } from './show.ts';
import type { Confirmation } from './undo-words.ts';

const say = (text: string): Line => [words(text)];
const noApi = 'Please look in Defender. Nothing was changed.';

export function notCancellableText(bar: CancelBar): Line {
  switch (bar.reason) {
    case 'no-api':
      return say(`Once begun, this type of action cannot be stopped from here. ${noApi}`);
    case 'not-running':
      return say(`Only what is being carried out can be stopped; this one stands at “${statusLabels[bar.status]}”. Nothing was changed.`);
    case 'asked':
      return [
        ...(bar.byYou ? [words('You')] : [foreign(bar.by, 100)]),
        words(' asked to stop this already, at '),
        time(bar.at),
        words('. It counts once; the card shows whether it came in time.'),
      ];
  }
}

export function notRetriableText(bar: RetryBar): Line {
  switch (bar.reason) {
    case 'no-api':
      return say(`This action cannot be carried out from here. ${noApi}`);
    case 'not-failed':
      return say(`Only what came to nothing can be tried again; this one stands at “${statusLabels[bar.status]}”. Nothing was changed.`);
    case 'too-old':
      return say('This failed more than a week ago, so it is not tried again. If it is still needed, have it raised anew.');
    case 'more-people':
      return say(
        `By the rules as they are now, ${bar.needed} people have to approve this, so it cannot be tried again by one press. Have it raised anew.`,
      );
  }
}

const real = (backend: BackendName): string => (backend === 'simulator' ? ' Simulated: nothing real is touched.' : '');

export function cancelConfirm(heading: string, backend: BackendName): Confirmation {
  const text = `${heading}. What has not taken effect yet is stopped; what has, stays. It may be too late.${real(backend)}`;
  return { title: 'Stop this action', text, yes: 'Yes, stop it', no: 'Go back' };
}

/** Only in Defender is it known what was done. */
const restText = (backend: BackendName): string =>
  backend === 'consumer' || backend === 'simulator' ? ' All of it is asked for again.' : ' What was done already is not done again.';

export function retryConfirm(action: RemediationAction, heading: string, backend: BackendName): Confirmation {
  const { reversible } = catalogue[action.type];
  const undo = reversible ? 'It can be undone later.' : 'It cannot be undone.';
  const rest = action.status === 'partiallyCompleted' ? restText(backend) : '';
  const text = `${heading}. It is carried out again, in your name, and starts right after this.${rest} ${undo}${real(backend)}`;
  return { title: 'Try again', text, yes: 'Yes, try again', no: 'Go back' };
}

export const cancelNoted = 'Somebody asked to stop this.';
export const retryNoted = 'It is being tried again.';

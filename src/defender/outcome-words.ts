/** What a person reads about a call to Microsoft: what happened, what is missing, what to do. */
import type { PartState } from '../action-center/parts.ts';
import type { ApiName } from './limits.ts';

/** As Entra lists the APIs where permissions are granted. */
const apiLabels: Record<ApiName, string> = {
  defender: 'WindowsDefenderATP',
  graph: 'Microsoft Graph',
  office365: 'Office 365 Management APIs',
};

export const missingPermission = (permission: string, api: ApiName): string =>
  `Microsoft refused it: the app that carries decisions out lacks the permission ${permission} (${apiLabels[api]}), or may not use it here. Have it granted in Entra, then try again.`;
export const featureOff = 'Microsoft refused it: this feature is switched off in the tenant or not allowed for this target.';
export const notKnown = 'Microsoft does not know what this is about (any more).';
export const refusedText = (said: string | null): string =>
  said === null ? 'Microsoft refused it and gave no reason.' : `Microsoft refused it: ${said}`;
export const unanswered = 'Microsoft did not answer for a long time, so nobody can tell whether it took effect. Look in Defender first.';

export const attached = 'The same was already in progress in Defender; this follows it.';
export const wasSoBefore = 'It was so already; nothing had to be done.';
export const othersIndicator = (action: string): string =>
  `Not blocked: somebody else's indicator for this URL says ${action.slice(0, 40)}, and Defender keeps one for each. Remove it in Defender, then try again.`;
export const leftAsItWas = 'Left as it is: it was so before this action.';
export const cancelledText = (by: string | null): string => (by === null ? 'Cancelled in Defender.' : `Cancelled in Defender: ${by}`);
export const notSent = (by: string): string => `Stopped before it was sent to Defender: ${by}`;
export const offlineTooLong = 'The device did not come online in time; Defender gave up.';
export const machineFailed = 'Defender reports that the device could not do it.';

export const noSuchDevice = (count: number): string =>
  count === 0
    ? 'Defender knows no device of this name.'
    : `Defender knows ${count} devices of this name; the action has to name one by its id.`;
export const noSha1 = 'Defender does not know the SHA-1 of this file, and quarantine needs it.';
export const nothingToDo = 'The action names nothing that Defender could be asked to do this to.';
export const noAccount = 'Defender for Identity knows no account in Active Directory for this user, where the account is kept.';
export const cloudPassword =
  'Microsoft offers no API that resets the password of a cloud account. Reset it in Entra; for accounts of Active Directory it works from here.';

export const mailWaiting = 'Submitted; waiting for Defender to confirm it.';
export const mailUnconfirmed = (confirmed: number, total: number, hours: number): string =>
  `Submitted (unconfirmed): Defender accepted it, but its records confirm ${confirmed} of ${total} messages after ${hours} hours.`;
export const mailFailed = (failed: number, total: number, why: string | null): string =>
  `${failed} of ${total} messages could not be moved${why === null ? '' : ` (${why})`}.`;

const ends: Partial<Record<PartState, string>> = { succeeded: 'in part', failed: 'failed', timedOut: 'timed out', cancelled: 'cancelled' };

/** `48 of 50 done. Failed: ...` */
export function countedText(
  done: number,
  total: number,
  setbacks: readonly { state: PartState; target: string; message: string | null }[],
) {
  const shown = setbacks
    .slice(0, 3)
    .map(({ state, target, message }) => `${target} ${ends[state] ?? state}${message ? `: ${message}` : ''}`);
  const more = setbacks.length > 3 ? ` And ${setbacks.length - 3} more.` : '';
  return `${done} of ${total} done.${shown.length > 0 ? ` ${shown.join(' ')}` : ''}${more}`;
}
export const goingOn = (done: number, total: number): string => `${done} of ${total} done so far.`;

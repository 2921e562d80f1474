/** Every sentence around an export: what is being taken away, how far it is, where it is, and what to do when it is not. */
import type { Platform } from '../action-center/action.ts';
import type { Counted, Tally } from '../action-center/export.ts';
import type { HistoryCount } from '../action-center/history.ts';
import type { LookUpRefusal } from '../action-center/look-up.ts';
import { historyRoles, roleLabels } from '../action-center/permissions.ts';
import { lookRefusalText, written } from './command-words.ts';
import type { Mistake } from './history-command.ts';
import { grouped, noMoment, rounded } from './history-words.ts';
import { foreign, type Line, listed, strong, words } from './show.ts';

const say = (text: string): Line => [words(text)];
const counted = (count: number, of: Counted): string => `${grouped(count)} ${of}${count === 1 ? '' : 's'}`;

export function amountText({ kind, count }: HistoryCount, of: Counted = 'action'): string {
  if (kind === 'many') return count === 0 ? `many ${of}s` : `at least ${counted(count, of)}`;
  return kind === 'exact' ? counted(count, of) : `about ${counted(rounded(count), of)}`;
}

/** `12,000 of about 40,000`; alone where nobody knows of how many. */
export function progressText(rows: number, { kind, count }: HistoryCount): string {
  // An estimate that was passed says nothing any more.
  if (kind === 'many' || rows > count) return `${grouped(rows)} so far`;
  return `${grouped(rows)} of ${kind === 'about' ? `about ${grouped(rounded(count))}` : grouped(count)}`;
}

/** `asked`: the command that asks for exactly this. */
export const begunText = (count: HistoryCount, asked: string): Line => [
  strong(`Exporting ${amountText(count)}. `),
  words('The file comes to you in private. Exactly this is exported: '),
  foreign(asked, 900),
];
export const nothingText = (asked: string): Line => [
  strong('There is nothing to export. '),
  words('No action fits. A longer period, in:all or one filter less may help. This was asked: '),
  foreign(asked, 900),
];
export const progressLine = (rows: number, count: HistoryCount): Line => say(`Exporting: ${progressText(rows, count)}.`);

const cutText = ({ rows, cut }: Tally): string =>
  cut ? ` There was more: one export holds at most ${grouped(rows)} rows. Narrow it down by period or filter for the rest.` : '';
export const fileComment = (tally: Tally): string => `Your export: ${counted(tally.rows, tally.of)}.${cutText(tally)}`;
export const sentText = (tally: Tally): Line => [
  strong(`Exported ${counted(tally.rows, tally.of)}. `),
  words(`The file is in your own chat with Countersign.${cutText(tally)}`),
];

/** Teams asks the person before a file goes to their OneDrive. */
export const offeredText: Line = say('Your own chat with Countersign asks you where the file may go: press Allow there within 10 minutes.');
export const offerDescription = (count: HistoryCount, of: Counted): string =>
  `Your export: ${amountText(count, of)}, put into your own OneDrive.`;
export const declinedText: Line = say('No file was made. Ask again if you want it after all.');
export const offerOver: Line = say('This offer is over, or was used. Please ask for the export again; nothing was put into your OneDrive.');

const linkIs = 'It works for 10 minutes and is for you alone: whoever has it can fetch the file, so do not pass it on.';
export const linkText = (url: string, why: 'no-file' | 'file-failed'): Line => [
  words(why === 'file-failed' ? 'The file could not be handed over here, so this is a link instead: ' : 'Your export: '),
  { kind: 'link', text: 'download the file', url },
  words(`. ${linkIs}`),
];
export const noWayText: Line = say(
  'The file could not be handed over here, and this deployment gives out no download links. Ask your Countersign administrators: the app may lack the permission to send files, and PUBLIC_URL is not set.',
);
export const stoppedText = (rows: number): Line =>
  say(
    `The export was stopped after ${grouped(rows)} rows, because Countersign is being restarted. You got no part of it; please ask again in a minute.`,
  );
export const failedText = (rows: number): Line =>
  say(`The record stopped answering after ${grouped(rows)} rows. You got no part of the export; please try again in a minute.`);
export const brokenText = (id: string): Line =>
  say(`The export failed on our side (${id}). You got no part of it. Please try again, and tell your administrators if it stays.`);
export const noLongerText: Line = say('You may no longer read History, so nothing was exported. Ask your administrators if that is wrong.');
export const tooManyText = (most: number): Line =>
  say(`${most} of your exports are running already. Please wait until one of them is done.`);
export const busyText: Line = say('Many exports are running right now. Please try again in a minute.');

export const keepsNothingText = (platform: Platform): Line =>
  say(`An export keeps nothing. ${written[platform]('history')} save keeps what you usually look at; leave save or reset out here.`);

/** Beyond this a list of mistakes helps nobody. */
const mostMistakes = 8;
function mistakeLine({ kind, instead, key, written: given }: Mistake): Line {
  const meant = instead === null ? '' : `; did you mean ${key === '' ? '' : `${key}:`}${instead}?`;
  const why = {
    filter: `is no filter${meant}`,
    value: `is not known to ${key}:${meant}`,
    moment: noMoment,
    size: 'is no page size, and a file has no pages',
    'too-many': `is one value too many for ${key}:`,
    'too-long': 'is too long to look for',
  };
  return [words('“'), foreign(given, 60), words(`” ${why[kind]}`)];
}

export const mistakesText = (mistakes: readonly Mistake[], corrected: string): Line[] => [
  [strong('Not everything was understood, so nothing was exported.')],
  ...mistakes.slice(0, mostMistakes).map(mistakeLine),
  ...(mistakes.length > mostMistakes ? [say(`… and ${mistakes.length - mostMistakes} more`)] : []),
  [strong('Corrected: '), foreign(corrected, 900)],
];

const readers = listed(
  historyRoles.map((role) => roleLabels[role]),
  'or',
);
export const exportRefusalText = (refusal: LookUpRefusal, platform: Platform): Line =>
  refusal.kind === 'may-not-read'
    ? say(`To export actions you need ${readers}. Ask your administrators for it.`)
    : lookRefusalText(refusal, platform);

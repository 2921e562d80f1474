/** Every sentence around hunting from here: that it runs, what came of it, why there is nothing, and how far something has spread. */

import type { Platform } from '../action-center/action.ts';
import type { BlastRadius } from '../action-center/blast-radius.ts';
import { historyRoles, roleLabels } from '../action-center/permissions.ts';
import type { HuntRefusal } from '../action-center/run-hunt.ts';
import { lookRefusalText, written } from './command-words.ts';
import { grouped } from './history-words.ts';
import { foreign, type Line, listed, strong, time, words } from './show.ts';

const say = (text: string): Line => [words(text)];

const readers = listed(
  historyRoles.map((role) => roleLabels[role]),
  'or',
);

export const runHereLabel = 'Run here';

export const huntRunning: Line = say(
  'Running the hunting query. The answer comes in the thread of the card, where everybody there can read it.',
);
export const huntBusy: Line = say('Several hunting queries are running right now. Please press again in a minute.');
export const huntFailedHere: Line = say('The record did not answer, so nothing was asked. Please press again in a minute.');
export const huntBug = (id: string): Line =>
  say(`Something went wrong on our side (${id}), and nothing came of the hunt. Please press again.`);

export function huntRefusalText(refusal: HuntRefusal, platform: Platform): Line {
  switch (refusal.kind) {
    case 'may-not-read':
      return say(
        `To run hunting queries you need ${readers}. Ask your administrators for it. Go hunt opens the query in Defender, where your own rights count.`,
      );
    case 'hunting-off':
      return say('Hunting from here is off: this deployment has no permission to ask Defender. Go hunt opens the query in Defender.');
    case 'nothing-to-hunt':
      return say(
        refusal.tooOld
          ? 'Defender keeps hunting data for 30 days and this request is older, so nothing was asked.'
          : 'Nothing in this action can be searched for, so nothing was asked.',
      );
    case 'no-card-to-answer-under':
      return say(
        `This action has no card in a channel, so there is no thread for an answer and nothing was asked. ${written[platform]('show')} with its id has Go hunt, which opens the query in Defender.`,
      );
    case 'hunt-running':
      return say('The hunting query of this action is running already. The answer comes in the thread of the card.');
    case 'hunt-just-answered':
      return say('The hunting query of this action was answered a moment ago: look into the thread of the card.');
    case 'too-many-hunts':
      return say('Two of your hunting queries are running already. Please wait until one of them is done.');
    default:
      return lookRefusalText(refusal, platform);
  }
}

const troubles: Record<string, string> = {
  'timed-out':
    'The hunting query took too long and was given up, so there is no answer. Go hunt opens it in Defender, where it may be narrowed down.',
  busy: 'Defender is at its limit of hunting queries for now, so there is no answer. Please press Run here again in a few minutes.',
  'not-allowed':
    'Defender does not let this deployment hunt: the app lacks the permission ThreatHunting.Read.All. Ask your Countersign administrators; Go hunt opens the query in Defender.',
  'not-taken':
    'Defender did not take the hunting query; a table in it may not be part of this tenant’s licence. Go hunt opens it in Defender.',
  'too-large': 'The answer is too large to be shown here. Go hunt opens the query in Defender.',
  unavailable: 'Defender gave no usable answer to the hunting query. Please press Run here again in a minute.',
  interrupted: 'The hunt was interrupted again and again and was given up. Please press Run here once more.',
};
export const huntTroubleText = (trouble: string): string =>
  Object.hasOwn(troubles, trouble) ? (troubles[trouble] ?? '') : 'The hunt did not come to its end. Please press Run here again.';

export const noRowsText = 'No rows: Defender holds nothing that fits this hunting query.';

export const askedByLine = (askedBy: string): Line => [words('Go hunt, run here by '), foreign(askedBy, 100), words('.')];

type Amount = { rows: number; shown: number; truncated: boolean; isFull: boolean };

/** `rows`: what came back; `shown`: of them here; `isFull`: as many as the query asks for, so that nobody takes them for all there is. */
export function amountLine({ rows, shown, truncated, isFull }: Amount): Line {
  const many = `${truncated ? 'More than ' : isFull ? 'At least ' : ''}${grouped(rows)} ${rows === 1 ? 'row' : 'rows'}`;
  return [strong(many), words(shown < rows ? `, the first ${shown} shown.` : '.')];
}

/** `isHanded`: whoever asked gets it by themselves; a bot that took the hunt over from another cannot reach them. */
export const restLine = (command: string, isHanded: boolean): Line => [
  words(
    isHanded
      ? 'Everything is in a file for whoever asked, in private. Others get their own with '
      : 'Everything fits into a file only. Get yours, in private, with ',
  ),
  strong(command),
  words('.'),
];
export const shortenedTable: Line = say('Not every column is shown.');

const times = (count: number, one: string, many = `${one}s`): string => `${grouped(count)} ${count === 1 ? one : many}`;

/** `seen on 14 devices in 30 days`. */
export function blastRadiusLine(radius: BlastRadius): Line {
  const inDays = ` in ${radius.days} days`;
  switch (radius.of) {
    case 'file':
      return radius.devices === 0
        ? say(`on no device${inDays}`)
        : [words(`on ${times(radius.devices, 'device')}${inDays}`), ...span(radius)];
    case 'messages':
      return say(
        `${radius.atLeast ? 'at least ' : ''}${times(radius.messages, 'message')} to ${times(radius.recipients, 'recipient')}${inDays}, ${grouped(radius.delivered)} delivered`,
      );
    case 'mailbox':
      return say(`${times(radius.messages, 'message')} received${inDays}, ${grouped(radius.threats)} with a threat`);
    case 'url':
      return say(
        `in ${times(radius.messages, 'message')}, ${times(radius.clicks, 'click')} by ${times(radius.people, 'person', 'people')}${inDays}`,
      );
    case 'ip':
      return say(`${times(radius.connections, 'connection')} from ${times(radius.devices, 'device')}${inDays}`);
    case 'device':
      return say(`${radius.atLeast ? 'at least ' : ''}${times(radius.people, 'person', 'people')} signed in on it${inDays}`);
    case 'user':
      return say(`${times(radius.signIns, 'sign-in')} from ${times(radius.addresses, 'address', 'addresses')}${inDays}`);
  }
}

const span = ({ firstSeen, lastSeen }: { firstSeen: string | null; lastSeen: string | null }): Line =>
  firstSeen === null || lastSeen === null ? [] : [words(', first '), time(firstSeen), words(', last '), time(lastSeen)];

type TimelineSaid = {
  rows: number;
  untimed: number;
  first: string;
  last: string;
  busiest: { begin: string; end: string; rows: number };
};

/** Of the picture beside the table. Everybody sees the same one, so its times are in UTC. */
export const timelineTexts = {
  title: (rows: number): string => `${times(rows, 'row')} over time`,
  note: (step: string, most: number): string => `Each bar is ${step}, the highest has ${times(most, 'row')}. Times are in UTC.`,
  steps: {
    seconds: (count: number): string => times(count, 'second'),
    minutes: (count: number): string => times(count, 'minute'),
    hours: (count: number): string => times(count, 'hour'),
    days: (count: number): string => times(count, 'day'),
  },
  alt: ({ rows, untimed, first, last, busiest }: TimelineSaid): string =>
    `Timeline of ${times(rows, 'row')} from ${first} to ${last} UTC. The busiest hour is ${busiest.begin} to ${busiest.end} UTC, with ${times(busiest.rows, 'row')}.${
      untimed === 0 ? '' : ` ${times(untimed, 'more row has', 'more rows have')} no time.`
    }`,
} as const;

export const seenLabel = 'Seen';
export const linksLabel = 'Open in Defender';

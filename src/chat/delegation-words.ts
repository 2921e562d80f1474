/** Every sentence about stand-ins. */
import type { Platform } from '../action-center/action.ts';
import type { Delegation, DelegationRefusal, Standing } from '../action-center/delegation.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { PersonRefusal } from '../action-center/refusal.ts';
import { lookRefusalText, written } from './command-words.ts';
import { foreign, type Line, strong, time, words } from './show.ts';
import { rolesText, usualCombinations } from './words.ts';

const say = (text: string): Line => [words(text)];
const example = 'delegate to bob@contoso.example from 2026-12-01 until 2026-12-14 because holidays';

const delegateExample = (platform: Platform): Line => [words('For example: '), strong(written[platform](example))];

const authority = say(
  'A stand-in is told what you would be told in private, and decides with their own roles alone. Your authority stays with you.',
);

export const delegationOff: Line[] = [
  say(
    'Nobody can name a stand-in here: the policy of this deployment does not allow it. Your administrators can (delegation in the policy).',
  ),
];

export const delegateFailed: Line = say('The record did not answer, so nothing is known to have changed. Look with delegate in a minute.');

export const unclearText = (problem: DelegateProblem, platform: Platform): Line[] => [
  say(unclearTexts[problem]),
  delegateExample(platform),
];

export type DelegateProblem = 'nothing-understood' | 'no-person' | 'no-until' | 'mention-unknown';
const unclearTexts: Record<DelegateProblem, string> = {
  'nothing-understood':
    'This was not understood, so nothing was changed. Say to whom and until when; delegate off ends it, delegate alone shows how it stands.',
  'no-person': 'Who shall stand in? Mention one person, or write their address. Nothing was changed.',
  'no-until': 'Until when? A stand-in is named for a time with an end. Nothing was changed.',
  'mention-unknown': 'The person you mentioned could not be told from the message. Write their address instead. Nothing was changed.',
};

const periodOf = ({ from, until }: Delegation): Line => [words(' from '), time(from), words(' until '), time(until)];
const becauseOf = ({ because }: Delegation): Line => (because === null ? [] : [words(', because '), foreign(because, 200)]);

export const begunText = (delegation: Delegation): Line[] => [
  [
    strong('Recorded: '),
    foreign(delegation.standInName, 100),
    words(' stands in for you'),
    ...periodOf(delegation),
    ...becauseOf(delegation),
    words('.'),
  ],
  authority,
];

export function endedText(ended: readonly Delegation[]): Line[] {
  if (ended.length === 0) return [say('You have named no stand-in, so nothing was changed.')];
  return ended.map((one) => [
    foreign(one.standInName, 100),
    words(' stands in for you no longer'),
    words('; from now on you are told yourself.'),
  ]);
}

export function standingText({ given, taken }: Standing, platform: Platform): Line[] {
  const lines: Line[] = [
    ...given.map(
      (one): Line => [foreign(one.standInName, 100), words(' stands in for you'), ...periodOf(one), ...becauseOf(one), words('.')],
    ),
    ...taken.map(
      (one): Line => [words('You stand in for '), foreign(one.displayName, 100), ...periodOf(one), ...becauseOf(one), words('.')],
    ),
  ];
  if (lines.length === 0) return [say('You have named no stand-in, and you stand in for nobody.'), delegateExample(platform)];
  return given.length === 0 ? lines : [...lines, [strong(written[platform]('delegate off')), words(' ends what you have named.')]];
}

/** Into the inbox of somebody who stands in. */
export const takenLine = (one: Delegation): Line => [
  words('You stand in for '),
  foreign(one.displayName, 100),
  words(' until '),
  time(one.until),
  words(': what they would be told comes to you. You decide with your own roles alone.'),
];

export const remindedForLine = (name: string): Line => [words('You were reminded of this for '), foreign(name, 100), words('.')];

/** What the stand-in hears when they are named. */
export function delegatedLines({ displayName, from, until, because }: AuditEvent['data']): Line[] {
  const reason: Line = typeof because === 'string' && because !== '' ? [words(' Their reason: '), foreign(because, 200)] : [];
  return [
    [
      strong('You stand in for '),
      foreign(String(displayName), 100),
      words(' from '),
      time(String(from)),
      words(' until '),
      time(String(until)),
      words('.'),
    ],
    [words('What they would be told in private comes to you in that time. You decide with your own roles alone.'), ...reason],
  ];
}

export function delegationRefusalText(refusal: DelegationRefusal, platform: Platform): Line {
  switch (refusal.kind) {
    case 'off':
      return delegationOff[0] ?? [];
    case 'not-a-date':
      return [
        words('“'),
        foreign(refusal.given, 40),
        words('” is not a day that is known. Write days like 2026-12-01, or today, or tomorrow. Nothing was changed.'),
      ];
    case 'past':
      return say('That time has passed, so nothing was changed. A stand-in is named for now or for later.');
    case 'backwards':
      return say('The end is not after the beginning, so nothing was changed.');
    case 'self':
      return say('You cannot stand in for yourself, so nothing was changed. Name somebody else.');
    case 'too-long':
      return say(`The policy allows a stand-in for ${daysText(refusal.longestMs)} at most, so nothing was changed. Choose an earlier end.`);
    case 'stand-in':
      return standInRefusal(refusal.refusal);
    case 'stand-in-decides-nothing':
      return [
        foreign(refusal.name, 100),
        words(
          ` may decide nothing here, so they cannot stand in for you. They would need ${rolesText(usualCombinations(refusal.missing))}.`,
        ),
      ];
    case 'overlap':
      return [
        foreign(refusal.other.standInName, 100),
        words(' stands in for you already'),
        ...periodOf(refusal.other),
        words('. End that first ('),
        strong(written[platform]('delegate off')),
        words('), or choose another time.'),
      ];
    case 'gives-themselves':
      return [
        foreign(refusal.other.displayName, 100),
        words(' has named a stand-in for that time themselves'),
        ...periodOf(refusal.other),
        words('. Notices are not passed on twice: name somebody else.'),
      ];
    case 'stands-in-already':
      return [
        words('You stand in for '),
        foreign(refusal.other.displayName, 100),
        ...periodOf(refusal.other),
        words('. Notices are not passed on twice: choose another time, or have them name somebody else.'),
      ];
    default:
      return lookRefusalText(refusal, platform);
  }
}

const dayMs = 86_400_000;
const daysText = (ms: number): string =>
  ms % dayMs === 0 ? `${ms / dayMs} ${ms === dayMs ? 'day' : 'days'}` : `${Math.round(ms / 3_600_000)} hours`;

function standInRefusal(refusal: PersonRefusal): Line {
  switch (refusal.kind) {
    case 'disabled-person':
      return say('That account is disabled in the directory, so nobody would be told. Name somebody else.');
    case 'guest':
      return say('A guest cannot stand in. Name a member of your organisation.');
    case 'external-person':
      return say('That person belongs to another organisation and cannot stand in. Name a member of yours.');
    case 'bot':
      return say('An app or bot cannot stand in. Name a person.');
    case 'identity-unavailable':
      return say('Who that is could not be checked, because a service did not answer. Nothing was changed; please try again in a minute.');
    case 'ambiguous-person':
      return say('That could be several people of the directory, so nobody was named. Use another address of theirs.');
    case 'unknown-person':
      return say('That is no person of the directory who could stand in. Check the address, or ask them to connect their account first.');
  }
}

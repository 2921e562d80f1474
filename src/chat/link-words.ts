/** Every sentence about connecting a Slack account to a person, in chat. */
import type { LinkRefusal, OwnLink } from '../action-center/link.ts';
import { signInMinutes } from '../action-center/sign-in.ts';
import type { Link } from '../action-center/sign-in-ports.ts';
import { foreign, type Line, strong, time, words } from './show.ts';
import { serviceText } from './words.ts';

const say = (text: string): Line => [words(text)];

export const noLinkNeeded: Line[] = [say('In Teams no link is needed: Teams itself says who you are in your organisation.')];
export const linkOff: Line[] = [
  say('Accounts cannot be connected from here in this installation. Ask your Countersign administrators to connect yours.'),
];
export const linkFailed: Line = say(
  'This could not be done, because something it needs did not answer. Please try again in a minute; a code that you were shown stays good for its ten minutes.',
);
export const linkUnclear = (given: string, how: (command: string) => string): Line[] => [
  [words('“'), foreign(given, 60), words('” is neither a code nor list or remove. ')],
  say(
    `${how('link')} begins, ${how('link')} and the code from the page ends it; ${how('link list')} and ${how('link remove')} are the rest.`,
  ),
];

export const linkStartText = (url: string): Line[] => [
  [
    strong('Connect your Slack account'),
    words(': '),
    { kind: 'link', text: 'sign in with your work account', url },
    words(` in your browser. The page then shows a code to type here. The address works once, for ${signInMinutes} minutes.`),
  ],
  say('It is for you alone: do not pass it on, and never type a code that somebody else gave you.'),
];

const personText = ({ displayName, upn }: Pick<Link, 'displayName' | 'upn'>): Line => [
  foreign(displayName, 100),
  words(' ('),
  foreign(upn, 120),
  words(')'),
];

export const linkedText = (link: Link): Line[] => [
  [
    words('Connected: this Slack account is '),
    ...personText(link),
    words(' until '),
    time(link.validUntil),
    words('. What you press counts with the roles you hold in Defender at that moment.'),
  ],
  say('Were you not expecting this? Type /actions link remove.'),
];

export function ownLinkText({ link, isFixed, hasRunOut }: OwnLink): Line[] {
  const fixed = isFixed ? [say('A file of your Countersign administrators connects this account; only they can change that.')] : [];
  if (link === null) return isFixed ? fixed : [say('This Slack account is not connected to a person. Type /actions link to connect it.')];
  const account: Line = [words('This Slack account ('), foreign(link.userId, 40), words(')')];
  const since: Line = [words(', since '), time(link.since), words(hasRunOut ? ', run out ' : ', valid until '), time(link.validUntil)];
  const after = hasRunOut ? '. Type /actions link to renew it.' : '. Type /actions link to renew it, /actions link remove to end it.';
  return [[...account, words(hasRunOut ? ' was ' : ' is '), ...personText(link), ...since, words(after)], ...fixed];
}

export const removedText = (link: Link | null): Line[] =>
  link === null
    ? [say('There was no connection of your own to end.')]
    : [[words('Ended: this Slack account is no longer '), ...personText(link), words('. Presses from it no longer count.')]];

export function linkRefusalText(refusal: LinkRefusal): Line {
  switch (refusal.kind) {
    case 'wrong-code':
      return say(
        refusal.left > 0
          ? `This is not the code of your sign-in, so nothing was connected. ${refusal.left} ${refusal.left === 1 ? 'try is' : 'tries are'} left.`
          : 'This is not the code of your sign-in, and it was the last try. Nothing was connected; type /actions link to begin again.',
      );
    case 'foreign-code':
      return say(
        'This code belongs to another Slack account, so nothing was connected and the code no longer works. If somebody sent you an address or a code, tell your administrators.',
      );
    case 'nothing-waits':
      return say('No sign-in of yours waits for a code, or its time is over. Nothing was connected; type /actions link to begin.');
    case 'person-taken':
      return say(
        'The person who signed in is connected to another Slack account of this workspace already, and that stays. If it is yours too, end it there with /actions link remove first.',
      );
    case 'account-taken':
      return say(
        'This Slack account is connected to somebody else already, and that stays. Type /actions link list to see to whom, /actions link remove to end it.',
      );
    case 'unknown-person':
    case 'ambiguous-person':
    case 'disabled-person':
    case 'guest':
      return say(
        'Only an enabled member of your organisation can be connected, so nothing was. Ask your identity administrators about it.',
      );
    case 'external-person':
      return say('Your account belongs to another organisation, so nothing was connected.');
    case 'bot':
      return say('Apps and bots cannot be connected to a person.');
    case 'identity-unavailable':
      return say(
        `Who you are could not be checked, because ${serviceText(refusal.service)} did not answer. Nothing was connected; please try again in a minute.`,
      );
  }
}

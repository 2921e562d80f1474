/** Every sentence on the pages that a person sees in the browser before and after signing in. */
import type { SignInOutcome, SignInTrouble } from '../action-center/sign-in.ts';
import { signInMinutes } from '../action-center/sign-in.ts';
import { showText } from './show.ts';

type Piece = { text: string; strong?: true };
export type SignInText = {
  title: string;
  paragraphs: Piece[][];
  code: string | null;
  deny: { label: string; token: string } | null;
};

type Shown = SignInOutcome | { kind: 'failed' } | { kind: 'busy' } | { kind: 'nothing-here' };

const say = (text: string): Piece[] => [{ text }];
const plainPage = (title: string, ...texts: string[]): SignInText => ({ title, paragraphs: texts.map(say), code: null, deny: null });
/** What people call themselves, cut short and without anything invisible. */
const name = (text: string, max = 80): Piece => ({ text: showText(text, max), strong: true });

const notMe = 'This was not me';

export function signInText(outcome: Shown): SignInText {
  switch (outcome.kind) {
    case 'go':
      return plainPage('Going on', 'You are sent to the sign-in page.');
    case 'code':
      return codePage(outcome);
    case 'proven':
      return {
        title: 'You are signed in',
        paragraphs: [
          [{ text: 'Signed in as ' }, name(outcome.person.displayName), { text: ', ' }, name(outcome.person.upn, 120), { text: '.' }],
          say('Go back to the chat and press the button again. The sign-in by itself has decided nothing.'),
          say('If you did not press a button that asked for this sign-in, somebody else may be using your chat account: say so here.'),
        ],
        code: null,
        deny: { label: notMe, token: outcome.denyToken },
      };
    case 'denied':
      return deniedPage(outcome.undone);
    case 'refused':
      return plainPage('Nothing was done', ...refusedTexts[outcome.trouble], nextTexts[outcome.trouble] ?? again);
    case 'failed':
      return plainPage('Nothing was done', 'Something it needs did not answer, or went wrong on our side.', again);
    case 'busy':
      return plainPage('Please wait', 'Too many people sign in at this moment. Please open the address again in a few seconds.');
    case 'nothing-here':
      return plainPage('Nothing is here', 'Addresses for signing in are handed out in the chat.');
  }
}

function codePage({ account, accountName, person, code, denyToken }: Extract<SignInOutcome, { kind: 'code' }>): SignInText {
  const self: Piece[] = accountName === null ? [] : [{ text: 'which calls itself ' }, name(accountName), { text: ', ' }];
  return {
    title: 'Is this your Slack account?',
    paragraphs: [
      [{ text: 'You signed in as ' }, name(person.displayName), { text: ', ' }, name(person.upn, 120), { text: '.' }],
      [
        { text: 'The Slack account ' },
        name(account.userId, 40),
        { text: ' of the workspace ' },
        name(account.teamId, 40),
        { text: ', ' },
        ...self,
        { text: 'asks to act as you. Go on only if this account is your own and you asked for this yourself, a moment ago.' },
      ],
      [
        { text: 'Then type this in Slack, from that account, within ' },
        { text: `${signInMinutes} minutes` },
        { text: '. Give the code to nobody: whoever has it could decide in your name.' },
      ],
    ],
    code: `/actions link ${code.slice(0, 4)}-${code.slice(4)}`,
    deny: { label: notMe, token: denyToken },
  };
}

const deniedTexts = {
  code: 'The code no longer works, and nothing was connected.',
  link: 'The connection that came of this sign-in is ended.',
  proof: 'This sign-in no longer counts as a proof of who you are.',
};

const deniedPage = (undone: keyof typeof deniedTexts): SignInText =>
  plainPage(
    'Thank you',
    deniedTexts[undone],
    'It is written down. Please tell your security team how you came to that address: somebody may have sent it to you on purpose.',
  );

const again = 'Go back to the chat and ask for a new address: /actions link, or the button you pressed.';
const tellAdministrators = 'Please tell your Countersign administrators; asking again will not help.';

const invalid = ['What the sign-in brought back does not fit to this address, so it was not believed.'];
const refusedTexts: Record<SignInTrouble, string[]> = {
  'unknown-address': ['This address is not one that works, or its time is over.'],
  'used-address': ['This address was used already; each works once.'],
  'expired-address': [`The time of this address is over; it works for ${signInMinutes} minutes.`],
  'other-browser': ['The sign-in began in another browser, or this one keeps no cookies, so it was not believed.'],
  declined: ['The sign-in was not completed.'],
  'no-answer': ['The sign-in could not be checked, because the directory or the login service did not answer.'],
  'not-fresh': ['A fresh sign-in is needed, and this one is too old.'],
  'other-person': ['The address was made for somebody else. If you were sent it, do not sign in there; please tell your security team.'],
  'no-member': ['Only an enabled member of the organisation can do this.'],
  'person-taken': ['You are connected to another Slack account of this workspace already, and that stays.'],
  'account-taken': ['That Slack account is connected to somebody else already, and that stays.'],
  'code-not-taken': invalid,
  'no-id-token': invalid,
  'wrong-signature': invalid,
  'wrong-audience': invalid,
  'wrong-issuer': invalid,
  'wrong-tenant': ['You signed in at another organisation, so it was not believed.'],
  'wrong-nonce': invalid,
  'outdated-token': invalid,
  'no-person': invalid,
  'no-sign-in-time': ['The login service did not tell when you signed in, so it cannot be known whether it is fresh.'],
};

const nextTexts: Partial<Record<SignInTrouble, string>> = {
  'no-sign-in-time': tellAdministrators,
  'other-person': 'Nothing was approved and nothing was connected.',
  'person-taken': 'If that account is yours too, type /actions link remove there first.',
  'account-taken': 'In Slack, /actions link list shows to whom.',
};

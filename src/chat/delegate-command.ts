/** `/actions delegate`: what was typed behind it, and the answer. Who may stand in for whom is decided in the product. */
import type { Platform } from '../action-center/action.ts';
import type { Delegating, Named, Wish } from '../action-center/delegation.ts';
import type { AskingPerson } from '../action-center/identify.ts';
import {
  begunText,
  type DelegateProblem,
  delegationOff,
  delegationRefusalText,
  endedText,
  standingText,
  unclearText,
} from './delegation-words.ts';
import type { Line } from './show.ts';

export type Who = { kind: 'mention'; account: string } | { kind: 'address'; address: string } | { kind: 'id'; entraId: string };
export type DelegateAsk =
  | { kind: 'status' }
  | { kind: 'off' }
  | { kind: 'to'; who: Who; from: string | null; until: string; because: string | null }
  | { kind: 'unclear'; problem: DelegateProblem };

const longestReason = 200;
/** `<@U0BOB>` in Slack; in Teams the mention of a person is brought into the same form. */
const mention = /^<@([\w:.=-]{1,200})>$/;
const address = /^(?:<mailto:)?([^\s<>|@]{1,64}@[^\s<>|@]{1,253})(?:\|[^>]{0,320})?>?$/i;
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What stands behind the word `delegate`, as it was written. */
export function parseDelegate(given: string): DelegateAsk {
  const text = given.replaceAll(/<@([\w:.=-]{1,200})\|[^>]{0,200}>/g, '<@$1>').replaceAll(/[\p{Pd}\u2212]/gu, '-');
  const reason = /\sbecause\s+(.*)$/is.exec(` ${text}`);
  const plain = reason === null ? text : ` ${text}`.slice(0, reason.index);
  const tokens = plain.trim().split(/\s+/).filter(Boolean);
  const [first = '', ...rest] = tokens;
  const word = first.toLowerCase();
  if (word === '') return { kind: 'status' };
  if ((word === 'off' || word === 'end') && rest.length === 0) return { kind: 'off' };
  const [whoWord = '', ...when] = word === 'to' ? rest : tokens;
  const who = whoOf(whoWord);
  if (who === null) return { kind: 'unclear', problem: word === 'to' || whoWord.startsWith('@') ? 'no-person' : 'nothing-understood' };
  const days = daysOf(when);
  if (days === null) return { kind: 'unclear', problem: 'nothing-understood' };
  if (days.until === null) return { kind: 'unclear', problem: 'no-until' };
  const because = reason?.[1]?.trim().slice(0, longestReason) ?? '';
  return { kind: 'to', who, from: days.from, until: days.until, because: because === '' ? null : because };
}

function whoOf(token: string): Who | null {
  const account = mention.exec(token)?.[1];
  if (account !== undefined) return { kind: 'mention', account };
  const bare = token.replace(/^[("'“”]+|[)"'“”,;.]+$/g, '');
  if (guid.test(bare)) return { kind: 'id', entraId: bare.toLowerCase() };
  const mail = address.exec(bare)?.[1];
  return mail === undefined ? null : { kind: 'address', address: mail };
}

/** `from DAY until DAY`, in either order, the first one left out for now. Null: something else stands there. */
function daysOf(tokens: readonly string[]): { from: string | null; until: string | null } | null {
  const days: { from: string | null; until: string | null } = { from: null, until: null };
  for (let at = 0; at < tokens.length; at += 2) {
    const [name = '', day = ''] = [tokens[at]?.toLowerCase(), tokens[at + 1]?.toLowerCase().replace(/[,;.]+$/, '')];
    const key = name === 'from' ? 'from' : name === 'until' || name === 'till' ? 'until' : null;
    if (key === null || day === '' || days[key] !== null) return null;
    days[key] = day;
  }
  return days;
}

export type DelegateAsked = {
  platform: Platform;
  person: AskingPerson;
  /** Who is meant by a mention, as the platform vouches for them; left out where nobody can say. */
  mentioned?: ((account: string) => AskingPerson) | undefined;
};

/** Null: the policy lets nobody name a stand-in. Throws UpstreamError where something does not answer. */
export async function answerDelegate(
  delegating: Delegating | null,
  { platform, person, mentioned }: DelegateAsked,
  ask: DelegateAsk,
): Promise<Line[]> {
  if (delegating === null) return delegationOff;
  if (ask.kind === 'unclear') return unclearText(ask.problem, platform);
  if (ask.kind === 'status') {
    const standing = await delegating.standing(person);
    return standing.ok ? standingText(standing.value, platform) : [delegationRefusalText(standing.refusal, platform)];
  }
  if (ask.kind === 'off') {
    const ended = await delegating.end(person);
    return ended.ok ? endedText(ended.value) : [delegationRefusalText(ended.refusal, platform)];
  }
  const named = namedOf(ask.who, mentioned);
  if (named === null) return unclearText('mention-unknown', platform);
  const wish: Wish = { named, from: ask.from, until: ask.until, because: ask.because };
  const begun = await delegating.begin(person, wish);
  return begun.ok ? begunText(begun.value) : [delegationRefusalText(begun.refusal, platform)];
}

function namedOf(who: Who, mentioned: DelegateAsked['mentioned']): Named | null {
  if (who.kind !== 'mention') return who;
  return mentioned === undefined ? null : { kind: 'account', person: mentioned(who.account) };
}

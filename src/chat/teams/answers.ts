/** Private answers: seen by one person where they asked, or in their own chat with the bot. Never anything others can see. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Lanes, Log } from '../../action-center/ports.ts';
import { type LaneUse, SurfaceError } from '../surface.ts';
import type { Arrival } from './activity.ts';
import type { Connector } from './connector.ts';
import type { TeamsContent } from './render.ts';
import { messageOf, typeOf } from './surface.ts';

export type TellPrivately = (arrival: Arrival, content: TeamsContent) => Promise<void>;

/** How long a way is tried while Teams or its limits ask for pauses; then the next one. After the last one there is only the log. */
const patienceMs = 3000;
const lastPatienceMs = 30_000;
/** Counts at least this much, so that trying again comes to an end. */
const shortestPauseMs = 250;
const unnamedPauseMs = 500;
const chatBound = 5000;

export type PrivateAnswersDeps = {
  connector: Connector;
  lanes: Pick<Lanes, 'take'>;
  /** What a message to this conversation counts against. */
  lanesOf: (conversation: string) => LaneUse[];
  log: Log;
  now: () => number;
};

export function privateAnswers(deps: PrivateAnswersDeps): TellPrivately {
  const chats = personalChats(deps.connector);
  const inPerson: Way = async (arrival, person, content) => {
    const conversation = await chats.open(arrival, person);
    await admit(deps, conversation);
    try {
      await deps.connector.post({ serviceUrl: arrival.serviceUrl, conversation }, messageOf(content));
    } catch (error) {
      chats.forget(arrival, person);
      throw error;
    }
  };
  const targeted: Way = async ({ serviceUrl, thread, conversation, activity }, person, content) => {
    // Only what the person wrote can be quoted; a press is no message.
    const asked = activity.type === 'message' && activity.text ? (activity.id ?? null) : null;
    await admit(deps, conversation);
    await deps.connector.postTargeted({ serviceUrl, conversation: thread, person, asked }, messageOf(content));
  };

  /** True when the answer got through this way. */
  const tryOut = async (way: Way, forMs: number, arrival: Arrival, content: TeamsContent): Promise<boolean> => {
    const { person, requestKey: clickId } = arrival;
    if (person === null) return true;
    try {
      await patiently(() => way(arrival, person.id, content), forMs);
      return true;
    } catch (error) {
      if (!(error instanceof SurfaceError)) throw error;
      const { trouble, message: reason } = error;
      deps.log.warn({ clickId, way: way.name, trouble, reason }, 'a private answer did not get through this way');
      return false;
    }
  };

  return async (arrival, content) => {
    if (!isPersonal(arrival) && (await tryOut(targeted, patienceMs, arrival, content))) return;
    if (await tryOut(inPerson, lastPatienceMs, arrival, content)) return;
    deps.log.error({ clickId: arrival.requestKey, entraId: arrival.person?.entraId }, 'a private answer could not be delivered');
  };
}

/** Posts for everybody in the conversation where it was asked. Throws SurfaceError when it was not posted. */
export function openAnswers(deps: PrivateAnswersDeps): (arrival: Arrival, content: TeamsContent) => Promise<void> {
  return async ({ serviceUrl, conversation, organisation }, content) => {
    await patiently(async () => {
      await admit(deps, conversation);
      const message = messageOf(content);
      if (typeOf(conversation) === 'channel')
        await deps.connector.createThread({ serviceUrl, channel: conversation, organisation }, message);
      else await deps.connector.post({ serviceUrl, conversation }, message);
    }, patienceMs);
  };
}

type PersonalChats = { open(arrival: Arrival, person: string): Promise<string>; forget(arrival: Arrival, person: string): void };

/** Opening a chat counts as a message to it, so each is opened once. */
export function personalChats(connector: Connector): PersonalChats {
  const known = new Map<string, Promise<string>>();
  const keyOf = ({ organisation }: Arrival, person: string) => `${organisation} ${person}`;
  return {
    open: (arrival, person) => {
      if (isPersonal(arrival)) return Promise.resolve(arrival.conversation);
      const key = keyOf(arrival, person);
      const before = known.get(key);
      if (before !== undefined) return before;
      const { serviceUrl, organisation } = arrival;
      const opened = connector.openPersonal({ serviceUrl, organisation, person });
      known.set(key, opened);
      opened.catch(() => known.delete(key));
      const [oldest] = known.keys();
      if (known.size > chatBound && oldest !== undefined) known.delete(oldest);
      return opened;
    },
    forget: (arrival, person) => {
      known.delete(keyOf(arrival, person));
    },
  };
}

export const isPersonal = ({ activity, conversation }: Arrival): boolean =>
  activity.conversation?.conversationType === 'personal' ||
  (!activity.conversation?.conversationType && typeOf(conversation) === 'personal');

type Way = (arrival: Arrival, person: string, content: TeamsContent) => Promise<void>;

/** Private messages count against the conversation's limits like all others; cards need theirs too. */
export async function admit({ lanes, lanesOf, now }: PrivateAnswersDeps, conversation: string): Promise<void> {
  for (const use of lanesOf(conversation)) {
    const wait = await lanes.take(use.lane, use, now());
    if (wait > 0) throw new SurfaceError('rate-limited', 'the conversation is at its limit', { retryAfterMs: wait });
  }
}

/** Again after a short pause that Teams or its limits ask for: then it certainly did nothing before. */
export async function patiently(call: () => Promise<void>, forMs: number): Promise<void> {
  for (let left = forMs; ; ) {
    try {
      return await call();
    } catch (error) {
      const pause = pauseOf(error);
      if (pause === null || pause > left) throw error;
      left -= Math.max(pause, shortestPauseMs);
      await delay(pause);
    }
  }
}

function pauseOf(error: unknown): number | null {
  if (!(error instanceof SurfaceError) || !['rate-limited', 'unavailable'].includes(error.trouble)) return null;
  return error.retryAfterMs ?? unnamedPauseMs;
}

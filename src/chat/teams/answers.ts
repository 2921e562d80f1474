/** Private answers: seen by one person where they asked, or in their own chat with the bot. Never anything others can see. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Lanes, Log } from '../../action-center/ports.ts';
import { type LaneUse, SurfaceError } from '../surface.ts';
import type { Arrival } from './activity.ts';
import type { Connector } from './connector.ts';
import type { TeamsContent } from './render.ts';
import { messageOf, typeOf } from './surface.ts';

export type TellPrivately = (arrival: Arrival, content: TeamsContent) => Promise<void>;

/** A pause that Teams asks for is kept when it is short; a longer one is gone around. */
const longestPauseMs = 3000;
/** Counts at least this much, so that trying again comes to an end. */
const shortestPauseMs = 250;
const unnamedPauseMs = 500;

export type PrivateAnswersDeps = {
  connector: Connector;
  lanes: Pick<Lanes, 'take'>;
  /** What a message to this conversation counts against. */
  lanesOf: (conversation: string) => LaneUse[];
  log: Log;
  now: () => number;
};

export function privateAnswers(deps: PrivateAnswersDeps): TellPrivately {
  const { log } = deps;
  return async (arrival, content) => {
    const { person, requestKey: clickId } = arrival;
    if (person === null) return;
    const ways = isPersonal(arrival) ? [inPerson] : [targeted, inPerson];
    for (const way of ways) {
      try {
        await patiently(() => way(deps, arrival, person.id, content));
        return;
      } catch (error) {
        if (!(error instanceof SurfaceError)) throw error;
        log.warn(
          { clickId, way: way.name, trouble: error.trouble, reason: error.message },
          'a private answer did not get through this way',
        );
      }
    }
    log.error({ clickId, entraId: person.entraId }, 'a private answer could not be delivered');
  };
}

const isPersonal = ({ activity, conversation }: Arrival): boolean =>
  activity.conversation?.conversationType === 'personal' ||
  (!activity.conversation?.conversationType && typeOf(conversation) === 'personal');

type Way = (deps: PrivateAnswersDeps, arrival: Arrival, person: string, content: TeamsContent) => Promise<void>;

const targeted: Way = async (deps, { serviceUrl, thread, conversation, activity }, person, content) => {
  // Only what the person wrote can be quoted; a press is no message.
  const asked = activity.type === 'message' && activity.text ? (activity.id ?? null) : null;
  await admit(deps, conversation);
  await deps.connector.postTargeted({ serviceUrl, conversation: thread, person, asked }, messageOf(content));
};

const inPerson: Way = async (deps, { serviceUrl, organisation }, person, content) => {
  const conversation = await deps.connector.openPersonal({ serviceUrl, organisation, person });
  await admit(deps, conversation);
  await deps.connector.post({ serviceUrl, conversation }, messageOf(content));
};

/** Private messages count against the conversation's limits like all others; cards need theirs too. */
async function admit({ lanes, lanesOf, now }: PrivateAnswersDeps, conversation: string): Promise<void> {
  for (const use of lanesOf(conversation)) {
    const wait = await lanes.take(use.lane, use, now());
    if (wait > 0) throw new SurfaceError('rate-limited', 'the conversation is at its limit', { retryAfterMs: wait });
  }
}

/** Again after a short pause that Teams or its limits ask for: then it certainly did nothing before. */
async function patiently(call: () => Promise<void>): Promise<void> {
  for (let left = longestPauseMs; ; ) {
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

/** Private answers: seen by one person where they asked, or in their own chat with the bot. Never anything others can see. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../action-center/ports.ts';
import { SurfaceError } from '../surface.ts';
import type { Arrival } from './activity.ts';
import type { Connector } from './connector.ts';
import type { TeamsContent } from './render.ts';
import { messageOf, typeOf } from './surface.ts';

export type TellPrivately = (arrival: Arrival, content: TeamsContent) => Promise<void>;

/** A pause that Teams asks for is kept when it is short; a longer one is gone around. */
const longestPauseMs = 3000;

export function privateAnswers({ connector, log }: { connector: Connector; log: Log }): TellPrivately {
  return async (arrival, content) => {
    const { person, requestKey: clickId } = arrival;
    if (person === null) return;
    const ways = isPersonal(arrival) ? [inPerson] : [targeted, inPerson];
    for (const way of ways) {
      try {
        await patiently(() => way(connector, arrival, person.id, content));
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

type Way = (connector: Connector, arrival: Arrival, person: string, content: TeamsContent) => Promise<void>;

const targeted: Way = (connector, { serviceUrl, thread, activity }, person, content) => {
  // Only what the person wrote can be quoted; a press is no message.
  const asked = activity.type === 'message' && activity.text ? (activity.id ?? null) : null;
  return connector.postTargeted({ serviceUrl, conversation: thread, person, asked }, messageOf(content));
};

const inPerson: Way = async (connector, { serviceUrl, organisation }, person, content) => {
  const conversation = await connector.openPersonal({ serviceUrl, organisation, person });
  await connector.post({ serviceUrl, conversation }, messageOf(content));
};

/** Once more after a short pause that Teams asked for: then it certainly did nothing before. */
async function patiently(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const pause =
      error instanceof SurfaceError && ['rate-limited', 'unavailable'].includes(error.trouble) ? (error.retryAfterMs ?? 500) : null;
    if (pause === null || pause > longestPauseMs) throw error;
    await delay(pause);
    await call();
  }
}

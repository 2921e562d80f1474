/** Which channels must not get cards: those shared with another organisation, which would read incident data there. */

import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';
import { SurfaceError } from '../surface.ts';
import { surfaceErrorOf } from './surface-errors.ts';

export type ChannelCheck = {
  /** Looks at every channel now and logs what is wrong with it. */
  warnAboutSharedChannels(channels: readonly string[]): Promise<void>;
  /** Throws SurfaceError `unreachable` for a shared channel. */
  mustBeOurs(channel: string): Promise<void>;
};

/** A channel can become shared later. */
const freshMs = 600_000;
const bound = 1000;

export function channelCheck(deps: { client: WebClient; log: Log; now: () => number }): ChannelCheck {
  const known = new Map<string, { shared: boolean; at: number }>();

  const look = async (channel: string): Promise<boolean> => {
    const before = known.get(channel);
    if (before && deps.now() - before.at < freshMs) return before.shared;
    const shared = await isShared(deps, channel);
    known.delete(channel);
    known.set(channel, { shared, at: deps.now() });
    const [oldest] = known.keys();
    if (known.size > bound && oldest !== undefined) known.delete(oldest);
    if (shared) deps.log.error({ channel }, 'this channel is shared with another organisation; no cards are posted there');
    return shared;
  };

  return {
    warnAboutSharedChannels: async (channels) => {
      for (const channel of channels) {
        await look(channel).catch((error: unknown) => {
          deps.log.warn({ channel, err: error }, 'this channel could not be looked up; it is looked up again before a card is posted');
        });
      }
    },
    mustBeOurs: async (channel) => {
      if (await look(channel)) throw new SurfaceError('unreachable', 'the channel is shared with another organisation');
    },
  };
}

async function isShared({ client, log }: { client: WebClient; log: Log }, channel: string): Promise<boolean> {
  try {
    const { channel: info } = await client.conversations.info({ channel });
    return info?.is_ext_shared === true || info?.is_org_shared === true || info?.is_pending_ext_shared === true;
  } catch (error) {
    // Slack answered and will not say: the post itself tells what is wrong, or the app lacks channels:read and an operator chose so.
    if (error instanceof WebAPIPlatformError && surfaceErrorOf(error).trouble === 'unreachable') {
      log.warn({ channel, reason: error.data.error }, 'whether this channel is shared with another organisation cannot be checked');
      return false;
    }
    // Nothing was posted yet, so this is never `unknown`.
    const { trouble, retryAfterMs } = surfaceErrorOf(error);
    const pause = retryAfterMs === null ? {} : { retryAfterMs };
    const kind = trouble === 'rate-limited' ? 'rate-limited' : 'unavailable';
    throw new SurfaceError(kind, 'the channel could not be looked up', { ...pause, cause: error });
  }
}

/**
 * How often Microsoft may be called: one app has 100 calls a minute and 1,500 an hour to each API, whichever process makes them. The lanes are
 * in the record, so all workers share them; what only looks how far something is leaves room for decisions.
 */
import type { LaneLimit, Lanes } from '../action-center/ports.ts';

export type ApiName = 'defender' | 'graph' | 'office365';
export type Urgency = 'decision' | 'poll';

export type Limits = {
  /** 0: go ahead. Else the ms to wait; nothing was used up then. */
  take(api: ApiName, urgency: Urgency): Promise<number>;
  /** The service asked for a pause; everybody keeps it. */
  pause(api: ApiName, ms: number): Promise<void>;
};

/** A rush may take this part of a minute (an hour) at once; the rest flows in, so that no minute (hour) sees more than the limit. */
const rush = { minute: 0.4, hour: 0.2 };
/** Of the rush, for decisions alone. */
const kept = 0.3;
const callsPerHour = 15;
/** Microsoft allows a tenant 2,000 a minute there; others read it too. */
const feedPerMinute = 500;
const longestPauseMs = 3_600_000;

function laneOf(perWindow: number, windowSeconds: number, part: number): LaneLimit {
  const capacity = Math.max(1, Math.floor(perWindow * part));
  return { capacity, perSecond: Math.max(perWindow - capacity, 1) / windowSeconds };
}

type LimitsOptions = { tenant: string; perMinute: number; now: () => number };

export function sharedLimits(lanes: Lanes, { tenant, perMinute, now }: LimitsOptions): Limits {
  const usual = { minute: laneOf(perMinute, 60, rush.minute), hour: laneOf(perMinute * callsPerHour, 3600, rush.hour) };
  const feed = { minute: laneOf(feedPerMinute, 60, rush.minute), hour: laneOf(feedPerMinute * 60, 3600, rush.hour) };
  const name = (api: ApiName, window: string): string => `backend:${tenant}:${api}:${window}`;
  const forPolls = (limit: LaneLimit): LaneLimit => ({ ...limit, leave: Math.floor(limit.capacity * kept) });

  return {
    take: async (api, urgency) => {
      const { minute, hour } = api === 'office365' ? feed : usual;
      const [ofMinute, ofHour] = urgency === 'poll' ? [forPolls(minute), forPolls(hour)] : [minute, hour];
      const wait = await lanes.take(name(api, 'minute'), ofMinute, now());
      return wait > 0 ? wait : lanes.take(name(api, 'hour'), ofHour, now());
    },
    pause: (api, ms) => lanes.block(name(api, 'minute'), now() + Math.min(ms, longestPauseMs)),
  };
}

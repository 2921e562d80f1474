/**
 * How often Microsoft may be called: one app has 100 calls a minute and 1,500 an hour to each API, whichever process makes them. The lanes are
 * in the record, so all workers share them; what only looks how far something is leaves room for decisions.
 */
import type { LaneLimit, Lanes } from '../action-center/ports.ts';

export type ApiName = 'defender' | 'graph' | 'office365';
export type Urgency = 'decision' | 'poll';
/** What a call is counted in. Queries of advanced hunting have a limit and pauses of their own, and must not hold up what decides. */
export type Quota = ApiName | 'hunting';

export type Limits = {
  /** 0: go ahead. Else the ms to wait. */
  take(quota: Quota, urgency: Urgency): Promise<number>;
  /** The service asked for a pause; everybody keeps it. */
  pause(quota: Quota, ms: number): Promise<void>;
};

/** A rush may take this part of a minute (an hour) at once; the rest flows in, so that no minute (hour) sees more than the limit. */
const rush = { minute: 0.4, hour: 0.2, hunting: 0.2 };
/** Of the rush, for decisions alone. */
const kept = 0.3;
const callsPerHour = 15;
/** Defender takes 45 queries of a tenant at least where it takes 100 calls of an app. */
const huntingPart = 0.45;
/** Microsoft allows a tenant 2,000 a minute there; others read it too. */
const feedPerMinute = 500;
const longestPauseMs = 3_600_000;

function laneOf(perWindow: number, windowSeconds: number, part: number): LaneLimit {
  const capacity = Math.max(1, Math.floor(perWindow * part));
  return { capacity, perSecond: Math.max(perWindow - capacity, 1) / windowSeconds };
}

/** One for the tenant, whichever app asks. */
export const huntingLane = (tenant: string): string => `hunting:${tenant}`;

type LimitsOptions = { tenant: string; perMinute: number; now: () => number };

export function sharedLimits(lanes: Lanes, { tenant, perMinute, now }: LimitsOptions): Limits {
  const usual = { minute: laneOf(perMinute, 60, rush.minute), hour: laneOf(perMinute * callsPerHour, 3600, rush.hour) };
  const feed = { minute: laneOf(feedPerMinute, 60, rush.minute), hour: laneOf(feedPerMinute * 60, 3600, rush.hour) };
  const hunting = laneOf(perMinute * huntingPart, 60, rush.hunting);
  const name = (quota: Quota, window: string): string =>
    quota === 'hunting' ? huntingLane(tenant) : `backend:${tenant}:${quota}:${window}`;
  const forPolls = (limit: LaneLimit): LaneLimit => ({ ...limit, leave: Math.floor(limit.capacity * kept) });

  return {
    take: async (quota, urgency) => {
      if (quota === 'hunting') return lanes.take(huntingLane(tenant), urgency === 'poll' ? forPolls(hunting) : hunting, now());
      const { minute, hour } = quota === 'office365' ? feed : usual;
      const [ofMinute, ofHour] = urgency === 'poll' ? [forPolls(minute), forPolls(hour)] : [minute, hour];
      const wait = await lanes.take(name(quota, 'minute'), ofMinute, now());
      return wait > 0 ? wait : lanes.take(name(quota, 'hour'), ofHour, now());
    },
    pause: (quota, ms) => lanes.block(name(quota, 'minute'), now() + Math.min(ms, longestPauseMs)),
  };
}

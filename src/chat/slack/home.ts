/**
 * The Home tab of each person who opened it. Slack limits how often tabs may be published, so each person's is published at most once in a while;
 * what was asked for meanwhile is one more publication, drawn when it goes out, so that the newest state is what stays.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { WebAPIRateLimitedError } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';

export type Homes = {
  /** The person looks at it, or pressed Refresh. */
  open(userId: string): void;
  /** Something of theirs may have changed; only who opened the tab lately gets it anew. */
  touch(userId: string): void;
  /** Nothing that waits goes out any more; what is on its way ends within this time. */
  stop(deadlineMs: number): Promise<void>;
};

export type HomesDeps = {
  /** Draws the tab as it is now and publishes it. */
  publish: (userId: string) => Promise<void>;
  log: Log;
  /** Between two publications for one person. */
  everyMs?: number | undefined;
  now: () => number;
};

const usualEveryMs = 10_000;
/** Who opened it this long ago has gone. */
const lookingMs = 3_600_000;
const bound = 2000;
const longestPauseMs = 60_000;

type Tab = { openedAt: number; wanted: boolean; running: Promise<void> | null };

export function homes({ publish, log, everyMs = usualEveryMs, now }: HomesDeps): Homes {
  const tabs = new Map<string, Tab>();
  const stopped = new AbortController();

  /** Until nothing is wanted any more. The pause comes after each, so that the next request waits for it. */
  const run = async (userId: string, tab: Tab): Promise<void> => {
    while (tab.wanted && !stopped.signal.aborted) {
      tab.wanted = false;
      const pause = await published(userId, tab);
      // Cut short when we stop: then nothing is wanted any more.
      await delay(pause, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
    }
    tab.running = null;
  };

  const published = async (userId: string, tab: Tab): Promise<number> => {
    try {
      await publish(userId);
      return everyMs;
    } catch (error) {
      log.warn({ slackUser: userId, err: error }, 'a Home tab could not be published');
      if (!(error instanceof WebAPIRateLimitedError)) return everyMs;
      tab.wanted = true;
      return Math.max(everyMs, Math.min(error.retryAfter * 1000, longestPauseMs));
    }
  };

  const want = (userId: string, tab: Tab): void => {
    tab.wanted = true;
    tab.running ??= run(userId, tab);
  };

  return {
    open: (userId) => {
      if (stopped.signal.aborted) return;
      const tab = tabs.get(userId) ?? { openedAt: 0, wanted: false, running: null };
      tab.openedAt = now();
      // Again at the end: insertion order is who looked last.
      tabs.delete(userId);
      tabs.set(userId, tab);
      const [oldest] = tabs.keys();
      if (tabs.size > bound && oldest !== undefined) tabs.delete(oldest);
      want(userId, tab);
    },
    touch: (userId) => {
      const tab = tabs.get(userId);
      if (tab === undefined || stopped.signal.aborted) return;
      if (now() - tab.openedAt > lookingMs) tabs.delete(userId);
      else want(userId, tab);
    },
    stop: async (deadlineMs) => {
      stopped.abort();
      const running = [...tabs.values()].flatMap(({ running: work }) => work ?? []);
      await Promise.race([Promise.all(running), delay(deadlineMs, undefined, { ref: false })]);
    },
  };
}

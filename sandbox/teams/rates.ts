// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit as sliding windows on the world's clock.

export type Limit = { count: number; ms: number };
export type Use = { key: string; limits: readonly Limit[] };

const SECOND = 1_000;
const HOUR = 3_600_000;

/** Creations, edits and deletions of one bot in one conversation (a channel with all its threads) together. */
export const WRITING: readonly Limit[] = [
  { count: 7, ms: SECOND },
  { count: 8, ms: 2 * SECOND },
  { count: 60, ms: 30 * SECOND },
  { count: 1_800, ms: HOUR },
];
export const READING: readonly Limit[] = [
  { count: 14, ms: SECOND },
  { count: 16, ms: 2 * SECOND },
  { count: 120, ms: 30 * SECOND },
  { count: 3_600, ms: HOUR },
];
/** Everything an app does in one tenant. */
export const OVERALL: readonly Limit[] = [{ count: 50, ms: SECOND }];

export type Windows = {
  /** Milliseconds to wait, 0 when the call may go ahead. A call that may not is not counted. */
  take(uses: readonly Use[]): number;
};

export function createWindows(now: () => number): Windows {
  const taken = new Map<string, number[]>();
  const within = ({ key, limits }: Use, at: number): number[] => {
    const longest = Math.max(...limits.map((limit) => limit.ms));
    const kept = (taken.get(key) ?? []).filter((moment) => at - moment < longest);
    taken.set(key, kept);
    return kept;
  };
  return {
    take(uses) {
      const at = now();
      const wait = Math.max(...uses.map((use) => waitOf(within(use, at), use.limits, at)));
      if (wait > 0) return wait;
      for (const { key } of uses) taken.get(key)?.push(at);
      return 0;
    },
  };
}

function waitOf(moments: readonly number[], limits: readonly Limit[], at: number): number {
  const waits = limits.map(({ count, ms }) => {
    const first = moments[moments.length - count];
    return first === undefined ? 0 : Math.max(0, first + ms - at);
  });
  return Math.max(...waits);
}

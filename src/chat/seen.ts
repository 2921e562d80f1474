/** Remembers what was seen lately, within a bound: requests that arrive a second time, byte for byte. */
export type Seen = { /** True the first time. */ first(key: string): boolean };

export function seenLately({ forMs, bound, now }: { forMs: number; bound: number; now: () => number }): Seen {
  const until = new Map<string, number>();
  return {
    first: (key) => {
      const at = now();
      const known = until.get(key);
      if (known !== undefined && known > at) return false;
      until.delete(key);
      until.set(key, at + forMs);
      // Insertion order is age, so whatever is over lies in front.
      for (const [oldest, end] of until) {
        if (until.size <= bound && end > at) break;
        until.delete(oldest);
      }
      return true;
    },
  };
}

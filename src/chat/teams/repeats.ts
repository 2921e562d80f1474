/**
 * Teams sends a request again when it thinks nobody heard it. The second one gets the answer of the first, also while that is still on its way.
 * One bot's memory: across bots and restarts the state machine behind it keeps a press from counting twice.
 */
export type TakeOnce<T> = (key: string, work: () => Promise<T>) => Promise<T>;

const keptMs = 120_000;
const bound = 5000;

export function repeats<T>({ now }: { now: () => number }): TakeOnce<T> {
  const known = new Map<string, { answer: Promise<T>; until: number }>();
  return (key, work) => {
    const at = now();
    const before = known.get(key);
    if (before && before.until > at) return before.answer;
    const answer = work();
    known.delete(key);
    known.set(key, { answer, until: at + keptMs });
    // What failed is not an answer: whoever comes again is heard again.
    answer.catch(() => known.delete(key));
    for (const [oldest, { until }] of known) {
      if (known.size <= bound && until > at) break;
      known.delete(oldest);
    }
    return answer;
  };
}

/**
 * How fast one producer may submit. Counted in this process only: the limit keeps one runaway playbook from starving the others here, it is not a
 * quota. The burst is a storm that was promised to be taken. A submission is stored once whatever arrives, so several bots with a bucket each do no harm.
 */
export type ProducerLimits = {
  /** Takes one; returns 0, or how many ms to wait (nothing is taken then). */
  take(producer: string, nowMs: number): number;
};

export function producerLimits({ perSecond = 200, burst = 10_000, maxProducers = 1000 } = {}): ProducerLimits {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take: (producer, nowMs) => {
      const known = buckets.get(producer) ?? { tokens: burst, at: nowMs };
      // A clock that was set back must not empty the bucket.
      const passed = Math.max(0, nowMs - known.at);
      const tokens = Math.min(burst, known.tokens + (passed * perSecond) / 1000);
      const taken = tokens >= 1;
      // Taken out and put back at the end: the first key is the one that was quiet for longest.
      buckets.delete(producer);
      buckets.set(producer, { tokens: taken ? tokens - 1 : tokens, at: nowMs });
      const oldest = buckets.keys().next().value;
      if (buckets.size > maxProducers && oldest !== undefined) buckets.delete(oldest);
      return taken ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
  };
}

/** Answers about people, kept for a short time: bounded, each with its own end, and one question at a time for everybody who asks the same. */
export type AnswerCache<T> = {
  ask(key: string, options: { fresh: boolean }, look: () => Promise<T>): Promise<T>;
};

export type AnswerCacheOptions<T> = {
  /** How long an answer may be used again; 0: not at all. */
  keepMs: (answer: T) => number;
  bound: number;
  /** Milliseconds that only grow. */
  now: () => number;
};

type Entry<T> = { answer: T; askedAt: number; until: number };

/** Only answers are kept, never a failure. An answer's age counts from when it was asked for. */
export function answerCache<T>({ keepMs, bound, now }: AnswerCacheOptions<T>): AnswerCache<T> {
  const known = new Map<string, Entry<T>>();
  const flights = new Map<string, Promise<T>>();

  const keep = (key: string, entry: Entry<T>): void => {
    const there = known.get(key);
    // A slower look that began earlier must not bring an old answer back.
    if (there && there.askedAt > entry.askedAt) return;
    known.delete(key);
    if (entry.until <= now()) return;
    known.set(key, entry);
    const [oldest] = known.keys();
    if (known.size > bound && oldest !== undefined) known.delete(oldest);
  };

  const lookUp = async (key: string, look: () => Promise<T>): Promise<T> => {
    const askedAt = now();
    const answer = await look();
    keep(key, { answer, askedAt, until: askedAt + keepMs(answer) });
    return answer;
  };

  return {
    ask: (key, { fresh }, look) => {
      // Whoever must know how things are now does not join a question that was asked before.
      if (fresh) return lookUp(key, look);
      const there = known.get(key);
      if (there && there.until > now()) return Promise.resolve(there.answer);
      const flying = flights.get(key);
      if (flying !== undefined) return flying;
      const flight = lookUp(key, look).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
  };
}

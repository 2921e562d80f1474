/** A background loop that runs on a beat and when poked; never two runs at a time, and a failing run never ends it. */
export type Loop = { poke(): void; stop(): Promise<void> };

export type LoopOptions = {
  /** The beat, in ms. */
  everyMs: number;
  /** The least pause between two runs, in ms: a poke after a quiet time runs at once, pokes in a rush are taken together. */
  restMs: number;
  /** Returns when it wants to run again, in ms from now, if that is sooner than the beat. */
  run: () => Promise<number | null>;
  onError: (error: unknown) => void;
};

export type StartLoop = (options: LoopOptions) => Loop;

export function startLoop({ everyMs, restMs, run, onError }: LoopOptions): Loop {
  let stopped = false;
  let poked = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let endedAt = Number.NEGATIVE_INFINITY;

  const once = async (): Promise<void> => {
    poked = false;
    let next = everyMs;
    try {
      const wanted = await run();
      if (wanted !== null) next = Math.min(everyMs, Math.max(0, wanted));
    } catch (error) {
      onError(error);
    }
    running = null;
    endedAt = performance.now();
    if (!stopped) schedule(poked ? 0 : next);
  };

  const schedule = (ms: number): void => {
    clearTimeout(timer);
    const rest = endedAt + restMs - performance.now();
    timer = setTimeout(
      () => {
        running = once();
      },
      Math.max(ms, rest),
    );
  };

  schedule(0);
  return {
    poke: () => {
      const first = !poked;
      poked = true;
      if (first && !running && !stopped) schedule(0);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

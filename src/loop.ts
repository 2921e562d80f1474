/** A background loop that runs on a beat and at once when poked; never two runs at a time, and a failing run never ends it. */
export type Loop = { poke(): void; stop(): Promise<void> };

export type LoopOptions = {
  /** The beat, in ms. */
  everyMs: number;
  /** Returns when it wants to run again, in ms from now, if that is sooner than the beat. */
  run: () => Promise<number | null>;
  onError: (error: unknown) => void;
};

export function startLoop({ everyMs, run, onError }: LoopOptions): Loop {
  let stopped = false;
  let poked = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;

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
    if (!stopped) schedule(poked ? 0 : next);
  };

  const schedule = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = once();
    }, ms);
  };

  schedule(0);
  return {
    poke: () => {
      poked = true;
      if (!running && !stopped) schedule(0);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

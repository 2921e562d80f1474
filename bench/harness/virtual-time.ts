/** A clock that stands still until it is told to go on, and background loops that run by it: between two things to do no time is spent. */
import type { Loop, LoopOptions, StartLoop } from '../../src/loop.ts';

export type VirtualClock = { now: () => number; goTo(ms: number): void };

export function openClock(start: number): VirtualClock {
  let at = start;
  return {
    now: () => at,
    goTo: (ms) => {
      if (ms < at) throw new Error('time does not go back');
      at = ms;
    },
  };
}

export type SteppedLoops = {
  startLoop: StartLoop;
  /** Runs every loop whose time has come, all at once, until each of them rests. */
  runDue(): Promise<void>;
  /** When a loop wants to run that has something to do; the beat of those that have nothing does not count. */
  wantedAt(): number;
  /** Waits for nothing: whoever is in the middle of a run is left there. */
  abandon(): void;
};

type Stepped = { options: LoopOptions; endedAt: number; wantedAt: number; running: Promise<void> | null; stopped: boolean };

const never = Number.POSITIVE_INFINITY;
/** A loop that wants to run again at once, again and again, is not left alone longer than this. */
const roundsMost = 1000;

export function openSteppedLoops({ now }: Pick<VirtualClock, 'now'>): SteppedLoops {
  const loops = new Set<Stepped>();
  const isDue = ({ options, endedAt, wantedAt, running, stopped }: Stepped): boolean =>
    !(stopped || running) && (wantedAt <= now() || endedAt + options.everyMs <= now());

  const once = async (loop: Stepped): Promise<void> => {
    loop.wantedAt = never;
    try {
      const wanted = await loop.options.run();
      if (wanted !== null) wantNotBefore(loop, now() + Math.max(wanted, loop.options.restMs));
    } catch (error) {
      loop.options.onError(error);
      wantNotBefore(loop, now() + loop.options.everyMs);
    }
    loop.endedAt = now();
    loop.running = null;
  };

  return {
    startLoop: (options) => {
      const loop: Stepped = { options, endedAt: Number.NEGATIVE_INFINITY, wantedAt: now(), running: null, stopped: false };
      loops.add(loop);
      return handleOf(loop, now, () => loops.delete(loop));
    },
    runDue: async () => {
      for (let round = 0; round < roundsMost; round += 1) {
        const due = [...loops].filter(isDue);
        if (due.length === 0) return;
        for (const loop of due) loop.running = once(loop);
        await Promise.all(due.map(({ running }) => running));
      }
      throw new Error(`loops still want to run after ${roundsMost} rounds at one moment`);
    },
    wantedAt: () => Math.min(never, ...[...loops].map(({ wantedAt, stopped }) => (stopped ? never : wantedAt))),
    abandon: () => {
      for (const loop of loops) loop.stopped = true;
      loops.clear();
    },
  };
}

/** A run that wants another one never brings one forward that somebody asked for meanwhile. */
function wantNotBefore(loop: Stepped, at: number): void {
  loop.wantedAt = Math.min(loop.wantedAt, at);
}

function handleOf(loop: Stepped, now: () => number, remove: () => void): Loop {
  return {
    poke: () => {
      loop.wantedAt = Math.min(loop.wantedAt, Math.max(now(), loop.endedAt + loop.options.restMs));
    },
    stop: async () => {
      loop.stopped = true;
      await loop.running;
      remove();
    },
  };
}

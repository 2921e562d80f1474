import type { Args, Fault } from './types.ts';

export type Faults = { add(fault: Fault): void; clear(): void; take(method: string, args: Args): Fault | undefined };

/** Faults wait in the order they were added; the first that fits a call is spent on it. */
export function createFaults(): Faults {
  let armed: (Fault & { left: number })[] = [];
  return {
    add: (fault) => void armed.push({ ...fault, left: fault.times ?? 1 }),
    clear: () => {
      armed = [];
    },
    take(method, args) {
      const found = armed.find((fault) => (fault.method ?? method) === method && (fault.when?.(args) ?? true));
      if (found === undefined) return undefined;
      found.left -= 1;
      armed = armed.filter((fault) => fault.left > 0);
      return found;
    },
  };
}

import type { ApiMethod, Fault } from './types.ts';

export type Faults = { add(fault: Fault): void; clear(): void; take(method: ApiMethod): Fault | undefined };

/** Faults wait in the order they were added; the first that fits a call is spent on it. */
export function createFaults(): Faults {
  let armed: (Fault & { left: number })[] = [];
  return {
    add: (fault) => void armed.push({ ...fault, left: fault.times ?? 1 }),
    clear: () => {
      armed = [];
    },
    take(method) {
      const found = armed.find((fault) => (fault.where ?? method) === method);
      if (found === undefined) return undefined;
      found.left -= 1;
      armed = armed.filter((fault) => fault.left > 0);
      return found;
    },
  };
}

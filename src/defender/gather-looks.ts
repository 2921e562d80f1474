/** Looks of several decisions at the same moment become one: Defender counts calls, not answers. */
import type { Part } from '../action-center/parts.ts';
import type { PartRequest, Standing, Work } from './driver.ts';

type Look<R extends PartRequest> = (works: readonly Work<R>[], signal: AbortSignal) => Promise<Map<Part, Standing>>;

const waitMs = 25;
const callMs = 9000;

export function gatherLooks<R extends PartRequest>(look: Look<R>): Look<R> {
  let waiting: Work<R>[] = [];
  let flight: Promise<Map<Part, Standing>> | null = null;

  const fly = async (): Promise<Map<Part, Standing>> => {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const works = waiting;
    waiting = [];
    flight = null;
    // Its own deadline, not that of whoever came first: others wait for the same answer.
    return look(works, AbortSignal.timeout(callMs));
  };

  return async (works) => {
    waiting.push(...works);
    flight ??= fly();
    return flight;
  };
}

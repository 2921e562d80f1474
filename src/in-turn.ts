/** What one process does one at a time, for whoever asks. */
import { UpstreamError } from './action-center/errors.ts';

/** `what`: as in "too many ...". */
type Turns = { mostWaiting: number; what: string };

/** Throws UpstreamError when so many wait already. */
export function inTurn<Asked, Told>(run: (asked: Asked) => Promise<Told>, { mostWaiting, what }: Turns): (asked: Asked) => Promise<Told> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (asked) => {
    if (waiting > mostWaiting) throw new UpstreamError('store', `too many ${what}`, { retryable: true });
    waiting += 1;
    const before = last;
    const mine = before.then(() => run(asked));
    last = mine.catch(() => {});
    return mine.finally(() => {
      waiting -= 1;
    });
  };
}

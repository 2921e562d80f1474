/** Waiting for what nobody tells us about. */
import { setTimeout as wait } from 'node:timers/promises';

type Looked<T> = T | null | undefined | false;

/** Under the time limit of a test of one part. */
const soonMs = 8000;
/** Where a whole deployment is at work. */
export const patienceMs = 15_000;

/** What `look` finds as soon as it finds something. Bounded, and quick to notice. A look that throws has found nothing yet; the last one is told. */
export async function poll<T>(what: string, look: () => Promise<Looked<T>> | Looked<T>, forMs = soonMs, everyMs = 20): Promise<T> {
  const end = performance.now() + forMs;
  let trouble: unknown = null;
  while (performance.now() < end) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      trouble = error;
    }
    await wait(everyMs);
  }
  throw new Error(`${what}: not within ${forMs} ms`, { cause: trouble });
}

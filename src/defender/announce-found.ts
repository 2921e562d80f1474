/** What becomes of an action that was found in Defender, in one word for the counts. */
import type { Announced } from '../action-center/announce.ts';
import type { Intake } from '../action-center/intake.ts';
import type { Log } from '../action-center/ports.ts';

export function resultOf(announced: Announced, intake: Intake, log: Log): string {
  if (announced.kind === 'conflict') return 'known';
  if (announced.kind !== 'invalid') return announced.kind;
  // Its seven days are over: Defender has let it go, or is about to.
  const isLate = announced.issues.every(({ path }) => path === 'expiresAt');
  if (!isLate)
    log.warn({ alertId: intake.alertId, paths: announced.issues.map(({ path }) => path) }, 'an action found in Defender was refused');
  return isLate ? 'late' : 'invalid';
}

export type Tally = { counts: Record<string, number>; count(what: string, by?: number): void };

export function newTally(): Tally {
  const counts: Record<string, number> = {};
  return {
    counts,
    count: (what, by = 1) => {
      counts[what] = (counts[what] ?? 0) + by;
    },
  };
}

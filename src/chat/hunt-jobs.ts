/**
 * Hunts that people run from here: each is held in the record by the bot that took it, runs beside everything else, and is told under its cards. One
 * whose bot died is followed by the next bot. What does not fit under a card goes to whoever asked, as a file.
 */
import type { ActionId } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { HuntRun } from '../action-center/hunting.ts';
import type { Log } from '../action-center/ports.ts';
import { type AskedHunt, beginHunt, carryOutHunt, claimHunt, type HuntEnded, type RunHuntDeps } from '../action-center/run-hunt.ts';
import type { Courier, ExportJobs } from './export-jobs.ts';
import { huntBug, huntBusy, huntFailedHere, huntRefusalText, huntRunning } from './hunt-words.ts';
import { within } from './press.ts';
import type { Line } from './show.ts';
import { newTroubleId } from './trouble-id.ts';

export type AskedHuntInChat = AskedHunt & { courier: Courier };

export type HuntJobs = {
  /** The first answer; the hunt's own follows under the card. Never rejects. */
  start(asked: AskedHuntInChat): Promise<Line>;
  /** Follows up what nobody holds any more, one at a time. Throws UpstreamError. */
  follow(): Promise<void>;
  /** Gives back what runs, so that another bot goes on with it; waits for that at most this long. */
  stop(deadlineMs: number): Promise<void>;
};

export type HuntJobDeps = RunHuntDeps & {
  exports: Pick<ExportJobs, 'hand'>;
  /** Somebody looks at this action closely: what is known of it is gathered anew. */
  begun: (actionId: ActionId) => Promise<void>;
  poke: () => void;
  log: Log;
};

const mostOfAll = 6;
/** Those in chat wait for an answer; others can be followed up later. */
const mostFollowed = 2;

/** `starting`: presses that are looked at; they have a place as those that run. */
type Running = { stopping: AbortController; all: Set<Promise<void>>; starting: number };

export function openHuntJobs(deps: HuntJobDeps): HuntJobs {
  const running: Running = { stopping: new AbortController(), all: new Set(), starting: 0 };
  return {
    start: (asked) => start(deps, running, asked),
    follow: async () => {
      if (running.stopping.signal.aborted || running.all.size >= mostFollowed) return;
      const run = await claimHunt(deps);
      if (run !== null) track(running, carry(deps, running, run, null));
    },
    stop: async (deadlineMs) => {
      running.stopping.abort();
      await within(Promise.allSettled(running.all), deadlineMs, null);
    },
  };
}

function track({ all }: Running, work: Promise<void>): void {
  const done = work.finally(() => all.delete(done));
  all.add(done);
}

async function start(deps: HuntJobDeps, running: Running, asked: AskedHuntInChat): Promise<Line> {
  const { clickId, platform } = asked;
  if (running.all.size + running.starting >= mostOfAll || running.stopping.signal.aborted) return huntBusy;
  running.starting += 1;
  try {
    const begun = await beginHunt(deps, asked);
    if (!begun.ok) return huntRefusalText(begun.refusal, platform);
    track(running, carry(deps, running, begun.value, asked));
    return huntRunning;
  } catch (error) {
    if (error instanceof UpstreamError) {
      deps.log.error({ clickId, service: error.service, err: error }, 'a hunt could not be begun');
      return huntFailedHere;
    }
    const troubleId = newTroubleId();
    deps.log.error({ clickId, troubleId, err: error }, 'a hunt failed');
    return huntBug(troubleId);
  } finally {
    running.starting -= 1;
  }
}

/** The hunt runs whether or not this could be said. */
async function refreshed({ begun, log }: HuntJobDeps, { id, actionId }: HuntRun): Promise<void> {
  await begun(actionId).catch((error: unknown) => log.warn({ huntId: id, actionId, err: error }, 'evidence could not be asked for again'));
}

/** `asked` null: nobody waits in a chat of this bot. Never rejects: what fails here is followed up when its hold runs out. */
async function carry(deps: HuntJobDeps, { stopping }: Running, run: HuntRun, asked: AskedHuntInChat | null): Promise<void> {
  const { log, poke } = deps;
  try {
    const [ended] = await Promise.all([
      carryOutHunt(deps, run, { stopping: stopping.signal, handsOver: asked !== null }),
      asked === null ? null : refreshed(deps, run),
    ]);
    if (ended === null) return;
    poke();
    const { trouble, rows } = ended;
    log.info({ huntId: run.id, actionId: run.actionId, trouble, rows }, 'a hunt came to its end');
    if (asked !== null && ended.hasFile) await hand(deps, run, ended, asked);
  } catch (error) {
    log.error({ huntId: run.id, actionId: run.actionId, err: error }, 'a hunt did not come to its end; it is followed up');
  }
}

function hand({ exports, now }: HuntJobDeps, run: HuntRun, { kept }: HuntEnded, asked: AskedHuntInChat): Promise<void> {
  const { by, platform, clickId, courier } = asked;
  const order = { hunt: run.id, rows: kept, format: 'csv' as const, now: now().toISOString() };
  return exports.hand({ order, rows: kept, by, entraId: run.entraId, platform, clickId, courier });
}

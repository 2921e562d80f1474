/** Hunting of this bot: what people run from here, what is gathered for cards in the background, and the loops that carry both. No product logic. */
import { gatherEvidence } from './action-center/blast-radius.ts';
import type { RemediationAction } from './action-center/intake.ts';
import type { AuditEvent, CardRow } from './action-center/ports.ts';
import type { RunHuntDeps } from './action-center/run-hunt.ts';
import { keepDrawn } from './charts/keep-drawn.ts';
import { drawTimeline } from './charts/timeline.ts';
import type { NoteCard } from './chat/card.ts';
import type { Timeline } from './chat/chart.ts';
import type { ExportJobs } from './chat/export-jobs.ts';
import { huntNote } from './chat/hunt-card.ts';
import { type HuntJobs, openHuntJobs } from './chat/hunt-jobs.ts';
import type { Foundation } from './foundation.ts';
import { newHuntId, sha256 } from './ids.ts';
import type { Loop } from './loop.ts';

export type HuntWork = {
  jobs: HuntJobs;
  /** A card was posted: there may be something to gather for it. */
  poke(): void;
  stop(deadlineMs: number): Promise<void>;
};

const followEveryMs = 5000;
const gatherEveryMs = 2000;
const gatherRestMs = 250;
const checkEveryMs = 600_000;
const forgetEveryMs = 3_600_000;

export function openHuntWork(ground: Foundation, exports: Pick<ExportJobs, 'hand'>, poke: () => void): HuntWork {
  const { log, hunting, evidence, now } = ground;
  const runDeps: RunHuntDeps = { ...ground, sha256, newHuntId };
  const begun = (actionId: Parameters<typeof evidence.refresh>[0]) => evidence.refresh(actionId, now().toISOString());
  const jobs = openHuntJobs({ ...runDeps, exports, poke, begun, log });
  if (hunting === null) {
    log.warn('Run here and evidence are off: they need DIRECTORY=graph and an app with the application permission ThreatHunting.Read.All');
    return { jobs, poke: () => {}, stop: (deadlineMs) => jobs.stop(deadlineMs) };
  }
  const stopping = new AbortController();
  const loops: Loop[] = [followLoop(ground, jobs), gatherLoop({ ...ground, hunting }, stopping.signal, poke)];
  return {
    jobs,
    poke: () => loops[1]?.poke(),
    stop: async (deadlineMs) => {
      stopping.abort();
      await Promise.all([jobs.stop(deadlineMs), ...loops.map((loop) => loop.stop())]);
    },
  };
}

function followLoop({ log, hunts, now, startLoop }: Foundation, jobs: HuntJobs): Loop {
  let forgetAt = 0;
  return startLoop({
    everyMs: followEveryMs,
    restMs: followEveryMs,
    run: async () => {
      await jobs.follow();
      if (performance.now() >= forgetAt) {
        await hunts.forget(now().toISOString());
        forgetAt = performance.now() + forgetEveryMs;
      }
      return null;
    },
    onError: (error) => log.error({ err: error }, 'following up hunts failed; it is tried again'),
  });
}

type Gathering = Foundation & { hunting: NonNullable<Foundation['hunting']> };

function gatherLoop(ground: Gathering, stopping: AbortSignal, pokeCards: () => void): Loop {
  const { hunting, log, startLoop } = ground;
  const troubled = (actionId: string, trouble: string) =>
    log.info({ actionId, trouble }, 'how far something has spread could not be asked');
  let checkAt = 0;
  return startLoop({
    everyMs: gatherEveryMs,
    restMs: gatherRestMs,
    run: async () => {
      if (performance.now() >= checkAt) {
        await hunting.check();
        checkAt = performance.now() + checkEveryMs;
      }
      if (!hunting.isOn()) return null;
      const { more, redrawn } = await gatherEvidence({ ...ground, troubled }, stopping);
      if (redrawn > 0) pokeCards();
      return more ? 0 : null;
    },
    onError: (error) => log.error({ err: error }, 'gathering evidence failed; it is tried again'),
  });
}

const drawKept = keepDrawn(drawTimeline);

type AnswerRow = Pick<CardRow, 'cardId' | 'platform'> & { note: AuditEvent };

/** The answer of a hunt as it stands in the thread. */
export function drawHunt({ log }: Pick<Foundation, 'log'>, { cardId, platform, note }: AnswerRow, action: RemediationAction): NoteCard {
  const draw = (chart: Timeline): Uint8Array | null => {
    try {
      return drawKept(chart);
    } catch (error) {
      // An answer without its picture is better than none.
      log.error({ cardId, err: error }, 'the timeline of a hunt could not be drawn; its words are shown instead');
      return null;
    }
  };
  return huntNote(note, action, { platform, draw });
}

/** Composition root of the action backend: decisions in, the backend called, outcomes out and into the record. No product logic in here. */
import { carryOut } from './action-center/carry-out.ts';
import { ConfigError } from './action-center/errors.ts';
import type { Backend } from './action-center/ports.ts';
import { type OutcomeReport, settle } from './action-center/settle.ts';
import { microsoftApi } from './defender/api.ts';
import { defenderBackend } from './defender/backend.ts';
import { sharedLimits } from './defender/limits.ts';
import { huntThrough } from './defender/run-query.ts';
import { simulator } from './defender/simulator.ts';
import type { Foundation } from './foundation.ts';
import { sha256 } from './ids.ts';
import { startLoop } from './loop.ts';
import { queueNames } from './queue/contract.ts';
import { takeDecisions } from './queue/decisions.ts';
import { putOutcome, takeOutcomes } from './queue/outcomes.ts';
import { divertOf } from './reminding.ts';
import { partStore } from './store/parts.ts';
import { simulatorRuns } from './store/simulator-runs.ts';

/** Longer than two backend calls in a row (look-up, then submission), so that two workers never call at once. */
const leaseMs = 30_000;
const callMs = 10_000;
const maxRunMs = 86_400_000;

/** Null: the customer's own consumer takes the decisions. */
function openBackend({ config, db, lanes, log, defenderTiming }: Foundation): Backend | null {
  if (config.backend === 'simulator') return simulator(simulatorRuns(db), Date.now);
  if (config.backend === 'consumer') return null;
  const { executor } = config;
  if (executor === null) throw new ConfigError(['EXECUTOR_CLIENT_ID: a worker for Defender was started without its credentials']);
  const limits = sharedLimits(lanes, { tenant: executor.tenantId, perMinute: executor.callsPerMinute, now: Date.now });
  const api = microsoftApi(executor, { log, limits });
  return defenderBackend({
    api,
    parts: partStore(db, config.tenantId),
    hunt: huntThrough(api),
    ...(defenderTiming ? { timing: defenderTiming } : {}),
  });
}

/** `pokeCards` is the bot's, when both run in one process; otherwise the bot notices by itself within a second. */
export async function startWorker(ground: Foundation, pokeCards: () => void = () => {}): Promise<{ stop(): Promise<void> }> {
  const { config, log, metrics, watch } = ground;
  const outcomes = ground.queues.producer(queueNames.outcomes);

  const settleOne = async (report: OutcomeReport) => {
    const settled = await settle({ store: ground.store, now: ground.now, poke: pokeCards }, report);
    if (settled === 'settled') {
      const { decisionId, actionId, outcome } = report;
      metrics.outcomes.inc({ status: outcome.status });
      watch({ stage: 'settled', actionId, decisionId, at: outcome.at, detail: outcome.status });
    }
    return settled;
  };
  const report = async (told: OutcomeReport) => {
    await putOutcome(outcomes, told);
    watch({
      stage: 'reported',
      actionId: told.actionId,
      decisionId: told.decisionId,
      at: ground.now().toISOString(),
      detail: told.outcome.status,
    });
  };

  takeOutcomes(ground.queues, settleOne, ground.poisoned);
  const backend = openBackend(ground);
  if (backend !== null) {
    const deps = {
      ...ground.deciding,
      directory: ground.directory,
      ...divertOf(ground),
      executions: ground.executions,
      backend,
      settings: ground.settings,
    };
    const limits = { holder: ground.holder, leaseMs, callMs, maxRunMs };
    takeDecisions(
      ground.queues,
      (message, lastTry) => {
        watch({
          stage: 'taken',
          actionId: message.actionId,
          decisionId: message.decisionId,
          at: ground.now().toISOString(),
          detail: message.verb,
        });
        return carryOut({ ...deps, ...limits, report, sha256 }, message, lastTry);
      },
      ground.poisoned,
    );
  }

  // A crash between storing a result and reporting it, or a lost queue, leaves a finished execution that the record does not show.
  const repair = startLoop({
    everyMs: ground.timing.repairEveryMs,
    restMs: ground.timing.repairEveryMs,
    run: async () => {
      const before = new Date(Date.now() - ground.timing.repairEveryMs).toISOString();
      for (const { decisionId, actionId, outcome } of await ground.executions.unsettled(before, 100)) {
        if (outcome) await settleOne({ decisionId, actionId, outcome });
      }
      return null;
    },
    onError: (error) => log.error({ err: error }, 'repairing unsettled executions failed; it is tried again'),
  });
  log.info({ backend: config.backend, queue: ground.queues.kind }, 'the worker is up');

  return {
    // The queue workers end with the queue link, which gives running jobs time while the record is still open.
    stop: () => repair.stop(),
  };
}

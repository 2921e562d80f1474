/**
 * The backend for trying Countersign out: nothing real is touched, but time passes and things fail. What happens is told by the action's
 * parameters: `parameters.simulator = { takesMs?, outcome?, message? }`.
 */
import { z } from 'zod';
import { type ActionType, OutcomeStatus } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Backend, Progress } from '../action-center/ports.ts';

export type SimulatedRun = {
  decisionId: string;
  acceptedAt: number;
  finishesAt: number;
  status: OutcomeStatus | 'closed';
  message: string | null;
};

/** The simulator's own memory, outside the process: a real backend remembers too. */
export interface SimulatorLedger {
  /** Appends; deliberately not idempotent, so that a decision carried out twice shows. */
  accept(run: SimulatedRun, signal: AbortSignal): Promise<void>;
  runOf(decisionId: string, signal: AbortSignal): Promise<SimulatedRun | null>;
}

const Told = z.object({
  takesMs: z.int().min(0).max(3_600_000).optional(),
  outcome: OutcomeStatus.exclude(['inProgress', 'undone']).optional(),
  message: z.string().max(500).optional(),
});

/** About a tenth of what Defender needs on a device that is online. */
const usualMs: Partial<Record<ActionType, number>> = {
  isolateDevice: 3_000,
  runAntivirusScan: 6_000,
  collectInvestigationPackage: 8_000,
  stopAndQuarantineFile: 2_500,
  offboardMachine: 5_000,
  softDeleteEmail: 1_800,
  hardDeleteEmail: 1_800,
};
const otherwiseMs = 2_000;

const usualFailure: Record<string, string> = {
  failed: 'The device refused the command (simulated).',
  timedOut: 'The device was offline until the command expired (simulated).',
  partiallyCompleted: 'Some of the entities could not be reached (simulated).',
  cancelled: 'The command was cancelled in Defender (simulated).',
};

export function simulator(ledger: SimulatorLedger, now: () => number, pollMs = 500): Backend {
  const progressOf = (run: SimulatedRun): Progress => {
    const externalRef = { simulatorRun: run.decisionId };
    if (run.status === 'closed' || run.finishesAt > now()) return { externalRef, outcome: null };
    const at = new Date(run.finishesAt).toISOString();
    return { externalRef, outcome: { status: run.status, at, message: run.message, externalRef } };
  };

  return {
    name: 'simulator',
    pollMs,
    find: async (decisionId, signal) => {
      const run = await ledger.runOf(decisionId, signal);
      return run ? progressOf(run) : null;
    },
    submit: async ({ decisionId, verb, action }, signal) => {
      const told = Told.safeParse(action.parameters['simulator'] ?? {});
      if (!told.success) {
        throw new UpstreamError('backend', 'parameters.simulator is not understood', { retryable: false, cause: told.error });
      }
      const status: SimulatedRun['status'] = verb === 'reject' ? 'closed' : (told.data.outcome ?? 'completed');
      const takes = verb === 'reject' ? 0 : (told.data.takesMs ?? usualMs[action.type] ?? otherwiseMs);
      const acceptedAt = now();
      const run = {
        decisionId,
        acceptedAt,
        finishesAt: acceptedAt + takes,
        status,
        message: told.data.message ?? usualFailure[status] ?? null,
      };
      await ledger.accept(run, signal);
      return progressOf(run);
    },
    progress: async (externalRef, signal) => {
      const run = await ledger.runOf(externalRef['simulatorRun'] ?? '', signal);
      if (!run) throw new UpstreamError('backend', 'the simulator knows no such run', { retryable: false });
      return progressOf(run);
    },
  };
}

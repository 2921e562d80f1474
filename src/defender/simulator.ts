/**
 * The backend for trying Countersign out: nothing real is touched, but time passes and things fail. What happens is told by the action's
 * parameters: `parameters.simulator = { takesMs?, outcome?, message?, undo? }`; what is in `undo` tells the same about its undo.
 */
import { z } from 'zod';
import { type ActionType, OutcomeStatus, type Verb } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
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
  /** Ends a run that has not come to its end by `at`. */
  stop(decisionId: string, at: number, message: string): Promise<void>;
}

const Run = z.object({
  takesMs: z.int().min(0).max(3_600_000).optional(),
  outcome: OutcomeStatus.exclude(['inProgress', 'undone']).optional(),
  message: z.string().max(500).optional(),
});
const Told = Run.extend({ undo: Run.optional() });

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

type Asked = { decisionId: string; verb: Verb; type: ActionType; acceptedAt: number };

function runFor({ decisionId, verb, type, acceptedAt }: Asked, told: z.infer<typeof Told>): SimulatedRun {
  // The opposite action is a run of its own, under the undo's decision.
  const { takesMs, outcome, message }: z.infer<typeof Run> = verb === 'undo' ? { takesMs: told.takesMs, ...told.undo } : told;
  const status: SimulatedRun['status'] = verb === 'reject' ? 'closed' : (outcome ?? 'completed');
  const takes = verb === 'reject' ? 0 : (takesMs ?? usualMs[type] ?? otherwiseMs);
  const opposite = catalogue[type].undoType;
  const reversed = verb === 'undo' && opposite !== null ? `Reversed with “${catalogue[opposite].label}” (simulated).` : null;
  const said = message ?? (status === 'completed' ? reversed : usualFailure[status]) ?? null;
  return { decisionId, acceptedAt, finishesAt: acceptedAt + takes, status, message: said };
}

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
    submit: async ({ decisionId, verb, action, cancels, stamp }, signal) => {
      if (verb === 'cancel') {
        const stopped = cancels ?? '';
        await ledger.stop(stopped, now(), `Cancelled (simulated): ${stamp}`);
        const run = await ledger.runOf(stopped, signal);
        return { externalRef: { simulatorRun: stopped }, outcome: run === null ? null : progressOf(run).outcome };
      }
      const told = Told.safeParse(action.parameters['simulator'] ?? {});
      if (!told.success) {
        throw new UpstreamError('backend', 'parameters.simulator is not understood', { retryable: false, cause: told.error });
      }
      const run = runFor({ decisionId, verb, type: action.type, acceptedAt: now() }, told.data);
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

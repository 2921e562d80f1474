/** What carrying decisions out rests on. */
import type { EntraId, Platform } from './action.ts';
import type { ActionStore, Backend, CardTarget, Clock, DecisionMessage, Directory, ExecutionStore, Policy } from './ports.ts';
import type { Sha256 } from './scope.ts';
import type { OutcomeReport } from './settle.ts';

export type CarryOutDeps = {
  store: ActionStore;
  directory: Directory;
  policy: Pick<Policy, 'barred'>;
  executions: ExecutionStore;
  backend: Backend;
  settings: { globalAdministratorMayDecide: boolean };
  /** Hands an outcome to the queue `outcomes`. */
  report: (report: OutcomeReport) => Promise<void>;
  now: Clock;
  sha256: Sha256;
  /** This worker, for the lease on an execution. */
  holder: string;
  /** Longer than the longest single backend call, so that two workers never call at once. */
  leaseMs: number;
  callMs: number;
  /** A backend that has not come to an end by then is reported as timed out. */
  maxRunMs: number;
  /** Who hears a private notice in the place of this person, who is away; left out where nobody stands in. */
  divert?: (entraId: EntraId, prefer: Platform) => Promise<{ target: CardTarget; forName: string } | null>;
};

/** `forged`: the record knows no such decision. The job is poison and must not be retried. */
export type Carried = { kind: 'done' } | { kind: 'again'; afterMs: number } | { kind: 'forged'; reason: string };

/** How Microsoft's own record names who decided: at most 500 characters, without control characters and halves of one that the cut left. */
export function stampOf({ decisionId, verb, actor, platform, comment }: DecisionMessage): string {
  const text = `[countersign ${decisionId}] ${spoken[verb]} by ${actor.upn} via ${platforms[platform]}${comment ? `: ${comment}` : ''}`;
  return text.slice(0, 500).replaceAll(/\p{C}/gu, ' ');
}

const spoken: Record<DecisionMessage['verb'], string> = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' };
const platforms: Record<DecisionMessage['platform'], string> = { slack: 'Slack', teams: 'Teams', cli: 'the command line' };

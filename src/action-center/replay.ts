/** What past decisions would have met under other rules. Pure: the record hands them in, the policy judges them. */
import type { RemediationAction } from './intake.ts';
import type { Policy } from './ports.ts';

/** How a decision of the record would have gone: `later` it would still have waited for more people. */
export type Replayed = {
  action: RemediationAction;
  /** How many different people approved it then. */
  given: number;
  /** How many it needed then and would need now. */
  neededThen: number;
  neededNow: number;
  isProtectedNow: boolean;
  verdict: 'same' | 'stricter' | 'looser' | 'later';
};

export function replay(action: RemediationAction, policy: Pick<Policy, 'approvalsNeeded' | 'isProtected'>): Replayed {
  const isProtectedNow = policy.isProtected(action);
  const neededNow = Math.max(policy.approvalsNeeded(action), isProtectedNow ? 2 : 1);
  const given = action.approvals.length;
  return { action, given, neededThen: action.needed, neededNow, isProtectedNow, verdict: verdictOf(action, given, neededNow) };
}

function verdictOf({ decision, needed }: RemediationAction, given: number, neededNow: number): Replayed['verdict'] {
  // One rejection ends an action under any rules.
  if (decision?.verb === 'approve' && given < neededNow) return 'later';
  if (neededNow === needed) return 'same';
  return neededNow > needed ? 'stricter' : 'looser';
}

/** What past decisions would have met under other rules. Pure: the record hands them in, the policy judges them. */
import type { RemediationAction } from './intake.ts';
import type { Barred, Policy } from './ports.ts';

/** How a decision of the record would have gone: `later` it would still have waited for more people, `barred` nobody could have taken it in chat. */
export type Replayed = {
  action: RemediationAction;
  /** How many different people approved it then. */
  given: number;
  /** How many it needed then and would need now. */
  neededThen: number;
  neededNow: number;
  isProtectedNow: boolean;
  /** The rule that keeps it out of chat now. */
  barredNow: Barred | null;
  /** It would now need a reason and was given none. */
  reasonMissing: boolean;
  verdict: 'same' | 'stricter' | 'looser' | 'later' | 'barred';
};

type Rules = Pick<Policy, 'approvalsNeeded' | 'isProtected' | 'barred' | 'reasonNeeded'>;

export function replay(action: RemediationAction, policy: Rules): Replayed {
  const isProtectedNow = policy.isProtected(action);
  const neededNow = Math.max(policy.approvalsNeeded(action), isProtectedNow ? 2 : 1);
  const given = action.approvals.length;
  const intake = { ...action, id: action.key };
  const barredNow = policy.barred(intake);
  const verb = action.decision?.verb;
  const isSilent = [action.decision, ...action.approvals].some((one) => one !== null && !one.comment);
  const reasonMissing = verb === 'approve' && isSilent && policy.reasonNeeded(intake, 'approve');
  const byPeople = verdictOf(action, given, neededNow);
  // A reason more is asked for, whatever the number of people says.
  const verdict = barredNow !== null ? 'barred' : reasonMissing && byPeople !== 'later' ? 'stricter' : byPeople;
  return { action, given, neededThen: action.needed, neededNow, isProtectedNow, barredNow, reasonMissing, verdict };
}

function verdictOf({ decision, needed }: RemediationAction, given: number, neededNow: number): Replayed['verdict'] {
  // One rejection ends an action under any rules.
  if (decision?.verb === 'approve' && given < neededNow) return 'later';
  if (neededNow === needed) return 'same';
  return neededNow > needed ? 'stricter' : 'looser';
}

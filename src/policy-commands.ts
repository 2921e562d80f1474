/** `countersign policy check` and `policy replay`: what a policy file says, and what it would have meant for the past. */
import { type Replayed, replay } from './action-center/replay.ts';
import type { Foundation } from './foundation.ts';
import { checkPolicy, problemText } from './identity/policy.ts';

export type Speech = { say: (line: string) => void; complain: (line: string) => void };

/** 0 nothing is wrong, 2 something is: a pipeline may stand on it. */
export function checkPolicyFile(file: string, { say, complain }: Speech): number {
  const { problems, policy } = checkPolicy(file);
  for (const problem of problems) complain(`${file}: ${problemText(problem)}`);
  for (const warning of policy?.warnings ?? []) say(`${file}: ${warning.replace(/^POLICY_FILE: /, '')}`);
  if (policy === null) return 2;
  const places = (['slack', 'teams'] as const).map((platform) => policy.conversations(platform).length);
  say(
    `${file}: nothing is wrong. ${places[0]} Slack and ${places[1]} Teams conversations; the rules about deciding have the version ${policy.version}.`,
  );
  return 0;
}

const dayMs = 86_400_000;
const page = 500;

/** Judges every decision of the last `days` by the rules of the configured file. Reads only. */
export async function replayPolicy(
  ground: Pick<Foundation, 'store' | 'policy' | 'now'>,
  days: number,
  say: Speech['say'],
): Promise<number> {
  const since = new Date(ground.now().getTime() - days * dayMs).toISOString();
  const counts: Record<Replayed['verdict'], number> = { same: 0, stricter: 0, looser: 0, later: 0, barred: 0 };
  let after: { at: string; id: string } | null = null;
  for (;;) {
    const actions = await ground.store.decidedSince(since, after, page);
    for (const action of actions) {
      const replayed = replay(action, ground.policy);
      counts[replayed.verdict] += 1;
      if (replayed.verdict !== 'same') say(lineOf(replayed));
    }
    const last = actions.at(-1);
    if (actions.length < page || !last?.decision) break;
    after = { at: last.decision.decidedAt, id: last.id };
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  say(
    `${total} decisions of the last ${days} days under the version ${ground.policy.version}: ${counts.same} as they were, ${counts.barred} nobody could have taken in chat, ${counts.later} would still have waited for more people, ${counts.stricter} would have needed more (people, or a reason), ${counts.looser} would have needed fewer.`,
  );
  return 0;
}

function lineOf({ action, given, neededThen, neededNow, isProtectedNow, barredNow, reasonMissing, verdict }: Replayed): string {
  const { decision, id, type } = action;
  const who = `${decision?.verb ?? 'decided'} by ${printable(decision?.actor.upn ?? 'nobody')} at ${decision?.decidedAt ?? '?'}`;
  const because = isProtectedNow && !action.isProtected ? ' (its asset is protected now)' : '';
  const met = verdict === 'later' ? `, and had ${given}` : '';
  if (barredNow !== null)
    return `${id} ${type}, ${who}: barred from chat${barredNow.because === null ? '' : ` (${printable(barredNow.because)})`}`;
  const reason = reasonMissing ? ', and a reason that was not given' : '';
  return `${id} ${type}, ${who}: needed ${neededThen}, would need ${neededNow}${because}${met}${reason}`;
}

/** A name in the record may hold what a terminal obeys. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');

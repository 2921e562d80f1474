/** A past of many actions, written through the product's own transitions, so that the audit record tells of it as it would. */
import type { ActionStatus, Decision, EntraId, Outcome, Verb } from '../../src/action-center/action.ts';
import { ActionId, ActionSource, ActionType, EntraId as Entra, Severity } from '../../src/action-center/action.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import type { Change } from '../../src/action-center/ports.ts';
import { decided, expired, settled, undoAsked } from '../../src/action-center/transitions.ts';
import { actionStore } from '../../src/store/actions.ts';
import type { Database } from '../../src/store/database.ts';
import { aDecision, anAction } from '../setup/builders.ts';

const hourMs = 3_600_000;
const people = ['alice', 'bob', 'carol', 'dora', 'emil', 'fay'].map((name, index) => ({
  entraId: Entra.parse(`7f0c0000-0000-4000-8000-00000000000${index}`) as EntraId,
  upn: `${name}@contoso.example`,
  displayName: name === 'fay' ? '<b>Fay</b> \u202e@here' : `${name} of Contoso`,
}));

/** Fixed, so that a failure can be met again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

/** `count` actions that came in over `hours` hours before `until`. */
export async function putRandomPast(
  db: Database,
  tenantId: string,
  { count, hours, until, seed }: { count: number; hours: number; until: string; seed: number },
): Promise<void> {
  const store = actionStore(db, tenantId);
  const roll = dice(seed);
  const of = <T>(list: readonly T[]): T => list[roll(list.length)] as T;
  const end = Date.parse(until);
  let decisions = 0;
  const at = (ms: number) => new Date(ms).toISOString();

  const apply = async (action: RemediationAction, step: Omit<Change, 'decision' | 'note'> | null): Promise<RemediationAction> =>
    (step && (await store.apply({ id: step.id, expect: step.expect, set: step.set, at: step.at, event: step.event }))) ?? action;
  const decide = (verb: Verb, ms: number): Decision => {
    decisions += 1;
    const person = of(people);
    const comment = verb === 'reject' ? 'Known' : null;
    return aDecision({
      decisionId: `D-${seed}-${decisions}`,
      verb,
      actor: { ...person, rolesUsed: [] },
      platform: of(['slack', 'teams']),
      comment,
      decidedAt: at(ms),
    });
  };
  const outcome = (status: Outcome['status'], ms: number): Outcome => ({ status, at: at(ms), message: null, externalRef: null });

  const refuse = async ({ id }: RemediationAction, born: number): Promise<void> => {
    const refusals = roll(4) === 0 ? 1 + roll(3) : 0;
    for (let nr = 0; nr < refusals; nr += 1) {
      const data = { refusal: 'not-permitted', by: `slack:T1/U${roll(3)}`, verb: 'approve', platform: 'slack' };
      await store.note(id, { kind: 'refused', at: at(Math.min(end - 1, born + roll(20) * hourMs)), actorId: null, data });
    }
  };

  const undoSome = async (completed: RemediationAction, from: number): Promise<void> => {
    const now = from + roll(30) * hourMs;
    if (roll(3) > 0 || now >= end) return;
    const undo = decide('undo', now);
    const action = await apply(completed, undoAsked(completed, undo));
    const result = of(['undone', 'failed'] as const);
    if (now + 60_000 < end) await apply(action, settled(action, undo.decisionId, outcome(result, now + 60_000)));
  };

  /** One action's life, as far as it has come by `end`. */
  const live = async (start: RemediationAction, born: number): Promise<void> => {
    await refuse(start, born);
    let now = born + 1000 + roll(40 * 60) * 60_000;
    if (now >= end || roll(8) === 0) {
      if (roll(2) === 0 && Date.parse(start.expiresAt) < end) await apply(start, expired(start, start.expiresAt));
      return;
    }
    const verb = roll(4) === 0 ? 'reject' : 'approve';
    const first = decide(verb, now);
    const taken = await apply(start, decided(start, first));
    now += 1000 + roll(600) * 1000;
    if (verb === 'reject' || now >= end) return;
    const status = of(['completed', 'completed', 'completed', 'completed', 'failed', 'timedOut', 'partiallyCompleted'] as const);
    const ended = await apply(taken, settled(taken, first.decisionId, outcome(status, now)));
    if (status === 'completed') await undoSome(ended, now);
  };

  for (let index = 0; index < count; index += 1) {
    const born = end - 1 - roll(hours * 60) * 60_000;
    const id = ActionId.parse(`A-${seed}-${String(index).padStart(4, '0')}`);
    const made = anAction({
      id,
      key: id,
      type: of(ActionType.options.slice(0, 9)),
      source: of(ActionSource.options),
      severity: of(Severity.options),
      title: index % 7 === 0 ? `<!channel> [x](https://evil.example) ${index}` : `Action ${index}`,
      createdAt: at(born),
      updatedAt: at(born),
      requestedAt: at(born),
      expiresAt: at(born + (20 + roll(200)) * hourMs),
    });
    const { status: _status, decision: _decision, outcome: _outcome, ...action } = made;
    const event = { kind: 'announced' as const, at: at(born), actorId: null, data: {} };
    const added = await store.add({ ...action, contentDigest: 'c' }, [], event);
    await live(added.action, born);
  }
  // Somebody without a role looked at History: a try about no action.
  const data = { refusal: 'may-not-read', by: 'slack:T1/U9', verb: 'history', platform: 'slack' };
  await store.note(null, { kind: 'refused', at: at(end - hourMs), actorId: null, data });
}

export type RawAction = {
  id: string;
  type: string;
  source: string;
  status: ActionStatus;
  created_at: Date;
  expires_at: Date;
  severity: string;
};
export type RawEvent = { action_id: string | null; at: Date; kind: string; actor_id: string | null; data: Record<string, never> };

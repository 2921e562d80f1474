/** Flow: what nobody did. Closes actions whose deadline passed, and puts decisions back on the way whose job was lost. */
import type { RemediationAction } from './intake.ts';
import type { ActionStore, Clock, Requeue } from './ports.ts';
import { expired } from './transitions.ts';

export type SweepDeps = { store: ActionStore; requeue: Requeue; now: Clock; poke: () => void; stalledAfterMs: number; batch: number } & {
  /** Told of each action that nobody decided in time. */
  expired?: (action: RemediationAction) => Promise<void>;
};
export type Swept = { expired: number; requeued: number };

export async function sweep(deps: SweepDeps): Promise<Swept> {
  return { expired: await closeOverdue(deps), requeued: await requeueLost(deps) };
}

async function closeOverdue({ store, now, poke, batch, expired: tell }: SweepDeps): Promise<number> {
  const at = now().toISOString();
  let count = 0;
  for (const action of await store.overdue(at, batch)) {
    const change = expired(action, at);
    // Null: somebody decided in the same moment, and that decision stands.
    const closed = change && (await store.apply({ ...change, note: true }));
    if (!closed) continue;
    count += 1;
    await tell?.(closed);
  }
  if (count > 0) poke();
  return count;
}

async function requeueLost({ store, requeue, now, poke, stalledAfterMs, batch }: SweepDeps): Promise<number> {
  const before = new Date(now().getTime() - stalledAfterMs).toISOString();
  let count = 0;
  const standing = (await store.stalled(before, batch)).flatMap(({ id, decision }) =>
    decision === null ? [] : [{ actionId: id, decisionId: decision.decisionId }],
  );
  // A cancellation is beside the decision that stands, not in its place.
  for (const { actionId, decisionId } of [...standing, ...(await store.stalledCancellations(before, batch))]) {
    if (await requeue.hasJob(decisionId)) continue;
    if (!(await requeue.resend(decisionId))) continue;
    await store.note(actionId, { kind: 'requeued', at: now().toISOString(), actorId: null, data: { decisionId } });
    count += 1;
  }
  if (count > 0) poke();
  return count;
}

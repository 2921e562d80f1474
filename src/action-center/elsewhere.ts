/** Flow: somebody decided or acted elsewhere, e.g. in Defender itself. What is open here is closed; what never was here is kept for History. */
import { type AnnounceDeps, newAction, normalise } from './announce.ts';
import type { Intake, RemediationAction } from './intake.ts';
import type { ActionStore, AuditEvent, Clock } from './ports.ts';
import { canonicalJson } from './scope.ts';
import { decidedElsewhere, type Elsewhere } from './transitions.ts';

export type CloseDeps = { store: Pick<ActionStore, 'get' | 'apply'>; now: Clock; poke: () => void };

/** Two writers can meet here (a press, another approval); each retry sees a later state, so few are enough. */
const attempts = 5;

/** False: it was decided here first, and that stands. */
export async function closeElsewhere({ store, now, poke }: CloseDeps, seen: RemediationAction, said: Elsewhere): Promise<boolean> {
  let action: RemediationAction | null = seen;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const change: ReturnType<typeof decidedElsewhere> = action && decidedElsewhere(action, said, now().toISOString());
    if (change === null) return false;
    if (await store.apply({ ...change, note: true })) {
      poke();
      return true;
    }
    action = await store.get(seen.id);
  }
  throw new Error(`action ${seen.id} changed ${attempts} times while it was being closed`);
}

type FileDeps = Pick<AnnounceDeps, 'policy' | 'tenantId' | 'newActionId' | 'sha256' | 'now'> & { store: Pick<ActionStore, 'add'> };

/** Stores what was done elsewhere and never waited here: no card, nothing to decide, found in the History of where its card would have been. `at`: when it was last heard of. */
export async function fileElsewhere(deps: FileDeps, intake: Intake, said: Elsewhere & { at: string }): Promise<'filed' | 'known'> {
  const action = normalise(intake, deps.now());
  const made = newAction(deps, action, new Date(said.at));
  const { id, producer, key, type } = made;
  const { state, by, reference } = said;
  const data = { id, producer, key, type, state, by, reference };
  const event: AuditEvent = { kind: 'decidedElsewhere', at: deps.now().toISOString(), actorId: null, data };
  const contentDigest = deps.sha256(canonicalJson(intake));
  const added = await deps.store.add({ ...made, contentDigest, standing: 'decidedElsewhere' }, deps.policy.routesFor(action), event);
  return added.known ? 'known' : 'filed';
}

/** Undo, batches and bulk decisions joined together: the flows on the record, the loop that works batches off, their card. No product logic. */

import { confirmBatch, workBatches } from './action-center/batch.ts';
import { bulkChoices, bulkTypes, planBulk } from './action-center/bulk.ts';
import type { DecideDeps } from './action-center/decide.ts';
import { listGroup, planGroup, reviewGroup } from './action-center/plan-group.ts';
import { planUndo } from './action-center/plan-undo.ts';
import { batchCardFor } from './chat/batch-card.ts';
import { namedMost } from './chat/batch-words.ts';
import type { BatchCard } from './chat/card.ts';
import type { ManyFlows } from './chat/many.ts';
import type { Flows } from './chat/press.ts';
import { newTroubleId } from './chat/trouble-id.ts';
import type { Foundation } from './foundation.ts';
import { newBatchId } from './ids.ts';
import type { Loop } from './loop.ts';

const beatMs = 1000;
const draftsKeptMs = 86_400_000;
const forgetEveryMs = 3_600_000;

export function manyFlows(ground: Foundation, deps: DecideDeps, poke: () => void): ManyFlows {
  const { batches, groups, undoing, openActions } = ground;
  const planning = { ...deps, undoing, batches, newBatchId, groups, open: openActions };
  return {
    planUndo: (ids, asker) => planUndo(planning, ids, asker),
    confirm: (confirmation) => confirmBatch({ batches, directory: deps.directory, now: deps.now, poke }, confirmation),
    bulkTypes: (asker) => bulkTypes(planning, asker),
    bulkChoices: (type, asker) => bulkChoices(planning, type, asker),
    planBulk: (ids, asker) => planBulk(planning, ids, asker),
    reviewGroup: (press, asker) => reviewGroup(planning, press, asker),
    listGroup: (choice, asker) => listGroup(planning, choice, asker),
    planGroup: (choice, asker) => planGroup(planning, choice, asker),
  };
}

/** Works off what was confirmed, by whichever bot. `flowsOf` gives the flows of a press with these things changed. */
export function batchLoop(ground: Foundation, deps: DecideDeps, flowsOf: (deps: DecideDeps) => Flows, pokeCards: () => void): Loop {
  const { batches, directory, now, holder, log, startLoop } = ground;
  let forgetAt = 0;
  return startLoop({
    everyMs: beatMs,
    restMs: 0,
    run: async () => {
      if (now().getTime() >= forgetAt) {
        forgetAt = now().getTime() + forgetEveryMs;
        await batches.forget(new Date(now().getTime() - draftsKeptMs).toISOString());
      }
      const nextInMs = await workBatches({
        batches,
        directory,
        now,
        holder,
        decide: (click, as) => {
          // The counter is read by many, and nobody sits there to sign in: no one-time address in it, and no names of people who may decide.
          const signIns = deps.signIns && { ...deps.signIns, begin: async () => '' };
          const inPublic = { signIns, whoElseMay: async () => [] };
          const flows = flowsOf({ ...deps, ...inPublic, directory: as.directory, newDecisionId: () => as.decisionId });
          return click.verb === 'undo' ? flows.undo(click) : flows.decide(click);
        },
        trouble: (error, batchId, actionId) => {
          const troubleId = newTroubleId();
          log.error({ err: error, troubleId, batchId, actionId }, 'a member of a batch failed');
          return troubleId;
        },
      });
      if (nextInMs !== null) pokeCards();
      // Another batch may be due while this one waits.
      return nextInMs === null ? null : Math.min(nextInMs, beatMs / 4);
    },
    onError: (error) => log.error({ err: error }, 'working on a batch failed; it is tried again'),
  });
}

export async function drawBatch(
  { batches, store }: Foundation,
  id: string,
): Promise<{ card: BatchCard; version: number; isRunning: boolean } | null> {
  const batch = await batches.get(id);
  if (!batch) return null;
  const setbacks = await batches.setbacks(id, namedMost);
  const actions = await store.getMany(setbacks.map(({ actionId }) => actionId));
  const named = setbacks.map((setback) => ({ ...setback, action: actions.find(({ id }) => id === setback.actionId) ?? null }));
  const card = batchCardFor(batch, named);
  return { card, version: batch.version, isRunning: batch.status === 'running' };
}

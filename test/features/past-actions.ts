/** Actions of the past, put into the record as they would stand there, without waiting for days. */
import { createHash } from 'node:crypto';
import {
  type ActionId,
  type ActionSource,
  type ActionStatus,
  type ActionType,
  type Decision,
  EntraId,
  type Severity,
} from '../../src/action-center/action.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import type { CardTarget } from '../../src/action-center/ports.ts';
import { newActionId } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { aDecision, anAction, anOutcome } from '../setup/builders.ts';

export type PastAction = {
  title: string;
  type?: ActionType;
  source?: ActionSource;
  severity?: Severity;
  status?: ActionStatus;
  details?: string;
  asset?: string;
  entities?: RemediationAction['entities'];
  investigationId?: string;
  verb?: Decision['verb'];
  by?: { entraId: string; upn: string; displayName: string };
  platform?: Decision['platform'];
  decisionId?: string;
  /** How long ago it was last touched. */
  hoursAgo?: number;
};

let count = 0;

/** `targets`: where their cards are said to be. They are taken as posted, so that nothing is posted now. */
export async function putPastActions(
  databaseUrl: string,
  tenantId: string,
  past: readonly PastAction[],
  targets: CardTarget[] = [],
): Promise<void> {
  const engine = await openEngine(
    { databaseUrl },
    {
      onError: (error) => {
        throw error;
      },
    },
  );
  try {
    const db = openDatabase(engine.pool, { prepares: true });
    const store = actionStore(db, tenantId);
    for (let from = 0; from < past.length; from += 20)
      await Promise.all(past.slice(from, from + 20).map((one) => put(store, one, targets)));
    await db.updateTable('cards').set({ stopped: true }).where('ref', 'is', null).execute();
  } finally {
    await engine.close();
  }
}

async function put(store: ReturnType<typeof actionStore>, past: PastAction, targets: CardTarget[]): Promise<void> {
  count += 1;
  const { title, hoursAgo = 0, verb = 'approve', by, status = 'pending', platform = 'slack', decisionId, ...rest } = past;
  const at = new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
  const base = anAction({
    id: newActionId(),
    key: `past-${count}`,
    title,
    createdAt: at,
    updatedAt: at,
    requestedAt: at,
    expiresAt: new Date(Date.now() + 7 * 86_400_000).toISOString(),
    ...rest,
  });
  const { decision: _decision, outcome: _outcome, status: _status, ...added } = base;
  const contentDigest = createHash('sha256').update(String(count)).digest('hex');
  const event = { kind: 'announced' as const, at, actorId: null, data: {} };
  await store.add({ ...added, contentDigest }, targets, event);
  if (status === 'pending') return;
  const { actor } = aDecision();
  const decided = aDecision({
    verb,
    platform,
    decidedAt: at,
    decisionId: decisionId ?? `D-past-${count}`,
    actor: by ? { ...actor, ...by, entraId: EntraId.parse(by.entraId) } : actor,
  });
  const hasDecision = !['expired', 'superseded', 'decidedElsewhere', 'awaitingSecondApproval'].includes(status);
  const hasOutcome = hasDecision && !['queued', 'rejected'].includes(status);
  await store.apply({
    id: base.id as ActionId,
    expect: { status: 'pending', version: base.version },
    set: { status, ...(hasDecision ? { decision: decided } : {}), ...(hasOutcome ? { outcome: anOutcome({ at }) } : {}) },
    at,
    event: { ...event, kind: 'outcome' },
  });
}

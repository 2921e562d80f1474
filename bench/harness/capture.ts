/** The very statement the product commits a decision with: its text as the store sends it, its values with places for what differs. */
import type { Actor, Decision, Platform } from '../../src/action-center/action.ts';
import { decisionMessage } from '../../src/action-center/decide.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { decided } from '../../src/action-center/transitions.ts';
import { actionStore } from '../../src/store/actions.ts';
import { openDatabase } from '../../src/store/database.ts';

export type CapturedStatement = { text: string; values: unknown[] };
type Places = { actionId: string; decisionId: string; at: string };

const places: Places = { actionId: '@action@', decisionId: '@decision@', at: '@at@' };

type Press = { actor: Actor /** Who decides. */; platform: Platform; clickId: string };

/** `action` is any pending one. */
export async function captureStatement(action: RemediationAction, { actor, platform, clickId }: Press): Promise<CapturedStatement> {
  const sent: CapturedStatement[] = [];
  const client = {
    query: async (text: string, values: unknown[]) => {
      sent.push({ text, values });
      return { rows: [], rowCount: 0, command: 'SELECT' };
    },
    release: () => {},
  };
  const { entraId, upn, displayName, roles } = actor;
  const decision: Decision = {
    decisionId: places.decisionId,
    verb: 'approve',
    actor: { entraId, upn, displayName, rolesUsed: [...roles] },
    platform,
    comment: null,
    decidedAt: places.at,
    scopeDigest: action.scopeDigest,
  };
  const placed = { ...action, id: places.actionId as RemediationAction['id'] };
  const { final: _final, ...step } = decided(placed, decision);
  const event = { ...step.event, data: { ...step.event.data, clickId } };
  const store = actionStore(openDatabase({ connect: async () => client }), action.tenantId);
  await store.apply({ ...step, event, decision: decisionMessage(placed, decision) });
  const [statement, ...more] = sent;
  if (!statement || more.length > 0) throw new Error(`the store sent ${sent.length} statements for one decision`);
  return statement;
}

export function fill({ values }: CapturedStatement, { actionId, decisionId, at }: Places): unknown[] {
  return values.map((value) =>
    typeof value === 'string'
      ? value.replaceAll(places.actionId, actionId).replaceAll(places.decisionId, decisionId).replaceAll(places.at, at)
      : value,
  );
}

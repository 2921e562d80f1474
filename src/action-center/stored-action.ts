/** What `GET /v1/actions/:id` answers: the intake fields, who decided what, and what became of it. Inner bookkeeping stays inside. */
import type { RemediationAction } from './intake.ts';
import type { AuditEvent } from './ports.ts';

export function storedAction(action: RemediationAction, events: readonly AuditEvent[]): Record<string, unknown> {
  const { tenantId: _tenant, version: _version, scopeDigest: _digest, policyVersion: _policy, scopeNote: _note, ...told } = action;
  return { ...told, history: events.flatMap(entryOf) };
}

const decisionKeys = ['decisionId', 'verb', 'actor', 'platform', 'comment', 'decidedAt', 'scopeDigest'];
const outcomeKeys = ['decisionId', 'status', 'at', 'message', 'externalRef', 'portalUrl'];

/** A decision that still waits for a second person is one as well: `final` tells them apart. */
function entryOf({ kind, data }: AuditEvent): Record<string, unknown>[] {
  if (kind === 'approved' || kind === 'decided') return [{ kind: 'decision', final: kind === 'decided', ...pick(data, decisionKeys) }];
  return kind === 'outcome' ? [{ kind: 'outcome', ...pick(data, outcomeKeys) }] : [];
}

function pick(data: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (data[key] === undefined ? [] : [[key, data[key]]])));
}

/** What an alert says about actions: which of its evidence waits for a yes, and which did and is dealt with. */
import { createHash } from 'node:crypto';
import { type Severity, Severity as SeverityValue } from '../action-center/action.ts';
import { parseSubmission } from '../action-center/announce.ts';
import type { Intake } from '../action-center/intake.ts';
import { devicesIn, kindOf, type Reading, readEvidence } from './alert-entities.ts';
import { Alert, Evidence } from './ingest-payloads.ts';
import { clusterCut, foundWaiting, namelessAlert } from './ingest-words.ts';
import { cutText } from './storable.ts';

/** The name under which what comes from Defender is kept. */
export const producer = 'defender';

/** `dealtWith`: by key, what Defender says now; `ended`: what that was, for who asks. `passedOver`: why something that waits has no card, and how often. */
export type AlertReading = { pending: Intake[]; dealtWith: Map<string, string>; ended(): Intake[]; passedOver: string[] };

const lifeMs = 7 * 86_400_000;
/** Statuses that say that it does not wait any more. What we do not know is not taken for one of them. */
const ends = new Set([
  'remediated',
  'prevented',
  'blocked',
  'notFound',
  'active',
  'declined',
  'unremediated',
  'running',
  'partiallyRemediated',
]);

/** Null: not an alert. */
export function readAlert(value: unknown, tenantId: string): { alert: Alert; reading: AlertReading } | null {
  const { data: alert } = Alert.safeParse(value);
  if (alert === undefined) return null;
  const evidence = (alert.evidence ?? []).flatMap((one) => Evidence.safeParse(one).data ?? []);
  const devices = devicesIn(evidence);
  const named = evidence.map((one) => {
    const read = readEvidence(one, devices);
    return { one, read: read && { ...read, key: keyOf(tenantId, alert.id, kindOf(one), read.natural) } };
  });
  const waiting = named.filter(({ one }) => one.remediationStatus === 'pendingApproval');
  const drafts = waiting.map(({ one, read }) => ({ kind: kindOf(one), draft: read && intakeOf(alert, one, read) }));
  const pending = new Map(drafts.flatMap(({ draft }) => (draft === null ? [] : [[draft.id, draft] as const])));
  const dealtWith = named.flatMap(({ one, read }): [string, string][] => {
    const status = one.remediationStatus ?? '';
    // The same thing twice in one alert: it waits as long as one of them does.
    return read === null || !ends.has(status) || pending.has(read.key) ? [] : [[read.key, status]];
  });
  const said = new Map(dealtWith);
  const ended = () => named.flatMap(({ one, read }) => (read !== null && said.has(read.key) ? (intakeOf(alert, one, read) ?? []) : []));
  const passedOver = drafts.flatMap(({ kind, draft }) => (draft === null ? [kind] : []));
  return { alert, reading: { pending: withoutCovered([...pending.values()]), dealtWith: said, ended, passedOver } };
}

function intakeOf(alert: Alert, evidence: Evidence, read: Read & { key: string }): Intake | null {
  const parsed = parseSubmission(draftOf(alert, evidence, read));
  return 'intake' in parsed ? parsed.intake : null;
}

const keyOf = (...named: unknown[]): string => `alert-${createHash('sha256').update(JSON.stringify(named)).digest('hex').slice(0, 40)}`;

type Read = NonNullable<ReturnType<typeof readEvidence>>;

function draftOf(alert: Alert, evidence: Evidence, { row, entities, asset, investigation, key }: Read & { key: string }): object {
  const requestedAt = evidence.createdDateTime ?? alert.createdDateTime;
  const optional = { asset: cutText(asset ?? '', 512), investigationId: investigation, incidentId: alert.incidentId };
  return {
    id: key,
    producer,
    type: row.type,
    source: row.source,
    severity: severityOf(alert.severity),
    title: cutText(alert.title?.trim() || namelessAlert, 300),
    details: detailsOf(alert, entities),
    entities,
    alertId: alert.id,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null && value !== undefined && value !== '')),
    requestedBy: { kind: 'automation', name: 'Microsoft Defender' },
    requestedAt,
    expiresAt: new Date(Date.parse(requestedAt) + lifeMs).toISOString(),
  };
}

function detailsOf(alert: Alert, entities: Reading['entities']): string {
  const [first] = entities as { networkMessageIds?: unknown[]; count?: number }[];
  const named = first?.networkMessageIds?.length ?? 0;
  const count = first?.count ?? 0;
  const parts = [foundWaiting, ...(named > 0 && count > named ? [clusterCut(named, count)] : [])];
  return [...parts, cutText((alert.description ?? '').trim(), 3000)].filter(Boolean).join('\n');
}

/** One that is new to us is neither hidden nor shouted. */
const severityOf = (value: string | null | undefined): Severity => SeverityValue.safeParse(value).data ?? 'medium';

/** A message that a waiting cluster of the same alert names has no card of its own. */
function withoutCovered(drafts: Intake[]): Intake[] {
  const named = drafts.flatMap(({ entities }) => entities.flatMap((one) => (one.type === 'emailCluster' ? one.networkMessageIds : [])));
  const covered = new Set(named.map((id) => id.toLowerCase()));
  return drafts.filter(({ entities }) => !entities.some((one) => one.type === 'email' && covered.has(one.networkMessageId.toLowerCase())));
}

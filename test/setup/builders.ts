/** Valid values for tests; hand in only what the test is about. Invented people and example domains only. */
import { createHash } from 'node:crypto';
import { ActionId, type ActionStatus, type Actor, type Decision, EntraId, type Outcome } from '../../src/action-center/action.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { scopeDigest } from '../../src/action-center/scope.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

export const testNow = new Date('2026-11-21T08:03:00.000Z');

export function anActor(over: Partial<Actor> = {}): Actor {
  return {
    entraId: EntraId.parse('7f0c0000-0000-4000-8000-000000000001'),
    upn: 'alice@contoso.example',
    displayName: 'Alice Adams',
    roles: ['SecurityAdministrator', 'SearchAndPurge'],
    deviceGroups: ['*'],
    ...over,
  };
}

export function aDecision(over: Partial<Decision> = {}): Decision {
  const { entraId, upn, displayName } = anActor();
  return {
    decisionId: 'D-01JD6Q0000000000000000000A',
    verb: 'approve',
    actor: { entraId, upn, displayName, rolesUsed: ['SecurityAdministrator'] },
    platform: 'slack',
    comment: null,
    decidedAt: '2026-11-21T08:02:00.000Z',
    scopeDigest: `sha256:${hash('scope')}`,
    ...over,
  };
}

export function anOutcome(over: Partial<Outcome> = {}): Outcome {
  return { status: 'completed', at: '2026-11-21T08:02:30.000Z', message: null, externalRef: null, ...over };
}

type Over = Partial<Omit<RemediationAction, 'id' | 'status' | 'decision' | 'outcome'>> & {
  id?: string;
  status?: ActionStatus;
  decision?: Decision | null;
  outcome?: Outcome | null;
};

const withoutDecision: ReadonlySet<ActionStatus> = new Set([
  'pending',
  'awaitingSecondApproval',
  'expired',
  'superseded',
  'decidedElsewhere',
]);
const withoutOutcome: ReadonlySet<ActionStatus> = new Set([...withoutDecision, 'queued', 'rejected']);

/** Quarantine of a file on one device, pending; another status brings the decision and outcome it cannot be without. */
export function anAction({ id, status = 'pending', decision, outcome, ...over }: Over = {}): RemediationAction {
  const common = { ...quarantine, ...over };
  const digest = over.scopeDigest ?? scopeDigest(common, common.policyVersion, hash);
  const verb = status === 'rejected' ? { verb: 'reject' as const, comment: 'Known false positive' } : {};
  const made = withoutDecision.has(status) ? null : aDecision({ ...verb, scopeDigest: digest });
  const reached = status === 'undone' || status === 'inProgress' || isOutcome(status) ? status : 'completed';
  return {
    ...common,
    id: ActionId.parse(id ?? 'A-01JD6Q00000000000000000001'),
    scopeDigest: digest,
    status,
    decision: decision === undefined ? made : decision,
    outcome: outcome !== undefined ? outcome : withoutOutcome.has(status) ? null : anOutcome({ status: reached }),
  } as RemediationAction;
}

const isOutcome = (status: ActionStatus): status is Outcome['status'] & ActionStatus =>
  ['completed', 'partiallyCompleted', 'failed', 'timedOut', 'cancelled'].includes(status);

const quarantine = {
  tenantId: 'default',
  key: 'sentinel-8841',
  producer: 'sentinel',
  type: 'stopAndQuarantineFile',
  source: 'automatedDeviceAction',
  severity: 'high',
  title: 'Quarantine invoice.exe on WKS-0042',
  details: 'Trojan:Win32/Wacatac.B!ml found by automated investigation',
  asset: 'WKS-0042',
  entities: [
    {
      type: 'device',
      deviceId: '1e5bc9d7e413ddd7902c2932e418702b84d0cc07',
      name: 'wks-0042.contoso.example',
      group: 'Workstations',
    },
    {
      type: 'file',
      sha256: '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f',
      sha1: '3395856ce81f2b7382dee72602f798b642f14140',
      name: 'invoice.exe',
      path: 'C:\\Users\\kim\\Downloads',
    },
  ],
  parameters: {},
  investigationId: '53123',
  incidentId: '812',
  requestedBy: { kind: 'automation', name: 'Automated investigation' },
  requestedAt: '2026-11-21T08:00:00.000Z',
  expiresAt: '2026-11-28T08:00:00.000Z',
  version: 1,
  policyVersion: 'p1',
  scopeNote: null,
  needed: 1,
  isProtected: false,
  approvals: [],
  createdAt: '2026-11-21T08:00:01.000Z',
  updatedAt: '2026-11-21T08:00:01.000Z',
} satisfies Omit<RemediationAction, 'id' | 'scopeDigest' | 'status' | 'decision' | 'outcome'>;

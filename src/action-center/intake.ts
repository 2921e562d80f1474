/** What a producer submits (CONTRACT: `POST /v1/actions`, the queue `actions`, files), and the remediation action as we store it. */
import { z } from 'zod';
import { type ActionId, ActionSource, type ActionStatus, ActionType, type Decision, type Outcome, Severity } from './action.ts';
import { Entity } from './entity.ts';

export const RequestedBy = z.strictObject({
  kind: z.enum(['automation', 'person', 'application']),
  name: z.string().trim().min(1).max(256),
  upn: z.string().trim().min(1).max(320).optional(),
});

const when = z.iso.datetime({ offset: true }).transform((value) => new Date(value).toISOString());
const reference = z.string().trim().min(1).max(256);
const ParameterValue = z.json();

/** One submitted action. Unknown top-level keys are refused with their path. Times are ISO 8601 and are stored in UTC. */
export const Intake = z.strictObject({
  id: z.string().trim().min(1).max(256),
  producer: z.string().trim().min(1).max(128),
  type: ActionType,
  source: ActionSource,
  severity: Severity,
  title: z.string().trim().min(1).max(300),
  details: z.string().trim().max(4000).optional(),
  asset: z.string().trim().min(1).max(512).optional(),
  entities: z.array(Entity).min(1).max(100),
  parameters: z.record(z.string().min(1).max(64), ParameterValue).default({}),
  investigationId: reference.optional(),
  incidentId: reference.optional(),
  alertId: reference.optional(),
  requestedBy: RequestedBy.optional(),
  requestedAt: when.optional(),
  expiresAt: when.optional(),
  /** A higher one with other content takes the place of an open action of the same producer and id. Left out: 1. */
  revision: z.int().min(1).max(1_000_000).optional(),
});
export type Intake = z.infer<typeof Intake>;

/** An intake with every default filled in: what the record, the cards and the decision message carry. */
export type NormalisedIntake = Intake & { requestedAt: string; expiresAt: string; requestedBy: z.infer<typeof RequestedBy> };

type Common = Omit<NormalisedIntake, 'id'> & {
  tenantId: string;
  id: ActionId;
  /** The producer's own id. */
  key: string;
  /** Grows by one with every change; what compare-and-set compares, together with the status. */
  version: number;
  /** What was shown: digest of type, entities, parameters and policy version. A decision is bound to it. */
  scopeDigest: string;
  policyVersion: string;
  /** What changed since the card was first shown; null when nothing did. */
  scopeNote: string | null;
  /** How many different people must approve. */
  needed: number;
  /** An asset on which one person alone may never act. */
  isProtected: boolean;
  approvals: Decision[];
  /** The action that took the place of a superseded one. */
  supersededBy?: ActionId | undefined;
  createdAt: string;
  updatedAt: string;
};

/** A remediation action as stored. A queued one has a decision, a settled one an outcome. */
export type RemediationAction = Common &
  (
    | { status: 'pending' | 'awaitingSecondApproval' | 'expired' | 'superseded' | 'decidedElsewhere'; decision: null; outcome: null }
    | { status: 'queued' | 'rejected'; decision: Decision; outcome: null }
    | { status: 'inProgress'; decision: Decision; outcome: Outcome }
    | { status: 'completed' | 'partiallyCompleted' | 'failed' | 'timedOut' | 'cancelled'; decision: Decision; outcome: Outcome }
    | { status: 'undoQueued' | 'undone'; decision: Decision; outcome: Outcome }
  );

export type OpenStatus = Extract<ActionStatus, 'pending' | 'awaitingSecondApproval'>;
export const isOpen = (action: RemediationAction): action is RemediationAction & { status: OpenStatus; decision: null; outcome: null } =>
  action.status === 'pending' || action.status === 'awaitingSecondApproval';

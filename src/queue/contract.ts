/**
 * The public queue contract. A customer's own consumer replaces our worker by speaking it: take jobs off `decisions`, put reports on
 * `outcomes`. `countersign contract` prints it as JSON Schema. Stable: optional fields may be added, nothing is renamed.
 */
import { z } from 'zod';
import { ActionId, EntraId, Outcome, Role, Verb } from '../action-center/action.ts';
import { Intake, RequestedBy } from '../action-center/intake.ts';

export const queueNames = { decisions: 'decisions', outcomes: 'outcomes', actions: 'actions' } as const;
export const prefix = '{countersign}';

/** The action as in intake, with every default filled in. */
const MessageAction = Intake.extend({
  requestedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  requestedBy: RequestedBy,
  parameters: z.record(z.string(), z.json()),
});

/**
 * Queue `decisions`: job name = verb, job id = decision id. Delivered at least once: act once per `decisionId`.
 * A `reject` is told so that the backend can close the item; it has no outcome.
 */
export const DecisionMessage = z.strictObject({
  version: z.literal(1),
  decisionId: z.string().min(1).max(64),
  actionId: ActionId,
  verb: Verb,
  actor: z.strictObject({ entraId: EntraId, upn: z.string().max(320), rolesUsed: z.array(Role) }),
  platform: z.enum(['slack', 'teams', 'cli']),
  comment: z.string().max(4000).nullable(),
  /** ISO 8601, UTC. */
  decidedAt: z.iso.datetime(),
  scopeDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  action: MessageAction,
});
export type DecisionMessage = z.infer<typeof DecisionMessage>;

/** Queue `outcomes`: job id = decision id + "-" + status. Late, repeated or out-of-order reports are harmless. */
export const OutcomeMessage = z.strictObject({
  version: z.literal(1),
  decisionId: z.string().min(1).max(64),
  actionId: ActionId,
  status: Outcome.shape.status,
  at: Outcome.shape.at,
  message: Outcome.shape.message,
  externalRef: Outcome.shape.externalRef,
  portalUrl: Outcome.shape.portalUrl,
});
export type OutcomeMessage = z.infer<typeof OutcomeMessage>;

export const outcomeJobId = (message: Pick<OutcomeMessage, 'decisionId' | 'status'>): string => `${message.decisionId}-${message.status}`;

/** The whole contract as JSON Schema 2020-12, one schema a queue. */
export function contractSchemas(): Record<string, unknown> {
  const schema = (message: z.ZodType) => z.toJSONSchema(message, { io: 'input', target: 'draft-2020-12' });
  return {
    prefix,
    queues: {
      [queueNames.decisions]: { jobName: 'the verb', jobId: 'decisionId', message: schema(DecisionMessage) },
      [queueNames.outcomes]: { jobName: 'the status', jobId: 'decisionId + "-" + status', message: schema(OutcomeMessage) },
      [queueNames.actions]: { jobName: 'any', jobId: 'any', message: schema(Intake) },
    },
  };
}

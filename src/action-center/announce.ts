/** Flow: an action comes in. Stored once per producer key, with the cards it wants; a repetition is recognised and changes nothing. */
import type { z } from 'zod';
import type { ActionId } from './action.ts';
import { catalogue } from './catalogue.ts';
import { Intake, type NormalisedIntake, type RemediationAction } from './intake.ts';
import type { ActionStore, Clock, Policy } from './ports.ts';
import { canonicalJson, type Sha256, scopeDigest } from './scope.ts';

export type AnnounceDeps = {
  store: ActionStore;
  policy: Policy;
  tenantId: string;
  now: Clock;
  sha256: Sha256;
  newActionId: () => ActionId;
  /** Called after the commit: a card is wanted. */
  poke: () => void;
};

export type Issue = { path: string; message: string };
export type Announced =
  | { kind: 'accepted' | 'known'; action: RemediationAction }
  | { kind: 'conflict'; action: RemediationAction }
  | { kind: 'invalid'; issues: Issue[] };

const dayMs = 86_400_000;
/** Defender drops its own pending items after 7 days; a producer that says nothing gets the same deadline. */
const defaultLifeMs = 7 * dayMs;

const Submission = Intake.superRefine((intake, ctx) => {
  const accepted: readonly string[] = catalogue[intake.type].entityTypes;
  if (!intake.entities.some((entity) => accepted.includes(entity.type))) {
    ctx.addIssue({ code: 'custom', path: ['entities'], message: `${intake.type} needs an entity of type ${accepted.join(' or ')}` });
  }
});

/** Parses one submitted action. `idempotencyKey` stands in for a missing `id`. */
export function parseSubmission(body: unknown, idempotencyKey?: string): { intake: Intake } | { issues: Issue[] } {
  const filled = idempotencyKey !== undefined && isPlainObject(body) ? { ...body, id: idempotencyKey } : body;
  const parsed = Submission.safeParse(filled);
  if (parsed.success) return { intake: parsed.data };
  return { issues: parsed.error.issues.flatMap(flattenIssue) };
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An unknown key is reported at its own path, not at its parent's. */
function flattenIssue(issue: z.core.$ZodIssue): Issue[] {
  const at = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...at, key].join('.'), message: 'unknown key' }));
  return [{ path: at.join('.'), message: issue.message }];
}

function normalise(intake: Intake, now: Date): NormalisedIntake {
  const requestedAt = intake.requestedAt ?? now.toISOString();
  return {
    ...intake,
    requestedAt,
    expiresAt: intake.expiresAt ?? new Date(Date.parse(requestedAt) + defaultLifeMs).toISOString(),
    requestedBy: intake.requestedBy ?? { kind: 'application', name: intake.producer },
  };
}

/** A deadline that has passed would make a card nobody can decide; a request from the future a clock nobody can trust. */
function timeIssues(intake: Intake, action: NormalisedIntake, now: Date): Issue[] {
  const issues: Issue[] = [];
  if (Date.parse(action.requestedAt) > now.getTime() + 300_000) {
    issues.push({ path: 'requestedAt', message: 'lies more than 5 minutes in the future' });
  }
  if (Date.parse(action.expiresAt) <= now.getTime()) {
    const path = intake.expiresAt === undefined ? 'requestedAt' : 'expiresAt';
    issues.push({ path, message: `the deadline ${action.expiresAt} has passed: nobody could decide in time` });
  }
  return issues;
}

export async function announce(deps: AnnounceDeps, intake: Intake): Promise<Announced> {
  const now = deps.now();
  const contentDigest = deps.sha256(canonicalJson(intake));
  const known = await deps.store.byKey(intake.producer, intake.id);
  if (known) return { kind: known.contentDigest === contentDigest ? 'known' : 'conflict', action: known.action };

  const action = normalise(intake, now);
  const issues = timeIssues(intake, action, now);
  if (issues.length > 0) return { kind: 'invalid', issues };
  const isProtected = deps.policy.isProtected(action);
  const { id: key, ...rest } = action;
  const added = await deps.store.add(
    {
      ...rest,
      tenantId: deps.tenantId,
      id: deps.newActionId(),
      key,
      version: 1,
      scopeDigest: scopeDigest(action, deps.policy.version, deps.sha256),
      policyVersion: deps.policy.version,
      scopeNote: null,
      needed: Math.max(deps.policy.approvalsNeeded(action), isProtected ? 2 : 1),
      isProtected,
      approvals: [],
      createdAt: now.toISOString(),
      updatedAt: now.toISOString(),
      contentDigest,
    },
    deps.policy.routesFor(action),
    { kind: 'announced', at: now.toISOString(), actorId: null, data: { producer: action.producer, key, type: action.type } },
  );
  if (added.known) return { kind: added.sameContent ? 'known' : 'conflict', action: added.action };
  deps.poke();
  return { kind: 'accepted', action: added.action };
}

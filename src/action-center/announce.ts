/** Flow: an action comes in. Stored once per producer key, with the cards it wants; a repetition is recognised and changes nothing. */
import type { z } from 'zod';
import type { ActionId } from './action.ts';
import { catalogue } from './catalogue.ts';
import { Intake, isOpen, type NormalisedIntake, type RemediationAction } from './intake.ts';
import type { ActionStore, AuditEvent, Clock, NewAction, Policy } from './ports.ts';
import { canonicalJson, type Sha256, scopeDigest } from './scope.ts';
import { describeChange } from './scope-change.ts';
import { superseded } from './transitions.ts';

export type AnnounceDeps = {
  store: ActionStore;
  policy: Pick<Policy, 'version' | 'routesFor' | 'approvalsNeeded' | 'isProtected'>;
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
  /** `closed`: a newer revision came too late, the action stands as it does. */
  | { kind: 'conflict'; action: RemediationAction; why: 'content' | 'closed' }
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

export function normalise(intake: Intake, now: Date): NormalisedIntake {
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

/** Several bots may be handed revisions of one action at once; each try sees a newer one, so few are enough. */
const tries = 5;

export async function announce(deps: AnnounceDeps, intake: Intake): Promise<Announced> {
  const { revision = 1, ...content } = intake;
  const submission = { intake, revision, contentDigest: deps.sha256(canonicalJson(content)) };
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const announced = await announceOnce(deps, submission);
    if (announced) return announced;
  }
  throw new Error(`${intake.producer}/${intake.id} was superseded ${tries} times while it was being stored`);
}

type Submitted = { intake: Intake; revision: number; contentDigest: string };

/** What a submission meets in an action of the same key; null: it may take its place. */
function meeting(action: RemediationAction, { sameContent, revision }: { sameContent: boolean; revision: number }): Announced | null {
  if (sameContent) return { kind: 'known', action };
  if (revision <= (action.revision ?? 1)) return { kind: 'conflict', action, why: 'content' };
  return isOpen(action) ? null : { kind: 'conflict', action, why: 'closed' };
}

/** Null: somebody else stored a revision in the same moment. What is new is stored with one look at the record. */
async function announceOnce(deps: AnnounceDeps, { intake, revision, contentDigest }: Submitted): Promise<Announced | null> {
  const now = deps.now();
  const action = normalise(intake, now);
  const issues = timeIssues(intake, action, now);
  if (issues.length > 0) {
    // What is known already was in time when it came.
    const known = await deps.store.byKey(intake.producer, intake.id);
    const met = known && meeting(known.action, { sameContent: known.contentDigest === contentDigest, revision });
    return met ?? { kind: 'invalid', issues };
  }
  const made = { ...newAction(deps, action, now), contentDigest };
  const { id, producer, key, type } = made;
  const targets = deps.policy.routesFor(action);
  const data = { producer, key, type, ...(revision > 1 ? { revision } : {}) };
  const event: AuditEvent = { kind: 'announced', at: now.toISOString(), actorId: null, data };
  const added = await deps.store.add(made, targets, event);
  if (!added.known) {
    deps.poke();
    return { kind: 'accepted', action: added.action };
  }
  const met = meeting(added.action, { sameContent: added.sameContent, revision });
  if (met) return met;
  const old = superseded(added.action, { id, revision }, now.toISOString());
  const next = { ...made, scopeNote: describeChange(added.action, action) };
  const stored = old && (await deps.store.supersede({ ...old, note: true }, next, targets, event));
  if (!stored) return null;
  deps.poke();
  return { kind: 'accepted', action: stored };
}

export function newAction(
  { policy, tenantId, newActionId, sha256 }: Pick<AnnounceDeps, 'policy' | 'tenantId' | 'newActionId' | 'sha256'>,
  action: NormalisedIntake,
  now: Date,
): Omit<NewAction, 'contentDigest'> {
  const { id: key, ...rest } = action;
  const isProtected = policy.isProtected(action);
  return {
    ...rest,
    tenantId,
    id: newActionId(),
    key,
    version: 1,
    scopeDigest: scopeDigest(action, policy.version, sha256),
    policyVersion: policy.version,
    scopeNote: null,
    needed: Math.max(policy.approvalsNeeded(action), isProtected ? 2 : 1),
    isProtected,
    approvals: [],
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
  };
}

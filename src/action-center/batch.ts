/**
 * Flow: one confirmation, many decisions. What was shown is kept as a draft; the person who confirms it starts a batch, which the bot works off in
 * the background. Each member is a decision of its own through the same flow as a press, with its own id from the start: whatever process
 * dies when, no member is decided twice, and every one ends as done, failed or refused.
 */
import type { ActionId, ActionType, Actor, EntraId, Platform } from './action.ts';
import type { Click, Decided } from './decide.ts';
import { UpstreamError } from './errors.ts';
import { type AskingPerson, identify } from './identify.ts';
import type { RemediationAction } from './intake.ts';
import type { AuditEvent, Clock, Directory } from './ports.ts';
import { ok, type Refusal, type Result, refuse } from './refusal.ts';
import type { UndoClick } from './undo.ts';

/** As many as the portal takes devices in one go. */
export const batchMost = 1000;
export type BatchVerb = 'approve' | 'reject' | 'undo';

/**
 * waiting   not tried yet
 * decided   the decision is in the record, its outcome is not
 * done      came to a good end; of a rejection: is recorded
 * shared    is recorded, and waits for another person as the policy wants it
 * failed    was decided, and the backend did not (wholly) do it
 * refused   was not decided
 */
export type MemberState = 'waiting' | 'decided' | 'done' | 'shared' | 'failed' | 'refused';
export type BatchCounts = Record<MemberState, number>;

export type Batch = {
  id: string;
  type: ActionType;
  /** Null: the person chooses when they confirm. */
  verb: BatchVerb | null;
  actor: { entraId: EntraId; upn: string; displayName: string };
  by: string;
  platform: Platform;
  conversation: string | null;
  comment: string | null;
  status: 'draft' | 'running' | 'finished';
  total: number;
  counts: BatchCounts;
  version: number;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
};

export type BatchMember = { actionId: ActionId; digest: string; decisionId: string };
/** A member that came to no good, and why. */
export type Setback = { actionId: ActionId; state: 'failed' | 'refused'; refusal: Refusal | null; message: string | null };

type NewBatch = Pick<Batch, 'id' | 'type' | 'verb' | 'actor' | 'by' | 'platform' | 'conversation' | 'createdAt'>;
type Start = { id: string; verb: BatchVerb; comment: string | null; by: string; at: string; event: AuditEvent };
type Ended = { state: Exclude<MemberState, 'waiting'>; refusal: Refusal | null; message: string | null };

/** Throws UpstreamError{service:'store'} without an answer. */
export interface BatchStore {
  draft(batch: NewBatch, members: readonly BatchMember[]): Promise<void>;
  get(id: string): Promise<Batch | null>;
  /** Draft to running, with the audit event and a card where the batch was asked for. False: it is no draft any more. */
  begin(start: Start): Promise<boolean>;
  /** A running batch that is due and nobody else works on. */
  claim(holder: string, now: number, leaseMs: number): Promise<Batch | null>;
  waiting(id: string, limit: number): Promise<BatchMember[]>;
  ended(id: string, actionId: ActionId, end: Ended): Promise<void>;
  /** Takes over the outcomes that reached the record, counts anew and lets the card know. */
  follow(id: string, now: number): Promise<Batch>;
  release(id: string, holder: string, nextAt: number): Promise<void>;
  setbacks(id: string, limit: number): Promise<Setback[]>;
  /** Drafts that nobody confirmed. */
  forget(before: string): Promise<number>;
}

/** Somebody asks through a chat platform. */
export type Asker = { by: string; person: AskingPerson; platform: Platform; conversation: string | null; clickId: string };

export type DraftDeps = { batches: Pick<BatchStore, 'draft'>; newBatchId: () => string; newDecisionId: () => string; now: Clock };
type Draft = { actor: Actor; asker: Asker; verb: BatchVerb | null; actions: readonly [RemediationAction, ...RemediationAction[]] };

/** Keeps what a person is shown, so that exactly that is what they confirm. Answers the batch's id. */
export async function draftBatch(deps: DraftDeps, { actor, asker, verb, actions }: Draft): Promise<string> {
  const { entraId, upn, displayName } = actor;
  const { by, platform, conversation } = asker;
  const id = deps.newBatchId();
  const createdAt = deps.now().toISOString();
  await deps.batches.draft(
    { id, type: actions[0].type, verb, actor: { entraId, upn, displayName }, by, platform, conversation, createdAt },
    actions.map((action) => ({ actionId: action.id, digest: action.scopeDigest, decisionId: deps.newDecisionId() })),
  );
  return id;
}

export type ConfirmDeps = { batches: Pick<BatchStore, 'get' | 'begin'>; directory: Directory; now: Clock; poke: () => void };
export type Confirmation = Omit<Asker, 'conversation'> & { batchId: string; verb: BatchVerb; comment: string | null };

/** A list is not valid for long: it was read then, not now. */
const confirmWithinMs = 900_000;

export async function confirmBatch(deps: ConfirmDeps, asked: Confirmation): Promise<Result<Batch>> {
  if (asked.verb === 'reject' && !asked.comment?.trim()) return refuse({ kind: 'comment-needed', verb: 'reject' });
  const batch = await deps.batches.get(asked.batchId);
  if (!batch) return refuse({ kind: 'nothing-to-confirm', why: 'too-late' });
  const person = await identify(deps.directory, asked.person, true);
  if (!person.ok) return person;
  if (person.value.entraId !== batch.actor.entraId) return refuse({ kind: 'nothing-to-confirm', why: 'not-yours' });
  const now = deps.now();
  if (batch.status !== 'draft') return refuse({ kind: 'nothing-to-confirm', why: 'begun' });
  if (now.getTime() - Date.parse(batch.createdAt) > confirmWithinMs || (batch.verb !== null && batch.verb !== asked.verb))
    return refuse({ kind: 'nothing-to-confirm', why: 'too-late' });
  const at = now.toISOString();
  const comment = asked.comment?.trim() || null;
  const { type, total, conversation, platform } = batch;
  const data = { batchId: batch.id, verb: asked.verb, type, total, platform, conversation, comment, clickId: asked.clickId };
  const event: AuditEvent = { kind: 'batch', at, actorId: batch.actor.entraId, data };
  const begun = await deps.batches.begin({ id: batch.id, verb: asked.verb, comment, by: asked.by, at, event });
  if (!begun) return refuse({ kind: 'nothing-to-confirm', why: 'begun' });
  deps.poke();
  return ok({ ...batch, status: 'running', verb: asked.verb, comment, startedAt: at });
}

export type WorkDeps = {
  batches: BatchStore;
  directory: Directory;
  now: Clock;
  holder: string;
  /** The flow of a press, as the person who confirmed; `decisionId` is the decision's id. */
  decide: (click: Click | UndoClick, as: { directory: Directory; decisionId: string }) => Promise<Result<Decided>>;
  /** A member failed for a reason that is a bug of ours; answers what the person is told. */
  trouble: (error: unknown, batchId: string, actionId: ActionId) => string;
};

/** Two bots on one batch are harmless, only wasteful; a bot that died should not be waited for long. */
const leaseMs = 10_000;
const bite = 20;
const lanes = 4;
/** Roles are looked up anew at the start of a bite, and never believed longer than this. */
const rolesFreshMs = 60_000;
/** Somebody looks at the counter at first; later outcomes may take days. */
const lookAgainMs = { soon: 500, later: 10_000 } as const;
const soonForMs = 120_000;
const directoryAwayMs = 5000;
/** A directory that is away longer than this ends the waiting members as refused. */
const patienceMs = 3_600_000;

/** Takes one bite of one batch. Answers when to come again, in ms; null: nothing runs. */
export async function workBatches(deps: WorkDeps): Promise<number | null> {
  const { batches, holder, now } = deps;
  const batch = await batches.claim(holder, now().getTime(), leaseMs);
  if (!batch) return null;
  let pause = 0;
  try {
    const isHeld = await takeBite(deps, batch);
    const standing = await batches.follow(batch.id, now().getTime());
    const age = now().getTime() - Date.parse(batch.startedAt ?? batch.createdAt);
    if (isHeld) pause = directoryAwayMs;
    else if (standing.counts.waiting === 0) pause = age < soonForMs ? lookAgainMs.soon : lookAgainMs.later;
  } finally {
    await batches.release(batch.id, holder, now().getTime() + pause);
  }
  return pause;
}

/** True: it cannot go on now, because nobody can say who may decide. */
async function takeBite(deps: WorkDeps, batch: Batch): Promise<boolean> {
  const members = await deps.batches.waiting(batch.id, bite);
  const directory = standingFor(deps.directory, batch.actor.entraId, deps.now);
  const isPatient = deps.now().getTime() - Date.parse(batch.startedAt ?? batch.createdAt) < patienceMs;
  let isHeld = false;
  const work = async (): Promise<void> => {
    for (let member = members.shift(); member !== undefined && !isHeld; member = members.shift()) {
      const end = await decideMember(deps, batch, member, directory);
      if (isPatient && end.refusal?.kind === 'identity-unavailable') isHeld = true;
      else await deps.batches.ended(batch.id, member.actionId, end);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return isHeld;
}

async function decideMember(
  deps: WorkDeps,
  batch: Batch,
  { actionId, digest, decisionId }: BatchMember,
  directory: Directory,
): Promise<Ended> {
  const { by, platform, comment, actor, verb } = batch;
  if (verb === null) throw new Error(`batch ${batch.id} runs without a verb`);
  const person: AskingPerson = async () => ok({ platform: 'teams', tenantId: '', entraId: actor.entraId });
  const account = accountOf(batch);
  const click = { actionId, by, account, person, platform, comment, shownDigest: digest, clickId: `batch:${batch.id}` };
  try {
    const decided = await deps.decide({ ...click, verb }, { directory, decisionId });
    if (decided.ok) return { state: stateOf(verb, decided.value.action, decisionId), refusal: null, message: null };
    const earlier = earlierState(verb, decided.refusal, decisionId);
    return earlier === null
      ? { state: 'refused', refusal: decided.refusal, message: null }
      : { state: earlier, refusal: null, message: null };
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    return { state: 'failed', refusal: null, message: deps.trouble(error, batch.id, actionId) };
  }
}

/** Where the person can be told something in private; only Slack names people by what they press with. */
const accountOf = ({ platform, by }: Batch): string | null => (platform === 'slack' ? (by.split('/').at(-1) ?? null) : null);

function stateOf(verb: BatchVerb, action: RemediationAction, decisionId: string): 'decided' | 'done' | 'shared' {
  if (verb === 'reject') return 'done';
  return action.decision?.decisionId === decisionId ? 'decided' : 'shared';
}

/** Decided by this batch before a crash hid it: the refusal names our own decision. */
function earlierState(verb: BatchVerb, refusal: Refusal, decisionId: string): 'decided' | 'done' | 'shared' | null {
  if (refusal.kind === 'already-decided' && refusal.decision?.decisionId === decisionId) return verb === 'reject' ? 'done' : 'decided';
  if (refusal.kind === 'not-undoable' && 'decision' in refusal.bar && refusal.bar.decision.decisionId === decisionId) return 'decided';
  if (refusal.kind === 'second-approver-needed' && refusal.approvals.some((one) => one.decisionId === decisionId)) return 'shared';
  return null;
}

/** The directory as this one person's: whoever confirmed stands behind every member. One look-up serves a bite for at most a minute. */
function standingFor(directory: Directory, entraId: EntraId, now: Clock): Directory {
  let known: { at: number; person: ReturnType<Directory['personById']> } | null = null;
  const person: Directory['personById'] = async (_, { fresh }) => {
    const at = now().getTime();
    if (fresh) return directory.personById(entraId, { fresh });
    if (known === null || at - known.at >= rolesFreshMs) known = { at, person: directory.personById(entraId, { fresh: true }) };
    return known.person;
  };
  return { personFor: (_, options) => person(entraId, options), personById: person };
}

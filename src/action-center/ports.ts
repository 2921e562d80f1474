/** What the flows need from the outside. Each port is filled in by one edge folder and joined in bot.ts and worker.ts. */
import type { ActionId, ActionType, Actor, Decision, EntraId, Outcome, Platform, ReasonVerb, Role, Verb } from './action.ts';
import type { NormalisedIntake, RemediationAction } from './intake.ts';
import type { PersonRefusal, Result } from './refusal.ts';

/** A chat account as its platform vouches for it. `email` is null unless IDENTITY_MODE=email. */
export type PersonClaim =
  | { platform: 'slack'; teamId: string; userId: string; email: string | null }
  | { platform: 'teams'; tenantId: string; entraId: string };

/**
 * Who people are and which roles they hold. `fresh: true` forbids any cached answer.
 * Throws UpstreamError when there is no answer; callers must then refuse.
 */
export interface Directory {
  personFor(claim: PersonClaim, options: { fresh: boolean }): Promise<Result<Actor, PersonRefusal>>;
  personById(entraId: EntraId, options: { fresh: boolean }): Promise<Result<Actor, PersonRefusal>>;
}

/** Fresh proofs of who somebody is, at the identity provider. Throws UpstreamError{service:'store'} without an answer. */
export interface SignIns {
  /** When this person last signed in anew, if that was at or after `since` (ISO 8601); else null. */
  lastProof(entraId: EntraId, since: string): Promise<string | null>;
  /** A one-time address where exactly this person can do so. For their eyes only. */
  begin(entraId: EntraId): Promise<string>;
}

/** Where a card of an action goes. */
export type CardTarget = { platform: Platform; conversation: string };

/** The standing rules of the deployment (policy.yaml). `version` changes when a rule about deciding changes. */
export interface Policy {
  readonly version: string;
  routesFor(action: NormalisedIntake): CardTarget[];
  approvalsNeeded(action: NormalisedIntake): number;
  isProtected(action: NormalisedIntake): boolean;
  /** Whether this verb needs a written reason. A rejection always does, whatever this says. */
  reasonNeeded(action: NormalisedIntake, verb: ReasonVerb): boolean;
  /** Why nobody may decide this action in chat; null: nothing says so. */
  barred(action: NormalisedIntake): Barred | null;
  /** How fresh a sign-in has to be for a protected asset; `isSaid` when the file asks for it itself. Null: none is asked for. */
  readonly freshSignIn: { withinMs: number; isSaid: boolean } | null;
}
/** `because` is the policy's own text. */
export type Barred = { because: string | null };

/** One line of the append-only record. `data` holds ids and facts, never secrets. */
export type AuditEvent = {
  kind:
    | 'announced'
    | 'decided'
    | 'approved'
    | 'outcome'
    | 'lateOutcome'
    | 'expired'
    | 'rescoped'
    | 'refused'
    | 'requeued'
    | 'linked'
    | 'unlinked'
    | 'signedIn'
    | 'superseded'
    | 'alarm'
    | 'batch'
    | 'exported'
    | 'shared'
    | 'reminded'
    | 'escalated'
    | 'warned'
    | 'delegated'
    | 'hunted'
    | 'digest'
    | 'decidedElsewhere';
  at: string;
  /** Entra id, or null when a machine did it. */
  actorId: string | null;
  data: Record<string, unknown>;
};

/** What goes to the queue `decisions`, as fixed in queue/contract.ts. */
export type DecisionMessage = {
  version: 1;
  decisionId: string;
  actionId: ActionId;
  verb: Verb;
  actor: { entraId: EntraId; upn: string; rolesUsed: Role[] };
  platform: Decision['platform'];
  comment: string | null;
  decidedAt: string;
  scopeDigest: string;
  action: NormalisedIntake;
};

/** One change of one action: applied whole, and only if the action still stands where the flow saw it. */
export type Change = {
  id: ActionId;
  expect: { status: RemediationAction['status']; version: number };
  set: Partial<
    Pick<
      RemediationAction,
      | 'status'
      | 'decision'
      | 'outcome'
      | 'approvals'
      | 'scopeDigest'
      | 'policyVersion'
      | 'scopeNote'
      | 'needed'
      | 'isProtected'
      | 'supersededBy'
    >
  >;
  at: string;
  event: AuditEvent;
  /** Put on the queue `decisions` by the relay, with the decision's id as job id. */
  decision?: DecisionMessage;
  /** Say it in the thread of every posted card, once. */
  note?: boolean;
};

export type NewAction = Omit<RemediationAction, 'decision' | 'outcome' | 'status'> & {
  contentDigest: string;
  /** It was over before we heard of it: stored for History alone. Left out: it waits for a decision. */
  standing?: 'decidedElsewhere';
};

export interface ActionStore {
  /** Adds the action with its card targets and audit event in one transaction; `known` when the producer's key is there already. */
  add(
    action: NewAction,
    targets: CardTarget[],
    event: AuditEvent,
  ): Promise<{ known: false; action: RemediationAction } | { known: true; action: RemediationAction; sameContent: boolean }>;
  get(id: ActionId): Promise<RemediationAction | null>;
  /** Those of them that exist, in one look-up; in no particular order. */
  getMany(ids: readonly ActionId[]): Promise<RemediationAction[]>;
  /** The newest revision of what a producer calls by this key. */
  byKey(producer: string, key: string): Promise<{ action: RemediationAction; contentDigest: string } | null>;
  /** Applies `old` and adds the action that takes its place, in one transaction. Null: somebody else was faster, nothing was written. */
  supersede(old: Change, action: NewAction, targets: CardTarget[], event: AuditEvent): Promise<RemediationAction | null>;
  /** Applies a change in one transaction. Null: somebody else was faster, nothing was written. */
  apply(change: Change): Promise<RemediationAction | null>;
  /** An audit event without a change (a refused click, a late outcome). */
  note(actionId: ActionId | null, event: AuditEvent): Promise<void>;
  /** An audit event that these people are told of in private, each once, however often this is called. `standsInFor`: the name of who would be told. */
  tell(actionId: ActionId, event: AuditEvent, people: { noticeId: string; target: CardTarget; standsInFor?: string }[]): Promise<void>;
  /** Who decided actions of these types since then, the latest first. Looks at a bounded number of the newest actions. */
  recentDeciders(types: readonly ActionType[], since: string, limit: number): Promise<EntraId[]>;
  /** Decisions and outcomes of an action, in order. */
  history(id: ActionId): Promise<AuditEvent[]>;
  /** Decided actions, oldest decision first, a page at a time: those decided after `after` and not before `since`. */
  decidedSince(since: string, after: { at: string; id: string } | null, limit: number): Promise<RemediationAction[]>;
  /** Open actions whose deadline has passed. */
  overdue(now: string, limit: number): Promise<RemediationAction[]>;
  /** Decided actions without an outcome, not touched since `before`. */
  stalled(before: string, limit: number): Promise<RemediationAction[]>;
  /** Cancellations without an end, of actions that run and were not touched since `before`. */
  stalledCancellations(before: string, limit: number): Promise<{ actionId: ActionId; decisionId: string }[]>;
}

/** Puts decisions that lost their job back on the way (see sweep.ts). */
export interface Requeue {
  /** True when a job for this decision is waiting, delayed, running, or known as done. */
  hasJob(decisionId: string): Promise<boolean>;
  /** Marks the outbox row unsent again, so that the relay sends it. */
  resend(decisionId: string): Promise<boolean>;
}

/** What a backend was asked to do and how far it is, keyed by the decision's id. */
export type Execution = {
  decisionId: string;
  actionId: ActionId;
  state: 'claimed' | 'submitted' | 'finished';
  externalRef: Record<string, string> | null;
  outcome: Outcome | null;
  /** When a worker first had it, which is long after the decision when none ran. */
  startedAt: string;
};

export interface ExecutionStore {
  /** Claims the right to work on a decision for `leaseMs`. Busy: another worker holds it until then. */
  claim(
    decisionId: string,
    actionId: ActionId,
    holder: string,
    now: number,
    leaseMs: number,
  ): Promise<{ state: 'mine'; execution: Execution; first: boolean } | { state: 'busy'; until: number }>;
  submitted(decisionId: string, externalRef: Record<string, string>): Promise<void>;
  finished(decisionId: string, outcome: Outcome | null): Promise<void>;
  release(decisionId: string, holder: string): Promise<void>;
  get(decisionId: string): Promise<Execution | null>;
  /** Finished executions whose action does not show it, older than `before`. */
  unsettled(before: string, limit: number): Promise<Execution[]>;
}

/** What a backend is handed. */
export type ExecuteCommand = {
  decisionId: string;
  actionId: ActionId;
  verb: Verb;
  action: NormalisedIntake;
  /** Goes into the backend's own audit trail, e.g. a Defender comment. */
  stamp: string;
  /** With `cancel`: the decision that is being carried out and shall not be. */
  cancels?: string;
};

export type Progress = {
  externalRef: Record<string, string>;
  outcome: Outcome | null;
  /** While it runs: what there is to say about it. */
  message?: string | null;
  portalUrl?: string | null;
  /** Ask again after this; left out: after `pollMs`. */
  afterMs?: number;
};

/**
 * Carries decisions out. `find` asks whether this decision was submitted before (a crash may have hidden the answer); `submit` starts it;
 * `progress` tells how far it is, outcome null while it runs. All throw UpstreamError{service:'backend'} and obey the signal.
 */
export interface Backend {
  readonly name: 'simulator' | 'defender';
  find(decisionId: string, signal: AbortSignal): Promise<Progress | null>;
  submit(command: ExecuteCommand, signal: AbortSignal): Promise<Progress>;
  progress(externalRef: Record<string, string>, signal: AbortSignal): Promise<Progress>;
  /** How long to wait before asking for progress again, in ms. */
  readonly pollMs: number;
  /** What has not come to an end by then is reported as timed out; left out: a day. */
  readonly maxRunMs?: number;
}

/** One posted (or still to be posted) card or thread note. `ref` is the platform's own address of the message. */
export type CardRow = {
  cardId: string;
  /** Null: a notice that is about no action. For the card of a batch or a group: its id. */
  actionId: ActionId | null;
  platform: Platform;
  /** A conversation, or for a private notice a person as the platform names them. */
  conversation: string;
  /** `note`: said under a card. `notice`: a message of its own that tells one event, to operators or to one person. `digest`: found by its card id. */
  kind: 'action' | 'note' | 'notice' | 'batch' | 'group' | 'digest';
  ref: string | null;
  /** For a note: the card it is said under. For notes and notices: the event they tell. */
  parentRef: string | null;
  note: AuditEvent | null;
  shownVersion: number;
  wantedVersion: number;
  attempts: number;
  /** When it was first wanted: no message of it is older. */
  createdAt: string;
  /** A post was begun and its answer is not known: look the message up before posting again. */
  uncertain: boolean;
};

export interface CardStore {
  /** Cards that do not show what they should: `post` those without a message yet, `update` the others. At most one holder at a time. */
  claimDue(claim: {
    platform: Platform;
    what: 'post' | 'update';
    holder: string;
    now: number;
    leaseMs: number;
    /** How long a first post may take until it is begun; shorter, so that what a dead bot never began is soon somebody else's. */
    beginMs: number;
    limit: number;
    /** Conversations in which the platform wants a pause. */
    except: string[];
  }): Promise<CardRow[]>;
  /** Gives claimed cards back untouched; those that are somebody else's by now are left alone. */
  giveBack(cardIds: string[], holder: string): Promise<void>;
  /** Says that a message is about to be created: after a crash it is looked up before it is posted again. False: it took too long, and the card is free or another's. */
  beginPost(cardId: string, claim: { holder: string; now: number; leaseMs: number }): Promise<boolean>;
  shown(cardId: string, version: number, ref: string, now: number): Promise<void>;
  /** Tries again at `at`; `error` is kept for operators. */
  later(cardId: string, at: number, failure: { error: string; uncertain: boolean } | null): Promise<void>;
  /** The message is gone: post anew, or stop when nobody needs it. */
  lost(cardId: string, again: boolean): Promise<void>;
  /** The message `parentRef`, under which this card belongs, seems to be gone: that one is looked at again. */
  underGone(cardId: string, parentRef: string, now: number): Promise<void>;
  /** Not to be posted any more: what it was to say is not true by now. */
  withdraw(cardId: string): Promise<void>;
  /**
   * Somebody looks at a message `ref` that carries this card. Null: there is no such card in this conversation.
   * `ours` it is the card's message; `kept` the card's own post is not answered yet, so this is remembered as where it may be;
   * `stray` the card has another message, and no card has this one.
   */
  sighted(sighting: { cardId: string; conversation: string; ref: string; now: number }): Promise<Sighting | null>;
  /** Where a message of this card was seen while its post was not answered. */
  sightedAt(cardId: string): Promise<string | null>;
  /** Whatever could not be posted because its conversation was out of reach is tried again now. */
  wake(platform: Platform, now: number): Promise<number>;
}

export type Sighting = { standing: 'ours' | 'kept' | 'stray'; row: CardRow };

/** A conversation as its platform told us about it, in a request that was authenticated. */
export type ConversationRecord = {
  platform: Platform;
  conversation: string;
  /** The Entra tenant it belongs to. */
  organisation: string;
  /** Where the bot posts; it can change. */
  serviceUrl: string;
  type: 'channel' | 'groupChat' | 'personal';
  team: string | null;
  name: string | null;
  standing: 'installed' | 'removed' | 'deleted';
};

export interface Conversations {
  get(platform: Platform, conversation: string): Promise<ConversationRecord | null>;
  /** Adds or refreshes; `standing` becomes `installed`. True when it was not known as installed before. */
  present(record: Omit<ConversationRecord, 'standing'>, now: number): Promise<boolean>;
  /** The app was removed or the channel deleted; a team takes all its channels with it. Returns what was there before. */
  absent(
    where: { platform: Platform } & ({ conversation: string } | { team: string }),
    standing: 'removed' | 'deleted',
    now: number,
  ): Promise<string[]>;
  /** Those of the given conversations that are known to be out of reach. */
  outOfReach(platform: Platform, conversations: readonly string[]): Promise<ConversationRecord[]>;
}

/** `leave`: so many tokens stay for others who are more urgent. */
export type LaneLimit = { capacity: number; perSecond: number; leave?: number };

/** Shared pacing towards an outside service: one lane per limit, shared by all processes. */
export interface Lanes {
  /** Takes one token; returns 0 when taken, else the ms to wait (nothing is taken then). */
  take(lane: string, limit: LaneLimit, now: number): Promise<number>;
  /** Nobody passes before `until` (ms since epoch): the platform said so. */
  block(lane: string, until: number): Promise<void>;
}

/** Somebody who tried again and again without the authority. */
export type Suspect = {
  /** Entra id where it is known, else the chat account. */
  subject: string;
  isPerson: boolean;
  /** The chat accounts that pressed, and the sign-in name where it is known. */
  accounts: string[];
  upn: string | null;
  count: number;
  lastAt: string;
  lastActionId: ActionId | null;
};

export type NewAlarm = { subject: string; actionId: ActionId | null; event: AuditEvent };

/** What operators have to hear of. Every bot asks the same record, so an alarm is raised once. */
export interface AlarmStore {
  /** Who was refused for want of authority at least so often since then, without an alarm after `quietSince`; `refusals` says which ones count. */
  suspects(asked: { refusals: readonly string[]; since: string; atLeast: number; quietSince: string; limit: number }): Promise<Suspect[]>;
  /** Approved actions that failed or timed out since then and that no alarm tells of. */
  failedSince(since: string, limit: number): Promise<RemediationAction[]>;
  /** Puts the alarm into the record and on its way. False: the same subject had one after `quietSince`. */
  raise(alarm: NewAlarm, targets: readonly CardTarget[], quietSince: string | null): Promise<boolean>;
}

export type Clock = () => Date;

type Tell = { (facts: object, message: string): void; (message: string): void };
/** Where edges tell operators what happened: ids and facts, never bodies or secrets. pino's logger fits. */
export interface Log {
  info: Tell;
  warn: Tell;
  error: Tell;
}

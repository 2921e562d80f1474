/** The expected "no"s. They are returned, never thrown; chat/words.ts turns each into one helpful sentence. */
import type { ActionStatus, ActionType, Decision, EntraId, ReasonVerb, Role, Verb } from './action.ts';
import type { CancelBar, RetryBar } from './again-bars.ts';
import type { UndoBar } from './undoable.ts';

/** Why a chat account is not a person who may decide. */
export type PersonRefusal =
  /** `connect`: the account could be connected by its owner, for the first time or again because its link has run out. */
  | { kind: 'unknown-person'; connect?: 'now' | 'again' }
  | { kind: 'ambiguous-person' }
  | { kind: 'disabled-person' }
  | { kind: 'guest' }
  | { kind: 'external-person' }
  | { kind: 'bot' }
  /** No answer from the named service: nobody is let through on a guess. */
  | { kind: 'identity-unavailable'; service: string };

export type Refusal =
  | PersonRefusal
  | { kind: 'not-found' }
  /** `eligible`: roles the person could activate, and that would be enough. */
  | {
      kind: 'not-permitted';
      actorId: EntraId;
      upn?: string;
      verb: Verb;
      missing: Role[][];
      deviceGroup?: string;
      eligible?: Role[];
      /** Names of people who may; only for a clicker who may read History. */
      deciders?: string[];
    }
  | { kind: 'already-decided'; status: ActionStatus; decision: Decision | null; byYou: boolean; repeated: boolean }
  | { kind: 'expired'; expiresAt: string }
  | { kind: 'scope-changed'; note: string | null }
  | { kind: 'second-approver-needed'; approvals: Decision[]; needed: number }
  /** Whoever asked for an action is not one of the people it needs. */
  | { kind: 'own-request'; needed: number }
  | { kind: 'not-undoable'; bar: UndoBar; byYou: boolean }
  | { kind: 'not-cancellable'; bar: CancelBar }
  | { kind: 'not-retriable'; bar: RetryBar }
  /** Several at once only when they are of the same type, as in the portal. */
  | { kind: 'mixed-action-types'; types: ActionType[] }
  | { kind: 'too-many'; most: number }
  /** What was to be confirmed was confirmed or given up already, or it is somebody else's. */
  | { kind: 'nothing-to-confirm'; why: 'begun' | 'too-late' | 'not-yours' }
  | { kind: 'decide-in-defender' }
  | { kind: 'barred'; because: string | null }
  /** `url` is a one-time address for this very person. */
  | { kind: 'sign-in-needed'; url: string; withinMs: number }
  | { kind: 'comment-needed'; verb: ReasonVerb };

export type Result<T, R = Refusal> = { ok: true; value: T } | { ok: false; refusal: R };

export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });
export const refuse = <R>(refusal: R): { ok: false; refusal: R } => ({ ok: false, refusal });

/** Refusals about who somebody is or may do: these are written to the audit record. */
const authorityRefusals: ReadonlySet<Refusal['kind']> = new Set([
  'unknown-person',
  'ambiguous-person',
  'disabled-person',
  'guest',
  'external-person',
  'bot',
  'identity-unavailable',
  'not-permitted',
]);
/** What counts as a try without authority. Without an answer from the directory nobody knows, so that one does not. */
export const triesWithoutAuthority: readonly string[] = [
  ...[...authorityRefusals].filter((kind) => kind !== 'identity-unavailable'),
  'may-not-read',
];

export const isAboutAuthority = (refusal: Refusal): boolean => authorityRefusals.has(refusal.kind);

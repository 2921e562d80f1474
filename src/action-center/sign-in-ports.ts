/** What linking and fresh sign-ins need from the outside: the store of attempts and links, and the identity provider. */
import type { EntraId } from './action.ts';
import type { AuditEvent } from './ports.ts';
import type { Result } from './refusal.ts';

export type SlackAccount = { teamId: string; userId: string };

/** What a sign-in is for. The name is how the account calls itself: shown, never believed. */
export type SignInPurpose = { kind: 'link'; account: SlackAccount; accountName: string | null } | { kind: 'step-up'; entraId: EntraId };

/** Known by the hash of its state alone; the state is in the address that only the asking person has. */
export type Attempt = { stateHash: string; purpose: SignInPurpose; expiresAt: string };

/** What came of a sign-in: a code that waits to be typed, or a proof. */
export type Arrival = {
  entraId: EntraId;
  denyHash: string;
  at: string;
  expiresAt: string;
} & ({ codeHash: string } | { provedAt: string });

export type TypedCode =
  | { kind: 'match'; stateHash: string; entraId: EntraId }
  /** `left`: how many tries remain; 0 ends every sign-in of this account that waits for a code. */
  | { kind: 'wrong'; left: number }
  /** The code of somebody else's sign-in, which is ended by this. */
  | { kind: 'foreign'; owner: SlackAccount; entraId: EntraId }
  | { kind: 'nothing-waits' };

/** `undone`: what the sign-in had brought before it was denied. */
export type Denied = { purpose: SignInPurpose; entraId: EntraId; undone: 'code' | 'link' | 'proof' };

/** Every change here is atomic; all throw UpstreamError{service:'store'} without an answer. */
export interface SignInAttempts {
  /** Adds one. Of the same account or person only the newest `keep` stay under way. */
  open(attempt: Attempt & { at: string }, keep: number): Promise<void>;
  find(stateHash: string, now: string): Promise<Attempt | null>;
  /** Uses the state up; `used` and `expired` change nothing. */
  take(stateHash: string, now: string): Promise<{ attempt: Attempt; standing: 'taken' | 'used' | 'expired' } | null>;
  arrived(stateHash: string, arrival: Arrival): Promise<void>;
  end(stateHash: string): Promise<void>;
  typed(account: SlackAccount, codeHash: string, options: { now: string; maxTries: number }): Promise<TypedCode>;
  deny(denyHash: string, eventOf: (denied: Denied) => AuditEvent): Promise<Denied | null>;
  lastProof(entraId: EntraId, since: string): Promise<string | null>;
  /** Removes what was begun before; returns how many. */
  forget(before: string): Promise<number>;
}

export type Link = SlackAccount & {
  entraId: EntraId;
  /** As the directory had it when the link was made. */
  upn: string;
  displayName: string;
  since: string;
  validUntil: string;
};

export interface LinkStore {
  /** Also one that has run out. */
  of(account: SlackAccount): Promise<Link | null>;
  /** Whether another account of this workspace has a valid link to this person. */
  isTaken(entraId: EntraId, account: SlackAccount, now: string): Promise<boolean>;
  /** Valid links of this person, the newest first. */
  accountsOf(entraId: EntraId, now: string): Promise<SlackAccount[]>;
  /** Turns a sign-in whose code was typed into a link, renewing the one that is there. A valid link is never replaced by another. */
  connect(stateHash: string, link: Link, event: AuditEvent): Promise<'linked' | 'person-taken' | 'account-taken' | 'gone'>;
  /** Ends the account's link and everything of it that is under way. Null: there was none. */
  remove(account: SlackAccount, eventOf: (link: Link) => AuditEvent): Promise<Link | null>;
  /** In the order of accounts, those after `after`. */
  list(after: SlackAccount | null, limit: number): Promise<Link[]>;
}

/** Links that are kept elsewhere and are not ours to change. */
export interface FixedLinks {
  peopleOf(account: SlackAccount): Promise<EntraId[]>;
  isLinked(teamId: string, entraId: EntraId): Promise<boolean>;
}

/** Why what came back from a sign-in proves nothing. */
export type ProofTrouble =
  | 'code-not-taken'
  | 'no-id-token'
  | 'wrong-signature'
  | 'wrong-audience'
  | 'wrong-issuer'
  | 'wrong-tenant'
  | 'wrong-nonce'
  | 'outdated-token'
  | 'no-person'
  | 'no-sign-in-time';

export type Proof = { entraId: EntraId; signedInAt: string | null };

/** The login service. `browser` is a secret of the browser that began: what another one brings back is worth nothing. */
export interface SignInProvider {
  address(asked: { state: string; browser: string; kind: SignInPurpose['kind'] }): string;
  /** Throws UpstreamError{service:'directory'} without an answer. */
  redeem(asked: { code: string; state: string; browser: string; kind: SignInPurpose['kind'] }): Promise<Result<Proof, ProofTrouble>>;
}

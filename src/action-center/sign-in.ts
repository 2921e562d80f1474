/**
 * Flow: somebody signs in at the identity provider because they were asked to, from chat. Nothing is believed of the address they came by, since
 * addresses are forwarded: a link waits for a code typed by the very Slack account, a fresh proof counts for the very person alone.
 */
import type { Actor, EntraId } from './action.ts';
import { UpstreamError } from './errors.ts';
import type { AuditEvent, Clock, Directory, SignIns } from './ports.ts';
import type { PersonRefusal, Result } from './refusal.ts';
import type {
  Attempt,
  Denied,
  FixedLinks,
  LinkStore,
  Proof,
  ProofTrouble,
  SignInAttempts,
  SignInProvider,
  SignInPurpose,
  SlackAccount,
} from './sign-in-ports.ts';

export type SignInDeps = {
  attempts: SignInAttempts;
  links: LinkStore;
  /** Links of a file; they count as well. */
  fixedLinks: FixedLinks;
  provider: SignInProvider;
  directory: Directory;
  note: (event: AuditEvent) => Promise<void>;
  /** For what anybody can cause as often as they like: bounded, so that a flood of requests is no flood of events. */
  noteStranger: (event: AuditEvent) => Promise<void>;
  now: Clock;
  sha256: (text: string) => string;
  /** 32 random bytes, as text that fits into an address. */
  newToken: () => string;
  /** Eight characters a person can type. */
  newCode: () => string;
  /** Where a sign-in with this state begins. */
  addressFor: (state: string) => string;
};

/** How long an address works, and then again how long the code does. */
export const signInMinutes = 10;
const minuteMs = 60_000;
const keepUnderWay = 5;
/** A sign-in is fresh for so long; clocks may differ a little. */
const freshMs = 5 * minuteMs;
const skewMs = minuteMs;

const later = (now: Date, minutes: number): string => new Date(now.getTime() + minutes * minuteMs).toISOString();

/** Answers the one-time address. */
export async function beginSignIn(deps: SignInDeps, purpose: SignInPurpose): Promise<string> {
  const state = deps.newToken();
  const now = deps.now();
  const attempt = { stateHash: deps.sha256(state), purpose, at: now.toISOString(), expiresAt: later(now, signInMinutes) };
  await deps.attempts.open(attempt, keepUnderWay);
  return deps.addressFor(state);
}

export function freshSignIns(deps: SignInDeps): SignIns {
  return {
    begin: (entraId) => beginSignIn(deps, { kind: 'step-up', entraId }),
    lastProof: (entraId, since) => deps.attempts.lastProof(entraId, since),
  };
}

export type SignInTrouble =
  | 'unknown-address'
  | 'used-address'
  | 'expired-address'
  | 'other-browser'
  | 'declined'
  | 'no-answer'
  | 'not-fresh'
  | 'other-person'
  | 'no-member'
  | 'person-taken'
  | 'account-taken'
  | ProofTrouble;

export type SignInOutcome =
  | { kind: 'go'; url: string }
  | {
      kind: 'code';
      account: SlackAccount;
      accountName: string | null;
      person: Pick<Actor, 'displayName' | 'upn'>;
      code: string;
      denyToken: string;
    }
  | { kind: 'proven'; person: Pick<Actor, 'displayName' | 'upn'>; denyToken: string }
  | { kind: 'denied'; undone: Denied['undone'] }
  | { kind: 'refused'; trouble: SignInTrouble };

const refused = (trouble: SignInTrouble): SignInOutcome => ({ kind: 'refused', trouble });

/** A browser opens the address: it is sent on, and changes nothing, since mail scanners open addresses too. */
export async function startSignIn(deps: SignInDeps, { state, browser }: { state: string; browser: string }): Promise<SignInOutcome> {
  const attempt = await deps.attempts.find(deps.sha256(state), deps.now().toISOString());
  if (attempt === null) return refused('unknown-address');
  return { kind: 'go', url: deps.provider.address({ state, browser, kind: attempt.purpose.kind }) };
}

/** `code` null: the login service sent the person back without one. */
export type Returned = { state: string; browser: string | null; code: string | null };

/** A browser comes back from the login service. The state is used up before anything else, whatever comes of it. */
export async function finishSignIn(deps: SignInDeps, returned: Returned): Promise<SignInOutcome> {
  const taken = await deps.attempts.take(deps.sha256(returned.state), deps.now().toISOString());
  if (taken === null) {
    await deps.noteStranger(refusal(deps, null, 'unknown-address', null));
    return refused('unknown-address');
  }
  const { attempt, standing } = taken;
  const no = async (trouble: SignInTrouble, entraId: EntraId | null = null): Promise<SignInOutcome> => {
    const note = standing === 'taken' ? deps.note : deps.noteStranger;
    if (standing === 'taken') await deps.attempts.end(attempt.stateHash);
    await note(refusal(deps, attempt.purpose, trouble, entraId));
    return refused(trouble);
  };
  if (standing !== 'taken') return no(standing === 'used' ? 'used-address' : 'expired-address');
  if (returned.code === null) return no('declined');
  if (returned.browser === null) return no('other-browser');
  try {
    const { state, browser, code } = returned;
    const proof = await deps.provider.redeem({ code, state, browser, kind: attempt.purpose.kind });
    if (!proof.ok) return no(proof.refusal);
    const { entraId } = proof.value;
    const judged = await judge(deps, attempt.purpose, proof.value);
    return judged.ok ? await arrive(deps, attempt, proof.value, judged.value) : no(judged.refusal, entraId);
  } catch (error) {
    if (error instanceof UpstreamError && error.service === 'directory') return no('no-answer');
    throw error;
  }
}

async function judge(deps: SignInDeps, purpose: SignInPurpose, proof: Proof): Promise<Result<Actor, SignInTrouble>> {
  if (purpose.kind === 'step-up') {
    if (proof.entraId !== purpose.entraId) return { ok: false, refusal: 'other-person' };
    const age = proof.signedInAt === null ? Number.NaN : deps.now().getTime() - Date.parse(proof.signedInAt);
    if (!(age <= freshMs && age >= -skewMs)) return { ok: false, refusal: 'not-fresh' };
  }
  const person: Result<Actor, PersonRefusal> = await deps.directory.personById(proof.entraId, { fresh: true });
  if (!person.ok) return { ok: false, refusal: 'no-member' };
  const conflict = purpose.kind === 'link' ? await conflictOf(deps, purpose.account, proof.entraId) : null;
  return conflict === null ? person : { ok: false, refusal: conflict };
}

/** One account of a workspace for one person, and the other way round; what was there first stays. */
export async function conflictOf(
  { links, fixedLinks, now }: Pick<SignInDeps, 'links' | 'fixedLinks' | 'now'>,
  account: SlackAccount,
  entraId: EntraId,
): Promise<'person-taken' | 'account-taken' | null> {
  const at = now().toISOString();
  const [own, taken, fixed, fixedAnywhere] = await Promise.all([
    links.of(account),
    links.isTaken(entraId, account, at),
    fixedLinks.peopleOf(account),
    fixedLinks.isLinked(account.teamId, entraId),
  ]);
  const isValid = own !== null && own.validUntil > at;
  if ((isValid && own.entraId !== entraId) || fixed.some((one) => one !== entraId)) return 'account-taken';
  return taken || (fixedAnywhere && fixed.length === 0) ? 'person-taken' : null;
}

async function arrive(deps: SignInDeps, { stateHash, purpose }: Attempt, proof: Proof, person: Actor): Promise<SignInOutcome> {
  const now = deps.now();
  const denyToken = deps.newToken();
  const { displayName, upn, entraId } = person;
  const common = { entraId, denyHash: deps.sha256(denyToken), at: now.toISOString(), expiresAt: later(now, signInMinutes) };
  if (purpose.kind === 'step-up') {
    // A clock that is ahead must not make a proof last longer.
    const provedAt = new Date(Math.min(now.getTime(), Date.parse(proof.signedInAt ?? ''))).toISOString();
    await deps.attempts.arrived(stateHash, { ...common, provedAt });
    await deps.note({ kind: 'signedIn', at: now.toISOString(), actorId: entraId, data: { purpose: 'step-up', provedAt } });
    return { kind: 'proven', person: { displayName, upn }, denyToken };
  }
  const code = deps.newCode();
  await deps.attempts.arrived(stateHash, { ...common, codeHash: codeHash(deps, code) });
  const { account, accountName } = purpose;
  return { kind: 'code', account, accountName, person: { displayName, upn }, code, denyToken };
}

export const codeHash = ({ sha256 }: Pick<SignInDeps, 'sha256'>, code: string): string => sha256(`link code ${code}`);

/** "This was not me": ends the attempt and whatever came of it. Decides nothing else. */
export async function denySignIn(deps: SignInDeps, denyToken: string): Promise<SignInOutcome> {
  const denied = await deps.attempts.deny(deps.sha256(denyToken), ({ purpose, entraId, undone }) => {
    const event = refusal(deps, purpose, 'denied', entraId);
    return undone === 'link' ? { ...event, kind: 'unlinked', data: { ...event.data, by: 'the person signed in' } } : event;
  });
  return denied === null ? refused('unknown-address') : { kind: 'denied', undone: denied.undone };
}

function refusal(
  deps: SignInDeps,
  purpose: SignInPurpose | null,
  reason: SignInTrouble | 'denied',
  entraId: EntraId | null,
): AuditEvent & { kind: 'refused' } {
  const about = purpose === null ? {} : purpose.kind === 'link' ? purpose.account : { asked: purpose.entraId };
  const data = { refusal: purpose?.kind ?? 'sign-in', reason, ...about };
  return { kind: 'refused', at: deps.now().toISOString(), actorId: entraId, data };
}

/** Flow: a Slack account asks to be connected to a person, types the code that the person's sign-in showed, looks at its link, ends it. */
import type { Actor, EntraId } from './action.ts';
import type { AskingPerson } from './identify.ts';
import type { PersonClaim } from './ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from './refusal.ts';
import { beginSignIn, codeHash, conflictOf, type SignInDeps } from './sign-in.ts';
import type { Link, SlackAccount } from './sign-in-ports.ts';

/** Whoever typed the command, before anybody vouched for them. */
export type LinkCaller = { person: AskingPerson; name: string | null; by: string };
/** The account as Slack vouches for it, and how it calls itself. */
export type LinkAsker = { claim: PersonClaim & { platform: 'slack' }; name: string | null };

export type LinkRefusal =
  | PersonRefusal
  | { kind: 'wrong-code'; left: number }
  | { kind: 'foreign-code' }
  | { kind: 'nothing-waits' }
  | { kind: 'person-taken' }
  | { kind: 'account-taken' };

/** `isFixed`: a file of the administrators connects this account, with or without a link of its own. */
export type OwnLink = { link: Link | null; isFixed: boolean; hasRunOut: boolean };

export interface Linking {
  identify(caller: LinkCaller): Promise<Result<LinkAsker, PersonRefusal>>;
  begin(asker: LinkAsker): Promise<string>;
  complete(asker: LinkAsker, code: string): Promise<Result<Link, LinkRefusal>>;
  own(asker: LinkAsker): Promise<OwnLink>;
  remove(asker: LinkAsker): Promise<Link | null>;
}

const maxTries = 5;
const dayMs = 86_400_000;

export function linking(deps: SignInDeps & { validDays: number }): Linking {
  return {
    identify: (caller) => identifyAccount(deps, caller),
    begin: ({ claim, name }) => beginSignIn(deps, { kind: 'link', account: accountOf(claim), accountName: name }),
    complete: ({ claim }, code) => complete(deps, accountOf(claim), code),
    own: async ({ claim }) => {
      const [link, fixed] = await Promise.all([deps.links.of(accountOf(claim)), deps.fixedLinks.peopleOf(accountOf(claim))]);
      return { link, isFixed: fixed.length > 0, hasRunOut: link !== null && link.validUntil <= deps.now().toISOString() };
    },
    remove: ({ claim }) => removeLink(deps, accountOf(claim), 'themselves'),
  };
}

async function identifyAccount(deps: SignInDeps, { person, name, by }: LinkCaller): Promise<Result<LinkAsker, PersonRefusal>> {
  const claim = await person({ fresh: true });
  if (claim.ok && claim.value.platform === 'slack') return ok({ claim: claim.value, name });
  const refusal: PersonRefusal = claim.ok ? { kind: 'external-person' } : claim.refusal;
  const data = { refusal: 'link', reason: refusal.kind, by };
  await deps.note({ kind: 'refused', at: deps.now().toISOString(), actorId: null, data });
  return refuse(refusal);
}

const accountOf = ({ teamId, userId }: SlackAccount): SlackAccount => ({ teamId, userId });

export function removeLink({ links, now }: Pick<SignInDeps, 'links' | 'now'>, account: SlackAccount, by: 'themselves' | 'operator') {
  return links.remove(account, ({ entraId }) => ({
    kind: 'unlinked',
    at: now().toISOString(),
    actorId: by === 'themselves' ? entraId : null,
    data: { ...account, entraId, by },
  }));
}

type Deps = SignInDeps & { validDays: number };

async function complete(deps: Deps, account: SlackAccount, code: string): Promise<Result<Link, LinkRefusal>> {
  const now = deps.now();
  const typed = await deps.attempts.typed(account, codeHash(deps, code), { now: now.toISOString(), maxTries });
  if (typed.kind === 'nothing-waits') return no(deps, account, { kind: 'nothing-waits' }, null);
  if (typed.kind === 'wrong') return no(deps, account, { kind: 'wrong-code', left: typed.left }, null);
  if (typed.kind === 'foreign') return no(deps, account, { kind: 'foreign-code' }, typed.entraId, { owner: typed.owner });
  const { stateHash, entraId } = typed;
  // Asked again: minutes may have passed since the sign-in. Without an answer the code stays good, to be typed again.
  const person = await deps.directory.personById(entraId, { fresh: true });
  const conflict = person.ok ? await conflictOf(deps, account, entraId) : null;
  if (!person.ok || conflict !== null) {
    await deps.attempts.end(stateHash);
    return no(deps, account, person.ok ? { kind: conflict ?? 'person-taken' } : person.refusal, entraId);
  }
  const link = linkOf(deps, account, person.value, now);
  const { since, validUntil } = link;
  const event = { kind: 'linked' as const, at: since, actorId: entraId, data: { ...account, entraId, validUntil } };
  const connected = await deps.links.connect(stateHash, link, event);
  if (connected === 'linked') return ok(link);
  return no(deps, account, { kind: connected === 'gone' ? 'nothing-waits' : connected }, entraId);
}

function linkOf({ validDays }: Deps, account: SlackAccount, { entraId, upn, displayName }: Actor, now: Date): Link {
  const validUntil = new Date(now.getTime() + validDays * dayMs).toISOString();
  return { ...account, entraId, upn, displayName, since: now.toISOString(), validUntil };
}

async function no(deps: Deps, account: SlackAccount, refusal: LinkRefusal, entraId: EntraId | null, more: Record<string, unknown> = {}) {
  const data = { refusal: 'link', reason: refusal.kind, ...account, ...more };
  await deps.note({ kind: 'refused', at: deps.now().toISOString(), actorId: entraId, data });
  return refuse(refusal);
}

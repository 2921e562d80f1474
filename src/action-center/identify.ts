/** Who stands behind a chat account, asked anew for everything they do. */
import type { Actor } from './action.ts';
import { UpstreamError } from './errors.ts';
import type { Directory, PersonClaim } from './ports.ts';
import { type PersonRefusal, type Result, refuse } from './refusal.ts';

/** Resolves the asking person: a claim its platform vouches for, or why there is none. Throws UpstreamError without an answer. */
export type AskingPerson = (options: { fresh: boolean }) => Promise<Result<PersonClaim, PersonRefusal>>;

export async function identify(directory: Directory, person: AskingPerson, fresh: boolean): Promise<Result<Actor, PersonRefusal>> {
  try {
    const claim = await person({ fresh });
    return claim.ok ? await directory.personFor(claim.value, { fresh }) : claim;
  } catch (error) {
    // No answer is a no: nobody is let through on a guess.
    if (error instanceof UpstreamError) return refuse({ kind: 'identity-unavailable', service: error.service });
    throw error;
  }
}

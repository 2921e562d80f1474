/** A protected asset needs more than a session somebody left open: a fresh sign-in of the clicker, at the identity provider. */
import type { EntraId } from './action.ts';
import { ConfigError, UpstreamError } from './errors.ts';
import type { Clock, Policy, SignIns } from './ports.ts';
import type { Refusal } from './refusal.ts';

type ProofDeps = { policy: Pick<Policy, 'freshSignIn'>; signIns: SignIns | null; now: Clock };

/** Null: this person has proven who they are recently enough, or nobody asks for that. */
export async function missingProof({ policy, signIns, now }: ProofDeps, person: EntraId): Promise<Refusal | null> {
  const asked = policy.freshSignIn;
  if (asked === null) return null;
  // Without sign-ins a rule that is written down stops the start (mustBeAble); the usual one does not apply.
  if (signIns === null) return asked.isSaid ? { kind: 'identity-unavailable', service: 'sign-in' } : null;
  const since = new Date(now().getTime() - asked.withinMs).toISOString();
  try {
    if ((await signIns.lastProof(person, since)) !== null) return null;
    return { kind: 'sign-in-needed', url: await signIns.begin(person), withinMs: asked.withinMs };
  } catch (error) {
    // No answer is a no: nobody is let through on a guess.
    if (error instanceof UpstreamError) return { kind: 'identity-unavailable', service: error.service };
    throw error;
  }
}

/** Throws ConfigError when the policy asks for sign-ins that nobody could do. */
export function mustBeAble({ policy, signIns }: Pick<ProofDeps, 'policy' | 'signIns'>): void {
  if (!policy.freshSignIn?.isSaid || signIns !== null) return;
  throw new ConfigError([
    'POLICY_FILE: stepUp: asks for a fresh sign-in, but nobody can sign in here: set PUBLIC_URL and the sign-in at Entra, or say `stepUp: off`',
  ]);
}

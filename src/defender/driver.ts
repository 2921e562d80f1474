/** What every way of carrying a part out has in common: call it, find out whether a call with a lost answer arrived, look how far it is. */
import { z } from 'zod';
import type { Part, PartState } from '../action-center/parts.ts';

const comment = z.string().max(500);
const device = z.object({ id: z.string().optional(), name: z.string().optional() });
const file = z.object({ sha1: z.string().optional(), sha256: z.string().optional() });
const message = z.object({ id: z.string(), recipient: z.string() });
const user = z.object({ id: z.string().optional(), upn: z.string().optional() });
const calls = <const T extends readonly string[]>(names: T) => z.enum(names);

/** What a part asks for, as it is stored with it. `comment` names the decision and the person, for Microsoft's own record. */
export const PartRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('machine'),
    call: calls(['isolate', 'contain', 'unisolate', 'restrict', 'unrestrict', 'scan', 'collect', 'quarantine', 'offboard']),
    device,
    file: file.optional(),
    comment,
  }),
  z.object({
    kind: z.literal('mail'),
    call: calls(['softDelete', 'hardDelete', 'moveToJunk', 'moveToInbox', 'moveToDeletedItems']),
    severity: calls(['low', 'medium', 'high']),
    messages: z.array(message).min(1).max(100),
    comment,
  }),
  z.object({ kind: z.literal('url'), call: calls(['block', 'unblock']), url: z.string(), indicatorId: z.string().optional(), comment }),
  z.object({
    kind: z.literal('user'),
    call: calls(['disable', 'enable', 'revokeSessions', 'confirmCompromised', 'dismissRisk', 'resetPassword']),
    user,
    comment,
  }),
]);
export type PartRequest = z.infer<typeof PartRequest>;
export type RequestOf<Kind extends PartRequest['kind']> = Extract<PartRequest, { kind: Kind }>;

/** How a part stands after it was called or looked at. */
export type Standing = {
  state: Exclude<PartState, 'planned' | 'called'>;
  external?: Record<string, string>;
  /** Left out: what was said before, while it runs. */
  message?: string | null;
  /** Of its things; left out: all when it succeeded, else none. */
  done?: number;
};

/**
 * What is known of a call whose answer was lost. `absent`: it never arrived, so it may be made again. `later`: it cannot be seen yet. `unknown`:
 * nobody will ever be able to tell, so it is not repeated.
 */
type Doubt = 'absent' | 'later' | 'unknown';

export type Work<R extends PartRequest = PartRequest> = { part: Part; request: R };

export interface Driver<R extends PartRequest> {
  /** Throws DefenderError. */
  call(work: Work<R>, signal: AbortSignal): Promise<Standing>;
  find(work: Work<R>, signal: AbortSignal): Promise<Standing | Doubt>;
  /** How far parts are that were accepted, by number; those without news are left out. */
  look?(works: readonly Work<R>[], signal: AbortSignal): Promise<Map<Part, Standing>>;
  /** Left out: nothing of this kind can be stopped. Null: it had ended, and looking at it tells how. Throws DefenderError. */
  cancel?(work: Work<R>, comment: string, signal: AbortSignal): Promise<Standing | null>;
}

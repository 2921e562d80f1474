/** What a chat platform must be able to do so that cards can be kept equal to the store. Slack and Teams each fill it in. */
import type { Platform } from '../action-center/action.ts';
import type { Card } from './card.ts';

export type LaneUse = { lane: string; capacity: number; perSecond: number };

export type Place = {
  conversation: string;
  /** Null: a message of its own; else the ref of the card to answer under. */
  parentRef: string | null;
};

export type PostedMessage = Place & { ref: string; cardId: string };

/** Every call has its own deadline and is never repeated by the surface itself. Failures are SurfaceError. */
export interface Surface {
  readonly platform: Platform;
  /** The limits a post and an update count against, narrowest first. */
  postLanes(place: Place): LaneUse[];
  updateLanes(conversation: string): LaneUse[];
  /** The limits a look-up by `find` counts against. */
  findLanes(place: Place): LaneUse[];
  /** Creates the message and returns its ref. `cardId` is stored with the message, so that `find` can recognise it. */
  post(place: Place, cardId: string, card: Card): Promise<string>;
  update(message: PostedMessage, card: Card): Promise<void>;
  /** How long after a post without an answer `find` can say anything, in ms. */
  readonly settleMs: number;
  /**
   * The ref of a message posted for this card id whose answer was lost, or null when there is none that is known. `ageMs`: how long ago the card was
   * first wanted, at most.
   */
  find(place: Place, cardId: string, ageMs: number): Promise<string | null>;
}

/**
 * rate-limited  the platform said when to come back; nothing happened
 * gone          the message was deleted
 * unreachable   the conversation does not exist, is archived, or the app is not in it: an operator has to act
 * refused       the platform refused the content: a bug of ours, retrying is useless
 * unavailable   it certainly did not happen (connection refused, 5xx that the platform documents as not done)
 * unknown       no answer: it may have happened
 */
export type SurfaceTrouble = 'rate-limited' | 'gone' | 'unreachable' | 'refused' | 'unavailable' | 'unknown';

export class SurfaceError extends Error {
  override name = 'SurfaceError' as const;
  readonly trouble: SurfaceTrouble;
  readonly retryAfterMs: number | null;

  constructor(trouble: SurfaceTrouble, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.trouble = trouble;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Codes of connections that were never made, so nothing was sent. */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const deepest = 5;

/** Why nothing can have been sent, as far as the error and its causes tell; null when it may have been. */
export function neverSentCode(error: unknown): string | null {
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < deepest; depth += 1) {
    if ('code' in at && typeof at.code === 'string' && neverSent.has(at.code)) return at.code;
    at = at.cause;
  }
  return null;
}

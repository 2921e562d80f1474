/** Hunting run from here: what is asked of Advanced hunting, what comes back, and how it can go wrong. */
import type { ActionId, EntraId, Platform } from './action.ts';
import type { AuditEvent } from './ports.ts';

/** `type` as Defender names it; new ones appear, so it is any text. */
export type HuntColumn = { name: string; type: string };
/** `truncated`: there was more than is taken along. */
export type HuntAnswer = { columns: HuntColumn[]; rows: unknown[][]; truncated: boolean };

/**
 * not-allowed  the app lacks the permission, or has no credentials that are taken
 * busy         the tenant is at its limit
 * timed-out    the query took longer than it may
 * not-taken    the query itself was refused: a table that the licence does not cover, or a mistake of ours
 * too-large    the answer is larger than is read
 * unavailable  no usable answer
 */
export type HuntTrouble = 'not-allowed' | 'busy' | 'timed-out' | 'not-taken' | 'too-large' | 'unavailable';

/** Thrown by the client of Advanced hunting only. */
export class HuntError extends Error {
  override name = 'HuntError' as const;
  readonly trouble: HuntTrouble;
  readonly retryAfterMs: number | null;

  constructor(trouble: HuntTrouble, message: string, options: { retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.trouble = trouble;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** `timespan`: ISO 8601, for example `P30D`. `for`: people go before what the bot asks by itself. */
export type HuntAsk = { timespan: string; for: 'person' | 'background' };

export interface Hunting {
  /** Throws HuntError. */
  run(query: string, ask: HuntAsk, signal: AbortSignal): Promise<HuntAnswer>;
  /** Whether it can be offered: false once it is known that the permission is missing, until it is there. */
  isOn(): boolean;
  /** Looks whether the permission is there. Never rejects. */
  check(): Promise<void>;
}

/** One hunt that somebody asked for. */
export type HuntRun = {
  id: string;
  actionId: ActionId;
  entraId: EntraId;
  /** As the directory names them. */
  askedBy: string;
  by: string;
  platform: Platform;
  query: string;
  timespan: string;
  startedAt: string;
  attempts: number;
};

export type NewHuntRun = Omit<HuntRun, 'attempts'>;
/**
 * `no-card`: nothing is posted under which it could be answered; `running`: one of this action is; `just-answered`: one came to its end moments ago;
 * `too-many`: this person has enough of them.
 */
export type HuntBegun = 'begun' | 'no-card' | 'running' | 'just-answered' | 'too-many';
export type Lease = { holder: string; now: number; leaseMs: number };

/** What is kept of an answer for a file: text, column by column. */
export type HuntResult = { columns: string[]; rows: string[][] };
/** `note`: said in the thread of every card of the action. `result` null: nothing is left for a file. */
export type HuntEnd = { audit: AuditEvent; note: AuditEvent; result: HuntResult | null; at: string };

/** The hunts people asked for. Throws UpstreamError{service:'store'} without an answer. */
export interface HuntStore {
  /** Takes it into the record, held by this bot, with its audit event; or says why not. */
  begin(run: NewHuntRun, event: AuditEvent, bounds: { mostOfOne: number; quietMs: number }, lease: Lease): Promise<HuntBegun>;
  /** One that nobody holds any more. */
  claim(lease: Lease): Promise<HuntRun | null>;
  /** False: somebody else has it. */
  renew(id: string, lease: Lease): Promise<boolean>;
  release(id: string, holder: string): Promise<void>;
  /** Once, whoever comes with it: false when it had ended. */
  end(id: string, end: HuntEnd): Promise<boolean>;
  /** Null: nothing is kept of it (any more). */
  result(id: string): Promise<HuntResult | null>;
  /** Results are kept for an hour, runs for a day: the audit record has the rest. */
  forget(now: string): Promise<void>;
}

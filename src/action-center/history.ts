/**
 * What can be asked of the Action center's History and Pending tabs, as the portal names it (CONTRACT.md 5). A query is plain data: chat, the
 * command line and the export make one, the store answers it.
 */
import { z } from 'zod';
import { ActionSource, ActionStatus, ActionType, type EntraId, Platform, Severity, type Verb } from './action.ts';
import { entityTypes } from './entity.ts';
import { isOpen, type RemediationAction } from './intake.ts';

/** `pending`: what is still open. `history`: all the rest, so that every action is in one of them. */
export const Tab = z.enum(['history', 'pending']);
export type Tab = z.infer<typeof Tab>;

/** The portal's time filter: back from now, by the time of an action's last update. 6 months are 180 days. */
export const Period = z.enum(['day', 'week', '30d', '6m']);
export type Period = z.infer<typeof Period>;

/** The portal's columns, in its order. `approval` is the id of the newest decision, `entity` the types of what is acted on. */
export const Column = z.enum([
  'updated',
  'investigation',
  'approval',
  'type',
  'details',
  'entity',
  'asset',
  'decision',
  'by',
  'source',
  'status',
]);
export type Column = z.infer<typeof Column>;

/** `automation`: no person decided it (decided elsewhere, expired, superseded). `none`: still open. */
export const DecisionWord = z.enum(['approved', 'rejected', 'undone', 'cancelled', 'automation', 'none']);
export type DecisionWord = z.infer<typeof DecisionWord>;

/** The portal's names of its columns, in its order. */
export const columnLabels: Record<Column, string> = {
  updated: 'Action update time',
  investigation: 'Investigation ID',
  approval: 'Approval ID',
  type: 'Action type',
  details: 'Details',
  entity: 'Entity type',
  asset: 'Asset',
  decision: 'Decision',
  by: 'Decided by',
  source: 'Action source',
  status: 'Status',
};

/** What stands in its column Decision. */
export const decisionLabels: Record<DecisionWord, string> = {
  approved: 'Approved',
  rejected: 'Rejected',
  undone: 'Undone',
  cancelled: 'Cancelled',
  automation: 'Automation',
  none: 'Not decided yet',
};

const wordOfVerb: Record<Verb, DecisionWord> = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' };

export function decisionWordOf(action: RemediationAction): DecisionWord {
  if (action.decision !== null) return wordOfVerb[action.decision.verb];
  return isOpen(action) ? 'none' : 'automation';
}

/**
 * What happened to an action, as the audit record tells it. `undo`: somebody asked for it; `undone` and `undoFailed`: what became of that.
 * `refused`: somebody tried without the authority.
 */
export const EventWord = z.enum([
  'announced',
  'approved',
  'rejected',
  'undo',
  'completed',
  'partiallyCompleted',
  'failed',
  'timedOut',
  'cancelled',
  'undone',
  'undoFailed',
  'expired',
  'refused',
]);
export type EventWord = z.infer<typeof EventWord>;
/** These are done by people; of the others nobody is the author. */
export const eventsOfPeople: ReadonlySet<EventWord> = new Set(['approved', 'rejected', 'undo', 'refused']);

export const eventLabels: Record<EventWord, string> = {
  announced: 'Announced',
  approved: 'Approved',
  rejected: 'Rejected',
  undo: 'Undo asked for',
  completed: 'Completed',
  partiallyCompleted: 'Partially completed',
  failed: 'Failed',
  timedOut: 'Timed out',
  cancelled: 'Cancelled',
  undone: 'Undone',
  undoFailed: 'Undo failed',
  expired: 'Expired',
  refused: 'Somebody was refused',
};

/** An instant, ISO 8601 with its offset. */
const Moment = z
  .string()
  .max(40)
  .refine((text) => /T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)));

export const maxPageSize = 50;

/** Different filters must all fit; of several values of one filter, one. Texts are compared without regard to case. */
export const HistoryFilters = z.strictObject({
  type: z.array(ActionType).max(40).default([]),
  source: z.array(ActionSource).max(10).default([]),
  severity: z.array(Severity).max(4).default([]),
  status: z.array(ActionStatus).max(20).default([]),
  entity: z.array(z.enum(entityTypes)).max(20).default([]),
  /** The asset or the name of a device (also of one that another entity names) or mailbox among the entities; the whole name, or its beginning with a `*` behind it. */
  asset: z.array(z.string().min(1).max(200)).max(10).default([]),
  decision: z.array(DecisionWord).max(6).default([]),
  /** Who decided (the newest decision): a sign-in name, a displayed name, or `automation`. */
  by: z.array(z.string().min(1).max(200)).max(10).default([]),
  investigation: z.array(z.string().min(1).max(256)).max(10).default([]),
  /** Where it was decided. */
  platform: z
    .array(z.enum([...Platform.options, 'cli']))
    .max(3)
    .default([]),
  /**
   * Free words: each must begin some word of the title, the details, the asset or an entity's name or id (any text in it). A word begins at any
   * letter or digit that follows none and goes on to the next blank: `wacatac.b` is found in `Trojan:Win32/Wacatac.B!ml`.
   */
  text: z.array(z.string().min(1).max(100)).max(8).default([]),
  /** What happened to it, between `from` and `to`. With events of people, `by` and `platform` say whose and where. */
  event: z.array(EventWord).max(EventWord.options.length).default([]),
  /** Not before this: the events asked for; without any, the last update. */
  from: z.array(Moment).max(1).default([]),
  /** Before this. */
  to: z.array(Moment).max(1).default([]),
  /** Its deadline is before this. */
  expires: z.array(Moment).max(1).default([]),
});
export type HistoryFilters = z.infer<typeof HistoryFilters>;

export const HistoryQuery = z.strictObject({
  tab: Tab,
  /** Null: all there is. */
  period: Period.nullable(),
  filters: HistoryFilters,
  /** Equal ones by time and id, in the same direction. */
  sort: z.strictObject({ column: Column, descending: z.boolean() }),
  /** Null: wherever. Otherwise actions with a card in this conversation. */
  where: z.strictObject({ platform: Platform, conversation: z.string().max(256) }).nullable(),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;

/** One row of a tab. */
export type HistoryRow = { action: RemediationAction; decidedBy: { entraId: EntraId; displayName: string; upn: string } | null };

/** Where a page ends or begins: opaque to everybody but the store, at most 400 characters, holding no authority. */
export type Cursor = string;

export type HistoryPage = {
  rows: HistoryRow[];
  /** Null: there is nothing further that way. */
  next: Cursor | null;
  previous: Cursor | null;
};

/** `about`: estimated. `many`: counting took too long; at least this many. */
export type HistoryCount = { kind: 'exact' | 'about' | 'many'; count: number };

/** `too-long`: the answer was not found within the time limit of a look-up. */
export type PageAnswer = { kind: 'page'; page: HistoryPage } | { kind: 'too-long' };

/** Throws UpstreamError{service:'store'} without an answer; `now` (ISO 8601) is what the period counts back from. */
export interface HistoryStore {
  page(query: HistoryQuery, at: { now: string; cursor: Cursor | null; size: number }): Promise<PageAnswer>;
  /** `hurried`: somebody waits for the answer; of a large record an estimate is enough then. */
  count(query: HistoryQuery, at: { now: string; hurried?: boolean }): Promise<HistoryCount>;
  /** Every row in the order of the query, as it stood at about the beginning; memory does not grow with their number. */
  stream(query: HistoryQuery, at: { now: string }, signal: AbortSignal): AsyncIterable<HistoryRow>;
}

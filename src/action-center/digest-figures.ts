/**
 * The figures of a digest: what waits, and what the audit record tells of a span of time. Each is counted by events, in distinct actions, so that
 * a look-up with the same events and the same span lists exactly them, today and in a year. Plain data: a digest keeps them as they were.
 */
import { z } from 'zod';
import { ActionSource, ActionStatus, ActionType, Severity } from './action.ts';
import { EventWord } from './history.ts';

const count = z.int().min(0);
const moment = z.string();

/** From this instant on, and before that one (ISO 8601). */
export const Span = z.object({ from: moment, to: moment });
export type Span = z.infer<typeof Span>;

/** Over so many decisions; null without any. From when we heard of an action until its last needed decision. */
const Waits = z.object({ count, medianMs: z.number().nullable(), p95Ms: z.number().nullable() });
export type Waits = z.infer<typeof Waits>;

const WaitingRow = z.object({
  actionId: z.string(),
  type: ActionType,
  severity: Severity,
  status: ActionStatus,
  title: z.string(),
  asset: z.string().nullable(),
  createdAt: moment,
  expiresAt: moment,
});
export type WaitingRow = z.infer<typeof WaitingRow>;

/** One local day of the charts. */
const Day = z.object({ ...Span.shape, approved: count, rejected: count, undo: count, waits: Waits });
export type DigestDay = z.infer<typeof Day>;

export const DigestFigures = z.object({
  span: Span,
  /** The same span a week before. */
  before: Span,
  /** When what waits was looked at. */
  asOf: moment,
  waiting: z.object({
    count,
    /** With a deadline before `expiringBefore`. */
    expiring: count,
    expiringBefore: moment,
    oldest: WaitingRow.nullable(),
    /** What to look at first: what expires soon, then by severity and age. */
    top: z.array(WaitingRow),
  }),
  /** How many actions each of these happened to. */
  happened: z.partialRecord(EventWord, count),
  byType: z.array(z.object({ type: ActionType, count })),
  bySource: z.array(z.object({ source: ActionSource, count })),
  /** Who approved, rejected or undid most. */
  byPerson: z.array(z.object({ upn: z.string(), name: z.string(), count })),
  waits: Waits,
  waitsBefore: Waits,
  /** Tries without the authority; those about no action are counted with them. `decided` and `open`: the actions they were about. */
  refused: z.object({ tries: count, people: count, decided: count, open: count }),
  days: z.array(Day),
  /** The end of the chain of seals; null while nothing is sealed. */
  head: z
    .object({ seal: z.string(), lastSeq: z.string(), hash: z.string(), at: moment.nullable(), keyId: z.string().nullable() })
    .nullable(),
});
export type DigestFigures = z.infer<typeof DigestFigures>;

export const chartDays = 14;
export const topRows = 5;
export const topPeople = 5;
export const topTypes = 6;

export type AskedFigures = { span: Span; before: Span; asOf: string; expiringBefore: string; dayBounds: readonly string[] };

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;

const moved = (iso: string, ms: number): string => new Date(Date.parse(iso) + ms).toISOString();

/** What to count for a digest that tells of `span`. */
export function askedFor(span: Span, asOf: string, dayBounds: readonly string[]): AskedFigures {
  const before = { from: moved(span.from, -weekMs), to: moved(span.to, -weekMs) };
  return { span, before, asOf, expiringBefore: moved(asOf, dayMs), dayBounds };
}

/** At least a day, and back to where the one before ended; not more than a month. */
export function spanOf(due: string, dueBefore: string | null): Span {
  const from = [moved(due, -dayMs), ...(dueBefore === null ? [] : [dueBefore])].sort()[0] ?? due;
  const earliest = moved(due, -31 * dayMs);
  return { from: from < earliest ? earliest : from, to: due };
}

/** Undos asked for, as a share of what was approved in the same span; null when nothing was approved. */
export function regretRate({ happened }: Pick<DigestFigures, 'happened'>): number | null {
  const approved = happened.approved ?? 0;
  return approved === 0 ? null : (happened.undo ?? 0) / approved;
}

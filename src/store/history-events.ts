/** What happened to an action, as SQL conditions on the audit record: for look-ups, and for the figures of a digest that must equal them. */
import { type RawBuilder, sql } from 'kysely';
import { type EventWord, eventsOfPeople, type HistoryQuery } from '../action-center/history.ts';
import { fold } from './history-words.ts';

type Sql = RawBuilder<unknown>;

const ofUndo = sql`e.data ->> 'verb' = 'undo'`;
const decided = (verb: 'approve' | 'reject' | 'undo'): Sql => sql`e.kind = 'decided' and e.data ->> 'verb' = ${sql.lit(verb)}`;
const outcome = (status: EventWord): Sql =>
  sql`e.kind = 'outcome' and e.data ->> 'status' = ${sql.lit(status)} and coalesce(e.data ->> 'verb', '') <> 'undo'`;

/** Of the event `e`. */
export const eventIs: Record<EventWord, Sql> = {
  announced: sql`e.kind = 'announced'`,
  approved: decided('approve'),
  rejected: decided('reject'),
  undo: decided('undo'),
  completed: outcome('completed'),
  partiallyCompleted: outcome('partiallyCompleted'),
  failed: outcome('failed'),
  timedOut: outcome('timedOut'),
  cancelled: outcome('cancelled'),
  undone: sql`e.kind = 'outcome' and ${ofUndo} and e.data ->> 'status' in ('undone', 'completed')`,
  undoFailed: sql`e.kind = 'outcome' and ${ofUndo} and e.data ->> 'status' not in ('undone', 'completed', 'inProgress')`,
  expired: sql`e.kind = 'expired'`,
  refused: sql`e.kind = 'refused'`,
};

type Asked = Pick<HistoryQuery['filters'], 'event' | 'from' | 'to' | 'by' | 'platform'>;

/** Whether `by` and `platform` are asked of the events, and of nothing else. */
export const isAskedOfEvents = ({ event }: Pick<Asked, 'event'>): boolean =>
  event.length > 0 && event.every((word) => eventsOfPeople.has(word));

/** Null: no events are asked for. */
export function eventCondition(asked: Asked, id: Sql): Sql | null {
  const { event, from, to } = asked;
  if (event.length === 0) return null;
  const list = [
    sql`(${sql.join(
      event.map((word) => sql`(${eventIs[word]})`),
      sql` or `,
    )})`,
    ...from.map((first) => sql`e.at >= ${first}::timestamptz`),
    ...to.map((end) => sql`e.at < ${end}::timestamptz`),
    ...(isAskedOfEvents(asked) ? authorConditions(asked) : []),
  ];
  const all = sql.join(list, sql` and `);
  const own = sql`${id} collate "default"`;
  // Those of a span of time are few and read once; of all time, each action is asked for its own.
  return from.length > 0
    ? sql`${own} = any (array(select distinct e.action_id from audit_events e where e.action_id is not null and ${all}))`
    : sql`exists (select 1 from audit_events e where e.action_id = ${own} and ${all})`;
}

function authorConditions({ by, platform }: Asked): Sql[] {
  const names = by.map(fold);
  const person = sql`(lower(coalesce(e.data -> 'actor' ->> 'upn', e.data ->> 'upn')) = any (${names}::text[])
    or lower(e.data -> 'actor' ->> 'displayName') = any (${names}::text[]))`;
  return [
    ...(names.length === 0 ? [] : [person]),
    ...(platform.length === 0 ? [] : [sql`e.data ->> 'platform' = any (${[...platform]}::text[])`]),
  ];
}

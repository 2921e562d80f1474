/** A question to History as SQL conditions: over actions as they are, and over those that are filed. */
import { type RawBuilder, sql } from 'kysely';
import type { ActionStatus } from '../action-center/action.ts';
import type { Column, HistoryQuery, Period, Tab } from '../action-center/history.ts';
import { eventCondition, isAskedOfEvents } from './history-events.ts';
import { groupsOf, queryOf } from './history-lexemes.ts';
import { fold, placeOf } from './history-words.ts';

type Sql = RawBuilder<unknown>;

const openStatuses: readonly ActionStatus[] = ['pending', 'awaitingSecondApproval'];
const open = sql.raw(`('${openStatuses.join("', '")}')`);

const decisionWord = sql`case when a.decision is null then case when a.status in ${open} then 'none' else 'automation' end
  else case a.decision ->> 'verb' when 'approve' then 'approved' when 'reject' then 'rejected' when 'undo' then 'undone' else 'cancelled' end end`;

/** Where each property of an action is found: in the record, as it is; or as it was when it was filed. What never changes is in `h` for both. */
const unfiled = {
  updated: sql`a.updated_at`,
  id: sql`a.id collate "C"`,
  expires: sql`a.expires_at`,
  type: sql`a.type`,
  source: sql`a.source`,
  severity: sql`a.severity`,
  status: sql`a.status`,
  decision: decisionWord,
  platform: sql`a.decision ->> 'platform'`,
  decidedBy: sql`a.decided_by`,
  byKey: sql`coalesce(left(a.decided_by[1], 60), case when a.status in ${open} then '' else 'automation' end)`,
  approvalKey: sql`coalesce(left(a.decision ->> 'decisionId', 60), '')`,
};
export type Side = typeof unfiled;
const filed: Side = {
  updated: sql`h.updated_at`,
  id: sql`h.id`,
  expires: sql`(select c.expires_at from actions c where c.id = h.id collate "default")`,
  type: sql`h.type`,
  source: sql`h.source`,
  severity: sql`h.severity`,
  status: sql`h.status`,
  decision: sql`h.decision`,
  platform: sql`h.platform`,
  decidedBy: sql`h.decided_by`,
  byKey: sql`h.by_key`,
  approvalKey: sql`h.approval_key`,
};
export const sides = { unfiled, filed };

const days: Record<Period, number> = { day: 1, week: 7, '30d': 30, '6m': 180 };

/** The instant from which on actions fit; null: all do. */
function since(period: Period | null, now: string): string | null {
  return period === null ? null : new Date(Date.parse(now) - days[period] * 86_400_000).toISOString();
}

/** From when and before when an action that fits was updated, as far as the question says. */
export function boundsOf({ period, filters }: HistoryQuery, now: string): { from: string | null; to: string | null } {
  const { from, to } = filters.event.length === 0 ? filters : { from: [], to: [] };
  const inOrder = (instants: readonly (string | null)[]) =>
    instants.filter((instant) => instant !== null).toSorted((a, b) => Date.parse(a) - Date.parse(b));
  return { from: inOrder([since(period, now), ...from]).at(-1) ?? null, to: inOrder(to)[0] ?? null };
}

/** Everything that is found by a text, as one tsquery; null when nothing of that kind is asked. */
export const textQuery = (filters: HistoryQuery['filters']): string | null => queryOf(groupsOf(filters));

/**
 * `asked`: the conditions that are asked for, for the planner to choose an index by. `every`: all there can be, and what is not asked for lets
 * everything pass, so that the text is the same for every question and need be planned only once. `compared`: as asked, but words choose no index.
 */
export type Form = 'asked' | 'every' | 'compared';
type Condition = (asked: Sql) => Sql;
type Kind = 'text' | 'text[]' | 'timestamptz' | 'tsquery';

function optional(form: Form, kind: Kind, value: string | readonly string[] | null, is: Condition): Sql[] {
  const isAsked = value !== null && value.length > 0;
  if (form !== 'every') return isAsked ? [is(sql`${value}::${sql.raw(kind)}`)] : [];
  const given = sql`${isAsked ? value : null}::${sql.raw(kind)}`;
  return [sql`(${given} is null or ${is(given)})`];
}

function byCondition(form: Form, side: Side, by: readonly string[]): Sql[] {
  const names = by.map(fold);
  const automation = names.includes('automation') ? 'automation' : null;
  const orNobody: Condition = (people) => sql`(${side.decidedBy} && ${people} or ${side.decision} = ${automation}::text)`;
  const isIt: Condition = (people) => sql`${side.decidedBy} && ${people}`;
  return optional(form, 'text[]', names, form === 'every' || automation !== null ? orNobody : isIt);
}

/** Bounds of an instant: from this one on, and before that one. */
function between(form: Form, column: Sql, { from, to }: Pick<HistoryQuery['filters'], 'from' | 'to'>): Sql[] {
  const bounds = (values: readonly string[]) => (form === 'every' ? [values[0] ?? null] : values);
  return [
    ...bounds(from).flatMap((first) => optional(form, 'timestamptz', first, (asked) => sql`${column} >= ${asked}`)),
    ...bounds(to).flatMap((end) => optional(form, 'timestamptz', end, (asked) => sql`${column} < ${asked}`)),
  ];
}

/** Whether its conditions can be put as `every`. Events and deadlines need other tables, and are rarely asked for. */
export const isOfOneText = ({ event, expires, from, to }: HistoryQuery['filters']): boolean =>
  event.length + expires.length === 0 && from.length <= 1 && to.length <= 1;

/** The same words as in the conditions of the indexes. */
export const inTab = (tab: Tab, side: Side): Sql => sql`${side.status} ${sql.raw(tab === 'pending' ? 'in' : 'not in')} ${open}`;

/** Every condition of the question but the tenant. */
export function conditions(query: HistoryQuery, now: string, side: Side, form: Form = 'asked'): Sql[] {
  const { tab, period } = query;
  return [
    inTab(tab, side),
    ...optional(form, 'timestamptz', since(period, now), (from) => sql`${side.updated} >= ${from}`),
    ...wanted(query, side, form),
  ];
}

/** Of these all but the tab and the period. */
export function wanted({ filters, where }: HistoryQuery, side: Side, form: Form = 'asked'): Sql[] {
  const when = (kind: Kind, value: string | readonly string[] | null, is: Condition) => optional(form, kind, value, is);
  const among = (column: Sql, values: readonly string[]) => when('text[]', values, (asked) => sql`${column} = any(${asked})`);
  const events = eventCondition(filters, side.id);
  return [
    ...among(side.type, filters.type),
    ...among(side.source, filters.source),
    ...among(side.severity, filters.severity),
    ...among(side.status, filters.status),
    ...among(side.decision, filters.decision),
    ...(isAskedOfEvents(filters) ? [] : [...among(side.platform, filters.platform), ...byCondition(form, side, filters.by)]),
    ...(events === null ? between(form, side.updated, filters) : [events]),
    ...filters.expires.map((before) => sql`${side.expires} < ${before}::timestamptz`),
    ...when('text[]', filters.entity, (entities) => sql`h.entity_types && ${entities}`),
    ...when('tsquery', textQuery(filters), (words) =>
      form === 'compared' ? sql`(h.words @@ ${words}) is true` : sql`h.words @@ ${words}`,
    ),
    ...when('text', where === null ? null : placeOf(where), (place) => sql`h.places && array[${place}]`),
  ];
}

/** What a column is sorted by, always a text; equal ones by time and id. Null: by these alone. */
export function keyOf(column: Column, side: Side): Sql | null {
  const keys: Record<Column, Sql | null> = {
    updated: null,
    investigation: sql`h.investigation_key`,
    approval: side.approvalKey,
    type: sql`h.type_key`,
    details: sql`h.details_key`,
    entity: sql`h.entity_key`,
    asset: sql`h.asset_key`,
    decision: side.decision,
    by: side.byKey,
    source: side.source,
    status: side.status,
  };
  return keys[column];
}

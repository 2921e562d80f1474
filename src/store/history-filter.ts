/** A question to History as SQL conditions: over actions as they are, and over those that are filed. */
import { type RawBuilder, sql } from 'kysely';
import type { ActionStatus } from '../action-center/action.ts';
import type { Column, HistoryQuery, Period, Tab } from '../action-center/history.ts';
import { eventCondition, isAskedOfEvents } from './history-events.ts';
import { askedWords, fold, placeOf } from './history-words.ts';

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
export function since(period: Period | null, now: string): string | null {
  return period === null ? null : new Date(Date.parse(now) - days[period] * 86_400_000).toISOString();
}

const quoted = (lexeme: string): string => `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const nameQuery = (asked: string): string =>
  asked.endsWith('*') ? `${quoted(`@${fold(asked.slice(0, -1))}`)}:*` : quoted(`@${fold(asked)}`);
const oneOf = (queries: string[]): string[] => (queries.length === 0 ? [] : [`(${queries.join(' | ')})`]);

/** Everything that is found by a text, as one tsquery; null when nothing of that kind is asked. */
export function textQuery({ asset, investigation, text }: HistoryQuery['filters']): string | null {
  const parts = [
    ...oneOf(asset.map(nameQuery)),
    ...oneOf(investigation.map((id) => quoted(`#${fold(id)}`))),
    ...text.flatMap(askedWords).map((word) => `${quoted(word)}:*`),
  ];
  return parts.length === 0 ? null : parts.join(' & ').replaceAll('\u0000', '');
}

const among = (column: Sql, values: readonly string[]): Sql[] => (values.length === 0 ? [] : [sql`${column} = any(${values}::text[])`]);

/** Bounds of an instant: from this one on, and before that one. */
const between = (column: Sql, { from, to }: Pick<HistoryQuery['filters'], 'from' | 'to'>): Sql[] => [
  ...from.map((first) => sql`${column} >= ${first}::timestamptz`),
  ...to.map((end) => sql`${column} < ${end}::timestamptz`),
];

function byCondition(side: Side, by: readonly string[]): Sql[] {
  if (by.length === 0) return [];
  const people = sql`${side.decidedBy} && ${by.map(fold)}::text[]`;
  return [by.map(fold).includes('automation') ? sql`(${people} or ${side.decision} = 'automation')` : people];
}

/** The same words as in the conditions of the indexes. */
export const inTab = (tab: Tab, side: Side): Sql => sql`${side.status} ${sql.raw(tab === 'pending' ? 'in' : 'not in')} ${open}`;

/** Every condition of the question but the tenant. */
export function conditions({ tab, period, filters, where }: HistoryQuery, now: string, side: Side): Sql[] {
  const from = since(period, now);
  const words = textQuery(filters);
  const events = eventCondition(filters, side.id);
  return [
    inTab(tab, side),
    ...(from === null ? [] : [sql`${side.updated} >= ${from}::timestamptz`]),
    ...among(side.type, filters.type),
    ...among(side.source, filters.source),
    ...among(side.severity, filters.severity),
    ...among(side.status, filters.status),
    ...among(side.decision, filters.decision),
    ...(isAskedOfEvents(filters) ? [] : [...among(side.platform, filters.platform), ...byCondition(side, filters.by)]),
    ...(events === null ? between(side.updated, filters) : [events]),
    ...filters.expires.map((before) => sql`${side.expires} < ${before}::timestamptz`),
    ...(filters.entity.length === 0 ? [] : [sql`h.entity_types && ${filters.entity}::text[]`]),
    ...(words === null ? [] : [sql`h.words @@ ${words}::tsquery`]),
    ...(where === null ? [] : [sql`h.places && array[${placeOf(where)}]`]),
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

/**
 * What History is searched by. Every action has one row in `history_entries`: what never changes is written with the action, the rest is
 * filled in later, when the action is filed (history-filing.ts). A change of an action only takes away its mark `filed`, so that the many
 * indexes of the search cost a click nothing; what is not filed is looked at row by row. Everything that is sorted by has an index; `tokens`
 * answer which actions of a week have two properties at once (history-tokens.ts).
 */

/** Columns of `history_entries` that can be sorted by, next to the time. */
const sortedColumns = [
  'type_key',
  'source',
  'status',
  'decision',
  'by_key',
  'approval_key',
  'entity_key',
  'asset_key',
  'details_key',
  'investigation_key',
] as const;

/**
 * As a question says it (history-filter.ts): the planner compares the texts. Every question is about one of the tabs, and few actions are open. That
 * the inverted index alone has another condition keeps the planner from reading one of the others from end to end instead of it.
 */
const open = "updated_at is not null and status in ('pending', 'awaitingSecondApproval')";
const closed = "updated_at is not null and status not in ('pending', 'awaitingSecondApproval')";

const sortIndexes = sortedColumns
  .map((column) => `create index history_by_${column} on history_entries (tenant_id, ${column}, updated_at, id) where ${closed};\n`)
  .join('');

export const historySchema = `
alter table actions add column filed boolean not null default false;
-- Folded: the displayed name and the sign-in name of who took the newest decision.
alter table actions add column decided_by text[];
update actions set decided_by = array[lower(decision -> 'actor' ->> 'displayName'), lower(decision -> 'actor' ->> 'upn')] where decision is not null;
create index actions_unfiled on actions (tenant_id, updated_at, id) where not filed;
drop index actions_by_time;

create table history_entries (
  id text collate "C" primary key,
  tenant_id text not null,
  type text not null,
  type_key text collate "C" not null,
  source text collate "C" not null,
  severity text not null,
  words tsvector not null,
  entity_types text[] not null,
  entity_key text collate "C" not null,
  asset_key text collate "C" not null,
  details_key text collate "C" not null,
  investigation_key text collate "C" not null,
  places text[] not null,
  updated_at timestamptz,
  status text collate "C",
  decision text collate "C",
  platform text,
  decided_by text[],
  by_key text collate "C",
  approval_key text collate "C",
  tokens int[]
);
create index history_open on history_entries (tenant_id, updated_at, id) where ${open};
create index history_by_time on history_entries (tenant_id, updated_at, id) where ${closed};
${sortIndexes}create index history_search on history_entries using gin (tokens, words) with (fastupdate = off) where updated_at is not null;
`;

/**
 * What History is searched by. Every action has one row in `history_entries`: what never changes is written with the action, the rest is
 * filled in later, when the action is filed (history-filing.ts). A change of an action only takes away its mark `filed`, so that the many
 * indexes of the search cost a click nothing; what is not filed is looked at row by row.
 */
export const historySchema = `
alter table actions add column filed boolean not null default false;
-- Folded: the displayed name and the sign-in name of who took the newest decision.
alter table actions add column decided_by text[];
update actions set decided_by = array[lower(decision -> 'actor' ->> 'displayName'), lower(decision -> 'actor' ->> 'upn')] where decision is not null;
create index actions_unfiled on actions (tenant_id, updated_at, id) where not filed;
drop index actions_by_time;

create table history_entries (
  id text primary key,
  tenant_id text not null,
  type text not null,
  source text not null,
  severity text not null,
  words tsvector not null,
  entity_types text[] not null,
  entity_key text not null,
  asset_key text not null,
  details_key text not null,
  investigation_key text not null,
  places text[] not null,
  updated_at timestamptz,
  status text,
  decision text,
  platform text,
  decided_by text[],
  by_key text,
  approval_key text,
  tokens int[]
);
create index history_by_time on history_entries (tenant_id, updated_at, id) where updated_at is not null;
`;

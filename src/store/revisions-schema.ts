/**
 * A producer may submit one action again with other content. Every revision is a row; at most one of them is not superseded.
 * Alarms are raised once however many bots look: `alarms` remembers about whom or what and when. A card may now be about no action.
 */
export const revisions = `
alter table actions add column revision integer not null default 1;
alter table actions add column superseded_by text;
alter table actions drop constraint actions_tenant_id_producer_key_key;
create unique index actions_by_key on actions (tenant_id, producer, key, revision);
create unique index actions_newest_by_key on actions (tenant_id, producer, key) where status <> 'superseded';

create table alarms (
  tenant_id text not null,
  subject text not null,
  raised_at timestamptz not null,
  primary key (tenant_id, subject)
);
create index alarms_by_time on alarms (raised_at);
create index audit_refused on audit_events (tenant_id, at) where kind = 'refused';

alter table cards alter column action_id drop not null;
`;

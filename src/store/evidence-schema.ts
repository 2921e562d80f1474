/** Hunts that people ran from here, and what is known of how far things have spread. Both are copies of what Defender said; the audit record has who asked. */
export const evidenceSchema = `
create table hunts (
  hunt_id text primary key,
  tenant_id text not null,
  action_id text not null,
  entra_id text not null,
  asked_by text not null,
  by_account text not null,
  platform text not null,
  query text not null,
  timespan text not null,
  status text not null,
  attempts integer not null,
  result jsonb,
  started_at timestamptz not null,
  finished_at timestamptz,
  claimed_until timestamptz,
  holder text
);
create unique index hunts_running on hunts (tenant_id, action_id) where status = 'running';
create index hunts_by_end on hunts (tenant_id, finished_at);

create table evidence (
  action_id text primary key,
  tenant_id text not null,
  state text not null,
  found jsonb,
  attempts integer not null default 0,
  redrawn boolean not null default true,
  next_at timestamptz not null,
  claimed_until timestamptz,
  holder text,
  changed_at timestamptz not null
);
create index evidence_waiting on evidence (tenant_id, next_at) where state = 'waiting';
create index evidence_undrawn on evidence (tenant_id) where not redrawn;
`;

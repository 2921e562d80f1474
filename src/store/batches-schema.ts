/** Migration 0007: batches and their members, and what is looked for when something is undone. */
export const batchesSchema = `
create table batches (
  batch_id text primary key,
  tenant_id text not null,
  type text not null,
  verb text,
  actor jsonb not null,
  account text not null,
  platform text not null,
  conversation text,
  comment text,
  status text not null,
  total integer not null,
  counts jsonb not null,
  version integer not null,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  counted_at timestamptz,
  next_at timestamptz not null,
  claimed_until timestamptz,
  holder text
);
create index batches_due on batches (tenant_id, next_at) where status = 'running';
create index batches_drafts on batches (tenant_id, created_at) where status = 'draft';

create table batch_members (
  batch_id text not null references batches (batch_id) on delete cascade,
  action_id text not null,
  position integer not null,
  digest text not null,
  decision_id text not null,
  state text not null,
  refusal jsonb,
  message text,
  primary key (batch_id, action_id)
);
create index batch_members_waiting on batch_members (batch_id, position) where state = 'waiting';

-- Few of all actions are opposites of others; these are looked for when something is undone.
create index actions_opposites on actions (tenant_id, type, updated_at) where status = 'completed'
  and type in ('releaseIsolation', 'releaseCodeExecution', 'releaseFromQuarantine', 'moveEmailToInbox', 'moveEmailToJunk', 'enableUser', 'disableUser');
create index actions_quarantined on actions using gin (entities jsonb_path_ops) where status = 'completed' and type = 'stopAndQuarantineFile';
`;

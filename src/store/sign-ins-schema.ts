/** Sign-ins that chat asked for, and the links between Slack accounts and people that came of them. */
export const signIns = `
-- Secrets are here as hashes alone: neither an address nor a code can be made from a copy of this table.
-- standing: open, used (the browser is back, what it brought is being checked), arrived, done (the link is made), ended.
create table sign_in_attempts (
  tenant_id text not null,
  state_hash text not null,
  kind text not null,
  team_id text,
  user_id text,
  account_name text,
  entra_id text,
  standing text not null,
  code_hash text,
  deny_hash text,
  tries integer not null default 0,
  proved_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, state_hash)
);
create index sign_in_attempts_by_account on sign_in_attempts (tenant_id, team_id, user_id, created_at) where kind = 'link';
create index sign_in_attempts_by_person on sign_in_attempts (tenant_id, entra_id, proved_at) where kind = 'step-up';
create index sign_in_attempts_by_code on sign_in_attempts (tenant_id, code_hash) where code_hash is not null;
create unique index sign_in_attempts_by_denial on sign_in_attempts (tenant_id, deny_hash) where deny_hash is not null;
create index sign_in_attempts_by_time on sign_in_attempts (created_at);

create table slack_links (
  tenant_id text not null,
  team_id text not null,
  user_id text not null,
  entra_id text not null,
  upn text not null,
  display_name text not null,
  linked_at timestamptz not null,
  valid_until timestamptz not null,
  primary key (tenant_id, team_id, user_id),
  unique (tenant_id, team_id, entra_id)
);
`;

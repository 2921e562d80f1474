/** Exports that wait to be fetched. Their names are bearer secrets, so only a hash of each is here; what they hold is read when it is fetched. */
export const exportsSchema = `
create table exports (
  name_hash text primary key,
  tenant_id text not null,
  entra_id text not null,
  platform text not null,
  ordered jsonb not null,
  expires_at timestamptz not null,
  fetches integer not null default 0,
  attempts integer not null default 0
);
create index exports_over on exports (expires_at);
`;

/** What each person wants to see of a tab when they ask for nothing else. */
export const preferencesSchema = `
create table preferences (
  tenant_id text not null,
  entra_id text not null,
  tab text not null,
  look_up jsonb not null,
  changed_at timestamptz not null,
  primary key (tenant_id, entra_id, tab)
);
`;

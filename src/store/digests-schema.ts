/**
 * Who gets a digest when, and every digest that was made: at most one for a plan, a target and a due time, whoever makes it. Its figures are kept
 * as they were, and its message is a card like any other. The audit record is read by time.
 */
export const digestsSchema = `
create table digest_plans (
  tenant_id text not null,
  plan_key text not null,
  platform text not null,
  target text not null,
  -- Whose own plan it is; null: the policy's.
  entra_id text,
  schedule jsonb not null,
  -- The due time it was served last; in the beginning, since when it is known.
  served_at timestamptz not null,
  next_at timestamptz,
  withheld text,
  primary key (tenant_id, plan_key, platform, target)
);
create index digest_plans_due on digest_plans (tenant_id, next_at);

create table digests (
  digest_id text primary key,
  tenant_id text not null,
  plan_key text not null,
  platform text not null,
  target text not null,
  due_at timestamptz not null,
  schedule jsonb not null,
  -- Null: it was withheld.
  figures jsonb,
  made_at timestamptz not null,
  unique (tenant_id, plan_key, platform, target, due_at)
);
create index digests_by_age on digests (tenant_id, made_at);

-- Rows come in the order of time, so a summary of each stretch of the table finds a span of time, at next to no cost for whoever adds rows.
create index audit_by_time on audit_events using brin (at) with (pages_per_range = 32);
`;

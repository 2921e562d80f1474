/** Reminders: when each open action has to be looked at, what was told to whom, and who stands in for whom. */
export const remindersSchema = `
create table reminder_plans (
  action_id text primary key,
  tenant_id text not null,
  next_at timestamptz not null,
  rules text not null default ''
);
create index reminder_plans_due on reminder_plans (tenant_id, next_at);
insert into reminder_plans (action_id, tenant_id, next_at)
  select id, tenant_id, created_at from actions where status in ('pending', 'awaitingSecondApproval');

-- One row for each rung of an action and each target: what is here was told, and is never told again.
create table reminders (
  tenant_id text not null,
  action_id text not null,
  rung text not null,
  target text not null,
  number integer not null,
  kind text not null,
  at timestamptz not null,
  card_id text,
  told_to text,
  stands_in_for text,
  primary key (action_id, rung, target)
);
create index reminders_by_card on reminders (card_id) where card_id is not null;
create index reminders_by_time on reminders (tenant_id, at);

create table delegations (
  delegation_id text primary key,
  tenant_id text not null,
  entra_id text not null,
  display_name text not null,
  upn text not null,
  stand_in text not null,
  stand_in_name text not null,
  stand_in_upn text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  because text,
  made_at timestamptz not null,
  ended_at timestamptz
);
create index delegations_by_person on delegations (tenant_id, entra_id, until_at) where ended_at is null;
create index delegations_by_stand_in on delegations (tenant_id, stand_in, until_at) where ended_at is null;
`;

/** Migration 0013: group cards, who belongs to them, and the order in which cards are claimed. */
export const groupsSchema = `
create table card_groups (
  group_id text primary key,
  tenant_id text not null,
  platform text not null,
  conversation text not null,
  key text not null,
  is_taking boolean not null,
  is_over boolean not null default false,
  size integer not null,
  version integer not null,
  created_at timestamptz not null,
  joined_at timestamptz not null
);
-- One of a kind takes new members at a time, whatever several bots do.
create unique index card_groups_taking on card_groups (tenant_id, platform, conversation, key) where is_taking;
create index card_groups_going on card_groups (tenant_id, platform) where not is_over;

-- Bots take turns at grouping, so that each sees what the one before did.
create table group_turns (
  tenant_id text not null,
  platform text not null,
  taken_at timestamptz not null,
  tended_at timestamptz not null,
  primary key (tenant_id, platform)
);

-- A card of an action is posted by itself unless group_id says which card stands for it. Its shown_version then is what that card counted.
alter table cards
  add column apart boolean not null default false,
  add column alike text[],
  add column group_id text,
  add column joined_version integer,
  add column grouped_at timestamptz;
-- What goes first: urgent cards, groups, other cards, counters, notes, notices.
alter table cards add column rank smallint not null generated always as (
  case kind when 'action' then case when apart then 0 else 2 end when 'group' then 1 when 'batch' then 3 when 'note' then 4 else 5 end) stored;

-- In the order in which cards are claimed in each conversation, so that neither a backlog nor one conversation holds up the others.
drop index cards_due;
create index cards_to_post on cards (tenant_id, platform, conversation, rank, next_try_at, card_id)
  where shown_version < wanted_version and not stopped and group_id is null and ref is null;
create index cards_to_update on cards (tenant_id, platform, conversation, next_try_at, card_id)
  where shown_version < wanted_version and not stopped and group_id is null and ref is not null;
create index cards_grouped on cards (group_id, grouped_at) where group_id is not null;
create index cards_changed on cards (tenant_id, platform) where group_id is not null and shown_version < wanted_version;
create index cards_under on cards (parent_card_id) where parent_card_id is not null;
create index cards_lately on cards (tenant_id, platform, conversation, created_at) where kind = 'action' and alike is not null;
`;

/** The schema, as migrations that run identically on PostgreSQL and on embedded PGlite. Never edit one that has landed: add the next. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { batchesSchema } from './batches-schema.ts';
import { digestsSchema } from './digests-schema.ts';
import { evidenceSchema } from './evidence-schema.ts';
import { exportsSchema } from './exports-schema.ts';
import { groupsSchema } from './groups-schema.ts';
import { historySchema } from './history-schema.ts';
import { inboxSchema } from './inbox-schema.ts';
import { ingestSchema } from './ingest-schema.ts';
import { partsSchema } from './parts-schema.ts';
import { preferencesSchema } from './preferences-schema.ts';
import { remindersSchema } from './reminders-schema.ts';
import { revisions } from './revisions-schema.ts';
import { seals } from './seals-schema.ts';
import { signIns } from './sign-ins-schema.ts';

const initial = `
create table actions (
  tenant_id text not null,
  id text primary key,
  producer text not null,
  key text not null,
  content_digest text not null,
  type text not null,
  source text not null,
  severity text not null,
  title text not null,
  details text,
  asset text,
  entities jsonb not null,
  parameters jsonb not null,
  investigation_id text,
  incident_id text,
  alert_id text,
  requested_by jsonb not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  status text not null,
  version integer not null,
  scope_digest text not null,
  policy_version text not null,
  scope_note text,
  needed integer not null,
  is_protected boolean not null,
  approvals jsonb not null,
  decision jsonb,
  outcome jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (tenant_id, producer, key)
);
create index actions_by_time on actions (tenant_id, updated_at desc, id desc);
create index actions_by_status on actions (tenant_id, status, updated_at desc, id desc);
create index actions_open_deadline on actions (tenant_id, expires_at) where status in ('pending', 'awaitingSecondApproval');
create index actions_unsettled on actions (tenant_id, updated_at) where status in ('queued', 'inProgress', 'undoQueued', 'rejected');

create table audit_events (
  seq bigint generated always as identity primary key,
  tenant_id text not null,
  action_id text,
  at timestamptz not null,
  kind text not null,
  actor_id text,
  data jsonb not null
);
create index audit_by_action on audit_events (action_id, seq);
create function refuse_audit_change() returns trigger language plpgsql as $body$
begin
  raise exception 'audit_events is append-only: % is refused', tg_op;
end
$body$;
create trigger audit_append_only before update or delete on audit_events for each row execute function refuse_audit_change();
create trigger audit_no_truncate before truncate on audit_events for each statement execute function refuse_audit_change();

create table outbox (
  decision_id text primary key,
  tenant_id text not null,
  action_id text not null,
  name text not null,
  body jsonb not null,
  created_at timestamptz not null,
  sent_at timestamptz,
  claimed_until timestamptz
);
create index outbox_unsent on outbox (created_at) where sent_at is null;

create table cards (
  card_id text primary key,
  tenant_id text not null,
  action_id text not null,
  platform text not null,
  conversation text not null,
  kind text not null,
  note jsonb,
  parent_card_id text,
  ref text,
  shown_version integer not null default 0,
  wanted_version integer not null,
  attempts integer not null default 0,
  uncertain boolean not null default false,
  stopped boolean not null default false,
  next_try_at timestamptz not null,
  claimed_until timestamptz,
  holder text,
  last_error text,
  created_at timestamptz not null,
  shown_at timestamptz
);
create index cards_due on cards (platform, next_try_at) where shown_version < wanted_version and not stopped;
create index cards_by_action on cards (action_id);

create table executions (
  decision_id text primary key,
  tenant_id text not null,
  action_id text not null,
  state text not null,
  holder text,
  lease_until timestamptz,
  external_ref jsonb,
  outcome jsonb,
  started_at timestamptz not null,
  finished_at timestamptz
);
create index executions_finished on executions (tenant_id, finished_at) where state = 'finished' and outcome is not null;

create table lanes (
  lane text primary key,
  tokens double precision not null,
  refilled_at double precision not null,
  blocked_until double precision not null default 0
);

-- What the simulated backend was made to do. No unique key on purpose: a decision carried out twice must be visible as two rows.
create table simulator_runs (
  run_id bigint generated always as identity primary key,
  decision_id text not null,
  accepted_at timestamptz not null,
  finishes_at timestamptz not null,
  status text not null,
  message text
);
create index simulator_runs_by_decision on simulator_runs (decision_id);
`;

const conversations = `
create table conversations (
  tenant_id text not null,
  platform text not null,
  conversation text not null,
  organisation text not null,
  service_url text not null,
  type text not null,
  team text,
  name text,
  standing text not null,
  standing_since timestamptz not null,
  seen_at timestamptz not null,
  primary key (tenant_id, platform, conversation)
);
create index conversations_by_team on conversations (tenant_id, platform, team) where team is not null;

-- Where a message of this card was seen before its own post was answered, or instead of that.
alter table cards add column sighted_ref text;
create index cards_by_ref on cards (conversation, ref) where ref is not null;

-- In the order in which cards are claimed, so that a backlog is not sorted at every look.
drop index cards_due;
create index cards_due on cards (platform, kind, next_try_at, card_id) where shown_version < wanted_version and not stopped;
`;

/** Splits at semicolons that end a statement; dollar-quoted bodies stay whole. */
function statementsOf(script: string): string[] {
  const parts = script.split('$body$');
  const joined = parts.map((part, index) => (index % 2 === 0 ? part.replaceAll(/;\n/g, ';\u0000\n') : part)).join('$body$');
  return joined
    .split('\u0000')
    .map((statement) => statement.trim())
    .filter((statement) => statement.length > 0);
}

async function runScript(db: Kysely<unknown>, script: string): Promise<void> {
  for (const statement of statementsOf(script)) await sql.raw(statement).execute(db);
}

/**
 * What was filed without the starts of its names is filed again; until then it is looked at row by row. A process of a version before, which does not
 * know them, can file nothing any more.
 */
const nameStarts = `
alter table history_entries add column edition smallint;
alter table history_entries add constraint history_entries_edition check (updated_at is null or coalesce(edition, 0) = 2) not valid;
update actions set filed = false where filed;
`;

export const migrations: Record<string, Migration> = {
  '0001-initial': { up: (db: Kysely<unknown>) => runScript(db, initial) },
  '0002-conversations': { up: (db: Kysely<unknown>) => runScript(db, conversations) },
  '0003-sign-ins': { up: (db: Kysely<unknown>) => runScript(db, signIns) },
  '0004-revisions': { up: (db: Kysely<unknown>) => runScript(db, revisions) },
  '0005-seals': { up: (db: Kysely<unknown>) => runScript(db, seals) },
  '0006-history': { up: (db: Kysely<unknown>) => runScript(db, historySchema) },
  '0007-batches': { up: (db: Kysely<unknown>) => runScript(db, batchesSchema) },
  '0008-preferences': { up: (db: Kysely<unknown>) => runScript(db, preferencesSchema) },
  '0009-exports': { up: (db: Kysely<unknown>) => runScript(db, exportsSchema) },
  '0010-inbox': { up: (db: Kysely<unknown>) => runScript(db, inboxSchema) },
  '0011-digests': { up: (db: Kysely<unknown>) => runScript(db, digestsSchema) },
  '0012-reminders': { up: (db: Kysely<unknown>) => runScript(db, remindersSchema) },
  '0013-groups': { up: (db: Kysely<unknown>) => runScript(db, groupsSchema) },
  '0014-execution-parts': { up: (db: Kysely<unknown>) => runScript(db, partsSchema) },
  '0015-evidence': { up: (db: Kysely<unknown>) => runScript(db, evidenceSchema) },
  '0016-ingest': { up: (db: Kysely<unknown>) => runScript(db, ingestSchema) },
  '0017-name-starts': { up: (db: Kysely<unknown>) => runScript(db, nameStarts) },
};

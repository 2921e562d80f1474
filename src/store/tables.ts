/** The rows as the engines hand them out: jsonb parsed, timestamptz as Date, int8 as number. */
import type { Generated } from 'kysely';
import type { Platform } from '../action-center/action.ts';
import type { Part } from '../action-center/parts.ts';
import type { ConversationRecord, Execution } from '../action-center/ports.ts';
import type { SealKind } from '../action-center/seal.ts';

import type { DelegationRow, DigestPlanRow, DigestRow, HuntRow, ReminderPlanRow, ReminderRow } from './telling-tables.ts';

type Json = unknown;

export type ActionRow = {
  tenant_id: string;
  id: string;
  producer: string;
  key: string;
  content_digest: string;
  type: string;
  source: string;
  severity: string;
  title: string;
  details: string | null;
  asset: string | null;
  entities: Json;
  parameters: Json;
  investigation_id: string | null;
  incident_id: string | null;
  alert_id: string | null;
  requested_by: Json;
  requested_at: Date;
  expires_at: Date;
  status: string;
  version: number;
  scope_digest: string;
  policy_version: string;
  scope_note: string | null;
  needed: number;
  is_protected: boolean;
  approvals: Json;
  decision: Json;
  outcome: Json;
  created_at: Date;
  updated_at: Date;
  revision: number;
  superseded_by: string | null;
  filed: boolean;
  decided_by: string[] | null;
};

type AuditRow = {
  seq: Generated<number>;
  tenant_id: string;
  action_id: string | null;
  at: Date;
  kind: string;
  actor_id: string | null;
  data: Json;
};

type SealRow = {
  tenant_id: string;
  number: number;
  kind: SealKind;
  first_seq: number;
  last_seq: number;
  count: number;
  digest: string;
  marks: Uint8Array;
  previous: string;
  at: Date;
  through_number: number | null;
  through_hash: string | null;
  key_id: string | null;
  signature: string | null;
  hash: string;
};

type HeadRow = { tenant_id: string; number: number; hash: string; last_seq: number };

type OutboxRow = {
  decision_id: string;
  tenant_id: string;
  action_id: string;
  name: string;
  body: Json;
  created_at: Date;
  sent_at: Date | null;
  claimed_until: Date | null;
};

type CardRecord = {
  card_id: string;
  tenant_id: string;
  action_id: string | null;
  platform: Platform;
  conversation: string;
  kind: 'action' | 'note' | 'notice' | 'batch' | 'group' | 'digest';
  note: Json;
  parent_card_id: string | null;
  ref: string | null;
  shown_version: number;
  wanted_version: number;
  attempts: number;
  uncertain: boolean;
  stopped: boolean;
  next_try_at: Date;
  claimed_until: Date | null;
  holder: string | null;
  last_error: string | null;
  created_at: Date;
  shown_at: Date | null;
  sighted_ref: string | null;
  apart: Generated<boolean>;
  alike: string[] | null;
  /** The group whose card stands for this one, and since which version of it. */
  group_id: string | null;
  joined_version: number | null;
  grouped_at: Date | null;
  rank: Generated<number>;
};

export type GroupRow = {
  group_id: string;
  tenant_id: string;
  platform: Platform;
  conversation: string;
  key: string;
  is_taking: boolean;
  /** Takes nobody any more, and none of its members is open. */
  is_over: Generated<boolean>;
  size: number;
  version: number;
  created_at: Date;
  joined_at: Date;
};

type GroupTurnRow = { tenant_id: string; platform: Platform; taken_at: Date; tended_at: Date };

type ConversationRow = {
  tenant_id: string;
  platform: Platform;
  conversation: string;
  organisation: string;
  service_url: string;
  type: ConversationRecord['type'];
  team: string | null;
  name: string | null;
  standing: ConversationRecord['standing'];
  standing_since: Date;
  seen_at: Date;
};

export type PartRow = {
  tenant_id: string;
  decision_id: string;
  number: number;
  action_id: string;
  verb: Part['verb'];
  target: string;
  request: Json;
  state: Part['state'];
  attempts: number;
  total: number;
  done: number;
  called_at: Date | null;
  due_at: Date | null;
  external: Json;
  message: string | null;
};

export type ExecutionRow = {
  decision_id: string;
  tenant_id: string;
  action_id: string;
  state: Execution['state'];
  holder: string | null;
  lease_until: Date | null;
  external_ref: Json;
  outcome: Json;
  started_at: Date;
  finished_at: Date | null;
};

type AlarmRow = { tenant_id: string; subject: string; raised_at: Date };

type LaneRow = { lane: string; tokens: number; refilled_at: number; blocked_until: number };

type SimulatorRunRow = {
  run_id: Generated<number>;
  decision_id: string;
  accepted_at: Date;
  finishes_at: Date;
  status: string;
  message: string | null;
};

type SignInAttemptRow = {
  tenant_id: string;
  state_hash: string;
  kind: 'link' | 'step-up';
  team_id: string | null;
  user_id: string | null;
  account_name: string | null;
  entra_id: string | null;
  standing: 'open' | 'used' | 'arrived' | 'done' | 'ended';
  code_hash: string | null;
  deny_hash: string | null;
  tries: number;
  proved_at: Date | null;
  created_at: Date;
  expires_at: Date;
};

type SlackLinkRow = {
  tenant_id: string;
  team_id: string;
  user_id: string;
  entra_id: string;
  upn: string;
  display_name: string;
  linked_at: Date;
  valid_until: Date;
};

export type BatchRow = {
  batch_id: string;
  tenant_id: string;
  type: string;
  verb: string | null;
  actor: Json;
  account: string;
  platform: Platform;
  conversation: string | null;
  comment: string | null;
  status: 'draft' | 'running' | 'finished';
  total: number;
  counts: Json;
  version: number;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  counted_at: Date | null;
  next_at: Date;
  claimed_until: Date | null;
  holder: string | null;
};

type BatchMemberRow = {
  batch_id: string;
  action_id: string;
  position: number;
  digest: string;
  decision_id: string;
  state: string;
  refusal: Json;
  message: string | null;
};

/** The columns behind `places` are those of the action when it was filed, null before. */
type HistoryEntryRow = {
  id: string;
  tenant_id: string;
  type: string;
  type_key: string;
  source: string;
  severity: string;
  words: string;
  entity_types: string[];
  entity_key: string;
  asset_key: string;
  details_key: string;
  investigation_key: string;
  places: string[];
  updated_at: Date | null;
  status: string | null;
  decision: string | null;
  platform: string | null;
  decided_by: string[] | null;
  by_key: string | null;
  approval_key: string | null;
  tokens: number[] | null;
  edition: number | null;
};

export type IngestMarkRow = {
  tenant_id: string;
  source: string;
  since: Date;
  through: Date;
  reading: Json | null;
  caught_up_at: Date | null;
  holder: string | null;
  lease_until: Date | null;
};

type ExportRow = {
  name_hash: string;
  tenant_id: string;
  entra_id: string;
  platform: string;
  ordered: Json;
  expires_at: Date;
  /** Those that came to their end, and those that run. */
  fetches: number;
  attempts: number;
};

export type Tables = {
  actions: Omit<ActionRow, 'revision'> & { revision: Generated<number> };
  audit_events: AuditRow;
  audit_seals: SealRow;
  audit_heads: HeadRow;
  outbox: OutboxRow;
  cards: CardRecord;
  card_groups: GroupRow;
  group_turns: GroupTurnRow;
  conversations: ConversationRow;
  delegations: DelegationRow;
  executions: ExecutionRow;
  execution_parts: PartRow;
  exports: ExportRow;
  history_entries: HistoryEntryRow;
  hunts: HuntRow;
  ingest_marks: IngestMarkRow;
  lanes: LaneRow;
  alarms: AlarmRow;
  reminder_plans: ReminderPlanRow;
  reminders: ReminderRow;
  batches: BatchRow;
  batch_members: BatchMemberRow;
  digest_plans: DigestPlanRow;
  digests: DigestRow;
  simulator_runs: SimulatorRunRow;
  sign_in_attempts: SignInAttemptRow;
  slack_links: SlackLinkRow;
};

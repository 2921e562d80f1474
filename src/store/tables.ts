/** The rows as the engines hand them out: jsonb parsed, timestamptz as Date, int8 as number. */
import type { Generated } from 'kysely';
import type { Platform } from '../action-center/action.ts';
import type { ConversationRecord, Execution } from '../action-center/ports.ts';

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
  action_id: string;
  platform: Platform;
  conversation: string;
  kind: 'action' | 'note';
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
};

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

type LaneRow = { lane: string; tokens: number; refilled_at: number; blocked_until: number };

type SimulatorRunRow = {
  run_id: Generated<number>;
  decision_id: string;
  accepted_at: Date;
  finishes_at: Date;
  status: string;
  message: string | null;
};

/** The columns behind `places` are those of the action when it was filed, null before. */
type HistoryEntryRow = {
  id: string;
  tenant_id: string;
  type: string;
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
  actions: ActionRow;
  audit_events: AuditRow;
  outbox: OutboxRow;
  cards: CardRecord;
  conversations: ConversationRow;
  executions: ExecutionRow;
  exports: ExportRow;
  history_entries: HistoryEntryRow;
  lanes: LaneRow;
  simulator_runs: SimulatorRunRow;
};

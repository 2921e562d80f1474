/** The rows of what people are told unasked, or asked for and wait for: reminders, stand-ins, hunts, digests. As in tables.ts. */
import type { Platform } from '../action-center/action.ts';

type Json = unknown;

/** When an action has to be looked at for reminders. `rules`: the policy's version that said so. */
export type ReminderPlanRow = { action_id: string; tenant_id: string; next_at: Date; rules: string };

export type ReminderRow = {
  tenant_id: string;
  action_id: string;
  rung: string;
  target: string;
  number: number;
  kind: 'reminded' | 'escalated' | 'warned';
  at: Date;
  card_id: string | null;
  told_to: string | null;
  stands_in_for: string | null;
};

export type DelegationRow = {
  delegation_id: string;
  tenant_id: string;
  entra_id: string;
  display_name: string;
  upn: string;
  stand_in: string;
  stand_in_name: string;
  stand_in_upn: string;
  from_at: Date;
  until_at: Date;
  because: string | null;
  made_at: Date;
  ended_at: Date | null;
};

export type HuntRow = {
  hunt_id: string;
  tenant_id: string;
  action_id: string;
  entra_id: string;
  asked_by: string;
  by_account: string;
  platform: Platform;
  query: string;
  timespan: string;
  status: 'running' | 'answered' | 'failed';
  attempts: number;
  result: Json;
  started_at: Date;
  finished_at: Date | null;
  claimed_until: Date | null;
  holder: string | null;
};

export type DigestPlanRow = {
  tenant_id: string;
  plan_key: string;
  platform: Platform;
  target: string;
  entra_id: string | null;
  schedule: Json;
  served_at: Date;
  next_at: Date | null;
  withheld: string | null;
};

export type DigestRow = {
  digest_id: string;
  tenant_id: string;
  plan_key: string;
  platform: Platform;
  target: string;
  due_at: Date;
  schedule: Json;
  figures: Json;
  made_at: Date;
};

/** What reminding needs from the outside. */
import type { ActionId, Actor, EntraId } from './action.ts';
import type { RemediationAction } from './intake.ts';
import type { AuditEvent, CardTarget } from './ports.ts';
import type { PersonRefusal, Result } from './refusal.ts';
import type { CardOfAction, ReminderKind, Told } from './reminders.ts';
import type { SlackAccount } from './sign-in-ports.ts';

export type ClaimedAction = { action: RemediationAction; cards: CardOfAction[]; told: Told[] };

/** One rung for one target. `person`: who is told in private, and for whom when they stand in. */
export type ReminderItem = {
  actionId: ActionId;
  rung: string;
  number: number;
  kind: ReminderKind;
  target: string;
  merged: string[];
  person: { entraId: EntraId; standsInFor: EntraId | null } | null;
};

/** One message that tells of one or several. */
export type ReminderPost = {
  cardId: string;
  place: CardTarget;
  /** The card it is said under; null: a message of its own. */
  parentCardId: string | null;
  note: AuditEvent;
  items: ReminderItem[];
};

/** What a message of reminders has to say now. `total`: of its actions that can still be decided, also beyond those that are read. */
export type Reminding = { total: number; items: { action: RemediationAction; rung: string; number: number; kind: ReminderKind }[] };

/** Every bot asks the same record: each rung reaches each target once. All throw UpstreamError{service:'store'} without an answer. */
export interface ReminderStore {
  /** Open actions that have to be looked at by now; nobody else gets them within `leaseMs`. Those that are closed are forgotten on the way. */
  claim(asked: { now: string; leaseMs: number; limit: number }): Promise<ClaimedAction[]>;
  /** The marks, the audit events and the message in one. Answers those items that nobody had told and whose action is open. */
  tell(post: ReminderPost, at: string): Promise<{ actionId: string; rung: string }[]>;
  /** Marks that nothing is posted for: who was on call was asked, or could not be found. */
  mark(items: readonly Pick<ReminderItem, 'actionId' | 'rung' | 'number' | 'kind' | 'target'>[], at: string): Promise<void>;
  /** `version`: of the rules that say so. */
  planned(plans: readonly { actionId: ActionId; nextAt: string }[], version: string): Promise<void>;
  /** Every open action that was planned by other rules, or is in somebody's hands, is looked at anew. */
  replan(version: string): Promise<void>;
  showing(cardId: string, now: string, limit: number): Promise<Reminding>;
  /** Whether any warning of the deadline was seen to be posted. */
  wasWarned(actionId: ActionId): Promise<boolean>;
  /** For whom this person was reminded of these actions. */
  standingIn(entraId: EntraId, actionIds: readonly string[]): Promise<Map<string, EntraId>>;
  /** What was told of closed actions before that, and plans of theirs that no look met. */
  forget(before: string): Promise<void>;
}

/** Who is on call now. Throws UpstreamError{service:'onCall'} when nobody can say. */
export type OnCall = (asked: { at: string; actions: readonly RemediationAction[] }) => Promise<EntraId[]>;

/** Where a person can be told something in private, on the preferred platform when they are there; null: nowhere. */
export type Reach = (entraId: EntraId, prefer: CardTarget['platform'] | null) => Promise<CardTarget | null>;

/** What a directory knows beyond who somebody is. Throws UpstreamError without an answer. */
export interface PeopleBook {
  /** The one enabled member with this address, asked afresh. */
  personByAddress(address: string): Promise<Result<Actor, PersonRefusal>>;
  slackAccountsOf(entraId: EntraId): Promise<SlackAccount[]>;
}

/** Who takes the place of a person now; null: nobody. */
export type StandIn = (entraId: EntraId, now: Date) => Promise<{ entraId: EntraId; forName: string; until: string } | null>;

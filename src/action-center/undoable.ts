/**
 * What can be undone: the Action center's own list (action type by action source), narrowed to what the configured backend can do. Pure. What the
 * record alone knows, whether something newer has reversed an action already, is asked in undo.ts.
 */
import type { ActionId, ActionSource, ActionStatus, ActionType, Decision } from './action.ts';
import { type BackendName, catalogue, mayBeReversed } from './catalogue.ts';
import type { Entity } from './entity.ts';
import type { RemediationAction } from './intake.ts';

/** The portal's "automated investigation, Defender Antivirus, manual response actions" as the values of its column Action source. */
const responses: readonly ActionSource[] = [
  'automatedDeviceAction',
  'manualDeviceAction',
  'advancedHuntingAction',
  'manualLiveResponseAction',
  'liveResponseAction',
];
/** Mail is not in the portal's list; it is moved back, wherever it was moved from. */
const mail: readonly ActionSource[] = ['automatedEmailAction', 'manualEmailAction', 'explorerAction', 'advancedHuntingAction'];
/** No source is named for actions on users. */
const anywhere: readonly ActionSource[] = [...new Set([...responses, ...mail])];

const undoSources: Partial<Record<ActionType, readonly ActionSource[]>> = {
  isolateDevice: responses,
  containDevice: responses,
  containUser: responses,
  restrictCodeExecution: responses,
  stopAndQuarantineFile: responses,
  removeRegistryKey: responses,
  stopService: responses,
  disableDriver: responses,
  removeScheduledTask: responses,
  softDeleteEmail: mail,
  moveEmailToJunk: mail,
  moveEmailToDeletedItems: mail,
  moveEmailToInbox: mail,
  quarantineEmail: mail,
  quarantineAttachment: mail,
  blockUrl: anywhere,
  disableUser: anywhere,
  enableUser: anywhere,
  confirmUserCompromised: anywhere,
};

/** Deleted and quarantined mail can be had back for this long at most; then the mailbox has forgotten it. */
const mailRetentionDays = 30;

/** Why an action cannot be undone. */
export type UndoBar =
  /** Its effect cannot be taken back by anybody. */
  | { reason: 'final' }
  | { reason: 'type' }
  | { reason: 'source'; source: ActionSource }
  /** Only a person in the Defender portal can. */
  | { reason: 'in-defender' }
  | { reason: 'not-completed'; status: ActionStatus }
  | { reason: 'undo-running' | 'already-undone'; decision: Decision }
  /** A newer action did the opposite. */
  | { reason: 'reversed'; by: ActionId; type: ActionType; at: string }
  | { reason: 'retention'; days: number };

export type Undoing = { backend: BackendName; now: Date };

/** Null: nothing that can be seen on the action itself speaks against it. */
export function whyNotUndoable(action: RemediationAction, { backend, now }: Undoing): UndoBar | null {
  const row = catalogue[action.type];
  if (!row.reversible) return { reason: 'final' };
  const sources = undoSources[action.type];
  if (sources === undefined) return { reason: 'type' };
  if (action.status === 'undone') return { reason: 'already-undone', decision: action.decision };
  if (action.status === 'undoQueued') return { reason: 'undo-running', decision: action.decision };
  if (!sources.includes(action.source)) return { reason: 'source', source: action.source };
  if (!mayBeReversed(action.type, backend)) return { reason: 'in-defender' };
  if (action.status !== 'completed') return { reason: 'not-completed', status: action.status };
  const age = now.getTime() - Date.parse(carriedOutAt(action));
  if (row.workload === 'email' && action.type !== 'blockUrl' && age > mailRetentionDays * 86_400_000)
    return { reason: 'retention', days: mailRetentionDays };
  return null;
}

/** When a completed action took effect. After an undo that failed the outcome is that undo's; the last approval is then the nearest there is. */
export function carriedOutAt({ decision, outcome, approvals, updatedAt }: RemediationAction): string {
  const approvedAt = decision?.verb === 'undo' ? approvals.at(-1)?.decidedAt : undefined;
  return approvedAt ?? outcome?.at ?? updatedAt;
}

/** One thing an action acted on; each name of it that is known. */
type Target = string[];

const low = (text: string): string => text.toLowerCase();
const named = (kind: string, ...names: (string | undefined)[]): Target =>
  names.flatMap((name, index) => (name === undefined ? [] : [`${kind}${index} ${low(name)}`]));

/** Files, keys, services, ... exist once on each device. */
function targetsOf({ type, entities }: Pick<RemediationAction, 'type' | 'entities'>): Target[] {
  const wanted = catalogue[type].entityTypes;
  const own = entities.filter((entity) => wanted.includes(entity.type)).flatMap(namesOf);
  const devices = entities.flatMap((entity) => (entity.type === 'device' ? [named('device', entity.deviceId, entity.name)] : []));
  if (wanted.includes('device') || devices.length === 0 || catalogue[type].workload !== 'device') return own;
  return devices.flatMap((device) => own.map((target) => device.flatMap((a) => target.map((b) => `${a} ${b}`))));
}

function namesOf(entity: Entity): Target[] {
  switch (entity.type) {
    case 'device':
      return [named('device', entity.deviceId, entity.name)];
    case 'file':
      return [named('file', entity.sha256, entity.sha1)];
    case 'user':
      return [named('user', entity.entraId, entity.upn)];
    case 'email':
      return [named('email', entity.networkMessageId)];
    case 'emailCluster':
      return entity.networkMessageIds.map((id) => named('email', id));
    case 'url':
      return [named('url', entity.url)];
    default:
      return [[JSON.stringify(entity)]];
  }
}

/** The newest of these actions when together they did the opposite on everything this action acted on; else null. */
export function reversalAmong(action: RemediationAction, newer: readonly RemediationAction[]): RemediationAction | null {
  const reversed = new Set(newer.flatMap(targetsOf).flat());
  const targets = targetsOf(action);
  const isReversed = targets.length > 0 && targets.every((names) => names.some((name) => reversed.has(name)));
  return isReversed ? (newer[0] ?? null) : null;
}

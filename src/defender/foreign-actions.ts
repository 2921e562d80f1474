/** Machine actions that somebody started in Defender itself, or another app: what they are in our words. */
import type { ActionType } from '../action-center/action.ts';
import { parseSubmission } from '../action-center/announce.ts';
import { catalogue } from '../action-center/catalogue.ts';
import type { Intake, RemediationAction } from '../action-center/intake.ts';
import type { Elsewhere } from '../action-center/transitions.ts';
import { producer } from './alert-actions.ts';
import { ListedAction } from './ingest-payloads.ts';
import { commented, startedThere, stoodAt, unknownDevice } from './ingest-words.ts';
import { cutText } from './storable.ts';

const types: Readonly<Record<string, ActionType>> = {
  isolate: 'isolateDevice',
  unisolate: 'releaseIsolation',
  restrictcodeexecution: 'restrictCodeExecution',
  unrestrictcodeexecution: 'releaseCodeExecution',
  runantivirusscan: 'runAntivirusScan',
  collectinvestigationpackage: 'collectInvestigationPackage',
  stopandquarantinefile: 'stopAndQuarantineFile',
  offboard: 'offboardMachine',
};
/** Put into every comment of ours, see `stamp`. */
const ours = /\[countersign D-[0-9A-Z]{26}\]/;
const came = new Set(['Failed', 'TimeOut', 'Cancelled']);

/** `at`: when it was created, for the high-water mark. `intake` null: a type that has no name here. */
export type ForeignAction = {
  at: string;
  isOurs: boolean;
  type: string;
  intake: Intake | null;
  said: Elsewhere;
  updatedAt: string;
  cameToNothing: boolean;
};

/** Null: not a machine action. */
export function readMachineAction(value: unknown): ForeignAction | null {
  const { data: one } = ListedAction.safeParse(value);
  if (one === undefined) return null;
  const by = one.requestor?.trim() || null;
  return {
    at: one.creationDateTimeUtc,
    // Anybody may write such a comment; a person's own action is never ours.
    isOurs: ours.test(one.requestorComment ?? '') && !by?.includes('@'),
    type: one.type.slice(0, 100),
    intake: intakeOf(one, by),
    said: { state: cutText(one.status, 100), by: by === null ? null : cutText(by, 256), reference: { machineActionId: one.id } },
    updatedAt: one.lastUpdateDateTimeUtc ?? one.lastUpdateTimeUtc ?? one.creationDateTimeUtc,
    cameToNothing: came.has(one.status),
  };
}

function typeOf({ type, scope }: ListedAction): ActionType | null {
  const known = Object.hasOwn(types, type.toLowerCase()) ? (types[type.toLowerCase()] ?? null) : null;
  return known === 'isolateDevice' && scope?.toLowerCase() === 'unmanageddevice' ? 'containDevice' : known;
}

function intakeOf(one: ListedAction, by: string | null): Intake | null {
  const type = typeOf(one);
  if (type === null) return null;
  const isPerson = by?.includes('@') ?? false;
  const device = cutText(one.computerDnsName?.trim() ?? '', 255) || null;
  const name = by === null ? 'unknown' : cutText(by, 256);
  const parsed = parseSubmission({
    id: `machine-action-${one.id}`,
    producer,
    type,
    source: isPerson ? 'manualDeviceAction' : 'liveResponseAction',
    severity: 'informational',
    title: cutText(`${catalogue[type].label}: ${device ?? one.machineId ?? unknownDevice}`, 300),
    details: cutText(
      [startedThere(by), stoodAt(one.status), ...(one.requestorComment ? [commented(one.requestorComment)] : [])].join('\n'),
      4000,
    ),
    ...(device === null ? {} : { asset: device }),
    entities: [
      { type: 'device', ...(one.machineId ? { deviceId: one.machineId } : {}), ...(device === null ? {} : { name: device }) },
      ...fileOf(one),
    ],
    parameters: { machineActionId: one.id },
    requestedBy: { kind: isPerson ? 'person' : 'application', name, ...(isPerson ? { upn: name } : {}) },
    requestedAt: one.creationDateTimeUtc,
  });
  return 'intake' in parsed ? parsed.intake : null;
}

function fileOf({ relatedFileInfo: file }: ListedAction): object[] {
  const kind = file?.fileIdentifierType?.toLowerCase();
  return kind === 'sha1' || kind === 'sha256' ? [{ type: 'file', [kind]: file?.fileIdentifier }] : [];
}

/** Whether this is what an open action still asks for: on its only device, on its file, and begun after it was asked for. */
export function doesSame(open: RemediationAction, { intake, at, cameToNothing }: ForeignAction): boolean {
  if (intake === null || cameToNothing || open.type !== intake.type || at < open.requestedAt) return false;
  const devices = open.entities.filter((one) => one.type === 'device');
  const [device] = devices;
  const done = intake.entities.find((one) => one.type === 'device');
  if (devices.length !== 1 || device?.deviceId === undefined || device.deviceId.toLowerCase() !== done?.deviceId?.toLowerCase())
    return false;
  const files = open.entities.filter((one) => one.type === 'file');
  const file = intake.entities.find((one) => one.type === 'file');
  return files.every((one) => file !== undefined && (isSame(one.sha1, file.sha1) || isSame(one.sha256, file.sha256)));
}

const isSame = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one.toLowerCase() === other.toLowerCase();

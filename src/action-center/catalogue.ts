/**
 * One row per action type: what the portal calls it, what can be done with it and by whom. Buttons follow this table, so that a card never
 * offers something that cannot work. The facts were read from Microsoft's documentation of the public APIs and of the Action center.
 */
import { type ActionSource, type ActionStatus, ActionType, type Severity, type Workload } from './action.ts';
import type { Entity, EntityType } from './entity.ts';

/** `api`: a public API does it. `script`: only a live response script could. `portal`: only a person in Defender. `none`: nobody can. */
export type Capability = 'api' | 'script' | 'portal' | 'none';

/**
 * `destructive`: nobody can take it back, and something is lost. `high`: keeps a device or a person from working, or lets something that was
 * held back return. `normal`: the rest.
 */
export type Risk = 'normal' | 'high' | 'destructive';

export type CatalogueRow = {
  /** Portal wording, sentence case. */
  label: string;
  /** What the approving button says: names the thing that will happen. */
  approveLabel: string;
  workload: Workload;
  trigger: Capability;
  /** Whether a running one can be stopped while the backend still reports it as not final. */
  cancel: Capability;
  /** Whether the portal's History offers its Undo button for this type. */
  undoInPortal: boolean;
  undo: Capability;
  /** The action type that reverses this one, where there is one. */
  undoType: ActionType | null;
  /** Whether its effect can be taken back at all, by whatever means. */
  reversible: boolean;
  risk: Risk;
  /** Through Graph's remediation of mail, which not every cloud has. */
  byMailRemediation?: true;
  /** What it acts on: at least one of these must be among the entities. The first is the best one to hunt for. */
  entityTypes: EntityType[];
};

type Traits = Omit<CatalogueRow, 'label' | 'approveLabel'>;

const oneWay = { undoInPortal: false, undo: 'none', undoType: null, reversible: false } as const;
const portalUndo = { undoInPortal: true, undo: 'portal', undoType: null, reversible: true } as const;

const machineAction: Traits = { workload: 'device', trigger: 'api', cancel: 'api', ...oneWay, risk: 'normal', entityTypes: ['device'] };
const scripted = { workload: 'device', trigger: 'script', cancel: 'none', ...portalUndo, risk: 'normal' } as const;
const attackDisruption = { trigger: 'none', cancel: 'none', ...portalUndo, risk: 'high' } as const;
const email: Traits = {
  workload: 'email',
  trigger: 'api',
  cancel: 'none',
  ...oneWay,
  risk: 'normal',
  entityTypes: ['emailCluster', 'email'],
};
const emailMove = { ...email, byMailRemediation: true, undo: 'api', undoType: 'moveEmailToInbox', reversible: true } as const;
const emailQuarantine = { ...email, trigger: 'portal', undo: 'portal', reversible: true } as const;
const identity: Traits = { workload: 'identity', trigger: 'api', cancel: 'none', ...oneWay, risk: 'high', entityTypes: ['user'] };

export const catalogue: Record<ActionType, CatalogueRow> = {
  isolateDevice: {
    ...machineAction,
    label: 'Isolate device',
    approveLabel: 'Approve Isolation',
    ...portalUndo,
    undo: 'api',
    undoType: 'releaseIsolation',
    risk: 'high',
  },
  releaseIsolation: {
    ...machineAction,
    label: 'Release from isolation',
    approveLabel: 'Approve Release',
    undo: 'api',
    undoType: 'isolateDevice',
    reversible: true,
    risk: 'high',
  },
  // Whether the API's release also frees a contained (unmanaged) device is not documented, so its undo stays in the portal.
  containDevice: { ...machineAction, label: 'Contain device', approveLabel: 'Approve Containment', ...portalUndo, risk: 'high' },
  restrictCodeExecution: {
    ...machineAction,
    label: 'Restrict code execution',
    approveLabel: 'Approve Restriction',
    ...portalUndo,
    undo: 'api',
    undoType: 'releaseCodeExecution',
    risk: 'high',
  },
  releaseCodeExecution: {
    ...machineAction,
    label: 'Release code execution',
    approveLabel: 'Approve Release',
    undo: 'api',
    undoType: 'restrictCodeExecution',
    reversible: true,
    risk: 'high',
  },
  runAntivirusScan: { ...machineAction, label: 'Run antivirus scan', approveLabel: 'Approve Antivirus Scan' },
  collectInvestigationPackage: {
    ...machineAction,
    label: 'Collect investigation package',
    approveLabel: 'Approve Package Collection',
  },
  stopAndQuarantineFile: {
    ...machineAction,
    label: 'Stop and quarantine file',
    approveLabel: 'Approve Quarantine',
    ...portalUndo,
    undoType: 'releaseFromQuarantine',
    entityTypes: ['file'],
  },
  releaseFromQuarantine: {
    ...scripted,
    label: 'Release from quarantine',
    approveLabel: 'Approve Release',
    undoInPortal: false,
    undo: 'api',
    undoType: 'stopAndQuarantineFile',
    risk: 'high',
    entityTypes: ['file'],
  },
  offboardMachine: { ...machineAction, label: 'Offboard machine', approveLabel: 'Approve Offboarding', risk: 'destructive' },
  requestSample: {
    ...machineAction,
    label: 'Request sample',
    approveLabel: 'Approve Sample Request',
    trigger: 'portal',
    cancel: 'none',
    entityTypes: ['file'],
  },
  removeRegistryKey: {
    ...scripted,
    label: 'Remove registry key',
    approveLabel: 'Approve Key Removal',
    entityTypes: ['registryKey'],
  },
  stopService: { ...scripted, label: 'Stop service', approveLabel: 'Approve Service Stop', undo: 'script', entityTypes: ['service'] },
  disableDriver: { ...scripted, label: 'Disable driver', approveLabel: 'Approve Driver Disabling', risk: 'high', entityTypes: ['driver'] },
  removeScheduledTask: {
    ...scripted,
    label: 'Remove scheduled task',
    approveLabel: 'Approve Task Removal',
    entityTypes: ['scheduledTask'],
  },
  killProcess: { ...scripted, ...oneWay, label: 'Kill process', approveLabel: 'Approve Process Kill', entityTypes: ['process'] },
  containUser: {
    ...attackDisruption,
    label: 'Contain user',
    approveLabel: 'Approve User Containment',
    workload: 'identity',
    entityTypes: ['user'],
  },
  containIp: {
    ...attackDisruption,
    label: 'Contain IP address',
    approveLabel: 'Approve IP Containment',
    workload: 'device',
    undoInPortal: false,
    entityTypes: ['ip'],
  },
  softDeleteEmail: { ...emailMove, label: 'Soft delete email', approveLabel: 'Approve Soft Delete' },
  hardDeleteEmail: {
    ...email,
    byMailRemediation: true,
    label: 'Hard delete email',
    approveLabel: 'Approve Hard Delete',
    risk: 'destructive',
  },
  moveEmailToJunk: { ...emailMove, label: 'Move email to junk', approveLabel: 'Approve Move to Junk' },
  moveEmailToInbox: {
    ...emailMove,
    label: 'Move email to inbox',
    approveLabel: 'Approve Move to Inbox',
    undoType: 'moveEmailToJunk',
    risk: 'high',
  },
  moveEmailToDeletedItems: { ...emailMove, label: 'Move email to deleted items', approveLabel: 'Approve Move to Deleted Items' },
  quarantineEmail: { ...emailQuarantine, label: 'Quarantine email', approveLabel: 'Approve Email Quarantine' },
  quarantineAttachment: {
    ...emailQuarantine,
    label: 'Quarantine email attachment',
    approveLabel: 'Approve Attachment Quarantine',
    entityTypes: ['emailCluster', 'email', 'file'],
  },
  // Its undo deletes the indicator again; there is no action type for that.
  blockUrl: { ...email, label: 'Block URL', approveLabel: 'Approve URL Block', undo: 'api', reversible: true, entityTypes: ['url'] },
  turnOffMailForwarding: {
    ...email,
    label: 'Turn off external mail forwarding',
    approveLabel: 'Approve Forwarding Removal',
    trigger: 'portal',
    reversible: true,
    entityTypes: ['mailbox', 'user'],
  },
  disableUser: {
    ...identity,
    label: 'Disable user',
    approveLabel: 'Approve User Disabling',
    undo: 'api',
    undoType: 'enableUser',
    reversible: true,
  },
  enableUser: {
    ...identity,
    label: 'Enable user',
    approveLabel: 'Approve User Enabling',
    undo: 'api',
    undoType: 'disableUser',
    reversible: true,
  },
  revokeSessions: { ...identity, label: 'Revoke sessions', approveLabel: 'Approve Session Revocation', risk: 'normal' },
  resetUserPassword: { ...identity, label: 'Reset user password', approveLabel: 'Approve Password Reset' },
  // Its undo dismisses the risk; there is no action type for that.
  confirmUserCompromised: {
    ...identity,
    label: 'Confirm user as compromised',
    approveLabel: 'Approve Compromised Status',
    undo: 'api',
    reversible: true,
  },
};

export const actionTypesOf = (workload: Workload): ActionType[] =>
  ActionType.options.filter((type) => catalogue[type].workload === workload);

export const sourceLabels: Record<ActionSource, string> = {
  manualDeviceAction: 'Manual device action',
  manualEmailAction: 'Manual email action',
  automatedDeviceAction: 'Automated device action',
  automatedEmailAction: 'Automated email action',
  advancedHuntingAction: 'Advanced hunting action',
  explorerAction: 'Explorer action',
  manualLiveResponseAction: 'Manual live response action',
  liveResponseAction: 'Live response action',
};

export const entityLabels: Record<EntityType, string> = {
  device: 'Device',
  file: 'File',
  process: 'Process',
  registryKey: 'Registry key',
  service: 'Service',
  driver: 'Driver',
  scheduledTask: 'Scheduled task',
  user: 'User',
  mailbox: 'Mailbox',
  email: 'Email',
  emailCluster: 'Email cluster',
  url: 'URL',
  ip: 'IP address',
};

export const statusLabels: Record<ActionStatus, string> = {
  pending: 'Pending',
  awaitingSecondApproval: 'Awaiting second approval',
  queued: 'Queued',
  inProgress: 'In progress',
  completed: 'Completed',
  partiallyCompleted: 'Partially completed',
  failed: 'Failed',
  timedOut: 'Timed out',
  cancelled: 'Cancelled',
  rejected: 'Rejected',
  expired: 'Expired',
  superseded: 'Superseded',
  decidedElsewhere: 'Decided elsewhere',
  undoQueued: 'Undo queued',
  undone: 'Undone',
};

export const severityLabels: Record<Severity, string> = { informational: 'Informational', low: 'Low', medium: 'Medium', high: 'High' };

/** `defenderWithoutMail`: Defender in a cloud where Microsoft offers no API that moves or deletes mail. */
export type BackendName = 'defender' | 'defenderWithoutMail' | 'simulator' | 'consumer';

const isMissing = (type: ActionType, backend: BackendName): boolean =>
  backend === 'defenderWithoutMail' && catalogue[type].byMailRemediation === true;

/** A customer's own consumer may know how to do anything; our own backends do only what a public API does. */
export function mayBeCarriedOut(type: ActionType, backend: BackendName): boolean {
  return backend === 'consumer' || (catalogue[type].trigger === 'api' && !isMissing(type, backend));
}

/** Whether this very action can be: some calls need more than the type says. */
export function mayCarryOut({ type, entities }: { type: ActionType; entities: readonly Entity[] }, backend: BackendName): boolean {
  if (!mayBeCarriedOut(type, backend)) return false;
  if (backend === 'simulator' || backend === 'consumer') return true;
  // A file is quarantined on devices, one call for each.
  if (type === 'stopAndQuarantineFile') return entities.some((entity) => entity.type === 'device');
  // A password is reset in Active Directory only, where accounts have a security identifier.
  return type !== 'resetUserPassword' || entities.every((entity) => entity.type !== 'user' || entity.sid !== undefined);
}

/** A customer's own consumer is not known to understand it. */
export const mayBeCancelled = (type: ActionType, backend: BackendName): boolean =>
  backend !== 'consumer' && catalogue[type].cancel === 'api';

/** The simulator also plays the opposite actions that in Defender only a person or a script could start, so that their undo can be tried out. */
export function mayBeReversed(type: ActionType, backend: BackendName): boolean {
  const { undo, undoType, reversible } = catalogue[type];
  if (backend === 'consumer') return reversible;
  if (isMissing(type, backend)) return false;
  return undo === 'api' || (backend === 'simulator' && undoType !== null);
}

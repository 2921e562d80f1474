/** Which action type goes where. The catalogue says what can be done; this says how, and a test holds the two together. */
import type { ActionType } from '../action-center/action.ts';

/** Calls about one device. `type` is what Defender calls the action then. */
export const machineCalls = {
  isolate: { path: 'isolate', type: 'Isolate', permission: 'Machine.Isolate', body: { IsolationType: 'Full' } },
  contain: { path: 'isolate', type: 'Isolate', permission: 'Machine.Isolate', body: { IsolationType: 'UnManagedDevice' } },
  unisolate: { path: 'unisolate', type: 'Unisolate', permission: 'Machine.Isolate', body: {} },
  restrict: { path: 'restrictCodeExecution', type: 'RestrictCodeExecution', permission: 'Machine.RestrictExecution', body: {} },
  unrestrict: { path: 'unrestrictCodeExecution', type: 'UnrestrictCodeExecution', permission: 'Machine.RestrictExecution', body: {} },
  scan: { path: 'runAntiVirusScan', type: 'RunAntiVirusScan', permission: 'Machine.Scan', body: { ScanType: 'Quick' } },
  collect: {
    path: 'collectInvestigationPackage',
    type: 'CollectInvestigationPackage',
    permission: 'Machine.CollectForensics',
    body: {},
  },
  quarantine: { path: 'StopAndQuarantineFile', type: 'StopAndQuarantineFile', permission: 'Machine.StopAndQuarantine', body: {} },
  offboard: { path: 'offboard', type: 'Offboard', permission: 'Machine.Offboard', body: {} },
} as const;
export type MachineCall = keyof typeof machineCalls;

export type MailMove = 'softDelete' | 'hardDelete' | 'moveToJunk' | 'moveToInbox' | 'moveToDeletedItems';
export type UserCall = 'disable' | 'enable' | 'revokeSessions' | 'confirmCompromised' | 'dismissRisk' | 'resetPassword';

/** `call` null: nothing of this kind is started from here; its opposite may be. */
type To<Kind extends string, Call> = { kind: Kind; call: Call | null; undo: Call | null };
export type Route = To<'machine', MachineCall> | To<'mail', MailMove> | To<'user', UserCall> | To<'url', 'block' | 'unblock'>;

const machine = (call: MachineCall | null, undo: MachineCall | null = null): Route => ({ kind: 'machine', call, undo });
const mail = (call: MailMove, undo: MailMove | null = 'moveToInbox'): Route => ({ kind: 'mail', call, undo });
const user = (call: UserCall, undo: UserCall | null = null): Route => ({ kind: 'user', call, undo });

export const routes: Partial<Record<ActionType, Route>> = {
  isolateDevice: machine('isolate', 'unisolate'),
  releaseIsolation: machine('unisolate', 'isolate'),
  containDevice: machine('contain'),
  restrictCodeExecution: machine('restrict', 'unrestrict'),
  releaseCodeExecution: machine('unrestrict', 'restrict'),
  runAntivirusScan: machine('scan'),
  collectInvestigationPackage: machine('collect'),
  stopAndQuarantineFile: machine('quarantine'),
  releaseFromQuarantine: machine(null, 'quarantine'),
  offboardMachine: machine('offboard'),
  softDeleteEmail: mail('softDelete'),
  hardDeleteEmail: mail('hardDelete', null),
  moveEmailToJunk: mail('moveToJunk'),
  moveEmailToInbox: mail('moveToInbox', 'moveToJunk'),
  moveEmailToDeletedItems: mail('moveToDeletedItems'),
  blockUrl: { kind: 'url', call: 'block', undo: 'unblock' },
  disableUser: user('disable', 'enable'),
  enableUser: user('enable', 'disable'),
  revokeSessions: user('revokeSessions'),
  resetUserPassword: user('resetPassword'),
  confirmUserCompromised: user('confirmCompromised', 'dismissRisk'),
};

import { randomUUID } from 'node:crypto';
import type {
  DefenderCall,
  DefenderFault,
  DefenderOptions,
  IndicatorRecord,
  MachineRecord,
  MachineStatus,
  SimulatedDevice,
} from './types.ts';

const CALLS = 50_000;
const PROBLEMS = 1000;

/** `ended`: what it came to stays, whatever becomes of the device. */
type Kept = Omit<MachineRecord, 'status'> & { ended: MachineStatus | null };

export type DefenderState = {
  options: DefenderOptions;
  now: () => number;
  devices: Map<string, SimulatedDevice>;
  actions: Map<string, Kept>;
  indicators: Map<string, IndicatorRecord>;
  /** When calls were made, the oldest first. */
  made: number[];
  faults: (DefenderFault & { left: number })[];
  calls: DefenderCall[];
  problems: string[];
  closing: AbortController;
};

export function createState(options: DefenderOptions): DefenderState {
  return {
    options,
    now: options.now ?? Date.now,
    devices: new Map((options.devices ?? []).map((device) => [device.id.toLowerCase(), { ...device }])),
    actions: new Map(),
    indicators: new Map(),
    made: [],
    faults: [],
    calls: [],
    problems: [],
    closing: new AbortController(),
  };
}

export function deviceOf({ devices, options }: DefenderState, id: string): SimulatedDevice | undefined {
  const key = id.toLowerCase();
  const known = devices.get(key);
  if (known !== undefined || options.knowsEveryDevice !== true || !/^[0-9a-f]{40}$/.test(key)) return known;
  const made: SimulatedDevice = { id: key, name: `device-${key.slice(0, 8)}.contoso.example` };
  devices.set(key, made);
  return made;
}

const OFFLINE_MS = 3 * 86_400_000;

/** Where an action stands follows from the time and from its device. */
function statusOf(state: DefenderState, action: Kept): MachineStatus {
  const status = action.ended ?? statusNow(state, action);
  if (isEnd(status)) action.ended = status;
  return status;
}

function statusNow(state: DefenderState, action: Kept): MachineStatus {
  if (action.cancelled !== null) return 'Cancelled';
  const { pendingMs = 200, runningMs = 800 } = state.options;
  const age = state.now() - action.createdAt;
  const device = deviceOf(state, action.machineId);
  if (device?.isOnline === false) return age > OFFLINE_MS ? 'TimeOut' : 'Pending';
  if (age < pendingMs) return 'Pending';
  if (age < pendingMs + runningMs) return 'InProgress';
  return device?.fails === true ? 'Failed' : 'Succeeded';
}

export const isEnd = (status: MachineStatus): boolean => status !== 'Pending' && status !== 'InProgress';

export function recordOf(state: DefenderState, action: Kept): MachineRecord {
  const { ended: _ended, ...told } = action;
  return { ...told, status: statusOf(state, action) };
}

/** Before it changes, what happened to it until now is settled. */
export function changeDevice(state: DefenderState, device: SimulatedDevice, changes: Partial<SimulatedDevice>): void {
  for (const action of state.actions.values()) if (action.machineId === device.id) statusOf(state, action);
  Object.assign(device, changes);
}

export function addAction(
  state: DefenderState,
  action: Pick<Kept, 'type' | 'machineId' | 'requestor' | 'comment' | 'scope' | 'file'> & { createdAt?: number },
): MachineRecord {
  const computerDnsName = deviceOf(state, action.machineId)?.name ?? '';
  const made = { createdAt: state.now(), ...action, id: randomUUID(), computerDnsName, cancelled: null, ended: null };
  state.actions.set(made.id, made);
  return recordOf(state, made);
}

const DECISION = /\[countersign (D-[0-9A-Z]{26})\]/;

/** `<decision> <type> <target>` -> how often. */
export function executionsOf(state: DefenderState): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { comment, type, machineId, file } of state.actions.values()) {
    const decision = DECISION.exec(comment)?.[1];
    const key = `${decision} ${type} ${machineId} ${file ?? ''}`.trim();
    if (decision !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The first fault that fits is spent on the call. */
export function takeFault(state: DefenderState, route: DefenderCall['route']): DefenderFault | undefined {
  const { random = Math.random } = state.options;
  const found = state.faults.find((fault) => (fault.route ?? route) === route && (fault.chance === undefined || random() < fault.chance));
  if (found === undefined) return undefined;
  found.left -= 1;
  state.faults = state.faults.filter(({ left }) => left > 0);
  return found;
}

export function addCall(state: DefenderState, call: DefenderCall): void {
  state.calls.push(call);
  if (state.calls.length > CALLS) state.calls.splice(0, state.calls.length - CALLS);
}

export function addProblem(state: DefenderState, problem: string): void {
  if (!state.closing.signal.aborted && state.problems.length < PROBLEMS) state.problems.push(problem);
}

// The words of the simulated Defender API (https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list).

/** Whom a token is for and what it may do; `permissions` null: everything. */
export type TokenHolder = { audience: string; permissions: readonly string[] | null; until: number };

export type DefenderOptions = {
  port?: number;
  /** The login service that gave a token out says what it is worth. */
  tokens: (token: string) => TokenHolder | undefined;
  now?: () => number;
  devices?: SimulatedDevice[];
  /** True: a device that was never heard of is there all the same. */
  knowsEveryDevice?: boolean;
  /** How long things take on a device that is online. */
  pendingMs?: number;
  runningMs?: number;
  /** Left out: Microsoft's own, 100 a minute and 1,500 an hour. */
  limits?: { perMinute: number; perHour: number };
  /** Files by SHA-256, for those who know no SHA-1. */
  files?: Record<string, string>;
  random?: () => number;
};

export type SimulatedDevice = {
  id: string;
  name: string;
  /** False: nothing reaches it until it comes online; after three days Defender gives up. */
  isOnline?: boolean;
  /** What it does with every action it gets. */
  fails?: boolean;
};

export type MachineStatus = 'Pending' | 'InProgress' | 'Succeeded' | 'Failed' | 'TimeOut' | 'Cancelled';
export type MachineRecord = {
  id: string;
  type: string;
  machineId: string;
  computerDnsName: string;
  requestor: string;
  comment: string;
  scope: string | null;
  file: string | null;
  createdAt: number;
  cancelled: { at: number; comment: string } | null;
  status: MachineStatus;
};
export type IndicatorRecord = {
  id: string;
  indicatorValue: string;
  indicatorType: string;
  action: string;
  title: string;
  description: string;
};

export type DefenderRoute = 'machineAction' | 'cancel' | 'machineActions' | 'machines' | 'files' | 'indicators';
export type DefenderCall = { route: DefenderRoute; method: string; path: string; at: number; status: number };

/** `lostAnswer` and `http500After`: it was done, and the caller does not learn it. `hang`: no answer and nothing done. */
export type DefenderFault = {
  route?: DefenderRoute;
  kind: 'throttle' | 'http500' | 'http503' | 'http403' | 'http401' | 'http500After' | 'lostAnswer' | 'reset' | 'hang' | 'garbage';
  retryAfterSeconds?: number;
  /** How many calls meet it; left out: all, until the faults are cleared. */
  times?: number;
  /** How likely a call meets it; left out: it does. */
  chance?: number;
};

export type DefenderWorld = {
  url: string;
  device(id: string): SimulatedDevice;
  change(id: string, changes: Partial<SimulatedDevice>): void;
  /** Every action there ever was, as it stands now. */
  machineActions(): MachineRecord[];
  /** An action that somebody starts in the portal. */
  startElsewhere(
    machineId: string,
    type: string,
    more?: Partial<Pick<MachineRecord, 'requestor' | 'comment' | 'scope' | 'file' | 'createdAt'>>,
  ): MachineRecord;
  indicators(): IndicatorRecord[];
  addIndicator(indicator: Omit<IndicatorRecord, 'id'>): IndicatorRecord;
  /** How often each decision was carried out on each target, by the decision ids in the comments. */
  executions(): Map<string, number>;
  faults: { add(fault: DefenderFault): void; clear(): void };
  calls: DefenderCall[];
  problems: string[];
  close(): Promise<void>;
};

// Alerts as Graph's security API lists them: https://learn.microsoft.com/graph/api/security-list-alerts_v2

/** As much of an alert as anybody here looks at; whatever else is in it is handed out as it is. */
export type SimulatedAlert = {
  id: string;
  title: string;
  severity: string;
  createdDateTime: string;
  lastUpdateDateTime: string;
  evidence: ({ '@odata.type': string; remediationStatus: string } & Record<string, unknown>)[];
} & Record<string, unknown>;

export const ALERT_FILTERS = ['createdDateTime', 'lastUpdateDateTime', 'severity', 'serviceSource', 'status'];

/** Values that came after the first release: shown only to those who say that they can read what they do not know. */
const LATER = new Set(['pendingApproval', 'declined', 'unremediated', 'running', 'partiallyRemediated']);
const KNOWN = new Set(['none', 'remediated', 'prevented', 'blocked', 'notFound', 'active']);

export function alertFor(alert: SimulatedAlert, knowsUnknown: boolean): SimulatedAlert {
  if (knowsUnknown) return alert;
  const evidence = alert.evidence.map((one) => {
    const isHidden = LATER.has(one.remediationStatus) || !KNOWN.has(one.remediationStatus);
    return isHidden ? { ...one, remediationStatus: 'unknownFutureValue' } : one;
  });
  return { ...alert, evidence };
}

export const readsUnknown = (prefer: string | string[] | undefined): boolean =>
  String(prefer ?? '').includes('include-unknown-enum-members');

const CALLS_PER_MINUTE = 150;

/** Seconds to wait; 0: the call counts and goes on. */
export function alertsWait(made: number[], now: number): number {
  while ((made[0] ?? now) <= now - 60_000) made.shift();
  if (made.length >= CALLS_PER_MINUTE) return Math.max(1, Math.ceil(((made[0] ?? now) + 60_000 - now) / 1000));
  made.push(now);
  return 0;
}

/** The source of what waits: alerts by the time they last changed. Their evidence says what waits for approval and what was dealt with. */
import type { Announced } from '../action-center/announce.ts';
import type { CloseDeps } from '../action-center/elsewhere.ts';
import { closeElsewhere } from '../action-center/elsewhere.ts';
import type { IngestStore } from '../action-center/ingest-ports.ts';
import { type Intake, isOpen } from '../action-center/intake.ts';
import type { Log } from '../action-center/ports.ts';
import { canonicalJson } from '../action-center/scope.ts';
import { type AlertReading, producer, readAlert } from './alert-actions.ts';
import { filtered } from './api.ts';
import type { Source, Taken } from './ingest.ts';

export type AlertDeps = {
  graphUrl: string;
  /** Of Entra: part of the keys. */
  entraTenantId: string;
  announce: (intake: Intake) => Promise<Announced>;
  marks: Pick<IngestStore, 'openByKeys'>;
  closing: CloseDeps;
  log: Log;
};

const minuteMs = 60_000;

export function alertSource(deps: AlertDeps): Source {
  return {
    name: 'alerts',
    api: 'graph',
    permission: 'SecurityAlert.Read.All',
    overlapMs: 10 * minuteMs,
    baseUrl: deps.graphUrl,
    // Without it the value that matters here, pendingApproval, is hidden.
    prefer: 'include-unknown-enum-members',
    pageSize: 50,
    first: (from, until, size) => {
      const filter = `lastUpdateDateTime ge ${from}${until === null ? '' : ` and lastUpdateDateTime lt ${until}`}`;
      return filtered('/v1.0/security/alerts_v2', filter, `&$top=${size}`);
    },
    after: () => null,
    take: (values, signal) => takeAlerts(deps, values, signal),
  };
}

async function takeAlerts(deps: AlertDeps, values: readonly unknown[], signal: AbortSignal): Promise<Taken> {
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  const readings = values.flatMap((value) => readAlert(value, deps.entraTenantId) ?? []);
  count('alerts', readings.length);
  if (readings.length < values.length) {
    count('unreadable', values.length - readings.length);
    deps.log.warn({ count: values.length - readings.length }, 'alerts that cannot be read were passed over; Defender shows them');
  }
  let newest: string | null = null;
  for (const { alert, reading } of readings) {
    signal.throwIfAborted();
    if (newest === null || alert.lastUpdateDateTime > newest) newest = alert.lastUpdateDateTime;
    for (const intake of reading.pending) count(await announceOne(deps, intake));
    if (reading.passedOver.length > 0) {
      count('passedOver', reading.passedOver.length);
      const kinds = [...new Set(reading.passedOver)];
      deps.log.warn({ alertId: alert.id, kinds }, 'something in Defender waits for approval that cannot become a card; decide there');
    }
  }
  count('decidedElsewhere', await closeDealtWith(deps, readings));
  return { newest, counts };
}

/** A poll that brings another scope under the same key is a newer revision; any other difference changes nothing for whoever decides. */
async function announceOne({ announce, log }: AlertDeps, intake: Intake): Promise<string> {
  const announced = await announce(intake);
  if (announced.kind === 'conflict' && announced.why === 'content') {
    const { action } = announced;
    const isSame = canonicalJson(action.entities) === canonicalJson(intake.entities) && action.type === intake.type;
    if (isSame || !isOpen(action)) return 'known';
    return (await announce({ ...intake, revision: (action.revision ?? 1) + 1 })).kind;
  }
  if (announced.kind !== 'invalid') return announced.kind;
  // Its seven days are over: Defender has let it go, or is about to.
  const isLate = announced.issues.every(({ path }) => path === 'expiresAt');
  if (!isLate)
    log.warn({ alertId: intake.alertId, paths: announced.issues.map(({ path }) => path) }, 'an action found in Defender was refused');
  return isLate ? 'late' : 'invalid';
}

async function closeDealtWith({ marks, closing }: AlertDeps, readings: readonly { alert: { id: string }; reading: AlertReading }[]) {
  const dealtWith = new Map(
    readings.flatMap(({ alert, reading }) => [...reading.dealtWith].map(([key, state]) => [key, { state, alertId: alert.id }] as const)),
  );
  let closed = 0;
  for (const action of await marks.openByKeys(producer, [...dealtWith.keys()])) {
    const said = dealtWith.get(action.key);
    if (said === undefined) continue;
    const { state, alertId } = said;
    if (await closeElsewhere(closing, action, { state, by: null, reference: { alertId } })) closed += 1;
  }
  return closed;
}

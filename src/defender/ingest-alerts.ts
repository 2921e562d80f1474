/** The source of what waits: alerts by the time they last changed. Their evidence says what waits for approval and what was dealt with. */
import type { Announced } from '../action-center/announce.ts';
import type { CloseDeps } from '../action-center/elsewhere.ts';
import { closeElsewhere } from '../action-center/elsewhere.ts';
import type { IngestStore, RelatedActions } from '../action-center/ingest-ports.ts';
import { type Intake, isOpen, type RemediationAction } from '../action-center/intake.ts';
import type { Clock, Log } from '../action-center/ports.ts';
import { canonicalJson } from '../action-center/scope.ts';
import { isAirKey } from './air-actions.ts';
import { type AlertReading, producer, readAlert } from './alert-actions.ts';
import { newTally, resultOf } from './announce-found.ts';
import { filtered } from './api.ts';
import type { Source, Taken } from './ingest.ts';
import { isAskedBy, sameness } from './same-thing.ts';
import { relatedTo } from './take-air.ts';

export type AlertDeps = {
  graphUrl: string;
  /** Of Entra: part of the keys. */
  entraTenantId: string;
  announce: (intake: Intake) => Promise<Announced>;
  marks: Pick<IngestStore, 'openByKeys'>;
  /** Null: nothing but alerts tells of what waits. */
  findings: RelatedActions | null;
  closing: CloseDeps;
  now: Clock;
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
  const { counts, count } = newTally();
  const readings = values.flatMap((value) => readAlert(value, deps.entraTenantId) ?? []);
  count('alerts', readings.length);
  if (readings.length < values.length) {
    count('unreadable', values.length - readings.length);
    deps.log.warn({ count: values.length - readings.length }, 'alerts that cannot be read were passed over; Defender shows them');
  }
  const investigated = await toldByInvestigations(deps, readings);
  let newest: string | null = null;
  for (const { alert, reading } of readings) {
    signal.throwIfAborted();
    if (newest === null || alert.lastUpdateDateTime > newest) newest = alert.lastUpdateDateTime;
    for (const intake of reading.pending) count(isTold(investigated, intake) ? 'toldAlready' : await announceOne(deps, intake));
    if (reading.passedOver.length > 0) {
      count('passedOver', reading.passedOver.length);
      const kinds = [...new Set(reading.passedOver)];
      deps.log.warn({ alertId: alert.id, kinds }, 'something in Defender waits for approval that cannot become a card; decide there');
    }
  }
  count('decidedElsewhere', await closeDealtWith(deps, readings, investigated));
  return { newest, counts };
}

type Read = { alert: { id: string }; reading: AlertReading };

/** Everything here that is or may be what these alerts tell of; empty where nobody else tells of it. */
async function toldByInvestigations({ findings, now }: AlertDeps, readings: readonly Read[]): Promise<RemediationAction[]> {
  if (findings === null) return [];
  const drafts = readings.flatMap(({ reading }) => [...reading.pending, ...reading.ended()]);
  return drafts.length === 0 ? [] : relatedTo({ findings, now }, drafts);
}

/** By an investigation, and not by this evidence as well. */
const isTold = (investigated: readonly RemediationAction[], intake: Intake): boolean =>
  !investigated.some(({ key }) => key === intake.id) && investigated.some((one) => isAirKey(one.key) && isAskedBy(one, intake));

/** A poll that brings another scope under the same key is a newer revision; any other difference changes nothing for whoever decides. */
async function announceOne({ announce, log }: AlertDeps, intake: Intake): Promise<string> {
  const announced = await announce(intake);
  if (announced.kind === 'conflict' && announced.why === 'content') {
    const { action } = announced;
    const isSame = canonicalJson(action.entities) === canonicalJson(intake.entities) && action.type === intake.type;
    if (isSame || !isOpen(action)) return 'known';
    return (await announce({ ...intake, revision: (action.revision ?? 1) + 1 })).kind;
  }
  return resultOf(announced, intake, log);
}

async function closeDealtWith({ marks, closing }: AlertDeps, readings: readonly Read[], investigated: readonly RemediationAction[]) {
  const dealtWith = new Map(
    readings.flatMap(({ alert, reading }) => [...reading.dealtWith].map(([key, state]) => [key, { state, alertId: alert.id }] as const)),
  );
  let closed = 0;
  const close = async (action: RemediationAction, key: string): Promise<void> => {
    const said = dealtWith.get(key);
    if (said === undefined) return;
    const { state, alertId } = said;
    if (await closeElsewhere(closing, action, { state, by: null, reference: { alertId } })) closed += 1;
  };
  for (const action of await marks.openByKeys(producer, [...dealtWith.keys()])) await close(action, action.key);
  const open = investigated.filter((one) => isAirKey(one.key) && isOpen(one));
  if (open.length === 0) return closed;
  for (const draft of readings.flatMap(({ reading }) => reading.ended())) {
    const same = open.find((one) => sameness(one, draft) === 2);
    if (same !== undefined) await close(same, draft.id);
  }
  return closed;
}

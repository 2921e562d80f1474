/**
 * Stores what investigations tell. One card for one thing to decide: an action that an alert's evidence brought already is not told again, and
 * closes when its investigation says that it was dealt with. What was dealt with before it was ever seen is in History, which also keeps an older
 * record of it, read later, from opening a card.
 */
import type { Announced } from '../action-center/announce.ts';
import { type CloseDeps, closeElsewhere, fileElsewhere } from '../action-center/elsewhere.ts';
import type { RelatedActions } from '../action-center/ingest-ports.ts';
import { type Intake, isOpen, type RemediationAction } from '../action-center/intake.ts';
import type { Clock, Log } from '../action-center/ports.ts';
import { canonicalJson } from '../action-center/scope.ts';
import { type AirReading, type AirSettings, isAirKey, readAirActions } from './air-actions.ts';
import { type AirRecord, readAirRecord } from './air-records.ts';
import { producer } from './alert-actions.ts';
import { newTally, resultOf, type Tally } from './announce-found.ts';
import { isAskedBy, namesIn, sameness } from './same-thing.ts';

export type AirDeps = AirSettings & {
  announce: (intake: Intake) => Promise<Announced>;
  filing: Parameters<typeof fileElsewhere>[0];
  findings: RelatedActions;
  closing: CloseDeps;
  now: Clock;
  log: Log;
};

/** Longer than anything waits there. */
const relatedForMs = 8 * 86_400_000;
const sinceOf = (now: Clock): string => new Date(now().getTime() - relatedForMs).toISOString();

export async function takeAir(deps: AirDeps, values: readonly unknown[], signal: AbortSignal): Promise<Record<string, number>> {
  const tally = newTally();
  const records = values.flatMap((value) => readAirRecord(value) ?? []);
  tally.count('investigations', records.length);
  if (records.length < values.length) {
    tally.count('unreadable', values.length - records.length);
    deps.log.warn({ count: values.length - records.length }, 'investigations that cannot be read were passed over; Defender shows them');
  }
  const readings = newestOf(records).flatMap((record) => readAirActions(record, deps));
  tellPassedOver(deps.log, readings, tally);
  const known = await relatedTo(
    deps,
    readings.flatMap(({ intake }) => intake ?? []),
  );
  for (const reading of readings) {
    signal.throwIfAborted();
    const { intake, standing } = reading;
    if (intake === null || standing === null) continue;
    tally.count(standing === 'waiting' ? await announceOne(deps, intake, known) : await endOne(deps, { ...reading, intake }, known));
  }
  return tally.counts;
}

/** Everything in the record that may be the same as one of these. */
export async function relatedTo(
  { findings, now }: Pick<AirDeps, 'findings' | 'now'>,
  drafts: readonly Intake[],
): Promise<RemediationAction[]> {
  const sought = {
    types: [...new Set(drafts.map(({ type }) => type))],
    keys: drafts.map(({ id }) => id),
    investigationIds: [...new Set(drafts.flatMap(({ investigationId }) => investigationId ?? []))],
    names: namesIn(drafts),
  };
  return findings.related(producer, sought, sinceOf(now));
}

/** Each record tells the whole of its investigation. */
function newestOf(records: readonly AirRecord[]): AirRecord[] {
  const newest = new Map<string, AirRecord>();
  for (const record of records) {
    const id = record.investigationId.toLowerCase();
    if (record.at >= (newest.get(id)?.at ?? '')) newest.set(id, record);
  }
  return [...newest.values()];
}

function tellPassedOver(log: Log, readings: readonly AirReading[], tally: Tally): void {
  const passedOver = readings.filter(({ intake, standing }) => standing === null || (intake === null && standing === 'waiting'));
  if (passedOver.length === 0) return;
  tally.count('passedOver', passedOver.length);
  const kinds = [...new Set(passedOver.map(({ type, status }) => `${type}: ${status}`))].slice(0, 20);
  log.warn({ kinds }, 'actions of investigations that are not understood were passed over; decide in Defender');
}

async function announceOne({ announce, log }: AirDeps, intake: Intake, known: RemediationAction[]): Promise<string> {
  const own = known.find(({ key }) => key === intake.id);
  if (own !== undefined) {
    const isSame = canonicalJson(own.entities) === canonicalJson(intake.entities) && own.type === intake.type;
    // An older record is refused by its revision.
    if (isSame || !isOpen(own)) return 'known';
  } else if (known.some((other) => !isAirKey(other.key) && isAskedBy(other, intake))) return 'toldAlready';
  const announced = await announce(intake);
  if (announced.kind === 'accepted') known.unshift(announced.action);
  return resultOf(announced, intake, log);
}

async function endOne({ closing, filing }: AirDeps, reading: AirReading & { intake: Intake }, known: RemediationAction[]): Promise<string> {
  const { key, intake, said, at } = reading;
  const asked = known.find((one) => one.key === key) ?? closestOf(known, intake);
  if (asked !== undefined) return isOpen(asked) && (await closeElsewhere(closing, asked, said)) ? 'decidedElsewhere' : 'known';
  return fileElsewhere(filing, intake, { ...said, at });
}

/** Evidence of the same thing: exactly the same one before the same cluster at another time, and of those the one that is nearest in size. */
function closestOf(known: readonly RemediationAction[], intake: Intake): RemediationAction | undefined {
  const size = namesIn([intake]).length;
  const ranked = known
    .filter(({ key }) => !isAirKey(key))
    .map((action) => ({ action, same: sameness(action, intake), off: Math.abs(namesIn([action]).length - size) }))
    .filter(({ same }) => same > 0)
    .sort((one, other) => other.same - one.same || one.off - other.off);
  return ranked[0]?.action;
}

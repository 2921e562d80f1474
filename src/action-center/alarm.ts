/** Flow: what operators have to hear of. Somebody who tries again and again without the authority, and approvals and undos that came to nothing, or only in part. */
import type { RemediationAction } from './intake.ts';
import type { AlarmStore, AuditEvent, CardTarget, Clock, Suspect } from './ports.ts';
import { triesWithoutAuthority } from './refusal.ts';

export type AlarmDeps = {
  alarms: AlarmStore;
  /** Where operators read them; without any they are in the record, the log and the metrics. */
  targets: readonly CardTarget[];
  now: Clock;
  /** Told of every alarm that was raised. */
  raised: (event: AuditEvent) => void;
  poke: () => void;
};

/** So many refused tries of one person within this time are an alarm, and one an hour is enough. */
const manyTries = 5;
const triesWithinMs = 600_000;
const quietMs = 3_600_000;
/** What failed longer ago than this was told of, or is history. */
const failedWithinMs = 86_400_000;
const batch = 20;
/** More at one look are told in one message. */
const fewFailures = 3;

export async function raiseAlarms(deps: AlarmDeps): Promise<number> {
  const count = (await raiseRefusals(deps)) + (await raiseFailures(deps));
  if (count > 0) deps.poke();
  return count;
}

async function raiseRefusals(deps: AlarmDeps): Promise<number> {
  const now = deps.now().getTime();
  const quietSince = ago(now, quietMs);
  const asked = { refusals: triesWithoutAuthority, since: ago(now, triesWithinMs), atLeast: manyTries, quietSince, limit: batch };
  let count = 0;
  for (const suspect of await deps.alarms.suspects(asked)) {
    const event = refusedEvent(suspect, new Date(now).toISOString());
    const alarm = { subject: `refusals:${suspect.subject}`, actionId: null, event };
    if (await deps.alarms.raise(alarm, deps.targets, quietSince)) {
      deps.raised(event);
      count += 1;
    }
  }
  return count;
}

function refusedEvent({ subject, isPerson, accounts, upn, count, lastAt, lastActionId }: Suspect, at: string): AuditEvent {
  const data = { alarm: 'refusals', subject, accounts, upn, count, withinMs: triesWithinMs, lastAt, lastActionId };
  return { kind: 'alarm', at, actorId: isPerson ? subject : null, data };
}

async function raiseFailures(deps: AlarmDeps): Promise<number> {
  const now = deps.now();
  let count = 0;
  const failed = await deps.alarms.failedSince(ago(now.getTime(), failedWithinMs), batch);
  const isStorm = failed.length > fewFailures;
  for (const [index, action] of failed.entries()) {
    // In a storm the first one speaks for all of this look; each is in the record and in the log.
    const event = failedEvent(action, { at: now.toISOString(), others: isStorm && index === 0 ? failed.length - 1 : 0 });
    const targets = isStorm && index > 0 ? [] : deps.targets;
    const alarm = { subject: `failed:${action.decision?.decisionId ?? action.id}`, actionId: action.id, event };
    if (await deps.alarms.raise(alarm, targets, null)) {
      deps.raised(event);
      count += 1;
    }
  }
  return count;
}

type Told = { at: string; others: number };

function failedEvent({ id, status, decision, outcome }: RemediationAction, { at, others }: Told): AuditEvent {
  const data = {
    alarm: 'failed',
    actionId: id,
    status: status === 'completed' ? 'undoFailed' : status,
    decisionId: decision?.decisionId ?? null,
    message: outcome?.message ?? null,
    others,
  };
  return { kind: 'alarm', at, actorId: null, data };
}

const ago = (now: number, ms: number): string => new Date(now - ms).toISOString();

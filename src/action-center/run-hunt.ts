/** Flow: somebody runs Go hunt from here. Readers only; one run of an action at a time; the answer goes under its cards, and the record says who asked what. */
import { ActionId } from './action.ts';
import { fullHunt, huntQuery, isTooOldToHunt } from './hunt.ts';
import { mostRowsOf } from './hunt-queries.ts';
import { resultOf, tableOf } from './hunt-table.ts';
import { timelineOf } from './hunt-timeline.ts';
import {
  type HuntAnswer,
  type HuntEnd,
  HuntError,
  type Hunting,
  type HuntRun,
  type HuntStore,
  type HuntTrouble,
  type Lease,
} from './hunting.ts';
import { type Asker, type LookUpRefusal, readerFor } from './look-up.ts';
import type { ActionStore, AuditEvent, Clock, Directory } from './ports.ts';
import { ok, type Result, refuse } from './refusal.ts';

export type RunHuntDeps = {
  store: Pick<ActionStore, 'get' | 'note'>;
  hunts: HuntStore;
  hunting: Hunting | null;
  directory: Directory;
  sha256: (text: string) => string;
  newHuntId: () => string;
  now: Clock;
  holder: string;
};

/** `actionId`: as it was typed, or came back with a press. */
export type AskedHunt = Asker & { actionId: string };

export type HuntRefusal =
  | LookUpRefusal
  | { kind: 'not-found' }
  | { kind: 'hunting-off' }
  | { kind: 'nothing-to-hunt'; tooOld: boolean }
  | { kind: 'no-card-to-answer-under' }
  | { kind: 'hunt-running' }
  | { kind: 'hunt-just-answered' }
  | { kind: 'too-many-hunts' };

/** A second press within this time finds the answer in the thread. */
const quietMs = 15_000;
const mostOfOne = 2;
/** Renewed while the query runs, so that a bot that died is followed soon. */
const huntLeaseMs = 20_000;
/** After so many bots died with it nobody tries again. */
const mostAttempts = 3;
/** Defender itself gives up after 180 s. */
const deadlineMs = 100_000;
const timespan = 'P30D';

export async function beginHunt(deps: RunHuntDeps, asked: AskedHunt): Promise<Result<HuntRun, HuntRefusal>> {
  const { store, now } = deps;
  const reader = await readerFor(deps, { ...asked, tab: 'history', verb: 'hunt' });
  if (!reader.ok) return reader;
  const actionId = ActionId.safeParse(asked.actionId).data;
  const action = actionId === undefined ? null : await store.get(actionId);
  if (action === null) return refuse({ kind: 'not-found' });
  if (deps.hunting === null || !deps.hunting.isOn()) return refuse({ kind: 'hunting-off' });
  const hunt = huntQuery(action, now(), fullHunt);
  if (hunt === null) return refuse({ kind: 'nothing-to-hunt', tooOld: isTooOldToHunt(action.requestedAt, now()) });
  const { by, platform, clickId } = asked;
  const { entraId, displayName } = reader.value;
  const startedAt = now().toISOString();
  const run = {
    id: deps.newHuntId(),
    actionId: action.id,
    entraId,
    askedBy: displayName,
    by,
    platform,
    query: hunt.query,
    timespan,
    startedAt,
  };
  const data = { standing: 'begun', huntId: run.id, query: deps.sha256(hunt.query), by, platform, clickId };
  const event: AuditEvent = { kind: 'hunted', at: startedAt, actorId: entraId, data };
  const lease = { holder: deps.holder, now: now().getTime(), leaseMs: huntLeaseMs };
  const begun = await deps.hunts.begin(run, event, { mostOfOne, quietMs }, lease);
  if (begun === 'begun') return ok({ ...run, attempts: 1 });
  const refusals = {
    'no-card': 'no-card-to-answer-under',
    running: 'hunt-running',
    'just-answered': 'hunt-just-answered',
    'too-many': 'too-many-hunts',
  } as const;
  return refuse({ kind: refusals[begun] });
}

/** How a run ended. `rows`: how many came back; `hasFile`: not all of it fits under a card; `kept`: rows in the file. */
export type HuntEnded = { trouble: HuntTrouble | 'interrupted' | null; rows: number; hasFile: boolean; kept: number };

/** `handsOver`: whoever asked waits in a chat of this bot, which can give them the file. */
type Carrying = { stopping: AbortSignal; handsOver: boolean };

/** One that nobody holds any more: its bot died, or stopped. */
export const claimHunt = ({ hunts, holder, now }: RunHuntDeps): Promise<HuntRun | null> =>
  hunts.claim({ holder, now: now().getTime(), leaseMs: huntLeaseMs });

/** Runs it to its end, which is told under every card. Null: somebody else has it, or it was stopped and is left for the next bot. */
export async function carryOutHunt(deps: RunHuntDeps, run: HuntRun, { stopping, handsOver }: Carrying): Promise<HuntEnded | null> {
  if (run.attempts > mostAttempts) return end(deps, run, { trouble: 'interrupted' });
  const lost = new AbortController();
  const renewal = setInterval(() => void renew(deps, run, lost), huntLeaseMs / 4);
  const signal = AbortSignal.any([stopping, lost.signal, AbortSignal.timeout(deadlineMs)]);
  try {
    if (deps.hunting === null) return await end(deps, run, { trouble: 'not-allowed' });
    const answer = await deps.hunting.run(run.query, { timespan: run.timespan, for: 'person' }, signal);
    return await end(deps, run, { answer, handsOver });
  } catch (error) {
    if (lost.signal.aborted) return null;
    if (stopping.aborted) {
      await deps.hunts.release(run.id, deps.holder);
      return null;
    }
    if (!(error instanceof HuntError)) throw error;
    return await end(deps, run, { trouble: error.trouble });
  } finally {
    clearInterval(renewal);
  }
}

/** While the record does not answer the lease may run out; then another bot asks the same, and one answer is told. */
async function renew({ hunts, now, holder }: RunHuntDeps, { id }: HuntRun, lost: AbortController): Promise<void> {
  const lease: Lease = { holder, now: now().getTime(), leaseMs: huntLeaseMs };
  const isMine = await hunts.renew(id, lease).catch(() => true);
  if (!isMine) lost.abort();
}

type How = { answer: HuntAnswer; handsOver: boolean } | { trouble: NonNullable<HuntEnded['trouble']> };

async function end(deps: RunHuntDeps, run: HuntRun, how: How): Promise<HuntEnded | null> {
  const at = deps.now().toISOString();
  const trouble = 'trouble' in how ? how.trouble : null;
  const answer = 'answer' in how ? how.answer : { columns: [], rows: [], truncated: false };
  const table = tableOf(answer);
  const hasFile = answer.rows.length > table.rows.length || answer.columns.length > table.columns.length;
  const kept = hasFile ? resultOf(answer) : null;
  const isHanded = kept !== null && 'handsOver' in how && how.handsOver;
  const truncated = answer.truncated || (kept !== null && kept.rows.length < answer.rows.length);
  const counts = {
    huntId: run.id,
    standing: trouble ?? (answer.rows.length === 0 ? 'no-rows' : 'answered'),
    rows: answer.rows.length,
    truncated,
  };
  const { by, platform, askedBy, entraId } = run;
  const event = (data: object): AuditEvent => ({ kind: 'hunted', at, actorId: entraId, data: { ...counts, ...data } });
  const ended: HuntEnd = {
    at,
    audit: event({ query: deps.sha256(run.query), by, platform }),
    note: event({
      askedBy,
      columns: table.columns,
      cells: table.rows,
      hasFile: kept !== null,
      isHanded,
      isFull: answer.rows.length >= mostRowsOf(run.query),
      timeline: timelineOf(answer),
    }),
    result: kept,
  };
  return (await deps.hunts.end(run.id, ended)) ? { trouble, rows: answer.rows.length, hasFile, kept: kept?.rows.length ?? 0 } : null;
}

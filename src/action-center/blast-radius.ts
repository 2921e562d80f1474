/**
 * How far something has spread, told before anybody decides about it: devices with the file, messages of the cluster, clicks on the address. Asked
 * of Advanced hunting once, in the background, and never waited for.
 */
import { z } from 'zod';
import type { ActionId } from './action.ts';
import { blastRadiusQuery } from './blast-radius-queries.ts';
import { type HuntedAction, mostTelling, wellFormed } from './hunt.ts';
import { type HuntAnswer, HuntError, type Hunting, type HuntTrouble, type Lease } from './hunting.ts';
import { isOpen, type RemediationAction } from './intake.ts';

const count = z.int().min(0);
const seen = z.iso.datetime({ offset: true }).nullable();

/** `atLeast`: not everything the action names was asked about. */
export const BlastRadius = z.discriminatedUnion('of', [
  z.object({ of: z.literal('file'), days: count, devices: count, firstSeen: seen, lastSeen: seen }),
  z.object({ of: z.literal('messages'), days: count, messages: count, recipients: count, delivered: count, atLeast: z.boolean() }),
  z.object({ of: z.literal('mailbox'), days: count, messages: count, threats: count }),
  z.object({ of: z.literal('url'), days: count, messages: count, clicks: count, people: count }),
  z.object({ of: z.literal('ip'), days: count, devices: count, connections: count }),
  z.object({ of: z.literal('device'), days: count, people: count, signIns: count, atLeast: z.boolean() }),
  z.object({ of: z.literal('user'), days: count, signIns: count, addresses: count }),
]);
export type BlastRadius = z.infer<typeof BlastRadius>;

/** What Defender counted, in one row; null: not in a shape that says anything. */
function readBlastRadius(
  of: BlastRadius['of'],
  facts: { days: number; atLeast: boolean },
  { columns, rows }: HuntAnswer,
): BlastRadius | null {
  const [row = []] = rows;
  const told = Object.fromEntries(columns.map(({ name }, at) => [`${name.charAt(0).toLowerCase()}${name.slice(1)}`, readCell(row[at])]));
  return BlastRadius.safeParse({ ...told, ...facts, of }).data ?? null;
}

/** Counts may come as text; the time of nothing comes empty. */
const readCell = (value: unknown): unknown => {
  if (value === '' || value === undefined) return null;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
};

/** The query for this action; null: nothing in it can be counted. */
export function blastRadiusAsk(action: Pick<HuntedAction, 'type' | 'entities'>) {
  const entities = wellFormed(action.entities);
  const best = mostTelling(action, entities);
  return best === undefined ? null : blastRadiusQuery(best, entities);
}

export type WaitingEvidence = { actionId: ActionId; attempts: number };

/** What is known of how far things have spread, one row an action. Throws UpstreamError{service:'store'} without an answer. */
export interface EvidenceStore {
  /** Takes in open actions whose card is posted and that were never asked about: the newest first, few at a time, and no more than a bounded number waits. */
  takeIn(times: { now: string; since: string; limit: number }): Promise<number>;
  /** The next one to ask about, held by this bot. */
  claim(lease: Lease): Promise<WaitingEvidence | null>;
  /** Kept; its cards are drawn again. Null: there is nothing to show, and nobody asks again. */
  keep(actionId: ActionId, found: BlastRadius | null, at: string): Promise<void>;
  later(actionId: ActionId, at: string): Promise<void>;
  /** Asked anew, if it was asked before. */
  refresh(actionId: ActionId, at: string): Promise<void>;
  get(actionId: ActionId): Promise<BlastRadius | null>;
  /** Cards that are posted and do not show what was found are due again; those being drawn right now the next time. */
  redraw(now: string): Promise<number>;
}

export type EvidenceDeps = {
  evidence: EvidenceStore;
  store: { get(id: ActionId): Promise<RemediationAction | null> };
  hunting: Hunting;
  now: () => Date;
  holder: string;
  /** Told of what could not be asked; it is passed over or tried later. */
  troubled: (actionId: ActionId, trouble: HuntTrouble) => void;
};

const deadlineMs = 45_000;
const leaseMs = 60_000;
/** Pauses for want of room count too. */
const mostAttempts = 6;
const firstPauseMs = 3000;
const timespan = 'P30D';
const recentMs = 3_600_000;
const taken = 20;

/** One pass: takes in what is new, asks about one action, and has the cards drawn that show less than is known. `more`: there may be more to ask. */
export async function gatherEvidence(deps: EvidenceDeps, stopping: AbortSignal): Promise<{ more: boolean; redrawn: number }> {
  const { evidence, now, holder } = deps;
  const at = now();
  await evidence.takeIn({ now: at.toISOString(), since: new Date(at.getTime() - recentMs).toISOString(), limit: taken });
  const waiting = await evidence.claim({ holder, now: at.getTime(), leaseMs });
  const asked = waiting !== null && (await askAbout(deps, waiting, stopping));
  return { more: asked, redrawn: await evidence.redraw(now().toISOString()) };
}

/** False: there is no room for more questions now. What nobody decides any more is passed over. */
async function askAbout(deps: EvidenceDeps, { actionId, attempts }: WaitingEvidence, stopping: AbortSignal): Promise<boolean> {
  const { evidence, hunting, now } = deps;
  const keep = (found: BlastRadius | null) => evidence.keep(actionId, found, now().toISOString());
  const action = await deps.store.get(actionId);
  const ask = action !== null && isOpen(action) ? blastRadiusAsk(action) : null;
  if (ask === null) {
    await keep(null);
    return true;
  }
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(deadlineMs)]);
    const answer = await hunting.run(ask.query, { timespan, for: 'background' }, signal);
    await keep(readBlastRadius(ask.of, ask.facts, answer));
    return true;
  } catch (error) {
    if (!(error instanceof HuntError)) throw error;
    return failed(deps, { actionId, attempts }, error, stopping);
  }
}

async function failed(
  deps: EvidenceDeps,
  { actionId, attempts }: WaitingEvidence,
  error: HuntError,
  stopping: AbortSignal,
): Promise<boolean> {
  const { evidence, now, troubled } = deps;
  const { trouble, retryAfterMs } = error;
  const later = (ms: number) => evidence.later(actionId, new Date(now().getTime() + ms).toISOString());
  if (stopping.aborted) {
    await later(0);
    return false;
  }
  if (trouble === 'busy') {
    await later(retryAfterMs ?? firstPauseMs);
    return false;
  }
  troubled(actionId, trouble);
  const isHopeless = trouble === 'not-taken' || trouble === 'too-large' || attempts >= mostAttempts;
  if (isHopeless) await evidence.keep(actionId, null, now().toISOString());
  else await later(firstPauseMs * 2 ** attempts);
  return trouble !== 'not-allowed';
}

/**
 * Makes posted messages equal to the store, within each platform's limits. One pass takes what differs, draws it from the record and posts or
 * updates it; many changes of one card become one update. A failed call is tried again later and never undoes a decision.
 */
import { UpstreamError } from '../action-center/errors.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { isOpen } from '../action-center/intake.ts';
import type { ActionStore, CardRow, CardStore, Lanes } from '../action-center/ports.ts';
import { isReminder } from '../action-center/reminders.ts';
import type { Card } from './card.ts';
import { type LaneUse, type Place, type Surface, SurfaceError } from './surface.ts';

export type ReconcileDeps = {
  surface: Surface;
  cards: CardStore;
  lanes: Lanes;
  store: Pick<ActionStore, 'get'>;
  /** `action` is null only for a notice that is about none. */
  draw: (row: CardRow, action: RemediationAction | null) => Card | Promise<Card>;
  /** By its card's id; null: it is gone. */
  drawDigest: (id: string) => Promise<Card | null>;
  /** The card of a batch, by the batch's id; null: it is gone. */
  drawBatch: (id: string) => Promise<{ card: Card; version: number; isRunning: boolean } | null>;
  /** A reminder as it is true now; `total` 0: nothing of what it reminds of waits any more. */
  drawReminder: (row: CardRow) => Promise<{ card: Card; total: number }>;
  /** The card of a group, in the same way; it runs while it stands for something open, or may soon. */
  drawGroup: ReconcileDeps['drawBatch'];
  now: () => number;
  holder: string;
  resting: Resting;
  /** Told about every shown card and every trouble, for metrics and the log. */
  tell: (event: ReconcileEvent) => void;
};

export type ReconcileEvent =
  | { kind: 'shown'; row: CardRow; what: 'post' | 'update' }
  | { kind: 'trouble'; row: CardRow; trouble: SurfaceError['trouble']; error: SurfaceError }
  /** A bug of ours: it could not be drawn, or not be written. */
  | { kind: 'broken'; row: CardRow; error: unknown };

/** Where the platform wants a pause, and until when (ms since epoch). One bot's memory of what the shared lanes said: it only saves asking. */
export type Resting = Map<string, number>;

/** `nextInMs`: when to look again, if that is sooner than the beat; null when nothing waits. */
export type Pass = { shown: number; nextInMs: number | null };

type What = 'post' | 'update';
const batch = 25;
/** Longer than any single call to the platform, so that no two bots ever write the same message. */
const leaseMs = 30_000;
/** No card is begun later than this after it was claimed: a slow platform must not use up the lease of those further back in the queue. */
const beginWithinMs = 5000;
/** What was not begun by then is free: a bot was killed, or stood still. Above `beginWithinMs` by the time a card takes to be drawn. */
const beginMs = 10_000;
const unreachableMs = 600_000;
const dayMs = 86_400_000;
/** The next try may be about another picture: what is refused or broken is not left alone for long at first. */
const brokenMs = 30_000;
const brokenMostMs = 3_600_000;
/** So often a card waits for the one that it belongs under. */
const underTries = 3;
const underGoneMs = 30_000;

export async function reconcile(deps: ReconcileDeps): Promise<Pass> {
  // Updates and posts are limited separately by the platforms, so a storm of new cards never holds back what was decided.
  const passes = await Promise.all([reconcileSome(deps, 'post'), reconcileSome(deps, 'update')]);
  const waits = passes.flatMap(({ nextInMs }) => (nextInMs === null ? [] : [nextInMs]));
  return { shown: passes.reduce((sum, { shown }) => sum + shown, 0), nextInMs: waits.length > 0 ? Math.min(...waits) : null };
}

async function reconcileSome(deps: ReconcileDeps, what: What): Promise<Pass> {
  const { platform } = deps.surface;
  const except = resting(deps, what);
  const rows = await deps.cards.claimDue({ platform, what, holder: deps.holder, now: deps.now(), leaseMs, beginMs, limit: batch, except });
  const shown = await Promise.all([...Map.groupBy(rows, (row) => row.conversation).values()].map((queue) => work(deps, what, queue)));
  const total = shown.reduce((sum, count) => sum + count, 0);
  // A full batch means that more is due already, perhaps in conversations that this one had no room for.
  return { shown: total, nextInMs: rows.length === batch ? 0 : nextRestEnds(deps, what) };
}

const restKey = (what: What, conversation: string): string => `${what} ${conversation}`;

function resting({ resting, now }: ReconcileDeps, what: What): string[] {
  for (const [key, until] of resting) if (until <= now()) resting.delete(key);
  return [...resting.keys()].flatMap((key) => (key.startsWith(`${what} `) ? [key.slice(what.length + 1)] : []));
}

function nextRestEnds({ resting, now }: ReconcileDeps, what: What): number | null {
  const ends = [...resting].flatMap(([key, until]) => (key.startsWith(`${what} `) ? [until] : []));
  return ends.length > 0 ? Math.max(0, Math.min(...ends) - now()) : null;
}

/** One conversation, one call at a time. When the platform wants a pause, the rest is given back and nobody asks again before it is over. */
async function work(deps: ReconcileDeps, what: What, rows: CardRow[]): Promise<number> {
  let shown = 0;
  const beginBefore = deps.now() + beginWithinMs;
  const rest = (from: number) => rows.slice(from).map(({ cardId }) => cardId);
  for (const [index, row] of rows.entries()) {
    if (deps.now() > beginBefore) {
      await deps.cards.giveBack(rest(index), deps.holder);
      return shown;
    }
    const wait = await admit(deps, row);
    if (wait > 0) {
      deps.resting.set(restKey(what, row.conversation), deps.now() + wait);
      await deps.cards.giveBack(rest(index), deps.holder);
      return shown;
    }
    if (await show(deps, row)) shown += 1;
  }
  return shown;
}

const placeOf = (row: CardRow): Place => ({ conversation: row.conversation, parentRef: row.parentRef });

async function admit(deps: ReconcileDeps, row: CardRow): Promise<number> {
  const place = placeOf(row);
  const looks = row.ref === null && row.uncertain ? deps.surface.findLanes(place) : [];
  const uses: LaneUse[] = [...looks, ...(row.ref === null ? deps.surface.postLanes(place) : deps.surface.updateLanes(row.conversation))];
  for (const use of uses) {
    const wait = await deps.lanes.take(use.lane, use, deps.now());
    if (wait > 0) return wait;
  }
  return 0;
}

async function show(deps: ReconcileDeps, row: CardRow): Promise<boolean> {
  try {
    return await showDrawn(deps, row);
  } catch (error) {
    // Without the record nothing goes on.
    if (error instanceof UpstreamError && error.service === 'store') throw error;
    // One that cannot be drawn must not hold up those behind it.
    deps.tell({ kind: 'broken', row, error });
    const facts = { error: String(error).slice(0, 500), uncertain: row.ref === null };
    await deps.cards.later(row.cardId, deps.now() + patience(row), facts);
    return false;
  }
}

const patience = ({ attempts }: CardRow): number => Math.min(brokenMostMs, brokenMs * 2 ** Math.min(attempts, 7));

async function showDrawn(deps: ReconcileDeps, row: CardRow): Promise<boolean> {
  const drawn = await picture(deps, row);
  if (drawn === null) {
    await deps.cards.withdraw(row.cardId);
    return false;
  }
  const { card, version, isAwaited } = drawn;
  try {
    const ref = await write(deps, row, card);
    if (ref === null) return false;
    await deps.cards.shown(row.cardId, version, ref, deps.now());
    deps.tell({ kind: 'shown', row, what: row.ref === null ? 'post' : 'update' });
    return true;
  } catch (error) {
    if (!(error instanceof SurfaceError)) throw error;
    deps.tell({ kind: 'trouble', row, trouble: error.trouble, error });
    await recover(deps, row, isAwaited, error);
    return false;
  }
}

type Picture = {
  card: Card;
  version: number /** Somebody needs to see it: a message that was deleted is posted anew. */;
  isAwaited: boolean;
};

/** Null: a reminder that came too late to be posted. */
async function picture(deps: ReconcileDeps, row: CardRow): Promise<Picture | null> {
  if (isReminder(row.note)) {
    const { card, total } = await deps.drawReminder(row);
    return total === 0 && row.ref === null ? null : { card, version: row.wantedVersion, isAwaited: false };
  }
  if (row.kind === 'batch' || row.kind === 'group') return pictureOfMany(row, row.kind === 'batch' ? deps.drawBatch : deps.drawGroup);
  if (row.kind === 'digest') return pictureOfDigest(deps, row);
  return pictureOfOne(deps, row);
}

async function pictureOfDigest(deps: ReconcileDeps, row: CardRow): Promise<Picture> {
  const card = await deps.drawDigest(row.cardId);
  if (!card) throw new Error(`card ${row.cardId} belongs to no digest`);
  return { card, version: row.wantedVersion, isAwaited: false };
}

async function pictureOfOne(deps: ReconcileDeps, row: CardRow): Promise<Picture> {
  const action = row.actionId === null ? null : await deps.store.get(row.actionId);
  if (!action && row.kind !== 'notice') throw new Error(`card ${row.cardId} belongs to no action`);
  const own = row.kind === 'action' ? action : null;
  return { card: await deps.draw(row, action), version: own?.version ?? row.wantedVersion, isAwaited: own !== null && isOpen(own) };
}

async function pictureOfMany(row: CardRow, draw: ReconcileDeps['drawBatch']): Promise<Picture> {
  const drawn = row.actionId === null ? null : await draw(row.actionId);
  if (!drawn) throw new Error(`card ${row.cardId} belongs to no ${row.kind}`);
  return { card: drawn.card, version: drawn.version, isAwaited: drawn.isRunning };
}

/** Null: it is not this bot's to post any more. */
async function write(deps: ReconcileDeps, row: CardRow, card: Card): Promise<string | null> {
  const place = placeOf(row);
  const ageMs = Math.max(0, deps.now() - Date.parse(row.createdAt));
  const known = row.ref ?? (row.uncertain ? await deps.surface.find(place, row.cardId, ageMs) : null);
  if (known !== null) {
    await deps.surface.update({ ...place, ref: known, cardId: row.cardId }, card);
    return known;
  }
  if (!(await deps.cards.beginPost(row.cardId, { holder: deps.holder, now: deps.now(), leaseMs }))) return null;
  return deps.surface.post(place, row.cardId, card);
}

async function recover(deps: ReconcileDeps, row: CardRow, isAwaited: boolean, error: SurfaceError): Promise<void> {
  const posting = row.ref === null;
  const fail = (afterMs: number, uncertain: boolean) =>
    deps.cards.later(row.cardId, deps.now() + afterMs, { error: `${error.trouble}: ${error.message}`.slice(0, 500), uncertain });
  const backoff = Math.min(60_000, 1000 * 2 ** Math.min(row.attempts, 6));
  switch (error.trouble) {
    case 'rate-limited': {
      const pause = error.retryAfterMs ?? backoff;
      const [lane] = posting ? deps.surface.postLanes(placeOf(row)) : deps.surface.updateLanes(row.conversation);
      if (lane) await deps.lanes.block(lane.lane, deps.now() + pause);
      return fail(pause, row.uncertain);
    }
    case 'gone':
      // It is the card above that was deleted: if it is still awaited it is posted anew, and this one then goes under it.
      if (posting && row.parentRef !== null && row.attempts < underTries) {
        await deps.cards.underGone(row.cardId, row.parentRef, deps.now());
        return fail(underGoneMs, false);
      }
      // Somebody deleted the message. While a yes is still awaited it is needed again.
      return deps.cards.lost(row.cardId, isAwaited);
    case 'unreachable':
      // A conversation comes back and its cards are needed; a notice is old news by then, and a person who is gone stays gone.
      return fail(row.kind === 'notice' ? Math.min(dayMs, unreachableMs * 2 ** Math.min(row.attempts, 8)) : unreachableMs, false);
    case 'refused':
      return fail(patience(row), false);
    case 'unavailable':
      return fail(backoff, row.uncertain);
    case 'unknown':
      return fail(posting ? Math.max(backoff, deps.surface.settleMs) : backoff, posting);
  }
}

/** Flow: somebody takes a whole look-up away as a file. Only who may read History; who took what is in the record before the first row leaves. */
import { z } from 'zod';
import type { ActionId, Actor, EntraId, Platform } from './action.ts';
import { csvHead, csvRecord, jsonLine } from './csv.ts';
import { HistoryQuery, type HistoryRow, type HistoryStore } from './history.ts';
import { huntCsv } from './hunt-table.ts';
import type { HuntStore } from './hunting.ts';
import type { Asker, LookUp, LookUpRefusal } from './look-up.ts';
import { type AskedAt, queryFor, readerFor } from './look-up.ts';
import { mayViewHistory } from './permissions.ts';
import type { ActionStore, AuditEvent, Clock, Directory } from './ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from './refusal.ts';

export const ExportFormat = z.enum(['csv', 'jsonl']);
export type ExportFormat = z.infer<typeof ExportFormat>;

/** `now` (ISO 8601) is when it was asked, which the period counts back from. */
const HistoryOrder = z.strictObject({ query: HistoryQuery, format: ExportFormat, now: z.iso.datetime() });
export type HistoryOrder = z.infer<typeof HistoryOrder>;
/** The rows of a hunt that do not fit under a card. */
const HuntOrder = z.strictObject({ hunt: z.string().max(64), rows: z.int().min(0), format: z.literal('csv'), now: z.iso.datetime() });

/** What is exported. */
export const ExportOrder = z.union([HistoryOrder, HuntOrder]);
export type ExportOrder = z.infer<typeof ExportOrder>;

/** One that waits to be fetched: by a link, or by a person who says yes to a file. Bound to the person, and kept for minutes. */
export type WaitingExport = { order: ExportOrder; entraId: EntraId; platform: Platform };

/** The names of exports that wait to be fetched. Only a hash of a name is kept. Throws UpstreamError{service:'store'} without an answer. */
export interface WaitingExports {
  /** Keeps it until `expiresAt` and forgets those that are over. The answer is its name: 32 random bytes, in letters a URL may hold. */
  keep(waiting: WaitingExport, times: { now: string; expiresAt: string }): Promise<string>;
  /** Takes one of its few fetches; null: no such name, over, or fetched often enough. */
  take(name: string, now: string): Promise<WaitingExport | null>;
  /** The fetch that was taken did not come to its end. */
  giveBack(name: string): Promise<void>;
}

/** Reads what an export needs beside the rows. */
export interface Stories {
  /** Decisions and outcomes of these actions, in order, by action. */
  storiesOf(ids: readonly ActionId[]): Promise<Map<ActionId, AuditEvent[]>>;
}

export type ExportDeps = {
  history: HistoryStore;
  hunts: Pick<HuntStore, 'result'>;
  stories: Stories;
  store: Pick<ActionStore, 'note'>;
  directory: Directory;
  now: Clock;
  /** More rows than this leave nobody's hands at once. */
  maxRows: number;
};

export type AskedExport = Asker & { place: AskedAt; lookUp: LookUp; format: ExportFormat };
export type Ordered = { order: HistoryOrder; reader: Actor };

/** May this person have it, and what exactly is it? Nothing leaves yet. */
export async function orderExport(deps: ExportDeps, asked: AskedExport): Promise<Result<Ordered, LookUpRefusal>> {
  const reader = await readerFor(deps, { ...asked, tab: asked.lookUp.tab, verb: 'export' });
  if (!reader.ok) return reader;
  const query = queryFor(asked.lookUp, reader.value, asked);
  return ok({ order: { query, format: asked.format, now: deps.now().toISOString() }, reader: reader.value });
}

/** Asked again, and nothing cached, where an export is fetched later than it was ordered. */
export async function mayStillRead(
  { directory }: Pick<ExportDeps, 'directory'>,
  entraId: EntraId,
): Promise<Result<Actor, PersonRefusal | { kind: 'may-not-read'; actorId: string }>> {
  const person = await directory.personById(entraId, { fresh: true });
  return person.ok && !mayViewHistory(person.value) ? refuse({ kind: 'may-not-read', actorId: entraId }) : person;
}

/** How far it is. `cut`: there was more than may leave at once. */
export type Tally = { rows: number; cut: boolean; of: Counted };
export type Counted = 'action' | 'row';
export const countedIn = (order: ExportOrder): Counted => ('hunt' in order ? 'row' : 'action');
export const newTally = (order: ExportOrder): Tally => ({ rows: 0, cut: false, of: countedIn(order) });

/** Who takes it away: `actorId` null is somebody at a terminal of the deployment itself. */
export type Taker = { actorId: EntraId | null; by: string; way: 'file' | 'link' | 'terminal'; platform: Platform | 'cli' };

/** Rows whose stories are read together; rows of a CSV that become one piece of text. */
const batch = 100;

/**
 * The file, piece by piece, as fast as it is taken. The record says who takes what before the first piece, and how much it was behind the last one,
 * also when it ends early.
 */
export async function* exportedText(
  deps: ExportDeps,
  order: ExportOrder,
  { taker, tally, signal }: { taker: Taker; tally: Tally; signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  const { actorId, ...facts } = taker;
  const say = (standing: 'begun' | 'whole' | 'cut' | 'ended-early') =>
    deps.store.note(null, {
      kind: 'exported',
      at: deps.now().toISOString(),
      actorId,
      data: { ...facts, ...order, standing, rows: tally.rows },
    });
  await say('begun');
  let isDone = false;
  try {
    for await (const { text, rows } of 'hunt' in order ? huntPieces(deps, order.hunt) : historyPieces(deps, order, tally, signal)) {
      signal.throwIfAborted();
      tally.rows += rows;
      yield text;
    }
    isDone = true;
  } finally {
    await say(isDone ? (tally.cut ? 'cut' : 'whole') : 'ended-early');
  }
}

type Piece = { text: string; rows: number };

async function* huntPieces({ hunts }: ExportDeps, id: string): AsyncGenerator<Piece> {
  const result = await hunts.result(id);
  if (result === null) throw new Error(`the rows of hunt ${id} are no longer kept`);
  yield* huntCsv(result);
}

async function* historyPieces(deps: ExportDeps, order: HistoryOrder, tally: Tally, signal: AbortSignal): AsyncGenerator<Piece> {
  if (order.format === 'csv') yield { text: csvHead, rows: 0 };
  for await (const rows of batches(deps, order, tally, signal)) yield { text: await textOf(deps, order.format, rows), rows: rows.length };
}

async function* batches(
  { history, maxRows }: ExportDeps,
  { query, now }: HistoryOrder,
  tally: Tally,
  signal: AbortSignal,
): AsyncGenerator<HistoryRow[]> {
  let rows: HistoryRow[] = [];
  let seen = 0;
  for await (const row of history.stream(query, { now }, signal)) {
    if (seen === maxRows) {
      tally.cut = true;
      break;
    }
    seen += 1;
    rows.push(row);
    if (rows.length < batch) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

async function textOf({ stories }: ExportDeps, format: ExportFormat, rows: readonly HistoryRow[]): Promise<string> {
  if (format === 'csv') return rows.map(csvRecord).join('');
  const byId = await stories.storiesOf(rows.map(({ action }) => action.id));
  return rows.map(({ action }) => jsonLine(action, byId.get(action.id) ?? [])).join('');
}

/** `countersign-history-2026-11-21T080300Z.csv` */
export const fileNameOf = (order: ExportOrder): string =>
  `countersign-${'hunt' in order ? 'hunt' : order.query.tab}-${order.now.slice(0, 19).replaceAll(':', '')}Z.${order.format}`;

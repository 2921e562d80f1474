/**
 * Reads one source of Defender a page at a time. How far it was read moves only after what was read is stored, and with it the next page, so that
 * a restart goes on where it was. Nothing here is trusted to happen once: whatever is read again is recognised by its key.
 */
import type { IngestStore, Mark } from '../action-center/ingest-ports.ts';
import type { Clock } from '../action-center/ports.ts';
import { type Api, type ApiCall, DefenderError, readAnswer } from './api.ts';
import { Page } from './ingest-payloads.ts';
import { storable } from './storable.ts';

/** What became of one page. `newest`: the latest time in it. */
export type Taken = { newest: string | null; counts: Record<string, number> };

export type Source = {
  name: 'alerts' | 'machineActions' | 'airHunting' | 'office365';
  api: ApiCall['api'];
  permission: string;
  /** What is read again each time, for entries that come late. */
  overlapMs: number;
  /** The base URL of links to a next page. */
  baseUrl: string;
  prefer?: string;
  /** The path of the first page of a stretch of time; `until` null: to the newest there is. */
  first(from: string, until: string | null, size: number): string;
  /** Where the API gives no link: the path of the page after this one, null after the last. */
  after(path: string, count: number): string | null;
  take(values: readonly unknown[], signal: AbortSignal): Promise<Taken>;
  pageSize: number;
  /** Where a page is not one call of the API. Throws DefenderError. */
  page?(path: string, signal: AbortSignal): Promise<Page>;
  /** How long one page may take; left out: 20 s. */
  callMs?: number;
  /** No stretch may be longer, and each has an end; left out: a day as long as that is over by far, then to the newest there is. */
  windowMs?: number;
  /** How far back there is anything at all. */
  reachMs?: number;
  /** Read only by whoever reads that source too: what both tell is compared in one process. */
  ledBy?: 'alerts';
};

export type IngestDeps = {
  api: Api;
  marks: IngestStore;
  now: Clock;
  holder: string;
  leaseMs: number;
  /** How long one page may take, whatever its source says. */
  callMs?: number;
  /** How far the first start looks back. */
  lookBackMs: number;
};

/** `idle`: another process reads. `page`: one was read, and there is more. `done`: all there is. `wait`: asked again after a while. */
export type Step =
  | { kind: 'idle' }
  | { kind: 'wait'; ms: number }
  | { kind: 'page' | 'done'; mark: Mark; counts: Record<string, number>; caughtUp: boolean };

const dayMs = 86_400_000;
const nowMs = 300_000;
const settledMs = 6 * 3_600_000;
const usualCallMs = 20_000;
const smallestPage = 5;
const longestPath = 8000;
/** So many times the same page is asked for; then its stretch begins anew, in smaller pages. */
const patience = 3;

const isCutShort = ({ status }: DefenderError): boolean => status === null || status === 200;
/** A link to a next page does not live for ever. */
const isOutOfDate = ({ status, retryable }: DefenderError): boolean => !retryable && status !== null && [400, 404, 410].includes(status);

const isoOf = (ms: number): string => new Date(ms).toISOString();
const laterOf = (one: string | null, other: string | null): string | null =>
  one === null || (other !== null && other > one) ? other : one;

export type Reader = { step(signal: AbortSignal): Promise<Step> };

export function openReader(source: Source, deps: IngestDeps): Reader {
  /** Smaller after answers that did not come whole again and again: perhaps it was too much. */
  let size = source.pageSize;
  let failures = 0;
  /** Links that led nowhere, in this stretch. */
  let deadLinks = 0;

  const ask = async (path: string, signal: AbortSignal) => {
    const { api, permission, prefer, page } = source;
    const withinMs = deps.callMs ?? source.callMs ?? usualCallMs;
    if (page !== undefined) return page(path, AbortSignal.any([signal, AbortSignal.timeout(withinMs)]));
    const call = { api, method: 'GET' as const, path, permission, urgency: 'poll' as const, withinMs };
    return readAnswer(Page, await deps.api.ask({ ...call, ...(prefer === undefined ? {} : { prefer }) }, signal));
  };

  const beginAnew = (mark: Mark) => deps.marks.move({ ...mark, reading: null }, deps.holder, deps.leaseMs);

  /** Once is a link that grew old. Again, it is no use to hurry, and operators have to hear of it. */
  const afterDeadLink = async (mark: Mark, error: DefenderError): Promise<Step> => {
    await beginAnew(mark);
    deadLinks += 1;
    if (deadLinks > 1) throw error;
    return { kind: 'wait', ms: 0 };
  };

  /** What to do about a page that was not answered, or not as it should be. */
  const afterFailure = async (mark: Mark, error: unknown): Promise<Step> => {
    if (!(error instanceof DefenderError)) throw error;
    if (error.status === 429) return { kind: 'wait', ms: error.retryAfterMs ?? 1000 };
    if (isOutOfDate(error) && mark.reading !== null) return afterDeadLink(mark, error);
    if (isCutShort(error)) failures += 1;
    if (failures >= patience) {
      failures = 0;
      size = Math.max(smallestPage, Math.floor(size / 2));
      if (mark.reading !== null) await beginAnew(mark);
    }
    throw error;
  };

  const step = async (signal: AbortSignal): Promise<Step> => {
    const { marks, now, holder, leaseMs } = deps;
    const mark = await held(source, deps);
    if (mark === null) return { kind: 'idle' };
    const reading = mark.reading ?? begun(source, mark, now().getTime(), size);
    const page = await ask(reading.next, signal).catch((error: unknown) => afterFailure(mark, error));
    if ('kind' in page) return page;
    const { newest, counts } = await source.take(
      page.value.map((one) => storable(one)),
      signal,
    );
    const next = nextOf(source, reading.next, page);
    const seen = { ...reading, newest: laterOf(reading.newest, newest) };
    const moved = next === null ? ended(mark, seen, now()) : { ...mark, reading: { ...seen, next } };
    // Somebody else reads by now; what was stored is known to them.
    if (!(await marks.move(moved, holder, leaseMs))) return { kind: 'idle' };
    failures = 0;
    if (next === null) {
      size = source.pageSize;
      deadLinks = 0;
    }
    const isMore = next !== null || !isLast(reading, now());
    return { kind: isMore ? 'page' : 'done', mark: moved, counts, caughtUp: mark.caughtUpAt === null && moved.caughtUpAt !== null };
  };

  return { step };
}

/** Null: another process reads. */
async function held({ name, ledBy, reachMs }: Source, { marks, now, holder, leaseMs, lookBackMs }: IngestDeps): Promise<Mark | null> {
  const since = (backMs: number): string => isoOf(now().getTime() - backMs);
  if (ledBy !== undefined && (await marks.hold(ledBy, holder, since(lookBackMs), leaseMs)) === null) return null;
  return marks.hold(name, holder, since(Math.min(lookBackMs, reachMs ?? lookBackMs)), leaseMs);
}

type Reading = NonNullable<Mark['reading']>;

/**
 * A day at a time as long as that day is over by far; then to the open end. The end of a stretch may lie in nobody's future: it is compared with
 * our clock, which may be wrong by hours.
 */
function begun(source: Source, mark: Mark, now: number, size: number): Reading {
  const oldest = now - (source.reachMs ?? Number.POSITIVE_INFINITY);
  const through = Math.max(Date.parse(mark.through), oldest);
  const from = Math.max(through - source.overlapMs, Date.parse(mark.since), oldest);
  if (source.windowMs !== undefined) {
    const until = isoOf(Math.min(from + source.windowMs, now));
    return { until, next: source.first(isoOf(from), until, size), newest: null };
  }
  const end = through + dayMs;
  const until = end <= now - dayMs ? isoOf(end) : null;
  return { until, next: source.first(isoOf(from), until, size), newest: null };
}

/** Whether a stretch ends now, as far as anybody can tell. */
const isLast = ({ until }: Reading, now: Date): boolean => until === null || Date.parse(until) > now.getTime() - nowMs;

/**
 * Near its end, and where none was set, only what was seen counts, and nothing later than now: neither our clock nor a single odd entry makes us
 * skip anything. What is over for hours is over by any clock.
 */
function ended(mark: Mark, reading: Reading, now: Date): Mark {
  const { until, newest } = reading;
  const settled = isoOf(now.getTime() - settledMs);
  if (until !== null && until <= settled) return { ...mark, through: until, reading: null };
  const seen = newest === null || newest <= now.toISOString() ? newest : now.toISOString();
  const through = laterOf(laterOf(mark.through, seen), until === null ? null : settled) ?? mark.through;
  const caughtUpAt = mark.caughtUpAt ?? (isLast(reading, now) ? now.toISOString() : null);
  return { ...mark, through, reading: null, caughtUpAt };
}

/** The token goes where a link points, so it has to point where we asked. */
function nextOf(source: Source, path: string, page: Page): string | null {
  const link = page['@odata.nextLink'] ?? null;
  if (link === null) return source.after(path, page.value.length);
  const next = link.startsWith(`${source.baseUrl}/`) ? link.slice(source.baseUrl.length) : '';
  if (next === '' || next.length > longestPath || next === path)
    throw new DefenderError('Microsoft gave a link to a next page that cannot be followed.', { retryable: false, mayHaveWorked: false });
  return next;
}

/**
 * Exports that were asked for in chat: each runs in the bot that took it, beside everything else, and ends with the file, a link, or the reason
 * why there is neither. At most two of one person and three of one bot run at once.
 */

import type { EntraId, Platform } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import {
  type AskedExport,
  countedIn,
  type ExportDeps,
  type ExportFormat,
  type ExportOrder,
  exportedText,
  fileNameOf,
  mayStillRead,
  newTally,
  orderExport,
  type Tally,
  type WaitingExport,
  type WaitingExports,
} from '../action-center/export.ts';
import type { HistoryCount } from '../action-center/history.ts';
import { type AskingPerson, identify } from '../action-center/identify.ts';
import type { LookUp } from '../action-center/look-up.ts';
import type { Log } from '../action-center/ports.ts';
import { written } from './command-words.ts';
import { type ExportAsk, printExport } from './export-command.ts';
import { type ExportFile, FileTooLarge, withFile } from './export-file.ts';
import {
  begunText,
  brokenText,
  busyText,
  exportRefusalText,
  failedText,
  keepsNothingText,
  linkText,
  mistakesText,
  noLongerText,
  nothingText,
  noWayText,
  offerDescription,
  offeredText,
  offerOver,
  progressLine,
  sentText,
  stoppedText,
  tooManyText,
} from './export-words.ts';
import { tooLongText } from './history-words.ts';
import { within } from './press.ts';
import type { Line } from './show.ts';
import { newTroubleId } from './trouble-id.ts';

/** How something reaches the person who asked, and nobody else. Each platform fills it in. */
export type Courier = {
  /** Never rejects. */
  tell: (...lines: Line[]) => Promise<void>;
  /** How far it is: worth less than what is told in the end. Never rejects. */
  mention: (line: Line) => Promise<void>;
  /** Slack: the file goes to the person's own chat. Throws when it certainly or possibly did not arrive. */
  send?: (file: ExportFile, tally: Tally, signal: AbortSignal) => Promise<void>;
  /** Teams: the person is asked first; `name` comes back with the yes. Throws when the question could not be put. */
  offer?: (offer: { fileName: string; description: string; sizeGuess: number; name: string }) => Promise<void>;
};

export type AskedInChat = Omit<AskedExport, 'lookUp' | 'format'> & { courier: Courier };
/** A yes to an offered file. `put` brings it to where the platform said. */
export type Accepted = {
  name: string;
  by: string;
  person: AskingPerson;
  platform: Platform;
  clickId: string;
  courier: Pick<Courier, 'tell' | 'mention'>;
  put: (file: ExportFile, signal: AbortSignal) => Promise<void>;
};

/** Rows that somebody may have, as the one who asks knows already. */
export type Handed = {
  order: ExportOrder;
  rows: number;
  by: string;
  entraId: EntraId;
  platform: Platform;
  clickId: string;
  courier: Courier;
};

export type ExportJobs = {
  /** The first answer; the rest follows through the courier. Throws UpstreamError when the record does not answer. */
  start(asked: AskedInChat, ask: ExportAsk): Promise<Line[]>;
  /** What is known to be there for this person, in the same ways; what follows is told through the courier. Never rejects. */
  hand(handed: Handed): Promise<void>;
  /** Ends when the file is there or the person heard why not. Never rejects. */
  accept(accepted: Accepted): Promise<void>;
  /** Every export ends and says so; waits for that at most this long. */
  stop(deadlineMs: number): Promise<void>;
};

export type ExportJobDeps = ExportDeps & {
  waiting: WaitingExports;
  /** Null: no links are given out. */
  publicUrl: string | null;
  log: Log;
  progressEveryMs?: number;
};

const mostOfOne = 2;
/** Each keeps a connection to the record while it is written: together with the downloads they must leave enough to those who decide. */
const mostOfAll = 3;
/** How long a link or an offer is good. */
const waitsMs = 600_000;
const usualProgressMs = 10_000;
const bytesOfRow = { csv: 220, jsonl: 2000 } satisfies Record<ExportFormat, number>;

type Job = {
  by: string;
  entraId: EntraId;
  platform: Platform;
  clickId: string;
  order: ExportOrder;
  count: HistoryCount;
  tell: Courier['tell'];
  mention: Courier['mention'];
};
type Places = { take(by: string): (() => void) | 'too-many' | 'busy' };
type Run = { stopping: AbortController; running: Set<Promise<void>>; places: Places };

export function openExportJobs(deps: ExportJobDeps): ExportJobs {
  const run: Run = { stopping: new AbortController(), running: new Set(), places: openPlaces() };
  return {
    start: (asked, ask) => start(deps, run, asked, ask),
    hand: (handed) => tracked(run, hand(deps, run, handed)),
    accept: (accepted) => {
      const failed = (error: unknown) => {
        deps.log.error({ clickId: accepted.clickId, err: error }, 'an offered file could not be made');
        return accepted.courier.tell(failedText(0));
      };
      return tracked(run, accept(deps, run, accepted).catch(failed));
    },
    stop: async (deadlineMs) => {
      run.stopping.abort();
      await within(Promise.allSettled(run.running), deadlineMs, null);
    },
  };
}

function tracked({ running }: Run, work: Promise<void>): Promise<void> {
  const done = work.finally(() => running.delete(done));
  running.add(done);
  return done;
}

function openPlaces(): Places {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take: (by) => {
      const own = taken.get(by) ?? 0;
      if (own >= mostOfOne) return 'too-many';
      if (all >= mostOfAll) return 'busy';
      taken.set(by, own + 1);
      all += 1;
      return () => {
        all -= 1;
        const left = (taken.get(by) ?? 1) - 1;
        if (left > 0) taken.set(by, left);
        else taken.delete(by);
      };
    },
  };
}

async function start(deps: ExportJobDeps, run: Run, asked: AskedInChat, ask: ExportAsk): Promise<Line[]> {
  const { platform } = asked;
  if (ask.kind === 'too-long') return [tooLongText(platform)];
  if (ask.kind === 'keeps-nothing') return [keepsNothingText(platform)];
  const command = written[platform](`export ${printExport(ask.lookUp, ask.format)}`);
  if (ask.mistakes.length > 0) return mistakesText(ask.mistakes, command);
  const place = run.places.take(asked.by);
  if (typeof place === 'string') return [place === 'busy' ? busyText : tooManyText(mostOfOne)];
  let isBegun = false;
  try {
    const begun = await begin(deps, asked, { lookUp: ask.lookUp, format: ask.format, command });
    if ('lines' in begun) return begun.lines;
    isBegun = true;
    const { job } = begun;
    void tracked(
      run,
      deliver(deps, run, job, asked.courier)
        .catch((error: unknown) => ended(deps, job, newTally(job.order), error, run))
        .finally(place),
    );
    return [begunText(job.count, command)];
  } finally {
    if (!isBegun) place();
  }
}

async function hand(deps: ExportJobDeps, run: Run, { courier, rows, ...handed }: Handed): Promise<void> {
  const job: Job = { ...handed, count: { kind: 'exact', count: rows }, tell: courier.tell, mention: courier.mention };
  const place = run.places.take(job.by);
  if (typeof place === 'string') return courier.tell(place === 'busy' ? busyText : tooManyText(mostOfOne));
  try {
    await deliver(deps, run, job, courier);
  } catch (error) {
    await ended(deps, job, newTally(job.order), error, run);
  } finally {
    place();
  }
}

/** What is behind an order, as far as it is known. */
const countOf = async ({ history }: ExportJobDeps, order: ExportOrder): Promise<HistoryCount> =>
  'hunt' in order ? { kind: 'exact', count: order.rows } : history.count(order.query, { now: order.now });

async function begin(
  deps: ExportJobDeps,
  asked: AskedInChat,
  { lookUp, format, command }: { lookUp: LookUp; format: ExportFormat; command: string },
): Promise<{ lines: Line[] } | { job: Job }> {
  const { by, platform, clickId, courier } = asked;
  const ordered = await orderExport(deps, { ...asked, lookUp, format });
  if (!ordered.ok) return { lines: [exportRefusalText(ordered.refusal, platform)] };
  const { order, reader } = ordered.value;
  const count = await deps.history.count(order.query, { now: order.now });
  if (count.kind === 'exact' && count.count === 0) return { lines: [nothingText(command)] };
  return { job: { by, entraId: reader.entraId, platform, clickId, order, count, tell: courier.tell, mention: courier.mention } };
}

async function deliver(deps: ExportJobDeps, run: Run, job: Job, { send, offer }: Courier): Promise<void> {
  const { order, count } = job;
  if (offer) {
    const sizeGuess = Math.max(1, count.count) * bytesOfRow[order.format];
    try {
      const name = await keep(deps, job);
      await offer({ fileName: fileNameOf(order), description: offerDescription(count, countedIn(order)), sizeGuess, name });
      return await job.tell(offeredText);
    } catch (error) {
      return giveLink(deps, job, error);
    }
  }
  if (!send) return giveLink(deps, job, null);
  await handOver(deps, run, job, (file, tally, signal) => send(file, tally, signal));
}

/** Makes the file and hands it over; what cannot be handed over becomes a link. */
async function handOver(deps: ExportJobDeps, run: Run, job: Job, use: NonNullable<Courier['send']>): Promise<void> {
  const { signal } = run.stopping;
  const tally = newTally(job.order);
  const taker = { actorId: job.entraId, by: job.by, way: 'file', platform: job.platform } as const;
  const text = exportedText(deps, job.order, { taker, tally, signal });
  try {
    let failure: unknown = null;
    await withFile({ name: fileNameOf(job.order), text, onPiece: progress(deps, job, tally) }, async (file) => {
      try {
        signal.throwIfAborted();
        await use(file, tally, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    });
    if (failure === null) await job.tell(sentText(tally));
    else await giveLink(deps, job, failure);
  } catch (error) {
    if (error instanceof FileTooLarge) await giveLink(deps, job, error);
    else await ended(deps, job, tally, error, run);
  }
}

/** At most one message in `progressEveryMs`, and none while the one before is on its way. */
function progress({ progressEveryMs = usualProgressMs }: ExportJobDeps, { mention, count }: Job, tally: Tally): () => void {
  let last = performance.now();
  let isTelling = false;
  return () => {
    if (isTelling || performance.now() - last < progressEveryMs) return;
    last = performance.now();
    isTelling = true;
    void mention(progressLine(tally.rows, count)).finally(() => {
      isTelling = false;
    });
  };
}

function keep({ waiting, now }: ExportJobDeps, { order, entraId, platform }: Job): Promise<string> {
  const at = now();
  const times = { now: at.toISOString(), expiresAt: new Date(at.getTime() + waitsMs).toISOString() };
  return waiting.keep({ order, entraId, platform }, times);
}

async function giveLink(deps: ExportJobDeps, job: Job, failure: unknown): Promise<void> {
  if (failure !== null)
    deps.log.warn({ clickId: job.clickId, platform: job.platform, err: failure }, 'the file of an export could not be handed over in chat');
  if (deps.publicUrl === null) return job.tell(noWayText);
  await job.tell(linkText(`${deps.publicUrl}/v1/exports/${await keep(deps, job)}`, failure === null ? 'no-file' : 'file-failed'));
}

async function ended({ log }: ExportJobDeps, { tell, clickId }: Job, { rows }: Tally, error: unknown, run: Run): Promise<void> {
  if (run.stopping.signal.aborted) return tell(stoppedText(rows));
  if (error instanceof UpstreamError) {
    log.error({ clickId, service: error.service, err: error }, 'an export ended early: the record did not answer');
    return tell(failedText(rows));
  }
  const troubleId = newTroubleId();
  log.error({ clickId, troubleId, err: error }, 'an export failed');
  return tell(brokenText(troubleId));
}

async function accept(deps: ExportJobDeps, run: Run, accepted: Accepted): Promise<void> {
  const { by, platform, clickId, put } = accepted;
  const { tell, mention } = accepted.courier;
  const place = run.places.take(by);
  if (typeof place === 'string') return tell(place === 'busy' ? busyText : tooManyText(mostOfOne));
  try {
    const claimed = await claim(deps, accepted);
    if ('line' in claimed) return await tell(claimed.line);
    const { order, entraId } = claimed.waiting;
    const count = await countOf(deps, order);
    const job: Job = { by, entraId, platform, clickId, order, count, tell, mention };
    await handOver(deps, run, job, (file, _tally, signal) => put(file, signal));
  } finally {
    place();
  }
}

/** What waits under this name, if it is this person's and they may still read. A no is in the record. */
async function claim(deps: ExportJobDeps, accepted: Accepted): Promise<{ line: Line } | { waiting: WaitingExport }> {
  const { name, by, person, platform, clickId } = accepted;
  const claimed = await identify(deps.directory, person, true);
  if (!claimed.ok) return { line: exportRefusalText(claimed.refusal, platform) };
  const at = deps.now().toISOString();
  const refused = (refusal: string) => {
    const data = { refusal, by, verb: 'export', platform, clickId };
    return deps.store.note(null, { kind: 'refused', at, actorId: claimed.value.entraId, data });
  };
  const waiting = await deps.waiting.take(name, at);
  if (waiting === null || waiting.entraId !== claimed.value.entraId) {
    await refused(waiting === null ? 'export-over' : 'export-of-another');
    return { line: offerOver };
  }
  const reader = await mayStillRead(deps, waiting.entraId);
  if (reader.ok) return { waiting };
  await refused(reader.refusal.kind);
  return { line: noLongerText };
}

/**
 * Brings the parts of a decision forward, as far as time and limits allow. Each part is stored as called before it is called; a part whose answer
 * was lost is looked for before it is called again.
 */
import { UpstreamError } from '../action-center/errors.ts';
import type { Part, PartStore } from '../action-center/parts.ts';
import { DefenderError, isThrottled } from './api.ts';
import { type Driver, PartRequest, type Standing, type Work } from './driver.ts';
import { unanswered } from './outcome-words.ts';
import { storableText } from './storable.ts';
import type { DefenderTiming } from './timing.ts';

export type Drivers = { [Kind in PartRequest['kind']]: Driver<Extract<PartRequest, { kind: Kind }>> };
export type Advancing = { parts: PartStore; drivers: Drivers; now: () => number; timing: Pick<DefenderTiming, 'lookMs' | 'repeatMs'> };

/** No call is begun after this, so that one that takes its whole time still ends within the worker's. */
const beginWithinMs = 4000;
/** About an hour, with the pauses in between. */
const maxAttempts = 60;
const longestMs = 60_000;
/** Times the shortest. */
const paces = [1, 2, 4, 8, 16, 32, 60];

export async function advance(deps: Advancing, decisionId: string, signal: AbortSignal): Promise<Part[]> {
  const parts = await deps.parts.of(decisionId);
  const until = performance.now() + beginWithinMs;
  for (const part of parts) {
    if (part.state !== 'planned' && part.state !== 'called') continue;
    if (!isDue(part, deps.now())) continue;
    if (performance.now() > until || signal.aborted) break;
    if ((await bringOn(deps, part, signal)) === 'throttled') break;
  }
  if (performance.now() <= until && !signal.aborted) await lookAfter(deps, await deps.parts.of(decisionId), signal);
  return deps.parts.of(decisionId);
}

const isDue = ({ dueAt }: Part, now: number): boolean => dueAt === null || Date.parse(dueAt) <= now;

/** The work, with the driver for its kind. */
function driven({ drivers }: Pick<Advancing, 'drivers'>, part: Part): { driver: Driver<PartRequest>; work: Work } {
  const request = PartRequest.parse(part.request);
  return { driver: drivers[request.kind] as Driver<PartRequest>, work: { part, request } };
}

async function bringOn(deps: Advancing, part: Part, signal: AbortSignal): Promise<'throttled' | 'done'> {
  try {
    const known = part.state === 'called' ? await lookFor(deps, part, signal) : 'absent';
    if (known === 'later') return await later(deps, part, nextLook(deps, part));
    if (known === 'unknown') return await end(deps, part, { state: 'failed', message: unanswered });
    if (known !== 'absent') return await end(deps, part, known);
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.service !== 'backend') throw error;
    // It was sent, and what became of it may not be looked at.
    if (!error.retryable) return end(deps, part, { state: 'failed', message: `${unanswered} ${error.message}` });
    if (isThrottled(error)) return setback(deps, part, part, error);
    return later(deps, part, Math.max(nextLook(deps, part), deps.now() + (error.retryAfterMs ?? 0)));
  }
  return call(deps, part, signal);
}

function lookFor(deps: Advancing, part: Part, signal: AbortSignal): ReturnType<Driver<PartRequest>['find']> {
  const { driver, work } = driven(deps, part);
  return driver.find(work, signal);
}

async function call(deps: Advancing, part: Part, signal: AbortSignal): Promise<'throttled' | 'done'> {
  const calledAt = part.calledAt ?? new Date(deps.now()).toISOString();
  const begun = await deps.parts.change(part, { state: 'called', attempts: part.attempts + 1, calledAt });
  // Somebody else has it in hand, or it was cancelled meanwhile.
  if (begun === null) return 'done';
  try {
    const { driver, work } = driven(deps, begun);
    return await end(deps, begun, await driver.call(work, signal));
  } catch (error) {
    return setback(deps, begun, part, error);
  }
}

/** `before`: how the part stood before this try; whatever surely did nothing leaves it so. */
async function setback(deps: Advancing, part: Part, before: Part, error: unknown): Promise<'throttled' | 'done'> {
  if (!(error instanceof UpstreamError) || error.service !== 'backend') throw error;
  const mayHaveWorked = error instanceof DefenderError && error.mayHaveWorked;
  if (isThrottled(error)) {
    const dueAt = at(deps.now() + Math.max(error.retryAfterMs ?? deps.timing.repeatMs, 50));
    await deps.parts.change(part, { state: before.state, attempts: before.attempts, dueAt });
    return 'throttled';
  }
  if (!error.retryable && !mayHaveWorked) return end(deps, part, { state: 'failed', message: error.message });
  if (part.attempts >= maxAttempts) {
    const isUnsure = mayHaveWorked || before.state === 'called';
    return end(deps, part, { state: 'failed', message: isUnsure ? unanswered : error.message });
  }
  const pause = Math.min(longestMs, deps.timing.repeatMs * 2 ** Math.min(part.attempts, 10));
  const dueAt = deps.now() + Math.max(pause, error.retryAfterMs ?? 0);
  return later(deps, part, dueAt, mayHaveWorked ? part.state : before.state);
}

async function later(deps: Advancing, part: Part, due: number, state = part.state): Promise<'done'> {
  await deps.parts.change(part, { state, dueAt: at(due) });
  return 'done';
}

async function end(deps: Advancing, part: Part, { state, external, done, ...told }: Standing): Promise<'done'> {
  const dueAt = state === 'submitted' ? at(nextLook(deps, part)) : null;
  const count = state === 'succeeded' ? (done ?? part.total) : (done ?? 0);
  // What was said of it holds while it runs. The text may be Microsoft's, cut to a length.
  const { message = state === 'submitted' ? part.message : null } = told;
  const said = message === null ? null : storableText(message);
  await deps.parts.change(part, { state, external: external ?? part.external, message: said, done: count, dueAt });
  return 'done';
}

/** Asks for the end of what runs. What it came to is stored at once, so that another try goes on with the rest. */
export async function stopPart(deps: Advancing, part: Part, comment: string, signal: AbortSignal): Promise<void> {
  const { driver, work } = driven(deps, part);
  const standing = await driver.cancel?.(work, comment, signal);
  if (standing) await end(deps, part, standing);
}

/** Soon at first, then ever more rarely; at round times, so that many looks fall together. */
function nextLook({ timing, now: clock }: Advancing, { calledAt }: Part): number {
  const now = clock();
  const age = now - Date.parse(calledAt ?? at(now));
  const pace = timing.lookMs * (paces.findLast((times) => times * timing.lookMs <= age / 4) ?? 1);
  return (Math.floor(now / pace) + 1) * pace;
}

const at = (ms: number): string => new Date(ms).toISOString();

/** How far what was accepted is. Also used alone, by whoever may look and not call. */
export async function lookAfter(deps: Advancing, parts: readonly Part[], signal: AbortSignal): Promise<void> {
  const running = parts.filter(({ state }) => state === 'submitted');
  // When one is due all are looked at: together they cost one call.
  const due = running.some((part) => isDue(part, deps.now())) ? running.map((part) => driven(deps, part)) : [];
  for (const driver of new Set(due.map((one) => one.driver))) {
    const works = due.filter((one) => one.driver === driver).map(({ work }) => work);
    try {
      const standings = (await driver.look?.(works, signal)) ?? new Map<Part, Standing>();
      for (const { part } of works) await end(deps, part, standings.get(part) ?? { state: 'submitted', message: part.message });
    } catch (error) {
      await putOff(deps, works, error);
    }
  }
}

async function putOff(deps: Advancing, works: readonly Work[], error: unknown): Promise<void> {
  if (!(error instanceof UpstreamError) || error.service !== 'backend') throw error;
  for (const { part } of works) {
    // It runs, and we may not see how far it is: whoever reads that can look for themselves.
    if (!error.retryable) await end(deps, part, { state: 'timedOut', message: error.message });
    else await deps.parts.change(part, { dueAt: at(Math.max(nextLook(deps, part), deps.now() + (error.retryAfterMs ?? 0))) });
  }
}

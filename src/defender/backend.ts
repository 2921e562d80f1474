/** The backend that carries decisions out in Defender, through Microsoft's public APIs. */
import type { Outcome } from '../action-center/action.ts';
import { isFinal, type Part, type PartStore } from '../action-center/parts.ts';
import type { Backend, ExecuteCommand, Progress } from '../action-center/ports.ts';
import { type Advancing, advance, type Drivers, lookAfter, stopPart } from './advance.ts';
import { type Api, DefenderError } from './api.ts';
import { type Hunt, mailDriver } from './email.ts';
import { gatherLooks } from './gather-looks.ts';
import { userDriver } from './identity.ts';
import { urlDriver } from './indicators.ts';
import { machineDriver } from './machine-actions.ts';
import { countedText, goingOn, nothingToDo, notSent } from './outcome-words.ts';
import { planParts } from './plan.ts';
import { storableText } from './storable.ts';
import { type DefenderTiming, usualDefenderTiming } from './timing.ts';

export type DefenderBackendOptions = {
  api: Api;
  parts: PartStore;
  /** Null: whether mail was moved cannot be confirmed, and clusters cannot be taken apart. */
  hunt: Hunt | null;
  now?: () => number;
  timing?: DefenderTiming;
};

const soonMs = 1000;
/** Defender keeps trying for three days to reach a device. */
const maxRunMs = 4 * 86_400_000;

export function defenderBackend({ api, parts, hunt, now = Date.now, timing = usualDefenderTiming }: DefenderBackendOptions): Backend {
  const machines = machineDriver(api);
  const { look } = machines;
  const drivers: Drivers = {
    machine: look === undefined ? machines : { ...machines, look: gatherLooks(look) },
    mail: mailDriver({ api, hunt, timing, now }),
    url: urlDriver(api),
    user: userDriver(api),
  };
  const deps: Advancing = { parts, drivers, now, timing };

  const start = async (command: ExecuteCommand & { verb: 'approve' | 'undo' }, signal: AbortSignal): Promise<Progress> => {
    const { decisionId, actionId, verb, action, stamp } = command;
    const earlier = (await parts.ofAction(actionId)).filter((part) => part.decisionId !== decisionId);
    try {
      await parts.plan({ decisionId, actionId, verb }, await planParts({ action, verb, comment: stamp, earlier }, hunt, signal));
    } catch (error) {
      if (!(error instanceof DefenderError) || error.retryable) throw error;
      return impossible(decisionId, error.message, now());
    }
    return progressOf(decisionId, await advance(deps, decisionId, signal), now());
  };

  return {
    name: 'defender',
    pollMs: soonMs,
    maxRunMs,
    find: async (decisionId) => {
      const known = await parts.of(decisionId);
      return known.length === 0 ? null : progressOf(decisionId, known, now());
    },
    submit: async (command, signal) => {
      const { decisionId, verb } = command;
      // Nobody is told of a rejection: what was not asked for needs no call.
      if (verb === 'reject') return { externalRef: { decision: decisionId }, outcome: null };
      if (verb === 'cancel') return cancel(deps, command, signal);
      return start({ ...command, verb }, signal);
    },
    progress: async ({ decision = '', cancels, since }, signal) => {
      if (cancels === undefined) return progressOf(decision, await advance(deps, decision, signal), now());
      await lookAfter(deps, hurried(await parts.of(cancels)), signal);
      return cancelProgress({ decision, cancels, ...(since === undefined ? {} : { since }) }, await parts.of(cancels), now());
    },
  };
}

const impossible = (decision: string, message: string, now: number): Progress => ({
  externalRef: { decision },
  outcome: { status: 'failed', at: new Date(now).toISOString(), message, externalRef: { decision } },
});

/** No part is begun to be stopped after this; the rest comes with the next try. */
const stopWithinMs = 4000;

/** What has not been sent is not sent any more; what runs is asked to stop. What it came to shows on the parts of the decision that is cancelled. */
async function cancel(deps: Advancing, { decisionId, cancels = '', stamp }: ExecuteCommand, signal: AbortSignal): Promise<Progress> {
  const until = performance.now() + stopWithinMs;
  let isMore = false;
  for (const part of await deps.parts.of(cancels)) {
    if (isFinal(part)) continue;
    // What is just being called may be running in a moment: once more, then.
    if (part.state === 'called' || performance.now() > until) isMore = true;
    else if (part.state === 'planned') await deps.parts.change(part, { state: 'cancelled', message: notSent(stamp) });
    else await stopPart(deps, part, stamp, signal);
  }
  if (isMore) throw new DefenderError('Some of it is stopped with the next try.', { retryable: true, mayHaveWorked: false });
  const reference = { decision: decisionId, cancels, since: new Date(deps.now()).toISOString() };
  return cancelProgress(reference, await deps.parts.of(cancels), deps.now());
}

/** Somebody waits for the end of these. */
const hurried = (parts: readonly Part[]): Part[] => parts.map((part) => ({ ...part, dueAt: null }));

const longestCancelPauseMs = 60_000;

/** Looked at soon at first; one that Defender does not end is left to the pace of what it stops. */
function cancelProgress(externalRef: { decision: string; cancels: string; since?: string }, parts: readonly Part[], now: number): Progress {
  const { cancels, since } = externalRef;
  const age = since === undefined ? 0 : now - Date.parse(since);
  const { outcome } = progressOf(cancels, parts, now);
  return { externalRef, outcome, afterMs: Math.min(longestCancelPauseMs, Math.max(2 * soonMs, age / 4)) };
}

function progressOf(decision: string, parts: readonly Part[], now: number): Progress {
  // A worker that died before it could say so: no call was planned, so nothing was done.
  if (parts.length === 0) return impossible(decision, nothingToDo, now);
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  const done = parts.reduce((sum, part) => sum + part.done, 0);
  const externalRef = externalOf(decision, parts);
  const portalUrl = parts.find(({ external }) => external?.['portalUrl'] !== undefined)?.external?.['portalUrl'] ?? null;
  const waiting = parts.filter((part) => !isFinal(part));
  if (waiting.length > 0) {
    const due = Math.min(...waiting.map(({ dueAt }) => (dueAt === null ? now : Date.parse(dueAt))));
    const message = total === 1 || done === 0 ? (waiting[0]?.message ?? null) : goingOn(done, total);
    return { externalRef, outcome: null, message, portalUrl, afterMs: Math.max(100, due - now) };
  }
  const outcome: Outcome = {
    status: statusOf(parts, done, total),
    at: new Date(now).toISOString(),
    message: messageOf(parts, done, total),
    externalRef,
  };
  return { externalRef, outcome: portalUrl === null ? outcome : { ...outcome, portalUrl }, portalUrl };
}

function externalOf(decision: string, parts: readonly Part[]): Record<string, string> {
  const { portalUrl: _url, createdAt: _at, existed: _existed, ...first } = parts[0]?.external ?? {};
  return { decision, ...first, ...(parts.length > 1 ? { parts: String(parts.length) } : {}) };
}

function statusOf(parts: readonly Part[], done: number, total: number): Outcome['status'] {
  if (parts.every(({ state }) => state === 'succeeded')) return done === total ? 'completed' : 'partiallyCompleted';
  if (done > 0) return 'partiallyCompleted';
  const [first] = parts;
  const isAlike = parts.every(({ state }) => state === first?.state);
  return isAlike && (first?.state === 'cancelled' || first?.state === 'timedOut') ? first.state : 'failed';
}

function messageOf(parts: readonly Part[], done: number, total: number): string | null {
  const [only, ...more] = parts;
  if (only !== undefined && more.length === 0 && (total === 1 || done === total)) return only.message;
  const setbacks = parts.filter((part) => part.state !== 'succeeded' || part.done < part.total);
  const notes = [...new Set(parts.flatMap((part) => (part.state === 'succeeded' && part.done === part.total ? (part.message ?? []) : [])))];
  return storableText([countedText(done, total, setbacks), ...notes.slice(0, 2)].join(' ').slice(0, 1900));
}

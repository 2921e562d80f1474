/**
 * What both platforms do with a press: hand it to the flows, and turn whatever comes of it into one sentence for the person who pressed. Nothing
 * about deciding lives here, and nothing about how a platform says things.
 */
import type { Platform } from '../action-center/action.ts';
import type { Click, Decided } from '../action-center/decide.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { Log } from '../action-center/ports.ts';
import type { CancelClick, RetryClick } from '../action-center/press-again.ts';
import type { Result } from '../action-center/refusal.ts';
import type { UndoClick } from '../action-center/undo.ts';
import type { Line } from './show.ts';
import { newTroubleId } from './trouble-id.ts';
import { bugText, recordedText, refusalText, storeFailed } from './words.ts';

export type Flows = {
  /** Everything but the write: asked before a dialog is opened, so that nobody types a reason in vain. */
  check(click: Click | UndoClick): Promise<Result<{ action: RemediationAction }>>;
  decide(click: Click): Promise<Result<Decided>>;
  undo(click: UndoClick): Promise<Result<Decided>>;
  cancel(click: CancelClick): Promise<Result<Decided>>;
  retry(click: RetryClick): Promise<Result<Decided>>;
};

/** A press that decides at once, whatever it decides. */
export type AnyClick = Click | UndoClick | CancelClick | RetryClick;

export type PressDeps = { flows: Flows; platform: Platform; log: Log };

/** After this nobody waits for a flow any more. */
const giveUpMs = 60_000;

/** The answer to a decision, whatever happens to it. Never rejects. */
export async function decisionLine(deps: PressDeps, click: AnyClick): Promise<Line> {
  try {
    const decided = await flowFor(deps.flows, click);
    return decided.ok ? recordedText(decided.value) : refusalText(decided.refusal, { platform: deps.platform });
  } catch (error) {
    return troubleLine(deps.log, factsOf(click), error);
  }
}

function flowFor(flows: Flows, click: AnyClick): Promise<Result<Decided>> {
  switch (click.verb) {
    case 'undo':
      return flows.undo(click);
    case 'cancel':
      return flows.cancel(click);
    case 'retry':
      return flows.retry(click);
    default:
      return flows.decide(click);
  }
}

export type Checked = { action: RemediationAction } | { line: Line };

/** May this person decide, or why not. Never rejects. */
export async function checkedFor(deps: PressDeps, click: Click | UndoClick): Promise<Checked> {
  try {
    const checked = await deps.flows.check(click);
    return checked.ok ? { action: checked.value.action } : { line: refusalText(checked.refusal, { platform: deps.platform }) };
  } catch (error) {
    return { line: troubleLine(deps.log, factsOf(click), error) };
  }
}

const factsOf = ({ actionId, clickId, verb }: AnyClick) => ({ actionId, clickId, verb });

export function troubleLine(log: Log, about: object, error: unknown): Line {
  const facts = { ...about, err: error };
  if (error instanceof UpstreamError) {
    log.error({ ...facts, service: error.service }, 'a press got no answer from the record');
    return storeFailed;
  }
  const troubleId = newTroubleId();
  log.error({ ...facts, troubleId }, 'a press failed');
  return bugText(troubleId);
}

/** What `work` gives within `ms` of the arrival (as `performance.now()` counts), or null. */
export function soon<T>(work: Promise<T>, { receivedAt, ms }: { receivedAt: number; ms: number }): Promise<T | null> {
  return within(work, Math.max(0, ms - (performance.now() - receivedAt)), null);
}

export const atLast = (work: Promise<Line>): Promise<Line> => within(work, giveUpMs, storeFailed);

export async function within<T, E>(work: Promise<T>, ms: number, otherwise: E): Promise<T | E> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<E>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

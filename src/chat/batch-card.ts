/** The picture of a batch while it runs and when it is over: who asked, how far it is, and what went wrong with which. Pure. */
import type { Batch, Setback } from '../action-center/batch.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import * as say from './batch-words.ts';
import type { BatchCard, Fact } from './card.ts';
import { subjectOf } from './evidence.ts';
import { exact, foreign, type Line, showText, time, words } from './show.ts';
import { refusalText } from './words.ts';

export type NamedSetback = Setback & { action: RemediationAction | null };

/** `setbacks`: the first few. */
export function batchCardFor(batch: Batch, setbacks: readonly NamedSetback[]): BatchCard {
  const standing = say.batchStanding(batch);
  const heading = say.batchHeading(batch);
  const left = batch.counts.failed + batch.counts.refused - setbacks.length;
  return {
    kind: 'batch',
    heading,
    standing: [words(standing)],
    facts: factsOf(batch),
    setbacks: [
      ...setbacks.map((setback) => setbackLine(setback, batch)),
      ...(left > 0 && setbacks.length > 0 ? [say.moreSetbacks(left)] : []),
    ],
    footnotes: [say.batchIdText(batch.id)],
    isRunning: batch.status === 'running',
    fallback: showText(`${standing} ${heading}.`, 300),
  };
}

function factsOf({ actor, platform, comment, startedAt, finishedAt, counts }: Batch): Fact[] {
  const count = (label: string, n: number): Fact => ({ label, value: [words(String(n))] });
  return [
    count(say.counterLabels.done, counts.done),
    count(say.counterLabels.failed, counts.failed),
    count(say.counterLabels.refused, counts.refused),
    ...(counts.shared > 0 ? [count(say.counterLabels.shared, counts.shared)] : []),
    count(say.counterLabels.left, counts.waiting + counts.decided),
    { label: say.batchLabels.askedForBy, value: say.askedForByText({ actor, platform }) },
    ...(comment === null ? [] : [{ label: say.batchLabels.reason, value: [foreign(comment, 600)] }]),
    ...(startedAt === null ? [] : [{ label: say.batchLabels.begun, value: [time(startedAt)] }]),
    ...(finishedAt === null ? [] : [{ label: say.batchLabels.finished, value: [time(finishedAt)] }]),
  ];
}

function setbackLine({ action, actionId, state, refusal, message }: NamedSetback, { platform }: Batch): Line {
  const what: Line = action === null ? [exact(actionId, 64)] : [foreign(subjectOf(action), 100), words(' '), exact(actionId, 64)];
  if (state === 'refused') return say.refusedSetback(what, refusal === null ? null : refusalText(refusal, { platform }));
  return say.failedSetback(what, message);
}

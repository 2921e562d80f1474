/** The picture of a batch while it runs and when it is over: who asked, how far it is, and what went wrong with which. Pure. */
import type { Batch, Setback } from '../action-center/batch.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { batchHeading, batchStanding, counterLabels, moreSetbacks } from './batch-words.ts';
import type { BatchCard, Fact } from './card.ts';
import { subjectOf } from './evidence.ts';
import { exact, foreign, type Line, showText, time, words } from './show.ts';
import { platformLabels, refusalText } from './words.ts';

export type NamedSetback = Setback & { action: RemediationAction | null };

/** `setbacks`: the first few. */
export function batchCardFor(batch: Batch, setbacks: readonly NamedSetback[]): BatchCard {
  const standing = batchStanding(batch);
  const heading = batchHeading(batch);
  const left = batch.counts.failed + batch.counts.refused - setbacks.length;
  return {
    kind: 'batch',
    heading,
    standing: [words(standing)],
    facts: factsOf(batch),
    setbacks: [...setbacks.map((setback) => setbackLine(setback, batch)), ...(left > 0 && setbacks.length > 0 ? [moreSetbacks(left)] : [])],
    footnotes: [[words('Batch '), exact(batch.id, 64)]],
    isRunning: batch.status === 'running',
    fallback: showText(`${standing} ${heading}.`, 300),
  };
}

function factsOf({ actor, platform, comment, startedAt, finishedAt, counts }: Batch): Fact[] {
  const count = (label: string, n: number): Fact => ({ label, value: [words(String(n))] });
  return [
    count(counterLabels.done, counts.done),
    count(counterLabels.failed, counts.failed),
    count(counterLabels.refused, counts.refused),
    ...(counts.shared > 0 ? [count(counterLabels.shared, counts.shared)] : []),
    count(counterLabels.left, counts.waiting + counts.decided),
    {
      label: 'Asked for by',
      value: [foreign(actor.displayName, 100), words(' ('), exact(actor.upn), words(`) in ${platformLabels[platform]}`)],
    },
    ...(comment === null ? [] : [{ label: 'Reason', value: [foreign(comment, 600)] }]),
    ...(startedAt === null ? [] : [{ label: 'Begun', value: [time(startedAt)] }]),
    ...(finishedAt === null ? [] : [{ label: 'Finished', value: [time(finishedAt)] }]),
  ];
}

function setbackLine({ action, actionId, state, refusal, message }: NamedSetback, { platform }: Batch): Line {
  const what: Line = action === null ? [exact(actionId, 64)] : [foreign(subjectOf(action), 100), words(' '), exact(actionId, 64)];
  if (state === 'refused')
    return [...what, words(', refused: '), ...(refusal === null ? [words('no reason is known.')] : refusalText(refusal, { platform }))];
  return [...what, words(', failed'), ...(message === null ? [words('.')] : [words(': '), foreign(message, 300)])];
}

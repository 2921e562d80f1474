/** What the stages of one action mean for a person who watches: which step is done, which one is on, which is still to come. */
import type { Stage } from '../../stage.ts';

export type StepState = 'done' | 'now' | 'waiting' | 'none';
export type Step = { name: string; state: StepState; at: string | null; note: string; tone: 'plain' | 'good' | 'bad' };
export type Journey = { raisedAt: string | null; postedAt: string | null; verb: string | null; decidedAt: string | null; steps: Step[] };

const outcomeWords: Record<string, string> = {
  inProgress: 'In progress',
  completed: 'Completed',
  partiallyCompleted: 'Partially completed',
  failed: 'Failed',
  timedOut: 'Timed out',
  cancelled: 'Cancelled',
  undone: 'Undone',
};

const isCard = (stage: Stage): boolean => stage.stage === 'shown' && stage.detail !== 'note';
const isFinal = (stage: Stage): boolean => stage.stage === 'settled' && stage.detail !== 'inProgress';

/** `stages` in the order in which they were told. Only the newest decision counts: before it may lie an approval that is now being undone. */
export function journeyOf(stages: readonly Stage[]): Journey {
  const raisedAt = stages.find((stage) => stage.stage === 'announced')?.at ?? null;
  const postedAt = stages.find(isCard)?.at ?? null;
  const start = stages.findLastIndex((stage) => stage.stage === 'decided');
  const decided = stages[start];
  const since = decided ? stages.slice(start).filter(({ decisionId }) => decisionId === null || decisionId === decided.decisionId) : [];
  const steps = withPresent(stepsOf(since, decided?.detail === 'reject', placesOf(stages)));
  return { raisedAt, postedAt, verb: decided?.detail ?? null, decidedAt: decided?.at ?? null, steps };
}

/** Where cards of this action are. Undefined stands for a bot that does not say. */
const placesOf = (stages: readonly Stage[]): Set<Stage['platform']> => new Set(stages.filter(isCard).map(({ platform }) => platform));

function stepsOf(since: readonly Stage[], isRejection: boolean, places: Set<Stage['platform']>): Step[] {
  const first = (name: Stage['stage']) => since.find((stage) => stage.stage === name);
  const final = since.findIndex(isFinal);
  const cards = since.slice(Math.max(isRejection ? 0 : final, 0)).filter(isCard);
  // Everywhere, or it is not done yet.
  const isShown = (isRejection || final >= 0) && cards.length > 0 && placesOf(cards).size === places.size;
  const last = cards.find((_, index) => placesOf(cards.slice(0, index + 1)).size === places.size);
  return [
    step('Stored', first('decided'), 'decision on record'),
    step('Queued', first('queued'), 'handed to the backend'),
    step('Taken', first('taken'), 'authority rechecked'),
    isRejection ? nothingToWaitFor(first('taken')) : outcomeStep(since[final], first('reported') !== undefined),
    step('Card updated', isShown ? last : undefined, places.size > 1 ? 'both channels show it' : 'the channel shows it'),
  ];
}

const step = (name: string, stage: Stage | undefined, note: string): Step => {
  return { name, state: stage ? 'done' : 'waiting', at: stage?.at ?? null, note, tone: 'plain' };
};

function nothingToWaitFor(taken: Stage | undefined): Step {
  const note = 'none for a rejection';
  return { name: 'Outcome', state: taken ? 'none' : 'waiting', at: null, note, tone: 'plain' };
}

function outcomeStep(final: Stage | undefined, isRunning: boolean): Step {
  if (!final) return { ...step('Outcome', undefined, isRunning ? 'in progress' : 'what came of it'), at: null };
  const status = final.detail ?? '';
  const tone = status === 'completed' || status === 'undone' ? 'good' : 'bad';
  return { name: 'Outcome', state: 'done', at: final.at, note: outcomeWords[status] ?? status, tone };
}

/** The first step still to come, once a decision is on its way, is the one that is on. */
function withPresent(steps: Step[]): Step[] {
  const isOn = steps.some((step) => step.state === 'done');
  const present = isOn ? steps.findIndex((step) => step.state === 'waiting') : -1;
  return steps.map((step, index) => (index === present ? { ...step, state: 'now' } : step));
}

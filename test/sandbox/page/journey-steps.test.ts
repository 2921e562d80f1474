import { expect, test } from 'vitest';
import { journeyOf } from '../../../sandbox/page/app/journey-steps.ts';
import type { Stage } from '../../../sandbox/stage.ts';

const at = (second: number) => `2026-11-21T08:00:${String(second).padStart(2, '0')}.000Z`;

/** Stages from short words: `decided:approve d1`. */
function told(...words: string[]): Stage[] {
  return words.map((word, index) => {
    const [name = '', decisionId = null] = word.split(' ');
    const [stage, detail] = name.split(':');
    return { stage, actionId: 'a', decisionId, at: at(index), ...(detail === undefined ? {} : { detail }) } as Stage;
  });
}
const states = (stages: Stage[]) => journeyOf(stages).steps.map((step) => step.state);

test('an action that nobody decided waits, and nothing is under way', () => {
  const journey = journeyOf(told('announced', 'shown:action'));
  expect(journey).toMatchObject({ raisedAt: at(0), postedAt: at(1), verb: null });
  expect(journey.steps.map((step) => step.state)).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'waiting']);
});

test('an approval goes step by step', () => {
  const way = ['announced', 'shown:action', 'decided:approve d1', 'queued d1', 'taken:approve d1'];
  expect(states(told(...way.slice(0, 3)))).toEqual(['done', 'now', 'waiting', 'waiting', 'waiting']);
  expect(states(told(...way.slice(0, 4)))).toEqual(['done', 'done', 'now', 'waiting', 'waiting']);
  expect(states(told(...way))).toEqual(['done', 'done', 'done', 'now', 'waiting']);
});

test('an outcome in progress is not the end, and the card shown meanwhile is not the last', () => {
  const way = ['decided:approve d1', 'queued d1', 'taken:approve d1', 'reported:inProgress d1', 'settled:inProgress d1', 'shown:action'];
  const { steps } = journeyOf(told(...way));
  expect(steps.map((step) => step.state)).toEqual(['done', 'done', 'done', 'now', 'waiting']);
  expect(steps[3]?.note).toBe('in progress');
});

test.each([
  ['completed', 'good', 'Completed'],
  ['failed', 'bad', 'Failed'],
  ['timedOut', 'bad', 'Timed out'],
  ['partiallyCompleted', 'bad', 'Partially completed'],
])('the outcome %s ends the journey once the card shows it', (status, tone, note) => {
  const way = ['decided:approve d1', 'queued d1', 'taken:approve d1', `settled:${status} d1`, 'shown:note', 'shown:action'];
  expect(states(told(...way.slice(0, 5)))).toEqual(['done', 'done', 'done', 'done', 'now']);
  const { steps } = journeyOf(told(...way));
  expect(steps.map((step) => step.state)).toEqual(['done', 'done', 'done', 'done', 'done']);
  expect(steps[3]).toMatchObject({ tone, note });
});

test('the card is up to date only when it is so on every platform that has one', () => {
  const shownIn = (platform: 'slack' | 'teams', second: number): Stage => {
    return { stage: 'shown', actionId: 'a', decisionId: null, at: at(second), detail: 'action', platform };
  };
  const posted = [shownIn('slack', 0), shownIn('teams', 1)];
  const decided = told('decided:approve d1', 'queued d1', 'taken:approve d1', 'settled:completed d1');
  const half = journeyOf([...posted, ...decided, shownIn('teams', 10)]).steps.at(-1);
  expect(half).toMatchObject({ state: 'now', note: 'both channels show it' });
  const whole = journeyOf([...posted, ...decided, shownIn('teams', 10), shownIn('teams', 11), shownIn('slack', 12)]).steps.at(-1);
  expect(whole).toMatchObject({ state: 'done', at: at(12) });
});

test('a rejection has no outcome to wait for', () => {
  const { steps } = journeyOf(told('decided:reject d1', 'shown:action', 'queued d1', 'taken:reject d1'));
  expect(steps.map((step) => step.state)).toEqual(['done', 'done', 'done', 'none', 'done']);
});

test('only the newest decision counts', () => {
  const approved = ['decided:approve d1', 'queued d1', 'taken:approve d1', 'settled:completed d1', 'shown:action'];
  const journey = journeyOf(told(...approved, 'decided:undo d2', 'queued d2'));
  expect(journey.verb).toBe('undo');
  expect(journey.steps.map((step) => step.state)).toEqual(['done', 'done', 'now', 'waiting', 'waiting']);
});

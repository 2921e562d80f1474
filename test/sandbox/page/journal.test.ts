import { expect, test } from 'vitest';
import { openJournal } from '../../../sandbox/page/journal.ts';
import type { Stage } from '../../../sandbox/stage.ts';

const stage = (actionId: string, name: Stage['stage'], detail?: string): Stage => {
  return { stage: name, actionId, decisionId: null, at: '2026-11-21T08:00:00.000Z', ...(detail === undefined ? {} : { detail }) };
};

test('keeps the stages of each action and says each as a line', () => {
  let changes = 0;
  const journal = openJournal(() => {
    changes += 1;
  });
  journal.tell(stage('a', 'announced'));
  journal.raised({ id: 'a', label: 'Isolate device', title: 'Isolate app-07' });
  journal.tell(stage('a', 'reported', 'failed'));
  expect(journal.actions()).toMatchObject([{ id: 'a', title: 'Isolate app-07', stages: [{ stage: 'announced' }, { stage: 'reported' }] }]);
  expect(journal.lines().map(({ who, text }) => `${who} ${text}`)).toEqual(['bot stored a new action', 'backend reported failed']);
  expect(changes).toBe(3);
});

test('says on which platform a card was brought up to date', () => {
  const journal = openJournal(() => {});
  journal.tell({ ...stage('a', 'shown', 'action'), platform: 'teams' });
  journal.tell(stage('a', 'shown', 'action'));
  expect(journal.lines().map(({ text }) => text)).toEqual(['brought the card up to date in Teams', 'brought the card up to date']);
});

test('a decision that comes back to the worker is still taken once', () => {
  const journal = openJournal(() => {});
  journal.tell(stage('a', 'taken', 'approve'));
  journal.tell(stage('a', 'taken', 'approve'));
  expect(journal.actions()[0]?.stages).toHaveLength(1);
  expect(journal.lines().map(({ text }) => text)).toEqual(['took the decision: approve', 'asked the backend how far it is']);
});

test('remembers a bounded number of actions, stages and lines, the newest', () => {
  const journal = openJournal(() => {});
  for (let number = 0; number < 500; number += 1) journal.tell(stage(`a${number}`, 'announced'));
  for (let number = 0; number < 500; number += 1) journal.tell(stage('a499', 'shown', 'action'));
  expect(journal.actions().length).toBeLessThanOrEqual(60);
  expect(journal.actions().at(-1)?.id).toBe('a499');
  expect(journal.actions().at(-1)?.stages.length).toBeLessThanOrEqual(60);
  expect(journal.actions().at(-1)?.stages[0]?.stage).toBe('announced');
  expect(journal.lines().length).toBeLessThanOrEqual(200);
  expect(journal.lines().at(-1)?.number).toBe(1000);
});

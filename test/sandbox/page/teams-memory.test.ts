import { expect, test } from 'vitest';
import { createEventHub } from '../../../sandbox/event-hub.ts';
import { openTeamsMemory } from '../../../sandbox/page/teams-memory.ts';
import type { AdaptiveCard, PrivateMessage, TeamsEvents } from '../../../sandbox/teams/types.ts';

function aMemory() {
  const hub = createEventHub<TeamsEvents>('Teams');
  let at = 0;
  const memory = openTeamsMemory(hub, () => at);
  const pressAt = (time: number, person: string, messageId: string) => {
    at = time;
    memory.pressed(person, messageId);
  };
  return { hub, memory, pressAt };
}

const bar = (at: number, text = `said at ${at}`): PrivateMessage => ({ person: 'p', via: 'bar', conversation: 'c', text, card: null, at });
const texts = (placed: Record<string, PrivateMessage>) => Object.fromEntries(Object.entries(placed).map(([id, { text }]) => [id, text]));

test('a bar belongs under the card that was pressed before it', () => {
  const { memory, pressAt } = aMemory();
  pressAt(10, 'p', 'first');
  pressAt(20, 'p', 'second');
  expect(texts(memory.place('p', [bar(12), bar(21)]))).toEqual({ first: 'said at 12', second: 'said at 21' });
});

test('the next press on a card takes its old bar away', () => {
  const { memory, pressAt } = aMemory();
  pressAt(10, 'p', 'card');
  pressAt(20, 'p', 'card');
  expect(texts(memory.place('p', [bar(12)]))).toEqual({});
  expect(texts(memory.place('p', [bar(12), bar(25)]))).toEqual({ card: 'said at 25' });
});

test('somebody else pressing in between changes nothing', () => {
  const { memory, pressAt } = aMemory();
  pressAt(10, 'p', 'mine');
  pressAt(11, 'q', 'theirs');
  expect(texts(memory.place('p', [bar(12)]))).toEqual({ mine: 'said at 12' });
  expect(memory.place('q', [])).toEqual({});
});

const card = (data: object | null): AdaptiveCard => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: [],
  actions: data ? [{ type: 'Action.Execute', title: 'Approve', data }] : [],
});
const message = (id: string, shown: AdaptiveCard) => {
  return { id, conversation: 'c', parentId: null, from: 'bot', text: '', summary: null, card: shown, at: 0, edits: 0 };
};

test('a card is about the action its buttons named, also when they are gone', () => {
  const { hub, memory } = aMemory();
  hub.emit('message', message('1', card({ actionId: 'A-1', digest: 'd' })));
  hub.emit('update', message('1', card(null)));
  hub.emit('message', message('2', card(null)));
  expect([memory.actionOf('1'), memory.actionOf('2'), memory.actionOf('3')]).toEqual(['A-1', null, null]);
});

test('remembers a bounded number of cards, the newest', () => {
  const { hub, memory } = aMemory();
  for (let number = 0; number < 700; number += 1) hub.emit('message', message(`${number}`, card({ actionId: `A-${number}` })));
  expect(memory.actionOf('0')).toBeNull();
  expect(memory.actionOf('699')).toBe('A-699');
});

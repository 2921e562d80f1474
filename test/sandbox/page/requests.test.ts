import { expect, test } from 'vitest';
import { parseRequest } from '../../../sandbox/page/requests.ts';

test('reads a press on either side', () => {
  const slack = { user: 'U0BOB', channel: 'C0SOC', ts: '1.2', button: 'Approve' };
  expect(parseRequest('/press', slack)).toEqual(slack);
  const teams = { user: 'U0BOB', messageId: '17', button: 'Approve', inputs: { reason: 'known' } };
  expect(parseRequest('/teams/press', { ...teams, more: 'dropped' })).toEqual(teams);
});

test.each([
  ['a missing text', '/teams/say', { user: 'U0BOB' }, 'text must be a text'],
  ['an empty one', '/teams/say', { user: 'U0BOB', text: '' }, 'text must be a text'],
  ['a long one', '/command', { user: 'U0BOB', text: 'x'.repeat(4001) }, 'text must be at most 4000 characters'],
  ['no person', '/play', {}, 'user must be a text'],
  ['inputs that are no object', '/teams/press', { user: 'U', messageId: '1', button: 'B', inputs: 'x' }, 'inputs must be an object'],
  ['an input that is no text', '/teams/submit', { user: 'U', button: 'B', values: { a: 1 } }, 'values.a must be a text'],
  [
    'too many inputs',
    '/submit',
    { user: 'U', values: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`f${index}`, ''])) },
    'values must be at most 50 fields',
  ],
] as const)('refuses %s and says where', (_what, path, body, message) => {
  expect(() => parseRequest(path, body)).toThrow(expect.objectContaining({ name: 'BadRequest', status: 400, message }));
});

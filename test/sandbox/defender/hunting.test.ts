/** The simulated hunting keeps Defender's own limits, so that a test against it means something. */
import { expect, test } from 'vitest';
import { answerHunt, createHunting } from '../../../sandbox/defender/hunting.ts';

const now = Date.parse('2026-11-21T08:00:00Z');
const row = (name: string) => ({ Timestamp: '2026-11-20T10:00:00Z', DeviceId: name, SHA1: 'abc' });
const ask = (Query: string, Timespan?: string) => ({ Query, ...(Timespan ? { Timespan } : {}) });
const byHash = 'let h = "ABC";\nDeviceFileEvents\n| where SHA1 =~ h\n| take 1';

test('45 queries a minute, then a pause until the oldest is a minute old', () => {
  const state = createHunting({ tables: {} });
  for (let count = 0; count < 45; count += 1) expect(answerHunt(state, ask(byHash), now + count).status).toBe(200);
  expect(answerHunt(state, ask(byHash), now + 20_000)).toMatchObject({ status: 429, headers: { 'Retry-After': '40' } });
  expect(answerHunt(state, ask(byHash), now + 60_001).status).toBe(200);
});

test('rows in which a value of the query stands, as many as it takes', () => {
  const state = createHunting({ tables: { DeviceFileEvents: [row('a'), row('b'), { ...row('c'), SHA1: 'other' }] } });
  expect(answerHunt(state, ask(byHash), now).body).toMatchObject({
    results: [{ DeviceId: 'a' }],
    schema: expect.arrayContaining([{ name: 'Timestamp', type: 'DateTime' }]),
  });
  const counting = byHash.replace('| take 1', '| summarize Devices = count(), FirstSeen = min(First)');
  expect(answerHunt(state, ask(counting), now).body).toMatchObject({ results: [{ Devices: 2 }] });
});

test.each([
  ['no query', {}],
  ['an unknown table', ask('NoSuchEvents | take 1')],
  ['an open literal', ask('DeviceFileEvents | where SHA1 == "')],
  ['a timespan that is none', ask(byHash, '30 days')],
])('%s is refused', (_, body) => {
  expect(answerHunt(createHunting(), body, now).status).toBe(400);
});

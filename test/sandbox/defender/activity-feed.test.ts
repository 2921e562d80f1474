/** The simulated Office 365 feed keeps Microsoft's own rules, so that a test against it means something. */
import { afterEach, expect, test } from 'vitest';
import { type FeedWorld, startActivityFeed } from '../../../sandbox/defender/activity-feed.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const now = Date.parse('2026-11-21T08:00:00Z');
const audience = 'https://manage.office.com';
const holders: Record<string, { audience: string; permissions: string[]; until: number }> = {
  good: { audience, permissions: ['ActivityFeed.Read'], until: now + 1 },
  graph: { audience: 'https://graph.microsoft.com', permissions: ['ActivityFeed.Read'], until: now + 1 },
  poor: { audience, permissions: [], until: now + 1 },
};
let feed: FeedWorld;
afterEach(() => feed.close());

const open = async (more: object = {}) => {
  feed = await startActivityFeed({ tenantId, tokens: (token) => holders[token], now: () => now, ...more });
  return feed;
};
async function ask(path: string, { token = 'good', method = 'GET' } = {}) {
  const asked = `${feed.url}/api/v1.0/${tenantId}/activity/feed/${path}&contentType=Audit.General&PublisherIdentifier=${tenantId}`;
  const answer = await fetch(asked, { method, headers: { authorization: `Bearer ${token}` } });
  const body = await answer.json();
  return {
    status: answer.status,
    code: body.error?.code,
    body,
    next: answer.headers.get('nextpageuri'),
    wait: answer.headers.get('retry-after'),
  };
}
const start = (token?: string) => ask('subscriptions/start?', { method: 'POST', ...(token === undefined ? {} : { token }) });
const list = (from: string, until: string) => ask(`subscriptions/content?startTime=${from}&endTime=${until}`);

test('it is started once, by whoever may, and listed only then', async () => {
  await open();
  expect(await list('2026-11-21T00:00:00', '2026-11-21T08:00:00')).toMatchObject({ status: 400, code: 'AF20022' });
  expect(await start('graph')).toMatchObject({ status: 401 });
  expect(await start('poor')).toMatchObject({ status: 403 });
  expect(await start()).toMatchObject({ status: 200 });
  expect(await start()).toMatchObject({ status: 400, code: 'AF20024' });
});

test.each([
  ['longer than a day', '2026-11-20T07:00:00', '2026-11-21T08:00:00'],
  ['longer ago than seven days', '2026-11-14T07:59:59', '2026-11-14T09:00:00'],
  ['backwards', '2026-11-21T08:00:00', '2026-11-21T07:00:00'],
  ['without an end', '2026-11-21T07:00:00', ''],
])('a stretch %s is refused, and noted', async (_, from, until) => {
  await open();
  await start();
  expect(await list(from, until)).toMatchObject({ status: 400, code: 'AF20030' });
  expect(feed.problems).toHaveLength(1);
});

test('blobs come page by page, also those that are listed again', async () => {
  await open({ perPage: 2 });
  await start();
  const ids = [1, 2].map((hours) => feed.add([{ hours }], now - hours * 3_600_000));
  feed.repeat(ids[0] ?? '');
  const first = await list('2026-11-21T00:00:00', '2026-11-21T08:00:00');
  expect(first.body).toHaveLength(2);
  const second = await (await fetch(first.next ?? '', { headers: { authorization: 'Bearer good' } })).json();
  expect([...first.body, ...second].map(({ contentId }: { contentId: string }) => contentId)).toEqual([ids[0], ids[1], ids[0]]);
});

test('too many calls in a minute are asked to wait', async () => {
  await open({ callsPerMinute: 2 });
  await start();
  await start();
  expect(await start()).toMatchObject({ status: 429, code: 'AF429', wait: '5' });
});

/** The Office 365 feed over HTTP: everything of the last days is read, in stretches that are taken, and nothing twice. */
import { afterEach, expect, it } from 'vitest';
import { type FeedWorld, startActivityFeed } from '../../sandbox/defender/activity-feed.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import { microsoftApi } from '../../src/defender/api.ts';
import { openReader, type Reader } from '../../src/defender/ingest.ts';
import { office365Source } from '../../src/defender/ingest-office365.ts';
import { urn } from '../features/invented-investigations.ts';
import { rememberedMarks } from './remembered-marks.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
const hour = 3_600_000;
const day = 24 * hour;
const { signal } = new AbortController();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An investigation without actions: it is counted, and nothing has to be stored. */
const record = (number: number, type: number | string = 64) => ({
  RecordType: type,
  InvestigationId: urn(number),
  Status: 'Running',
  LastUpdateTimeUtc: '2026-11-20T10:00:00',
  Actions: '[]',
});

async function openFeed(permissions = ['ActivityFeed.Read']) {
  const entra = await startEntra({ tenantId, apps: [{ ...app, permissions }], people: [] });
  const feed = await startActivityFeed({ tenantId, tokens: entra.holderOf, perPage: 30 });
  closing.push(entra.close, feed.close);
  const told: string[] = [];
  const log = {
    info: (data: unknown, message?: string) => void told.push(message ?? String(data)),
    warn: (data: unknown, message?: string) => void told.push(message ?? String(data)),
    error: () => {},
  };
  const api = microsoftApi(
    {
      ...{ tenantId, clientId: app.clientId, credential: { kind: 'secret', secret: app.secret }, authorityUrl: entra.authorityUrl },
      ...{ graphUrl: entra.graphUrl, defenderUrl: entra.url, defenderAudience: 'https://api.securitycenter.microsoft.com' },
      office365: { url: feed.url, audience: 'https://manage.office.com' },
    },
    { log, limits: { take: async () => 0, pause: async () => {} } },
  );
  const marks = rememberedMarks();
  const clock = { aheadMs: 0 };
  const now = () => new Date(Date.now() + clock.aheadMs);
  const never = () => Promise.reject(new Error('nothing has to be stored'));
  const open = (): Reader => {
    const air = { entraTenantId: tenantId, portalUrl: 'https://security.microsoft.com', moreTypes: {} };
    const store = { add: never, get: never, apply: never };
    const policy = { version: '1', routesFor: () => [], approvalsNeeded: () => 1, isProtected: () => false };
    const filing = { store, policy, tenantId, newActionId: () => never() as never, sha256: (text: string) => text, now };
    const closes = { store, now, poke: () => {} };
    const findings = { related: async () => [] };
    const source = office365Source({
      ...air,
      announce: never,
      filing,
      findings,
      closing: closes,
      now,
      log,
      api,
      feed: { url: feed.url, entraTenantId: tenantId },
    });
    return openReader(source, { api, marks, now, holder: 'one', leaseMs: 60_000, lookBackMs: 30 * day });
  };
  return { feed, open, marks, told, clock };
}

async function toTheEnd(reader: Reader): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  for (let left = 100; left > 0; left -= 1) {
    const step = await reader.step(signal);
    if (step.kind !== 'page' && step.kind !== 'done') throw new Error(step.kind);
    for (const [name, count] of Object.entries(step.counts)) total[name] = (total[name] ?? 0) + count;
    if (step.kind === 'done') return total;
  }
  throw new Error('it does not come to an end');
}

const fetched = ({ calls }: FeedWorld): number => calls.filter(({ route, status }) => route === 'blob' && status === 200).length;

it('is read for the seven days there are, a restart in the middle of a long list included, and once', async () => {
  const { feed, open, marks, told } = await openFeed();
  const now = Date.now();
  for (let number = 0; number < 70; number += 1) feed.add([record(number), { RecordType: 25 }], now - 30 * hour + number * 1000);
  feed.add([record(100, '86'), record(101, 89)], now - 6 * day);
  feed.add([record(102)], now - 8 * day);
  const first = open();
  // As far as the middle of the seventy.
  while (!marks.mark?.reading?.next.includes('#20/')) await first.step(signal);
  const before = fetched(feed);
  const total = await toTheEnd(open());
  expect(before + (total['blobs'] ?? 0)).toBeGreaterThanOrEqual(71);
  expect(fetched(feed)).toBe(71);
  expect(feed.problems).toEqual([]);
  expect(marks.mark?.caughtUpAt).not.toBeNull();
  expect(told.filter((line) => line.includes('up to 12 hours'))).toHaveLength(1);
  // What was made available since, by the same process: only that is fetched.
  feed.add([record(103)], Date.now() - 2000);
  const again = open();
  expect(await toTheEnd(again)).toMatchObject({ investigations: 1 });
  feed.add([record(104)], Date.now() - 2000);
  const count = fetched(feed);
  expect(await toTheEnd(again)).toMatchObject({ investigations: 1 });
  expect(fetched(feed)).toBe(count + 1);
});

it('waits for a blob while Microsoft may be out of order, and leaves it out when that takes hours', async () => {
  const { feed, open, told, clock } = await openFeed();
  const reader = open();
  const broken = feed.add([record(1)], Date.now() - hour);
  feed.add([record(2)], Date.now() - hour);
  feed.faults.add({ route: 'blob', kind: 'http500', blob: broken });
  for (let count = 0; count < 5; count += 1) await expect(toTheEnd(reader)).rejects.toThrow('500');
  expect(told.filter((line) => line.includes('left out'))).toEqual([]);
  clock.aheadMs = 3 * hour;
  expect(await toTheEnd(reader)).toMatchObject({ investigations: 1 });
  expect(told.filter((line) => line.includes('left out'))).toHaveLength(1);
});

it('is started again where somebody stopped it, and names what is missing where it may not be read', async () => {
  const { feed, open } = await openFeed();
  const reader = open();
  await toTheEnd(reader);
  feed.stop();
  await expect(reader.step(signal)).rejects.toThrow('No subscription found');
  await toTheEnd(reader);
  const refused = await openFeed([]);
  await expect(refused.open().step(signal)).rejects.toMatchObject({ status: 403, message: expect.stringContaining('ActivityFeed.Read') });
});

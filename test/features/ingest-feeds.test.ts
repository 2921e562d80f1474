/** Pending work that investigations tell of, beside what alerts tell: one card for one thing, the same on both platforms. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FeedWorld, startActivityFeed } from '../../sandbox/defender/activity-feed.ts';
import type { HuntingTenant } from '../../sandbox/defender/hunting.ts';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { alertOf, cluster } from './invented-alerts.ts';
import { airCluster, inHunting, investigationOf, softDelete } from './invented-investigations.ts';
import { alice, entraTenant } from './people.ts';
import { platforms } from './platforms.ts';
import { readingEnv } from './reading-env.ts';
import { openWorld, type World } from './world.ts';

const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
const permissions = ['SecurityAlert.Read.All', 'Machine.Read.All', 'ThreatHunting.Read.All', 'ActivityFeed.Read'];
let last = 2000;
/** No two investigations of this file have a number in common. */
const next = (): number => {
  last += 1;
  return last;
};

describe.each(platforms)('what investigations tell, in $name', ({ open }) => {
  let world: World;
  let entra: EntraWorld;
  let defender: DefenderWorld;
  let feed: FeedWorld;
  const tenant: HuntingTenant = { tables: { CloudAppEvents: [] }, moods: [], callsPerMinute: 1000 };

  beforeAll(async () => {
    entra = await startEntra({ tenantId: entraTenant, apps: [{ ...app, permissions }], people: [], hunting: tenant });
    defender = await startDefender({ tokens: entra.holderOf, knowsEveryDevice: true, limits: { perMinute: 6000, perHour: 90_000 } });
    feed = await startActivityFeed({ tenantId: entraTenant, tokens: entra.holderOf, perPage: 2 });
    feed.faults.add({ route: 'start', kind: 'lostAnswer', times: 1 });
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      env: {
        ...readingEnv({ app, entra, defender }),
        INGEST_DAYS: '1',
        INGEST_AIR_HUNTING: 'on',
        INGEST_OFFICE365: 'on',
        OFFICE365_URL: feed.url,
        OFFICE365_AUDIENCE: 'https://manage.office.com',
      },
      timing: { sweepEveryMs: 1000, stalledAfterMs: 30_000, repairEveryMs: 1000, ingestEveryMs: 500, ingestCallMs: 1200 },
    });
    // Moods are spent one a query: the first looks go wrong.
    tenant.moods?.push('time-out', 'no-table');
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(async () => {
    await world.close();
    await entra.close();
    await defender.close();
    await feed.close();
  });

  const hunted = (record: Record<string, unknown>, isText = false) => tenant.tables['CloudAppEvents']?.push(inHunting(record, isText));
  const shown = (title: string) => world.until(`a card of ${title}`, () => world.chat.card(title), 30_000);
  const says = (title: string, text: string) =>
    world.until(`the card of ${title} says ${text}`, () => (world.chat.card(title) ?? '').includes(text), 30_000);
  const titleOf = (record: Record<string, unknown>): string => String(record['InvestigationName']);

  it('is a card, once beside its alert, which can be decided; and closes with who decided it in Defender', {
    timeout: 60_000,
  }, async () => {
    const now = Date.now();
    const alone = investigationOf(next(), now - 60_000, [softDelete(last, [airCluster(last)])]);
    const there = investigationOf(next(), now - 60_000, [softDelete(last, [airCluster(last)])]);
    const number = last;
    const title = `Seen as an alert ${number}`;
    entra.setAlert(alertOf(number, now - 60_000, [cluster(number)], { title }));
    await shown(title);
    hunted(alone, true);
    hunted(there);
    const card = await shown(titleOf(alone));
    expect(card).toContain('Proposed by an automated investigation');
    await world.chat.press(alice, titleOf(alone), /^Approve/);
    await says(titleOf(alone), 'Completed');

    const frank = { ActionStatus: 'Completed', ApprovedBy: 'frank@contoso.example' };
    hunted(investigationOf(number, now, [softDelete(number, [airCluster(number)], frank)]));
    await says(title, 'Decided elsewhere');
    await world.until('the thread names who did it', () => world.chat.thread(title).some((text) => text.includes('frank')));
    expect(world.chat.card(titleOf(there))).toBeNull();
    expect(world.chat.copies(titleOf(alone))).toBe(1);
    // All the same after what went wrong before, and each trouble was told.
    expect(tenant.moods).toEqual([]);
    expect(world.logLines.some((line) => line.includes('Defender for Cloud Apps with the Microsoft 365 connector'))).toBe(true);
  });

  it('comes by the Office 365 feed as well, once, whatever goes wrong on the way', { timeout: 60_000 }, async () => {
    const now = Date.now();
    const made = (at: number, more: object = {}) => investigationOf(last, at, [softDelete(last, [airCluster(last)], more)]);
    next();
    const title = titleOf(made(now));
    const other = { RecordType: 25, Operation: 'MessageSent', Id: 'not-an-investigation' };
    const waiting = feed.add([other, made(now - 60_000)], now - 30_000);
    feed.repeat(waiting);
    const gone = feed.add([other], now - 20_000);
    const broken = feed.add([other], now - 20_000);
    feed.faults.add({ route: 'blob', kind: 'gone', blob: gone });
    feed.faults.add({ route: 'blob', kind: 'garbage', blob: broken });
    feed.faults.add({ route: 'list', kind: 'throttle', times: 1 });
    feed.faults.add({ route: 'list', kind: 'garbage', times: 1 });
    const card = await shown(title);
    expect(card).toContain('Proposed by an automated investigation');
    // The same record by hunting is the same action.
    hunted(made(now - 60_000));
    feed.stop();
    feed.add([made(now, { ActionStatus: 'Declined', ApprovedBy: 'frank@contoso.example' })]);
    await says(title, 'Decided elsewhere');
    expect(world.chat.copies(title)).toBe(1);
    const lines = (text: string) => world.logLines.filter((line) => line.includes(text));
    await world.until('what cannot be had is left out', () => lines('part of the Office 365 feed was left out').length > 1);
    // Its first start was never answered, and was answered as done before when it was asked again.
    expect(lines('may take up to 12 hours').length).toBeLessThanOrEqual(1);
    const fetched = feed.calls.filter(
      ({ route, path, status }) => route === 'blob' && status === 200 && decodeURIComponent(path).includes(waiting),
    );
    expect(fetched).toHaveLength(1);
    expect(feed.problems).toEqual([]);
  });
});

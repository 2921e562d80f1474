/** Pending work that investigations tell of, beside what alerts tell: one card for one thing, the same on both platforms. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
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
import { openWorld, type World } from './world.ts';

const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
const permissions = ['SecurityAlert.Read.All', 'Machine.Read.All', 'ThreatHunting.Read.All'];
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
  const tenant: HuntingTenant = { tables: { CloudAppEvents: [] }, moods: [], callsPerMinute: 1000 };

  beforeAll(async () => {
    entra = await startEntra({ tenantId: entraTenant, apps: [{ ...app, permissions }], people: [], hunting: tenant });
    defender = await startDefender({ tokens: entra.holderOf, knowsEveryDevice: true, limits: { perMinute: 6000, perHour: 90_000 } });
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      env: {
        INGEST: 'defender',
        INGEST_DAYS: '1',
        INGEST_AIR_HUNTING: 'on',
        ENTRA_TENANT_ID: entraTenant,
        ENTRA_CLIENT_ID: app.clientId,
        ENTRA_CLIENT_SECRET: app.secret,
        ENTRA_AUTHORITY_URL: entra.authorityUrl,
        GRAPH_URL: entra.graphUrl,
        DEFENDER_API_URL: defender.url,
        DEFENDER_CALLS_PER_MINUTE: '6000',
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
});

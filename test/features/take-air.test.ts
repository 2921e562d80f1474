/** What investigations tell, beside what alerts tell: one action for one thing to decide, in whatever order both are read. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announce } from '../../src/action-center/announce.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { alertSource } from '../../src/defender/ingest-alerts.ts';
import { type AirDeps, takeAir } from '../../src/defender/take-air.ts';
import { newActionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { ingestStore } from '../../src/store/ingest.ts';
import { relatedFindings } from '../../src/store/related-findings.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { alertOf, cluster, guid, message, url } from './invented-alerts.ts';
import { airCluster, airMessage, airUrl, investigationOf, softDelete, urn, zoneless } from './invented-investigations.ts';

const tenant = '11111111-2222-4333-8444-555555555555';
const { signal } = new AbortController();
const minute = 60_000;
let last = 100;
const next = (): number => {
  last += 1;
  return last;
};

describe('investigations and alerts', () => {
  let engine: Engine;
  let db: Database;
  let deps: AirDeps;
  let store: ReturnType<typeof actionStore>;
  let alerts: ReturnType<typeof alertSource>;
  const warned: unknown[] = [];

  beforeAll(async () => {
    engine = await openEngine({ databaseUrl: await freshDatabase() }, { onError: () => {} });
    db = openDatabase(engine.pool);
    await migrate(db);
    store = actionStore(db, 'default');
    const now = () => new Date();
    const policy = { version: 'v1', routesFor: () => [], approvalsNeeded: () => 1, isProtected: () => false };
    const filing = { store, policy, tenantId: 'default', newActionId, sha256, now };
    const log = { info: () => {}, warn: (data: object | string) => void warned.push(data), error: () => {} };
    const findings = relatedFindings(db, 'default');
    const closing = { store, now, poke: () => {} };
    const announcing = (intake: Parameters<typeof announce>[1]) => announce({ ...filing, poke: () => {} }, intake);
    const air = {
      entraTenantId: tenant,
      portalUrl: 'https://security.microsoft.com',
      moreTypes: { vaporizemail: 'softDeleteEmail' } as const,
    };
    deps = { ...air, announce: announcing, filing, findings, closing, now, log };
    const marks = ingestStore(db, 'default');
    alerts = alertSource({
      graphUrl: 'https://graph.example',
      entraTenantId: tenant,
      announce: announcing,
      marks,
      findings,
      closing,
      now,
      log,
    });
  });
  afterAll(() => engine.close());

  const tell = (...records: unknown[]) => takeAir(deps, records, signal);
  const alert = async (...pieces: Parameters<typeof alertOf>[2]) =>
    (await alerts.take([alertOf(last, Date.now() - 5 * minute, pieces)], signal)).counts;
  /** Everything in the record that this number's investigation or alert brought. */
  const stored = async (number = last): Promise<RemediationAction[]> => {
    const types = ['softDeleteEmail', 'blockUrl'] as const;
    const sought = { types, keys: [], investigationIds: [urn(number)], names: [`https://evil.example/${number}`, guid(number, 3)] };
    return deps.findings.related('defender', sought, '2000-01-01T00:00:00Z');
  };
  const statuses = async () => (await stored()).map(({ status }) => status).toSorted();
  const pendingAt = (at: number, ids?: number[], more: object = {}) =>
    investigationOf(last, at, [softDelete(last, [airCluster(last, ids)])], more);
  const endedAt = (at: number, status = 'Completed') =>
    investigationOf(last, at, [softDelete(last, [airCluster(last)], { ActionStatus: status, ApprovedBy: 'frank@contoso.example' })]);

  it('bring an action once, with the page of its investigation, however often it is read and by whom', async () => {
    next();
    const at = Date.now() - 10 * minute;
    expect(await tell(pendingAt(at))).toEqual({ investigations: 1, accepted: 1 });
    expect(await tell(pendingAt(at), pendingAt(at))).toEqual({ investigations: 2, known: 1 });
    const [action, ...more] = await stored();
    expect(more).toEqual([]);
    expect(action).toMatchObject({
      type: 'softDeleteEmail',
      source: 'automatedEmailAction',
      status: 'pending',
      investigationId: urn(last),
      alertId: guid(last),
      parameters: { investigationUrl: expect.stringMatching(/^https:\/\/security\.microsoft\.com\/mtp-investigation\//) },
      entities: [{ type: 'emailCluster', count: 2, networkMessageIds: [guid(last, 1), guid(last, 2)] }],
    });
  });

  it('are one action with the evidence that was read first, and close it with who decided', async () => {
    next();
    expect(await alert(cluster(last))).toMatchObject({ accepted: 1 });
    expect(await tell(pendingAt(Date.now() - minute))).toMatchObject({ toldAlready: 1 });
    expect(await statuses()).toEqual(['pending']);
    expect(await tell(endedAt(Date.now()))).toMatchObject({ decidedElsewhere: 1 });
    expect(await statuses()).toEqual(['decidedElsewhere']);
    const [action] = await stored();
    const { rows } = await sql<{
      data: object;
    }>`select data from audit_events where kind = 'decidedElsewhere' and action_id = ${action?.id}`.execute(db);
    expect(rows[0]?.data).toMatchObject({ state: 'Completed', by: 'frank@contoso.example' });
  });

  it('are one action with the evidence that is read afterwards, and are closed by it', async () => {
    next();
    expect(await tell(pendingAt(Date.now() - minute))).toMatchObject({ accepted: 1 });
    expect(await alert(cluster(last))).toMatchObject({ toldAlready: 1 });
    expect(await statuses()).toEqual(['pending']);
    expect(await alert(cluster(last, 'declined'))).toMatchObject({ decidedElsewhere: 1 });
    expect(await statuses()).toEqual(['decidedElsewhere']);
    expect(await alert(cluster(last))).toMatchObject({ toldAlready: 1 });
  });

  it('are compared by what they act on where evidence names no investigation', async () => {
    next();
    const link = `https://evil.example/${last}`;
    expect(await alert({ ...url(), url: link })).toMatchObject({ accepted: 1 });
    const block = softDelete(last, [airUrl(link)], { ActionType: 'Block URL (time of click)' });
    expect(await tell(investigationOf(last, Date.now(), [block]))).toMatchObject({ toldAlready: 1 });
    expect(await stored()).toHaveLength(1);
  });

  it('of another message, another recipient or another investigation are other things to decide', async () => {
    next();
    expect(await alert(message(last))).toMatchObject({ accepted: 1 });
    const lee = { ...airMessage(last), Recipient: 'lee@contoso.example' };
    expect(await tell(investigationOf(last, Date.now(), [softDelete(last, [lee])]))).toMatchObject({ accepted: 1 });
    expect(await tell(investigationOf(last, Date.now(), [softDelete(9, [airMessage(last)])]))).toMatchObject({ toldAlready: 1 });
    next();
    expect(await alert(cluster(last))).toMatchObject({ accepted: 1 });
    const other = investigationOf(last, Date.now(), [softDelete(last, [airCluster(last)])], { InvestigationId: urn(99_000 + last) });
    expect(await tell(other)).toMatchObject({ accepted: 1 });
  });

  it('that end close only the cluster that is theirs', async () => {
    next();
    const [small, large] = [
      cluster(last, undefined, { clusterByValue: 'small', networkMessageIds: [guid(last, 1)], emailCount: 1 }),
      cluster(last, undefined, { clusterByValue: 'large' }),
    ];
    expect(await alert(small, large)).toMatchObject({ accepted: 2 });
    await tell(endedAt(Date.now()));
    const left = (await stored()).filter(({ status }) => status === 'pending');
    expect(left.map(({ asset }) => asset)).toEqual(['small']);
  });

  it('that had ended before they were seen are in History, and an older record opens nothing', async () => {
    next();
    const at = Date.now() - minute;
    expect(await tell(endedAt(at))).toMatchObject({ filed: 1 });
    expect(await tell(pendingAt(at - 5 * minute))).toMatchObject({ known: 1 });
    expect(await tell(endedAt(at))).toMatchObject({ known: 1 });
    expect(await statuses()).toEqual(['decidedElsewhere']);
  });

  it('that grow are a newer revision, and an older record, read again, changes nothing', async () => {
    next();
    const at = Date.now() - 10 * minute;
    const more = { StartTimeUtc: zoneless(at - minute) };
    const [older, newer] = [pendingAt(at, [1, 2], more), pendingAt(at + minute, [1, 2, 4], more)];
    for (const record of [older, newer]) expect(await tell(record)).toMatchObject({ accepted: 1 });
    for (const record of [older, newer]) expect(await tell(record)).toMatchObject({ known: 1 });
    const [action, ...others] = await stored();
    expect(others).toEqual([]);
    expect(action?.entities).toMatchObject([{ networkMessageIds: [guid(last, 1), guid(last, 2), guid(last, 4)] }]);
  });

  it('that are over leave nothing waiting, whatever their record still says of it', async () => {
    next();
    await tell(pendingAt(Date.now() - minute));
    const over = { ...pendingAt(Date.now()), Status: 'Terminated By System' };
    expect(await tell(over)).toMatchObject({ decidedElsewhere: 1 });
  });

  it('survive values nobody has heard of, and say which', async () => {
    next();
    const odd = [
      softDelete(1, [airCluster(last)], { ActionType: 'Teleport mail' }),
      softDelete(2, [airCluster(last)], { ActionStatus: 'Quantum' }),
      softDelete(3, [{ Type: 'wormhole' }, { Type: 7 }]),
      softDelete(4, [airMessage(last)], { ActionType: 'Vaporize-Mail' }),
    ];
    warned.length = 0;
    const counts = await tell(investigationOf(last, Date.now(), odd), { nothing: true }, 'text', null);
    expect(counts).toEqual({ investigations: 1, unreadable: 3, passedOver: 3, accepted: 1 });
    expect(JSON.stringify(warned)).toContain('Teleport mail: Pending');
    expect(JSON.stringify(warned)).toContain('Quantum');
  });

  it('are no way to a page outside the portal', async () => {
    next();
    const link = 'https://security.microsoft.com.evil.example/mtp-investigation/1';
    await tell({ ...pendingAt(Date.now()), DeeplinkURL: link });
    expect((await stored())[0]?.parameters).toEqual({});
  });

  it('that waited more than seven days have no card', async () => {
    next();
    expect(await tell(pendingAt(Date.now() - 8 * 86_400_000))).toMatchObject({ late: 1 });
  });
});

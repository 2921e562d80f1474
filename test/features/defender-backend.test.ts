/** Carrying decisions out in Defender while things go wrong: lost answers, throttling, missing permissions, devices that are away. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase } from '../setup/fresh.ts';
import { recordPool } from '../setup/record.ts';
import { actionOfType, deviceNamed, guid, hex, mailTo } from './defender-actions.ts';
import { type DefenderBench, member, openDefenderBench } from './defender-world.ts';
import { carol } from './people.ts';

const kim = member('kim');
const who = { id: kim.id, upn: kim.userPrincipalName };
const isolate = (name: string, over: object = {}) => actionOfType('isolateDevice', who, { entities: [deviceNamed(name)], ...over });

let databaseUrl: string;
let bench: DefenderBench;
beforeAll(async () => {
  databaseUrl = await freshDatabase();
});
const open = (options: Omit<Parameters<typeof openDefenderBench>[0], 'databaseUrl'> = {}) => openDefenderBench({ databaseUrl, ...options });
const isolations = (name: string) => bench.defender.machineActions().filter(({ machineId }) => machineId === hex(`device ${name}`, 40));

describe('one call', () => {
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(async () => {
    expect(bench.defender.problems).toEqual([]);
    await bench.close();
  });

  it('names the person, the decision and the platform in Defender', async () => {
    const { decision, outcome } = await bench.approved(isolate('stamped'));
    const [made] = isolations('stamped');
    expect(made?.comment).toBe(`[countersign ${decision?.decisionId}] approved by erin@contoso.example via Slack`);
    expect(outcome).toMatchObject({ status: 'completed', externalRef: { machineActionId: made?.id } });
  });

  it.each(['lostAnswer', 'http500After'] as const)(
    'whose answer is lost (%s) is found again by the decision, never made twice',
    async (kind) => {
      bench.defender.faults.add({ route: 'machineAction', kind, times: 1 });
      await bench.approved(isolate(kind));
      expect(isolations(kind)).toHaveLength(1);
      expect(bench.defender.calls.some(({ path }) => path.includes('creationDateTimeUtc'))).toBe(true);
    },
  );

  it.each(['http500', 'http503', 'throttle', 'reset', 'http401', 'garbage'] as const)('that meets %s is made, and once', async (kind) => {
    bench.defender.faults.add({ route: 'machineAction', kind, times: 1, retryAfterSeconds: 1 });
    await bench.approved(isolate(kind));
    expect(isolations(kind)).toHaveLength(1);
  });

  it('that hangs is given up in time and made once', async () => {
    bench.defender.faults.add({ route: 'machineAction', kind: 'hang', times: 1 });
    await bench.approved(isolate('hanging'));
    expect(isolations('hanging')).toHaveLength(1);
  });

  it('of something that runs already follows what runs, and says so', async () => {
    const machine = hex('device taken', 40);
    bench.defender.change(machine, { isOnline: false });
    const theirs = bench.defender.startElsewhere(machine, 'Isolate');
    const id = await bench.submit(isolate('taken'));
    await bench.press('approve', id);
    const running = await bench.until(id, 'inProgress');
    expect(running.outcome).toMatchObject({
      message: expect.stringContaining('already in progress'),
      externalRef: { machineActionId: theirs.id },
    });
    expect(isolations('taken')).toHaveLength(1);
  });

  it('on a device that Defender knows by name only is about that device; of a file by SHA-256, about its SHA-1', async () => {
    await bench.close();
    const device = { id: hex('device by name', 40), name: 'by-name.contoso.example' };
    const [sha1, sha256] = [hex('one', 40), hex('two', 64)];
    bench = await open({ defender: { devices: [device], files: { [sha256]: sha1 } } });
    const entities = [
      { type: 'device', name: 'By-Name.contoso.example' },
      { type: 'file', sha256 },
    ];
    await bench.approved(actionOfType('stopAndQuarantineFile', who, { entities }));
    expect(bench.defender.machineActions()).toMatchObject([{ machineId: device.id, file: sha1, type: 'StopAndQuarantineFile' }]);
    const unknown = actionOfType('isolateDevice', who, { entities: [{ type: 'device', name: 'nobody.contoso.example' }] });
    expect((await bench.approved(unknown, 'failed')).outcome?.message).toContain('no device of this name');
  });
});

describe('permissions', () => {
  afterEach(() => bench.close());

  it('that the app lacks are named, with the API they belong to; what fails can be tried again', async () => {
    bench = await open({ app: { permissions: ['Machine.Scan', 'Machine.Read.All', 'User.Read.All'] } });
    const failed = await bench.approved(isolate('forbidden'), 'failed');
    expect(failed.outcome?.message).toContain('lacks the permission Machine.Isolate (WindowsDefenderATP)');
    const disable = actionOfType('disableUser', who);
    const text = (await bench.approved(disable, 'failed')).outcome?.message;
    expect(text).toContain('lacks the permission User.EnableDisableAccount.All (Microsoft Graph)');
    expect(isolations('forbidden')).toEqual([]);
    expect(await bench.press('retry', failed.id, carol)).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    expect((await bench.press('retry', failed.id)).ok).toBe(true);
    const again = await bench.until(failed.id, 'failed');
    expect(again.decision?.decisionId).not.toBe(failed.decision?.decisionId);
  });

  it('to look are missing: what runs is not called failed, and the permission is named', async () => {
    bench = await open({ app: { permissions: ['Machine.Isolate'] }, defender: { pendingMs: 500 } });
    const { outcome } = await bench.approved(isolate('unseen'), 'timedOut');
    expect(outcome?.message).toContain('Machine.Read.All');
  });
});

describe('several parts', () => {
  const names = Array.from({ length: 6 }, (_, index) => `part-${index}`);
  afterEach(() => bench.close());

  it('are counted when some fail, only the rest is tried again, and only what was done is undone', async () => {
    bench = await open();
    const bad = hex('device part-2', 40);
    bench.defender.change(bad, { fails: true });
    const partly = await bench.approved(isolate('many', { entities: names.map(deviceNamed) }), 'partiallyCompleted');
    expect(partly.outcome?.message).toMatch(/^5 of 6 done\. part-2\.contoso\.example failed: /);
    bench.defender.change(bad, { fails: false });
    await bench.press('retry', partly.id);
    await bench.until(partly.id, 'completed');
    expect(names.map((name) => isolations(name).length)).toEqual([1, 1, 2, 1, 1, 1]);
    await bench.press('undo', partly.id);
    await bench.until(partly.id, 'undone');
    expect(bench.defender.machineActions().filter(({ type }) => type === 'Unisolate')).toHaveLength(6);
  });

  it('are looked after with one list call, not with one call each', async () => {
    bench = await open({ defender: { pendingMs: 300, runningMs: 300 } });
    await bench.approved(isolate('list', { entities: names.map((name) => deviceNamed(`list-${name}`)) }));
    const looks = bench.defender.calls.filter(({ method, route }) => method === 'GET' && route === 'machineActions');
    expect(looks.some(({ path }) => path.includes('$top'))).toBe(true);
    // One by one it would be six calls every 60 ms for 600 ms.
    expect(looks.length).toBeLessThan(20);
  });

  it('go on where a killed worker left them, whatever it had begun', async () => {
    bench = await open();
    bench.hold = true;
    const id = await bench.submit(isolate('killed', { entities: names.map((name) => deviceNamed(`killed-${name}`)) }));
    await bench.press('approve', id);
    const [message] = bench.messages;
    if (message === undefined) throw new Error('nothing was decided');
    // The worker dies with three parts done, one answer lost and two not begun: everything it knew is in the record.
    bench.defender.faults.add({ route: 'machineAction', kind: 'throttle', times: 1, retryAfterSeconds: 1 });
    expect(await bench.once(message)).toMatch(/^again/);
    bench.defender.faults.add({ route: 'machineAction', kind: 'lostAnswer', chance: 0.5 });
    for (let turn = 0; turn < 40 && (await bench.read(id)).status !== 'completed'; turn += 1) {
      const reborn = bench.openBackend();
      const said = await bench.once(message, reborn).catch(() => 'again 50');
      if (turn === 5) bench.defender.faults.clear();
      await new Promise((resolve) => setTimeout(resolve, Math.min(Number(said.split(' ')[1] ?? 0), 200)));
    }
    expect((await bench.read(id)).status).toBe('completed');
    expect([...bench.defender.executions().values()]).toEqual(names.map(() => 1));
  });
});

describe('mail', () => {
  afterEach(() => bench.close());
  const copies = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => mailTo(`${prefix}${index}`));
  const softDelete = (entities: object[]) => actionOfType('softDeleteEmail', who, { entities });

  it('of a cluster is all its copies, a hundred a call, confirmed by hunting and moved back by the saved pairs', async () => {
    const id = guid('cluster');
    const delivered = Array.from({ length: 230 }, (_, index) => ({ id, recipient: `r${index}@contoso.example` }));
    bench = await open({ entra: { delivered, huntingDelayMs: 200 } });
    const entities = [{ type: 'emailCluster', name: 'Invoice', networkMessageIds: [id] }];
    const done = await bench.approved(softDelete(entities));
    expect(done.outcome?.portalUrl).toContain('bulkId');
    expect(done.outcome?.externalRef?.['bulkId']).toBe(bench.entra.mail[0]?.bulkId);
    const sizes = [...Map.groupBy(bench.entra.mail, ({ bulkId }) => bulkId).values()].map(({ length }) => length);
    expect(sizes).toEqual([100, 100, 30]);
    await bench.press('undo', done.id);
    await bench.until(done.id, 'undone');
    expect(bench.entra.mail.filter(({ action }) => action === 'moveToInbox')).toHaveLength(230);
  });

  it('that could not all be moved is counted', async () => {
    bench = await open();
    bench.entra.failMail('bad1@contoso.example', 'Failure: mailbox on hold');
    const { outcome } = await bench.approved(softDelete(copies('bad', 5)), 'partiallyCompleted');
    expect(outcome?.message).toContain('4 of 5 done');
    expect(outcome?.message).toContain('mailbox on hold');
  });

  it('waits for its confirmation, and is called unconfirmed when none comes', async () => {
    bench = await open({ entra: { huntingDelayMs: 3_600_000 }, timing: { confirmMs: 700 } });
    const id = await bench.submit(softDelete(copies('slow', 2)));
    await bench.press('approve', id);
    expect((await bench.until(id, 'inProgress')).outcome?.message).toContain('waiting for Defender to confirm');
    expect((await bench.until(id, 'completed')).outcome?.message).toContain('Submitted (unconfirmed)');
  });

  it('whose answer is lost is not sent again while hunting may still show it', async () => {
    bench = await open({ entra: { huntingDelayMs: 400 } });
    bench.entra.faults.add({ route: 'remediateMail', kind: 'lostAnswer', times: 1 });
    await bench.approved(softDelete(copies('lost', 3)));
    expect(bench.entra.mail).toHaveLength(3);
  });

  it('that surely never arrived is sent again after that', async () => {
    bench = await open({ timing: { doubtMs: 300 } });
    bench.entra.faults.add({ route: 'remediateMail', kind: 'reset', times: 1 });
    await bench.approved(softDelete(copies('never', 1)));
    expect(bench.entra.mail).toHaveLength(1);
  });
});

describe('accounts and indicators', () => {
  afterEach(() => bench.close());

  it('of Active Directory are changed there, where the next synchronisation does not take it back', async () => {
    const sid = 'S-1-5-21-1004336348-1177238915-682003330-1105';
    bench = await open({ entra: { people: [member('lee', { onPremises: { sid } })] } });
    const lee = member('lee');
    await bench.approved(actionOfType('disableUser', { id: lee.id, upn: lee.userPrincipalName }));
    expect(bench.entra.deeds.map(({ what }) => what)).toEqual(['directory:disable']);
  });

  it.each(['lostAnswer', 'http500After'] as const)('are looked at before a call is repeated (%s)', async (kind) => {
    bench = await open();
    for (const route of ['changeUser', 'revokeSignInSessions'] as const) bench.entra.faults.add({ route, kind, times: 1 });
    await bench.approved(actionOfType('disableUser', who));
    await bench.approved(actionOfType('revokeSessions', who));
    expect(bench.entra.deeds.map(({ what }) => what)).toEqual(['disable', 'revokeSessions']);
  });

  it('that were so before are left so by the undo', async () => {
    bench = await open({ entra: { people: [{ ...kim, accountEnabled: false }] } });
    const url = 'https://evil.example/before';
    bench.defender.addIndicator({ indicatorValue: url, indicatorType: 'Url', action: 'Block', title: 'by hand', description: 'x' });
    for (const body of [actionOfType('disableUser', who), actionOfType('blockUrl', who, { entities: [{ type: 'url', url }] })]) {
      const { id, outcome } = await bench.approved(body);
      expect(outcome?.message).toContain('It was so already');
      await bench.press('undo', id);
      expect((await bench.until(id, 'undone')).outcome?.message).toContain('Left as it is');
    }
    expect(bench.entra.deeds).toEqual([]);
    expect(bench.defender.indicators()).toMatchObject([{ title: 'by hand' }]);
  });

  it('that somebody decided otherwise in Defender are not overruled: one indicator stands for each URL', async () => {
    bench = await open({ entra: { people: [kim] } });
    const url = 'https://partner.example/app';
    bench.defender.addIndicator({ indicatorValue: url, indicatorType: 'Url', action: 'Allowed', title: 'partner', description: 'x' });
    const { outcome } = await bench.approved(actionOfType('blockUrl', who, { entities: [{ type: 'url', url }] }), 'failed');
    expect(outcome?.message).toContain("somebody else's indicator for this URL says Allowed");
    expect(bench.defender.indicators()).toMatchObject([{ title: 'partner', action: 'Allowed' }]);
  });
});

describe('limits', () => {
  afterEach(() => bench.close());

  it('are shared by two workers: together they never make more calls than Microsoft allows', async () => {
    bench = await open({ defender: { limits: { perMinute: 20, perHour: 300 } } });
    bench.hold = true;
    const ids = await Promise.all(Array.from({ length: 30 }, (_, index) => bench.submit(isolate(`limit-${index}`))));
    for (const id of ids) await bench.press('approve', id);
    const two = [bench.openBackend(20), bench.openBackend(20)];
    await Promise.all(bench.messages.map((message, index) => bench.once(message, two[index % 2])));
    // The rush of a minute is spent, nobody was refused, and what did not fit waits for its turn.
    expect(bench.defender.calls.filter(({ status }) => status === 429)).toEqual([]);
    expect(bench.defender.calls.length).toBeLessThanOrEqual(20);
    expect(bench.defender.machineActions().length).toBeGreaterThan(5);
    expect((await bench.read(ids.at(-1) ?? (ids[0] as never))).status).toBe('inProgress');
  });

  it('leave room for decisions: a look waits while a decision still goes through', async () => {
    const { lanes } = await import('../../src/store/lanes.ts');
    const { openDatabase } = await import('../../src/store/database.ts');
    const { sharedLimits } = await import('../../src/defender/limits.ts');
    bench = await open();
    const pool = recordPool(databaseUrl, 10);
    const at = Date.now();
    const limits = sharedLimits(lanes(openDatabase(pool)), { tenant: 'room', perMinute: 100, now: () => at });
    let looks = 0;
    while ((await limits.take('defender', 'poll')) === 0) looks += 1;
    expect(looks).toBe(28);
    let decisions = 0;
    while ((await limits.take('defender', 'decision')) === 0) decisions += 1;
    expect(decisions).toBe(12);
    // A hunting quota that is used up must not hold up what decides.
    await limits.pause('hunting', 60_000);
    expect(await limits.take('hunting', 'decision')).toBeGreaterThan(0);
    expect(await limits.take('graph', 'decision')).toBe(0);
    await pool.end();
  });
});

/** What is carried out a second time, stopped or followed in Defender when there is much of it, or something about it is odd. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../setup/fresh.ts';
import { poll } from '../setup/poll.ts';
import { actionOfType, deviceNamed, hex } from './defender-actions.ts';
import { type DefenderBench, member, openDefenderBench } from './defender-world.ts';
import { alice, erin } from './people.ts';

const kim = member('kim');
const who = { id: kim.id, upn: kim.userPrincipalName };
const isolate = (entities: object[]) => actionOfType('isolateDevice', who, { entities });
const machineOf = (name: string) => hex(`device ${name}`, 40);

let databaseUrl: string;
let bench: DefenderBench;
beforeAll(async () => {
  databaseUrl = await freshDatabase();
});
const open = async (options: Omit<Parameters<typeof openDefenderBench>[0], 'databaseUrl'> = {}) => {
  bench = await openDefenderBench({ databaseUrl, ...options });
};
afterEach(async () => {
  expect(bench.defender.problems).toEqual([]);
  await bench.close();
});
const isolationsOf = (id: string) => bench.defender.machineActions().filter(({ machineId }) => machineId === id);

describe('Retry', () => {
  it('takes along the reason of whoever gave it, and puts nobody else’s words into their mouth', async () => {
    await open();
    bench.defender.change(machineOf('reason'), { fails: true });
    const id = await bench.submit(isolate([deviceNamed('reason')]));
    await bench.press('approve', id, erin, 'beacons every minute');
    await bench.until(id, 'failed');
    expect(await bench.press('retry', id, erin)).toMatchObject({ ok: true, value: { decision: { comment: 'beacons every minute' } } });
    await bench.until(id, 'failed');
    expect(await bench.press('retry', id, alice)).toMatchObject({ ok: true, value: { decision: { comment: null } } });
    const { approvals } = await bench.until(id, 'failed');
    expect(approvals.map(({ actor, comment }) => `${actor.upn}: ${comment}`)).toEqual(['erin@contoso.example: beacons every minute']);
    const comments = isolationsOf(machineOf('reason')).map(({ comment }) => comment.replace(/^\[.*?\] /, ''));
    expect(comments).toEqual([
      'approved by erin@contoso.example via Slack: beacons every minute',
      'approved by erin@contoso.example via Slack: beacons every minute',
      'approved by alice@contoso.example via Slack',
    ]);
  });

  it('and Undo tell two devices of one name apart', async () => {
    await open();
    const [good, bad] = [hex('first of the name', 40), hex('second of the name', 40)];
    bench.defender.change(bad, { fails: true });
    const name = 'twin.contoso.example';
    const twins = [good, bad].map((deviceId) => ({ type: 'device', deviceId, name, group: 'Workstations' }));
    const { id } = await bench.approved(isolate(twins), 'partiallyCompleted');
    bench.defender.change(bad, { fails: false });
    await bench.press('retry', id);
    await bench.until(id, 'completed');
    expect([isolationsOf(good).length, isolationsOf(bad).length]).toEqual([1, 2]);
    await bench.press('undo', id);
    await bench.until(id, 'undone');
    const released = bench.defender.machineActions().filter(({ type }) => type === 'Unisolate');
    expect(released.map(({ machineId }) => machineId).sort()).toEqual([good, bad].sort());
  });
});

describe('Cancel', () => {
  it('of many goes on where it was interrupted, and asks none of them twice', async () => {
    const turns = [1, 1, 1, 0];
    // Every fourth call meets the fault.
    await open({ defender: { random: () => turns.push(turns.shift() ?? 1) && (turns.at(-1) ?? 1) } });
    const names = Array.from({ length: 9 }, (_, index) => `stop-${index}`);
    for (const name of names) bench.defender.change(machineOf(name), { isOnline: false });
    const id = await bench.submit(isolate(names.map(deviceNamed)));
    await bench.press('approve', id);
    await bench.until(id, 'inProgress');
    await poll('all are sent', () => bench.defender.machineActions().length === names.length);
    bench.defender.faults.add({ route: 'cancel', kind: 'http503', chance: 0.5, times: 2 });
    await bench.press('cancel', id);
    await bench.until(id, 'cancelled');
    const asked = bench.defender.calls.filter(({ route }) => route === 'cancel');
    expect(asked.filter(({ status }) => status === 503)).toHaveLength(2);
    expect(asked.filter(({ status }) => status === 200).map(({ path }) => path)).toHaveLength(names.length);
    expect(asked.filter(({ status }) => status === 404)).toEqual([]);
  });
});

describe('Following', () => {
  it('is not blinded by an action of somebody else that is odd', async () => {
    await open({ defender: { pendingMs: 200, runningMs: 100 } });
    bench.defender.startElsewhere(machineOf('odd'), 'Isolate', { comment: 'x'.repeat(9000) });
    const names = Array.from({ length: 4 }, (_, index) => `beside-${index}`);
    await bench.approved(isolate(names.map(deviceNamed)));
    expect(bench.defender.calls.some(({ path }) => path.includes('$top=1000'))).toBe(true);
  });

  it('a decision of which no call was planned never ends as completed', async () => {
    await open();
    const { outcome } = await bench.backend.progress({ decision: 'D-that-planned-nothing' }, AbortSignal.timeout(5000));
    expect(outcome?.status).toBe('failed');
  });
});

describe('What people write', () => {
  // One of two neighbours is cut in the middle of a character, wherever the cut is.
  it.each(['', 'x'])('ends where a record and Microsoft can still take it (%j)', async (before) => {
    await open();
    const reason = `${before}${'😀'.repeat(249)}`;
    const url = `https://evil.example/${before}${'😀'.repeat(100)}`;
    for (const body of [isolate([deviceNamed(`cut${before}`)]), actionOfType('blockUrl', who, { entities: [{ type: 'url', url }] })]) {
      const id = await bench.submit(body);
      await bench.press('approve', id, erin, reason);
      await bench.until(id, 'completed', 5000);
    }
    expect(isolationsOf(machineOf(`cut${before}`)).map(({ comment }) => comment.isWellFormed())).toEqual([true]);
  });
});

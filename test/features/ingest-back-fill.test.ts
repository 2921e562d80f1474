/** The first start in a big tenant: a month of alerts and machine actions, within Microsoft's limits and in little memory, across a kill. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { recordPool } from '../setup/record.ts';
import type { BackFill } from './back-fill-process.ts';
import { alertOf, cluster } from './invented-alerts.ts';

const alerts = 10_000;
const machineActions = 5000;
/** Of the alerts: every so many has something that waits, as long as its seven days last. */
const waitingEach = 10;
const start = Date.parse('2026-11-21T08:00:00Z');
const month = 30 * 86_400_000;
const tenantId = '11111111-2222-4333-8444-555555555555';
const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'the-apps-secret-for-tests' };

type Told = { pass?: number; pages?: number; done?: { counts: Record<string, number>; pages: number; peakMegabytes: number } };

describe('a back-fill of a month', () => {
  let entra: EntraWorld;
  let defender: DefenderWorld;
  let clock = start;
  let given: BackFill;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    entra = await startEntra({ tenantId, apps: [app], people: [], now: () => clock });
    defender = await startDefender({ tokens: entra.holderOf, knowsEveryDevice: true, now: () => clock, pendingMs: 0, runningMs: 0 });
    for (let number = 0; number < alerts; number += 1) {
      const at = start - month + 60_000 + Math.floor((number / alerts) * (month - 120_000));
      entra.setAlert(alertOf(number, at, [cluster(number, number % waitingEach === 0 ? 'pendingApproval' : 'remediated')]));
    }
    for (let number = 0; number < machineActions; number += 1) {
      const createdAt = start - month + 60_000 + Math.floor((number / machineActions) * (month - 120_000));
      const comment = number % 5 === 0 ? '[countersign D-01JD6Q0000000000000000000A] approved by alice@contoso.example' : 'From the portal';
      const requestor = number % 5 === 0 ? 'Countersign' : 'frank@contoso.example';
      defender.startElsewhere(number.toString(16).padStart(40, 'd'), 'Isolate', { createdAt, comment, requestor, scope: 'Full' });
    }
    const urls = { authorityUrl: entra.authorityUrl, graphUrl: entra.graphUrl, defenderUrl: defender.url };
    given = { databaseUrl: await freshDatabase(), ...urls, tenantId, ...app, now: clock };
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await entra.close();
    await defender.close();
  });

  const hear = (child: ChildProcess, { pass, pages = 0 }: Told, killAfter: number): void => {
    if (pass !== undefined) clock += pass;
    if (pages >= killAfter) child.kill('SIGKILL');
    else if (pass !== undefined && child.connected) child.send(clock);
  };

  /** Runs a reader until it is done, or kills it after so many pages. */
  const read = async (killAfter = Number.POSITIVE_INFINITY): Promise<Told['done'] | null> => {
    const file = path.join(import.meta.dirname, 'back-fill-process.ts');
    const child = fork(file, [JSON.stringify({ ...given, now: clock })], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    children.push(child);
    let done: Told['done'] | null = null;
    child.on('message', (told: Told) => {
      hear(child, told, killAfter);
      done = told.done ?? done;
    });
    const [code, signal] = await once(child, 'exit');
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the reader ended with ${code}`);
    return done;
  };

  const mostInAMinute = (times: number[]): number => {
    let most = 0;
    for (let first = 0, last = 0; last < times.length; last += 1) {
      while ((times[last] ?? 0) - (times[first] ?? 0) >= 60_000) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  };

  it('stays under 100 calls a minute and 250 MB, and a kill in the middle repeats nothing', { timeout: 240_000 }, async () => {
    expect(await read(60)).toBeNull();
    const done = await read();
    const pool = recordPool(given.databaseUrl);
    const one = async (text: string): Promise<number> => Number((await pool.query(text)).rows[0]?.['count']);
    const open = await one(`select count(*) from actions where status = 'pending'`);
    const filed = await one(`select count(*) from actions where status = 'decidedElsewhere'`);
    const cards = await one('select count(*) from cards');
    const events = await one('select count(*) from audit_events');
    await pool.end();

    const inTime = Math.floor((7 * 86_400_000 * alerts) / month / waitingEach);
    expect(open).toBeGreaterThanOrEqual(inTime - 2);
    expect(open).toBeLessThanOrEqual(inTime + 2);
    expect(filed).toBe((machineActions / 5) * 4);
    // One card and one event for each that waits, one event and no card for each that was done elsewhere: nothing twice.
    expect({ cards, events }).toEqual({ cards: open, events: open + filed });

    const lists = entra.calls.filter(({ route }) => route === 'alerts');
    const looks = defender.calls.filter(({ route }) => route === 'machineActions');
    expect([...lists, ...looks].filter(({ status }) => status === 429)).toEqual([]);
    expect(mostInAMinute(lists.map(({ at }) => at))).toBeLessThanOrEqual(100);
    expect(mostInAMinute(looks.map(({ at }) => at))).toBeLessThanOrEqual(100);
    // Whole pages, each read once; the kill costs one page of each source at most, the end of a day half a page.
    expect(lists.length).toBeLessThanOrEqual(alerts / 50 + 32);
    expect(done?.peakMegabytes).toBeLessThan(250);
    expect(entra.problems).toEqual([]);
    expect(defender.problems).toEqual([]);
    process.stdout.write(
      `back-fill: ${lists.length} calls for alerts, ${looks.length} for machine actions, ${Math.round((clock - start) / 60_000)} virtual minutes, most in a minute ${mostInAMinute(lists.map(({ at }) => at))} and ${mostInAMinute(looks.map(({ at }) => at))}, peak ${Math.round(done?.peakMegabytes ?? 0)} MB\n`,
    );
  });
});

/** What waits in Defender comes in by itself, and what was done there is told here: the same on both platforms. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, device as usualDevice } from './actions.ts';
import { alertOf, cluster, device, file, guid, mailbox, message, processOf, registryKey, unheardOf, url } from './invented-alerts.ts';
import { alice, entraTenant } from './people.ts';
import { platforms } from './platforms.ts';
import { readingEnv } from './reading-env.ts';
import { openWorld, type World } from './world.ts';

const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
const permissions = ['SecurityAlert.Read.All', 'Machine.Read.All'];
let last = 0;
/** No two alerts of this file have a number in common. */
const next = (): number => {
  last += 1;
  return last;
};
const titled = (title: string) => ({ title });

describe.each(platforms)('what waits in Defender, told in $name', ({ open }) => {
  let world: World;
  let entra: EntraWorld;
  let defender: DefenderWorld;

  beforeAll(async () => {
    entra = await startEntra({ tenantId: entraTenant, apps: [{ ...app, permissions }], people: [] });
    const limits = { perMinute: 6000, perHour: 90_000 };
    defender = await startDefender({ tokens: entra.holderOf, knowsEveryDevice: true, limits });
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      env: {
        ...readingEnv({ app, entra, defender }),
      },
      timing: { sweepEveryMs: 1000, stalledAfterMs: 30_000, repairEveryMs: 1000, ingestEveryMs: 500, ingestCallMs: 1200 },
    });
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(async () => {
    await world.close();
    await entra.close();
    await defender.close();
  });

  const shown = (title: string) => world.until(`a card of ${title}`, () => world.chat.card(title));
  const looked = async (): Promise<void> => {
    const before = entra.calls.filter(({ route, status }) => route === 'alerts' && status === 200).length;
    await world.until('Defender is looked into twice more', () => {
      return entra.calls.filter(({ route, status }) => route === 'alerts' && status === 200).length > before + 1;
    });
  };

  it('becomes a card that can be decided, once however often it is read', async () => {
    const title = `Invoice wave ${next()}`;
    entra.setAlert(alertOf(last, Date.now() - 60_000, [cluster(last), message(last, 'remediated')], titled(title)));
    const card = await shown(title);
    expect(card).toContain('Soft delete email');
    expect(card).toContain('Found waiting for approval in Defender');
    await looked();
    expect(world.chat.copies(title)).toBe(1);
    await world.chat.press(alice, title, /^Approve/);
    await world.cardSays(title, 'Completed');
    // What was decided here stands, whatever the evidence says afterwards.
    entra.setAlert(alertOf(last, Date.now(), [cluster(last, 'remediated')], titled(title)));
    await looked();
    expect(world.chat.card(title)).toContain('Completed');
  });

  it('closes when somebody decides it in Defender, and says so in the thread', async () => {
    const title = `Declined there ${next()}`;
    entra.setAlert(alertOf(last, Date.now() - 60_000, [cluster(last)], titled(title)));
    await shown(title);
    entra.setAlert(alertOf(last, Date.now(), [cluster(last, 'declined')], titled(title)));
    await world.cardSays(title, 'Decided elsewhere');
    await world.until('the thread says so', () => world.chat.thread(title).some((text) => text.includes('Decided in Defender')));
    expect(world.chat.thread(title).filter((text) => text.includes('declined'))).toHaveLength(1);
  });

  it('is a hand-off where Microsoft has no API, and a line in the log where nobody knows what it is', async () => {
    const [process, key, box] = [`Process ${next()}`, `Registry ${next()}`, `Forwarding ${next()}`];
    const [ofProcess, ofKey, ofBox] = [last - 2, last - 1, last];
    entra.setAlert(alertOf(ofProcess, Date.now(), [device(ofProcess), processOf(ofProcess), unheardOf()], titled(process)));
    entra.setAlert(alertOf(ofKey, Date.now(), [device(ofKey), registryKey(ofKey)], titled(key)));
    entra.setAlert(alertOf(ofBox, Date.now(), [mailbox()], titled(box)));
    for (const title of [process, key, box]) {
      await shown(title);
      await expect(world.chat.press(alice, title, /^Approve/)).rejects.toThrow();
    }
    await world.until('the log tells what was passed over', () =>
      world.logLines.some(
        (line) => line.includes('cannot become a card') && line.includes('quantumEvidence') && line.includes(guid(ofProcess)),
      ),
    );
  });

  it('is told by name of its device, and survives values nobody has heard of', async () => {
    const title = `File ${next()}`;
    entra.setAlert(
      alertOf(last, Date.now(), [device(last), file(last), { ...url(), remediationStatus: 'teleported' }], {
        ...titled(title),
        severity: 'apocalyptic',
        serviceSource: 'microsoftDefenderForToasters',
      }),
    );
    const card = await shown(title);
    expect(card).toContain(`wks-${last}.contoso.example`);
    expect(card).toContain('Medium');
    // A status that is new to us is not taken for a decision.
    entra.setAlert(alertOf(last, Date.now(), [device(last), { ...file(last), remediationStatus: 'teleported' }], titled(title)));
    await looked();
    expect(world.chat.card(title)).not.toContain('Decided elsewhere');
  });

  it('stays text, however hostile it is', async () => {
    const name = `Hostile ${next()}`;
    const title = `<!channel> <@U0ALICE> [x](https://evil.example/a) ${name}`;
    const subject = '*bold* <https://evil.example|Sign in>\u202e\u0000\ud800\n=HYPERLINK("x")';
    entra.setAlert(alertOf(last, Date.now(), [message(last, 'pendingApproval', { subject })], { ...titled(title), description: subject }));
    await world.until('its card is there', () => world.chat.everything().find((text) => text.includes(name)));
    const all = world.chat.everything().join('\n');
    expect(all).not.toContain('https://evil.example');
    for (const hidden of ['\u202e', '\u0000']) expect(all).not.toContain(hidden);
  });

  it('shows another scope under the same key as a newer revision', async () => {
    const title = `Growing ${next()}`;
    entra.setAlert(alertOf(last, Date.now(), [cluster(last)], titled(title)));
    await shown(title);
    const more = { networkMessageIds: [guid(last, 1), guid(last, 2), guid(last, 4)], emailCount: 3 };
    entra.setAlert(alertOf(last, Date.now(), [cluster(last, undefined, more)], titled(title)));
    await world.until('both revisions are there', () => world.chat.copies(title) === 2);
    await looked();
    expect(world.chat.copies(title)).toBe(2);
  });

  it('is closed when somebody else does the same to the device, and that is in History with who it was', async () => {
    const body = isolateDevice();
    const { id } = (await world.submit(body)).body;
    await shown(body.title);
    const done = defender.startElsewhere(usualDevice.deviceId, 'Isolate', { scope: 'Full', requestor: 'frank@contoso.example' });
    await world.cardSays(body.title, 'Decided elsewhere');
    expect((await world.read(id)).status).toBe('decidedElsewhere');
    await world.until('the thread names who did it', () =>
      world.chat.thread(body.title).some((text) => text.includes('Done in Defender by') && text.includes('frank')),
    );
    const before = world.chat.told(alice).length;
    await world.chat.command(alice, `history day status:decidedElsewhere asset:${done.computerDnsName}`);
    const told = await world.until('History lists it', () =>
      world.chat.told(alice, before).find((text) => text.includes('Isolate device')),
    );
    expect(told).toContain('Decided elsewhere');
  });

  it('comes in all the same after every misbehaviour, and one bot reads at a time', { timeout: 60_000 }, async () => {
    for (const kind of ['throttle', 'http500', 'garbage', 'reset', 'hang'] as const) {
      const title = `Weather ${kind} ${next()}`;
      entra.faults.add({ route: 'alerts', kind, times: 1, retryAfterSeconds: 1 });
      entra.setAlert(alertOf(last, Date.now(), [cluster(last)], titled(title)));
      await shown(title);
    }
    entra.faults.clear();
    // Two bots would look twice as often.
    const from = entra.calls.length;
    await looked();
    const times = entra.calls.slice(from).flatMap(({ route, at }) => (route === 'alerts' ? [at] : []));
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(350);
  });

  it('comes in after the reading bot stops: another one takes over and repeats nothing', async () => {
    const [before, after] = [`Before ${next()}`, `After ${next()}`];
    entra.setAlert(alertOf(last - 1, Date.now(), [cluster(last - 1)], titled(before)));
    await shown(before);
    await world.stopOne('bot');
    entra.setAlert(alertOf(last, Date.now(), [cluster(last)], titled(after)));
    await shown(after);
    expect(world.chat.copies(before)).toBe(1);
    expect(entra.problems).toEqual([]);
    expect(defender.problems).toEqual([]);
  });
});

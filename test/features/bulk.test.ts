/** Several open actions of one type, decided with one confirmation: each for itself. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { recordPool } from '../setup/record.ts';
import { isolateDevice, softDeleteEmail } from './actions.ts';
import { alice, bob, carol } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const rules = 'approvals:\n  - match: { device: "dc-*" }\n    needed: 2\n';

describe.each(platforms)('bulk decisions in $name', ({ open }) => {
  let world: World;
  let db: pg.Pool;

  beforeAll(async () => {
    const chat = await open();
    const databaseUrl = await freshDatabase();
    db = recordPool(databaseUrl, 2);
    const services = { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() };
    world = await openWorld({ chat, services, policy: `${chat.policy}${rules}` });
    await world.add({ bot: true, worker: true });
  });
  afterAll(async () => {
    await db.end();
    await world.close();
  });

  const isolation = (name: string, group = 'Workstations') => isolateDevice({ entities: [{ type: 'device', name, group }] });
  const raise = async (body: { title: string }) => (await world.submit(body)).body.id;
  const dialogSays = (who: typeof alice, text: string) =>
    world.until(`the dialog says ${text}`, () => (world.chat.dialog(who)?.includes(text) ? world.chat.dialog(who) : null));
  /** From the command to the dialog in which the actions are chosen. */
  async function list(who: typeof alice, button: RegExp): Promise<string> {
    await world.newlyTold(who, () => world.chat.command(who, 'bulk'));
    await world.chat.pressPrivate(who, button);
    return (await dialogSays(who, 'for a decision here')) ?? '';
  }

  it('approves what was chosen after showing the blast radius; what was decided meanwhile is refused, the rest goes on', async () => {
    const ids = [];
    for (const name of ['wks-1.contoso.example', 'wks-2.contoso.example', 'dc-1.contoso.example', 'wks-4.contoso.example'])
      ids.push(await raise(isolation(name)));
    const mail = await raise(softDeleteEmail());
    const text = await list(alice, /^Isolate device \(4\)$/);
    expect(text).toContain('4 actions wait');
    await world.chat.submit(alice, { Actions: ids.join(',') });
    const asked = await dialogSays(alice, 'If all are approved');
    expect(asked).toContain('4 devices');
    expect(asked).toContain('dc-1.contoso.example');
    expect((await world.read(ids[0] ?? '')).status).toBe('pending');
    // In between somebody else decides one of them.
    await db.query("update actions set status = 'superseded', version = version + 1 where id = $1", [ids[3]]);
    await world.chat.submit(alice, { Decision: 'approve' });
    await dialogSays(alice, 'you asked to approve 4 actions');
    for (const id of ids.slice(0, 2)) await world.statusIs(id, 'completed');
    expect(await world.read(ids[2] ?? '')).toMatchObject({
      status: 'awaitingSecondApproval',
      approvals: [{ actor: { upn: 'alice@contoso.example' } }],
    });
    expect((await world.read(mail)).status).toBe('pending');
    const counter = await world.until('the counter is finished', () => world.chat.everything().find((one) => one.includes('Finished: ')));
    expect(counter).toContain('2 carried out, 1 approved and waiting for another person and 1 refused');
    expect(counter).toContain('Superseded by a newer action');
    const { rows } = await db.query("select distinct data ->> 'decisionId' as id from audit_events where kind in ('decided', 'approved')");
    expect(rows).toHaveLength(3);
    await db.query("update actions set status = 'superseded', version = version + 1 where id = $1", [ids[2]]);
  });

  it('rejects only with a reason, which every one of them keeps', async () => {
    const ids = [await raise(isolation('wks-5.contoso.example')), await raise(isolation('wks-6.contoso.example'))];
    await list(alice, /^Isolate device \(2\)$/);
    await world.chat.submit(alice, { Actions: ids.join(',') });
    await dialogSays(alice, 'If all are approved');
    await world.chat.submit(alice, { Decision: 'reject' });
    await world.chat.submit(alice, { Decision: 'reject', Reason: 'Planned maintenance tonight' });
    for (const id of ids) {
      await world.statusIs(id, 'rejected');
      expect(await world.read(id)).toMatchObject({ decision: { verb: 'reject', comment: 'Planned maintenance tonight' } });
    }
    await world.until('the counter is finished', () => world.chat.everything().find((one) => one.includes('Finished: 2 rejected.')));
  });

  it('offers only what the person may decide', async () => {
    const own = await raise(isolation('wks-7.contoso.example'));
    await raise(isolation('srv-1.contoso.example', 'Servers'));
    const text = await list(bob, /^Isolate device \(2\)$/);
    expect(text).toContain('1 action waits');
    await world.chat.submit(bob, { Actions: own });
    await dialogSays(bob, '1 device');
    expect(await world.newlyTold(carol, () => world.chat.command(carol, 'bulk'))).toContain('you also need');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

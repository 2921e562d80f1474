/** More actions than a channel can take: one card stands for many, and every one of them is still decided for itself. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { recordPool } from '../setup/record.ts';
import { isolateDevice, quarantineFile, softDeleteEmail } from './actions.ts';
import { alice, bob, carol } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

/** Stands on every card of a group, and on no other. */
const mark = 'Why together';
let devices = 0;

const isolation = (extra: Record<string, unknown> = {}) => {
  devices += 1;
  const name = `wks-${String(devices).padStart(4, '0')}.contoso.example`;
  return isolateDevice({ severity: 'medium', asset: name, entities: [{ type: 'device', name, group: 'Workstations' }], ...extra });
};
const mail = () => softDeleteEmail({ severity: 'low' });

describe.each(platforms)('a storm in $name', ({ open }) => {
  let world: World;
  let db: pg.Pool;

  beforeAll(async () => {
    const databaseUrl = await freshDatabase();
    db = recordPool(databaseUrl, 2);
    world = await openWorld({ chat: await open(), services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() } });
    await world.add({ bot: true, worker: true });
  });
  afterAll(async () => {
    await db.end();
    await world.close();
  });

  const raiseAll = async (bodies: object[]): Promise<string[]> => {
    const ids: string[] = [];
    for (let from = 0; from < bodies.length; from += 25) {
      const answers = await Promise.all(bodies.slice(from, from + 25).map((body) => world.submit(body)));
      ids.push(...answers.map(({ body }) => body.id));
    }
    return ids;
  };
  const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  const groupCards = () => world.chat.everything().filter((text) => text.includes(mark));
  const number = async (query: string, ...values: unknown[]): Promise<number> =>
    Number((await db.query<{ n: string }>(query, values)).rows[0]?.n);
  /** Open actions that nobody can see: neither their own card nor that of a group is posted. */
  const unseen = () =>
    number(`select count(*) as n from actions a join cards c on c.action_id = a.id and c.kind = 'action' left join cards g on g.card_id = c.group_id
      where a.status in ('pending', 'awaitingSecondApproval') and coalesce(c.ref, g.ref) is null`);
  const openIn = (type: string) =>
    number(
      `select count(*) as n from cards c join actions a on a.id = c.action_id
       where c.group_id is not null and a.type = $1 and a.status = 'pending'`,
      type,
    );
  const everythingIsSeen = () => world.until('every action can be seen', async () => (await unseen()) === 0, 40_000);
  const dialogSays = async (who: typeof alice, text: string): Promise<string> =>
    (await world.until(`the dialog says ${text}`, () => (world.chat.dialog(who)?.includes(text) ? world.chat.dialog(who) : null))) ?? '';
  const decided = (status: string) => number('select count(*) as n from actions where type = $1 and status = $2', 'isolateDevice', status);

  it('shows every action at once, in one card or its own, and the urgent ones each for itself', { timeout: 60_000 }, async () => {
    const urgent = isolation({ severity: 'high' });
    const storm = [...many(60, isolation), ...many(10, mail)];
    await raiseAll(storm.slice(0, 40));
    const raisedAt = Date.now();
    await raiseAll([urgent]);
    const first = world.until('the urgent one has a card', () => world.chat.card(urgent.title)).then(() => Date.now() - raisedAt);
    await raiseAll(storm.slice(40));
    expect(await first).toBeLessThan(5000);
    await everythingIsSeen();
    expect(groupCards()).toHaveLength(1);
    const inGroup = await number('select count(*) as n from cards where group_id is not null');
    expect(inGroup).toBeGreaterThan(30);
    const counted = `${inGroup} actions of 2 types: approve or reject?`;
    const card = await world.until('the card counts them all', () => groupCards().find((text) => text.includes(counted)));
    expect(card).toContain(`${inGroup} wait for a decision`);
    expect(card).toContain('More actions came than this conversation can take');
    expect(card).toMatch(/wks-\d{4}\.contoso\.example/);
    expect(card).toContain('Medium: ');
    expect(card).not.toContain('High: ');
  });

  it('decides nothing for somebody without the role, and says what is missing', async () => {
    const button = new RegExp(`^Approve all ${await openIn('isolateDevice')}: Isolate device`);
    expect(await world.newlyTold(carol, () => world.chat.press(carol, mark, button))).toContain('you also need');
    expect(await world.newlyTold(carol, () => world.chat.press(carol, mark, 'Review'))).toContain('you also need');
    expect(await decided('pending')).toBe(await number("select count(*) as n from actions where type = 'isolateDevice'"));
  });

  it('lists what is behind it to who may decide, by type and severity, and lets them choose', { timeout: 40_000 }, async () => {
    const mails = await openIn('softDeleteEmail');
    expect(await world.newlyTold(alice, () => world.chat.press(alice, mark, 'Review'))).toBeTruthy();
    await world.until('the question came', () =>
      world.chat.told(alice).some((text) => text.includes('wait for a decision of a kind that you may make')),
    );
    await world.chat.pressPrivate(alice, new RegExp(`^.+, low \\(${mails}\\)$`));
    expect(await dialogSays(alice, 'for a decision here')).toContain(`${mails} action`);
    const { rows } = await db.query<{ id: string }>(
      "select a.id from actions a join cards c on c.action_id = a.id where c.group_id is not null and a.type = 'softDeleteEmail' order by a.id limit 2",
    );
    await world.chat.submit(alice, { Actions: rows.map(({ id }) => id).join(',') });
    await dialogSays(alice, 'If all are approved');
    await world.chat.submit(alice, { Decision: 'reject', Reason: 'Known newsletter' });
    await world.until('the card follows', () => groupCards()[0]?.includes('2 rejected'));
    await world.chat.closeDialog(alice);
  });

  it('approves all that the card showed, each for itself; what joined later or was decided meanwhile is left out', {
    timeout: 60_000,
  }, async () => {
    const older = world.chat.remember(mark);
    const shown = await openIn('isolateDevice');
    await raiseAll(many(3, isolation));
    await world.until('they joined', async () => (await openIn('isolateDevice')) === shown + 3);
    const button = /^Approve all \d+: Isolate device/;
    await world.chat.press(alice, mark, button, { older });
    const asked = await dialogSays(alice, 'If all are approved');
    expect(asked).toContain(`${shown} devices`);
    expect(asked).toContain('3 that joined after the card was drawn');
    const { rows } = await db.query<{ id: string }>(
      `update actions set status = 'decidedElsewhere', version = version + 1 where id = (select a.id from actions a join cards c on c.action_id = a.id
       where c.group_id is not null and a.type = 'isolateDevice' and a.status = 'pending' order by a.created_at limit 1) returning id`,
    );
    expect(rows).toHaveLength(1);
    await world.chat.submit(alice, { Decision: 'approve' });
    await dialogSays(alice, `you asked to approve ${shown} actions`);
    await world.chat.closeDialog(alice);
    const counter = await world.until(
      'all came to an end',
      () => world.chat.everything().find((text) => text.includes('Finished: ') && text.includes('Isolate')),
      30_000,
    );
    expect(counter).toContain(`${shown - 1} carried out and 1 refused`);
    expect(await openIn('isolateDevice')).toBe(3);
    await world.until('the group counts along', () => groupCards()[0]?.includes(`${shown - 1} approved and carried out`), 20_000);
    // The same press once more finds nothing to decide.
    expect(await world.newlyTold(alice, () => world.chat.press(alice, mark, button, { older }))).not.toContain('If all are approved');
    expect(await number("select count(*) as n from audit_events where kind = 'decided' and data ->> 'verb' = 'approve'")).toBe(shown - 1);
  });

  it('loses nothing when the bot is restarted in the middle and the platform fails', { timeout: 60_000 }, async () => {
    world.chat.fault('post', 'http500', 2);
    world.chat.fault('update', 'ratelimit');
    await raiseAll(many(20, isolation));
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    await raiseAll(many(20, isolation));
    await everythingIsSeen();
    await world.until('all of them are counted', async () => {
      const open = await openIn('isolateDevice');
      return groupCards().some((text) => text.includes(`Approve all ${open}: Isolate device`));
    });
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

describe.each(platforms)('many alike in $name', ({ open }) => {
  let world: World;
  beforeAll(async () => {
    const services = { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() };
    world = await openWorld({ chat: await open(), services });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  it('puts the same file on many devices into one card, which somebody with one device group decides as far as they may', {
    timeout: 40_000,
  }, async () => {
    const file = { type: 'file', sha256: 'cd'.repeat(32), name: '<!channel> [x](https://evil.example).exe' };
    const one = (index: number) => ({
      ...quarantineFile({
        severity: 'low',
        entities: [{ type: 'device', name: `srv-${index}.contoso.example`, group: index % 2 ? 'Servers' : 'Workstations' }, file],
      }),
    });
    await Promise.all(Array.from({ length: 18 }, (_, index) => world.submit(one(index))));
    const card = await world.until('the group is there', () => world.chat.everything().find((text) => text.includes(mark)));
    expect(card).toContain('Each of them acts on the same file');
    expect(card).toContain('hxxps://evil.example');
    const held = await world.until(
      'its number stands',
      () =>
        /^(?:.*\n)*?.*?(\d+) actions: Stop and quarantine file\?/.exec(
          world.chat.everything().find((text) => text.includes(mark)) ?? '',
        )?.[1],
    );
    expect(Number(held)).toBeGreaterThanOrEqual(3);
    await world.chat.press(bob, mark, /^Reject all \d+$/);
    const asked = await world.until('bob is asked', () =>
      world.chat.dialog(bob)?.includes('If all are approved') ? world.chat.dialog(bob) : null,
    );
    expect(asked).toMatch(/Not among them: \s*\d+ that you may not decide/);
    await world.chat.submit(bob, { Decision: 'reject', Reason: 'A tool of our own' });
    await world.until(
      'the group counts them',
      () => world.chat.everything().find((text) => text.includes(mark) && / rejected/.test(text)),
      20_000,
    );
    expect(world.chat.problems()).toEqual([]);
  });
});

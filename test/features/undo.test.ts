/** Undo: from the card, by command, many at once, more of the same file; and every reason why not. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { device, isolateDevice, quarantineFile, softDeleteEmail } from './actions.ts';
import { alice, bob, erin } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const undoButton = /^(Undo|Yes, undo it)$/;
const sha = (letter: string) => letter.repeat(64);

describe.each(platforms)('undo in $name', ({ open }) => {
  let world: World;
  let db: pg.Pool;

  beforeAll(async () => {
    const databaseUrl = await freshDatabase();
    db = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      timing: { sweepEveryMs: 200, stalledAfterMs: 2000, repairEveryMs: 500 },
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(async () => {
    await db.end();
    await world.close();
  });

  type Body = { title: string };
  const statusIs = (id: string, status: string) => world.until(`${id} is ${status}`, async () => (await world.read(id)).status === status);
  /** Submits, approves and waits until it is completed and its card says so. */
  async function complete(body: Body, who = erin): Promise<{ id: string; title: string }> {
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.press(who, body.title, /^Approve/);
    await statusIs(id, 'completed');
    await saysOnCard(body.title, 'Approved and completed');
    return { id, title: body.title };
  }
  const saysOnCard = (title: string, text: string) => world.until(`the card says ${text}`, () => world.chat.card(title)?.includes(text));
  const newlyTold = async (who: typeof alice, act: () => Promise<unknown>): Promise<string> => {
    const before = world.chat.told(who).length;
    await act();
    return world.until(`${who.displayName} is told`, () => world.chat.told(who)[before]);
  };
  const undosOf = async (id: string): Promise<number> => {
    const sent = await db.query(
      "select 1 from simulator_runs r join outbox o using (decision_id) where o.action_id = $1 and o.name = 'undo'",
      [id],
    );
    return sent.rows.length;
  };

  it('from the card takes the action back once, and the approval stays to be seen', async () => {
    const { id, title } = await complete(isolateDevice());
    const older = world.chat.remember(title);
    expect(await newlyTold(alice, () => world.chat.press(alice, title, undoButton))).toContain('you asked to undo');
    await statusIs(id, 'undone');
    await saysOnCard(title, 'Completed, then undone');
    const card = world.chat.card(title) ?? '';
    expect(card).toMatch(/Undone by.*Alice Adams/s);
    expect(card).toMatch(/Approved by.*Erin Evans/s);
    expect(card).toContain('Release from isolation');
    await world.until('the thread tells it', () => world.chat.thread(title).some((text) => text.includes('Undone.')));
    const stored = await world.read(id);
    expect(stored).toMatchObject({ decision: { verb: 'undo', actor: { upn: 'alice@contoso.example' } }, outcome: { status: 'undone' } });
    expect(stored.history.map(({ kind }) => kind).filter((kind) => kind === 'decision' || kind === 'decided')).toHaveLength(2);
    expect(await undosOf(id)).toBe(1);
    // Once more, on the card as it was: it says who did it, and does nothing.
    expect(await newlyTold(erin, () => world.chat.press(erin, title, undoButton, { older }))).toContain('Alice Adams undid this already');
    expect(await newlyTold(alice, () => world.chat.press(alice, title, undoButton, { older }))).toContain('You undid this already');
    expect(await undosOf(id)).toBe(1);
  });

  it('by command shows what would be undone, and undoes nothing before the button is pressed', async () => {
    const { id } = await complete(isolateDevice());
    expect(await newlyTold(alice, () => world.chat.command(alice, `undo ${id}`))).toContain('To be undone');
    expect((await world.read(id)).status).toBe('completed');
    await world.chat.pressPrivate(alice, undoButton);
    await statusIs(id, 'undone');
  });

  it('of several counts along on a card of its own', async () => {
    const made = [
      await complete(isolateDevice()),
      await complete(isolateDevice({ entities: [{ ...device, name: 'wks-0043.contoso.example' }] })),
    ];
    const told = await newlyTold(alice, () => world.chat.command(alice, `undo ${made.map(({ id }) => id).join(' ')}`));
    expect(told).toContain('2 actions of the type “Isolate device”');
    expect(told).toContain('wks-0043.contoso.example');
    await world.chat.pressPrivate(alice, 'Undo all 2');
    for (const { id } of made) await statusIs(id, 'undone');
    await world.until('the counter says so', () => world.chat.everything().find((text) => text.includes('Finished: 2 undone.')));
    // The question is still there to be pressed; it counts once.
    expect(await newlyTold(alice, () => world.chat.pressPrivate(alice, 'Undo all 2'))).toContain('confirmed already');
    for (const { id } of made) expect(await undosOf(id)).toBe(1);
    const { rows } = await db.query("select data from audit_events where kind = 'batch' order by seq desc limit 1");
    expect(rows).toMatchObject([{ data: { verb: 'undo', total: 2, type: 'isolateDevice' } }]);
  });

  it('is refused for different types at once, and names them', async () => {
    const made = [await complete(isolateDevice()), await complete(quarantineFile())];
    const told = await newlyTold(alice, () => world.chat.command(alice, `undo ${made.map(({ id }) => id).join(' ')}`));
    expect(told).toMatch(/same type.*“Isolate device” and “Stop and quarantine file”/s);
  });

  it('applies to more instances of the same file, after showing where they are', async () => {
    const on = (name: string, hash: string) =>
      quarantineFile({
        entities: [
          { ...device, deviceId: undefined, name },
          { type: 'file', sha256: hash, name: 'dropper.exe' },
        ],
      });
    const made = [];
    for (const name of ['wks-1.contoso.example', 'wks-2.contoso.example', 'wks-3.contoso.example'])
      made.push(await complete(on(name, sha('b'))));
    const other = await complete(on('wks-9.contoso.example', sha('c')));
    const before = world.chat.told(alice).length;
    await world.chat.press(alice, made[0]?.title ?? '', 'Undo more of this file');
    const told = await world.until('what more there is', () =>
      world.chat
        .told(alice)
        .slice(before)
        .find((text) => text.includes('To be undone')),
    );
    expect(told).toMatch(/2 more instances of this file.*wks-2\.contoso\.example.*wks-3\.contoso\.example/s);
    expect(told).not.toContain('wks-9');
    await world.chat.pressPrivate(alice, 'Undo this and 2 more');
    for (const { id } of made) await statusIs(id, 'undone');
    expect((await world.read(other.id)).status).toBe('completed');
  });

  it('is refused to who may only approve, and the attempt is in the audit record', async () => {
    const { id, title } = await complete(isolateDevice());
    expect(await newlyTold(bob, () => world.chat.press(bob, title, undoButton))).toMatch(
      /To undo this you also need Security Administrator/,
    );
    expect((await world.read(id)).status).toBe('completed');
    const { rows } = await db.query("select data from audit_events where action_id = $1 and kind = 'refused'", [id]);
    expect(rows).toMatchObject([{ data: { refusal: 'not-permitted', verb: 'undo' } }]);
  });

  it('is refused with the reason when it is too late, reversed by something newer, final, or for Defender alone', async () => {
    const mail = await complete(softDeleteEmail(), alice);
    const shown = world.chat.remember(mail.title);
    await db.query('update actions set outcome = outcome || \'{"at": "2026-01-01T00:00:00.000Z"}\' where id = $1', [mail.id]);
    expect(await newlyTold(alice, () => world.chat.press(alice, mail.title, undoButton, { older: shown }))).toContain('30 days');

    const entities = [{ type: 'device', name: 'wks-77.contoso.example', group: 'Workstations' }];
    const isolation = await complete(isolateDevice({ entities }));
    await complete(isolateDevice({ type: 'releaseIsolation', entities }));
    const older = world.chat.remember(isolation.title);
    const told = await newlyTold(alice, () => world.chat.press(alice, isolation.title, undoButton, { older }));
    expect(told).toMatch(/undone already: a newer action, “Release from isolation”/);

    const scan = await complete(isolateDevice({ type: 'runAntivirusScan' }));
    expect(await newlyTold(alice, () => world.chat.command(alice, `undo ${scan.id}`))).toContain('final');
    const containment = await complete(isolateDevice({ type: 'containDevice' }));
    expect(await newlyTold(alice, () => world.chat.command(alice, `undo ${containment.id}`))).toContain('No public API can undo this type');
    for (const { title } of [scan, containment]) await expect(world.chat.press(alice, title, undoButton)).rejects.toThrow('no button');
    for (const { id } of [mail, isolation, scan, containment]) expect((await world.read(id)).status).toBe('completed');
  });

  it('pressed by two people at once, and sent again byte for byte, is one undo', async () => {
    const { id, title } = await complete(isolateDevice());
    const older = world.chat.remember(title);
    await Promise.all([alice, erin].map((who) => world.chat.press(who, title, undoButton, { older })));
    expect(await world.chat.replayLast()).toBe(200);
    await statusIs(id, 'undone');
    expect(await undosOf(id)).toBe(1);
    const { rows } = await db.query("select 1 from audit_events where action_id = $1 and kind = 'decided' and data ->> 'verb' = 'undo'", [
      id,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('that fails leaves the action completed, says so on the card and in the thread, and can be tried again', async () => {
    const undo = { takesMs: 20, outcome: 'failed', message: 'The device is offline' };
    const { id, title } = await complete(isolateDevice({ parameters: { simulator: { takesMs: 20, undo } } }));
    await world.chat.press(alice, title, undoButton);
    await saysOnCard(title, 'The undo failed');
    expect(world.chat.card(title)).toContain('The device is offline');
    await world.until('the thread tells it', () => world.chat.thread(title).some((text) => text.includes('The undo failed')));
    expect(await world.read(id)).toMatchObject({ status: 'completed', decision: { verb: 'undo' }, outcome: { status: 'failed' } });
    await world.chat.press(alice, title, undoButton);
    await world.until('it was tried again', async () => (await undosOf(id)) === 2);
    await saysOnCard(title, 'The undo failed');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

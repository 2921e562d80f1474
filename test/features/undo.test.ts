/** Undo: from the card, by command, many at once, more of the same file; and every reason why not. */
import { readFile, writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ActionId, EntraId } from '../../src/action-center/action.ts';
import { decisionMessage } from '../../src/action-center/decide.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import { undoAsked } from '../../src/action-center/transitions.ts';
import { actionStore } from '../../src/store/actions.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { aDecision } from '../setup/builders.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { recordPool } from '../setup/record.ts';
import { device, isolateDevice, quarantineFile } from './actions.ts';
import { bothWorlds } from './both-worlds.ts';
import { addCompleted } from './completed.ts';
import { alice, bob, erin } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const undoButton = /^(Undo|Yes, undo it)$/;
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

type Over = Partial<Omit<Parameters<typeof addCompleted>[1], 'entities'>>;

describe.each(platforms)('undo in $name', ({ open }) => {
  let world: World;
  let pool: pg.Pool;
  let db: Database;

  beforeAll(async () => {
    const databaseUrl = await freshDatabase();
    pool = recordPool(databaseUrl, 2);
    db = openDatabase(pool);
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      timing: { sweepEveryMs: 200, stalledAfterMs: 2000, repairEveryMs: 500 },
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(async () => {
    await pool.end();
    await world.close();
  });

  type Body = { title: string };
  /** Submits, approves and waits until it is completed and its card says so. */
  async function complete(body: Body, who = erin): Promise<{ id: string; title: string }> {
    const { id } = await world.raise(body);
    await world.chat.press(who, body.title, /^Approve/);
    await world.statusIs(id, 'completed');
    await world.cardSays(body.title, 'Approved and completed');
    return { id, title: body.title };
  }
  /** Completed a while ago, on this device. */
  const recorded = (name: string, over: Over = {}, more: Entity[] = []): Promise<string> =>
    addCompleted(db, { type: 'isolateDevice', entities: [{ type: 'device', name, group: 'Workstations' }, ...more], ...over });
  const undosOf = async (id: string): Promise<number> => {
    const sent = await pool.query(
      "select 1 from simulator_runs r join outbox o using (decision_id) where o.action_id = $1 and o.name = 'undo'",
      [id],
    );
    return sent.rows.length;
  };

  it('from the card takes the action back once, and the approval stays to be seen', async () => {
    const { id, title } = await complete(isolateDevice());
    const older = world.chat.remember(title);
    expect(await world.newlyTold(bob, () => world.chat.press(bob, title, undoButton))).toContain('you also need Security Administrator');
    expect(await world.newlyTold(alice, () => world.chat.press(alice, title, undoButton))).toContain('you asked to undo');
    await world.statusIs(id, 'undone');
    await world.cardSays(title, 'Completed, then undone');
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
    expect(await world.newlyTold(erin, () => world.chat.press(erin, title, undoButton, { older }))).toContain(
      'Alice Adams undid this already',
    );
    expect(await world.newlyTold(alice, () => world.chat.press(alice, title, undoButton, { older }))).toContain('You undid this already');
    expect(await undosOf(id)).toBe(1);
  });

  it('by command shows what would be undone, and undoes nothing before the button is pressed', async () => {
    const id = await recorded('wks-10.contoso.example');
    expect(await world.newlyTold(alice, () => world.chat.command(alice, `undo ${id}`))).toContain('To be undone');
    expect((await world.read(id)).status).toBe('completed');
    await world.chat.pressPrivate(alice, undoButton);
    await world.statusIs(id, 'undone');
  });

  it('of several counts along on a card of its own', async () => {
    const ids = [await recorded('wks-11.contoso.example'), await recorded('wks-12.contoso.example')];
    const told = await world.newlyTold(alice, () => world.chat.command(alice, `undo ${ids.join(' ')}`));
    expect(told).toContain('2 actions of the type “Isolate device”');
    expect(told).toContain('wks-12.contoso.example');
    await world.chat.pressPrivate(alice, 'Undo all 2');
    for (const id of ids) await world.statusIs(id, 'undone');
    await world.until('the counter says so', () => world.chat.everything().find((text) => text.includes('Finished: 2 undone.')));
    // The question is still there to be pressed; it counts once.
    expect(await world.newlyTold(alice, () => world.chat.pressPrivate(alice, 'Undo all 2'))).toMatch(/Recorded|confirmed already/);
    const again = await world.until('it is told', () => world.chat.told(alice).find((text) => text.includes('confirmed already')));
    expect(again).toContain('counts once');
    for (const id of ids) expect(await undosOf(id)).toBe(1);
    const { rows } = await pool.query("select data from audit_events where kind = 'batch' order by seq desc limit 1");
    expect(rows).toMatchObject([{ data: { verb: 'undo', total: 2, type: 'isolateDevice' } }]);
  });

  it('of several goes on when some cannot be undone, and tells which', async () => {
    const ids = [
      await recorded('wks-13.contoso.example'),
      await recorded('wks-14.contoso.example'),
      await recorded('wks-15.contoso.example'),
    ];
    await world.newlyTold(alice, () => world.chat.command(alice, `undo ${ids.join(' ')}`));
    // Between the question and the answer.
    await pool.query("update actions set status = 'superseded', version = version + 1 where id = $1", [ids[1]]);
    await world.chat.pressPrivate(alice, 'Undo all 3');
    const counter = await world.until('the counter', () =>
      world.chat.everything().find((text) => text.includes('Finished: 2 undone and 1 refused.')),
    );
    expect(counter).toContain('Only what is completed can be undone');
    expect(counter).toContain(ids[1]);
    const told = await world.newlyTold(alice, () => world.chat.command(alice, `undo ${ids.join(' ')}`));
    expect(told).toContain('You undid this already');
  });

  it('belongs to the person who asked', async () => {
    const ids = [await recorded('wks-16.contoso.example'), await recorded('wks-17.contoso.example')];
    await world.newlyTold(alice, () => world.chat.command(alice, `undo ${ids.join(' ')}`));
    const { rows } = await pool.query("select batch_id from batches where status = 'draft' order by created_at desc limit 1");
    await pool.query("update batches set actor = jsonb_set(actor, '{entraId}', '\"somebody-else\"') where batch_id = $1", [
      rows[0].batch_id,
    ]);
    expect(await world.newlyTold(alice, () => world.chat.pressPrivate(alice, 'Undo all 2'))).toContain('prepared for somebody else');
    for (const id of ids) expect((await world.read(id)).status).toBe('completed');
  });

  it('is refused for different types at once, and names them', async () => {
    const scan = await recorded('wks-18.contoso.example', { type: 'runAntivirusScan' });
    const isolation = await recorded('wks-18.contoso.example');
    const mixed = await world.newlyTold(alice, () => world.chat.command(alice, `undo ${isolation} ${scan}`));
    expect(mixed).toMatch(/same type.*“Isolate device” and “Run antivirus scan”/s);
  });

  it('applies to more instances of the same file, after showing where they are', async () => {
    const file = (letter: string) => ({ type: 'file' as const, sha256: letter.repeat(64), name: 'dropper.exe' });
    const on = (name: string, letter: string) => recorded(name, { type: 'stopAndQuarantineFile' }, [file(letter)]);
    const first = await complete(quarantineFile({ entities: [device, file('b')] }));
    const more = [await on('wks-2.contoso.example', 'b'), await on('wks-3.contoso.example', 'b')];
    const other = await on('wks-9.contoso.example', 'c');
    const before = world.chat.told(alice).length;
    await world.chat.press(alice, first.title, 'Undo more of this file');
    const told = await world.until('what more there is', () =>
      world.chat
        .told(alice)
        .slice(before)
        .find((text) => text.includes('To be undone')),
    );
    expect(told).toMatch(/2 more instances of this file.*wks-2\.contoso\.example.*wks-3\.contoso\.example/s);
    expect(told).not.toContain('wks-9');
    await world.chat.pressPrivate(alice, 'Undo this and 2 more');
    for (const id of [first.id, ...more]) await world.statusIs(id, 'undone');
    expect((await world.read(other)).status).toBe('completed');
  });

  it('is refused to who may only approve, and the attempt is in the audit record', async () => {
    const id = await recorded('wks-19.contoso.example');
    expect(await world.newlyTold(bob, () => world.chat.command(bob, `undo ${id}`))).toMatch(
      /To undo this you also need Security Administrator/,
    );
    expect((await world.read(id)).status).toBe('completed');
    const { rows } = await pool.query("select data from audit_events where action_id = $1 and kind = 'refused'", [id]);
    expect(rows).toMatchObject([{ data: { refusal: 'not-permitted', verb: 'undo' } }]);
  });

  it('is refused with the reason when it is too late, reversed by something newer, final, or for Defender alone', async () => {
    const refused = async (id: string, reason: string | RegExp) => {
      expect(await world.newlyTold(alice, () => world.chat.command(alice, `undo ${id}`))).toMatch(reason);
      expect((await world.read(id)).status).toBe('completed');
    };
    const mail = { type: 'email' as const, networkMessageId: '3f1d7c1e-52b0-4a44-9a53-08dd6f0d2f10', recipient: 'kim@contoso.example' };
    const old = { type: 'softDeleteEmail' as const, source: 'automatedEmailAction' as const, completedAt: daysAgo(31) };
    await refused(await addCompleted(db, { ...old, entities: [mail] }), '30 days');
    const isolation = await recorded('wks-20.contoso.example', { completedAt: daysAgo(2) });
    await recorded('WKS-20.contoso.example', { type: 'releaseIsolation', completedAt: daysAgo(3) });
    await world
      .newlyTold(alice, () => world.chat.command(alice, `undo ${isolation}`))
      .then((told) => expect(told).toContain('To be undone'));
    await recorded('wks-20.contoso.example', { type: 'releaseIsolation', completedAt: daysAgo(1) });
    await refused(isolation, /undone already: a newer action, “Release from isolation”/);
    await refused(await recorded('wks-21.contoso.example', { type: 'runAntivirusScan' }), 'final');
    await refused(await recorded('wks-22.contoso.example', { type: 'containDevice' }), 'No public API can undo this type');
    await refused(await recorded('wks-23.contoso.example', { source: 'explorerAction' }), 'Explorer action');
  });

  it('of many asks for the roles again when it begins', async () => {
    const ids = [await recorded('wks-24.contoso.example'), await recorded('wks-25.contoso.example')];
    await world.newlyTold(erin, () => world.chat.command(erin, `undo ${ids.join(' ')}`));
    const good = await readFile(world.directoryFile, 'utf8');
    await writeFile(world.directoryFile, good.replace('"roles":["GlobalAdministrator"]', '"roles":["SecurityReader"]'));
    try {
      await world.chat.pressPrivate(erin, 'Undo all 2');
      await world.until('the counter', () => world.chat.everything().find((text) => text.includes('Finished: 0 undone and 2 refused.')));
      for (const id of ids) expect(await world.read(id)).toMatchObject({ status: 'completed', decision: { verb: 'approve' } });
    } finally {
      await writeFile(world.directoryFile, good);
    }
  });

  it('whose job was lost is put on its way again', async () => {
    const id = ActionId.parse(await recorded('wks-26.contoso.example'));
    const store = actionStore(db, 'default');
    const action = await store.get(id);
    if (!action) throw new Error('it is not in the record');
    const decidedAt = new Date(Date.now() - 10_000).toISOString();
    const { entraId, upn, displayName } = alice;
    const actor = { entraId: EntraId.parse(entraId), upn, displayName, rolesUsed: ['SecurityAdministrator' as const] };
    const decision = aDecision({ decisionId: `D-lost-${id}`, verb: 'undo', actor, decidedAt, scopeDigest: action.scopeDigest });
    await store.apply({ ...undoAsked(action, decision), decision: decisionMessage(action, decision) });
    // As after the loss of the whole queue: it counts as sent, and no queue knows it.
    await pool.query('update outbox set sent_at = now() where decision_id = $1', [decision.decisionId]);
    await world.statusIs(id, 'undone');
    expect(await undosOf(id)).toBe(1);
  });

  it('pressed by two people at once, and sent again byte for byte, is one undo', async () => {
    const { id, title } = await complete(isolateDevice());
    const older = world.chat.remember(title);
    await Promise.all([alice, erin].map((who) => world.chat.press(who, title, undoButton, { older })));
    expect(await world.chat.replayLast()).toBe(200);
    await world.statusIs(id, 'undone');
    expect(await undosOf(id)).toBe(1);
    const { rows } = await pool.query("select 1 from audit_events where action_id = $1 and kind = 'decided' and data ->> 'verb' = 'undo'", [
      id,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('that fails leaves the action completed, says so on the card and in the thread, and can be tried again', async () => {
    const undo = { takesMs: 20, outcome: 'failed', message: 'The device is offline' };
    const { id, title } = await complete(isolateDevice({ parameters: { simulator: { takesMs: 20, undo } } }));
    await world.chat.press(alice, title, undoButton);
    await world.cardSays(title, 'The undo failed');
    expect(world.chat.card(title)).toContain('The device is offline');
    await world.until('the thread tells it', () => world.chat.thread(title).some((text) => text.includes('The undo failed')));
    expect(await world.read(id)).toMatchObject({ status: 'completed', decision: { verb: 'undo' }, outcome: { status: 'failed' } });
    await world.chat.press(alice, title, undoButton);
    await world.until('it was tried again', async () => (await undosOf(id)) === 2);
    await world.cardSays(title, 'The undo failed');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});

it('asked for on two platforms at the same moment is one undo', { timeout: 60_000 }, async () => {
  const { slack, teams, chat } = await bothWorlds();
  const databaseUrl = await freshDatabase();
  const pool = recordPool(databaseUrl, 2);
  const world = await openWorld({
    chat,
    services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
  });
  try {
    await world.add({ bot: true, worker: true });
    const id = await addCompleted(openDatabase(pool), {
      type: 'isolateDevice',
      entities: [{ type: 'device', name: 'wks-30.contoso.example' }],
    });
    await Promise.all([slack.command(alice, `undo ${id}`), teams.command(erin, `undo ${id}`)]);
    await world.until('both are asked', () => slack.told(alice).length > 0 && teams.told(erin).length > 0);
    await Promise.all([slack.pressPrivate(alice, undoButton), teams.pressPrivate(erin, undoButton)]);
    await world.until('it is undone', async () => (await world.read(id)).status === 'undone');
    const { rows } = await pool.query("select data ->> 'verb' as verb from audit_events where action_id = $1 and kind = 'decided'", [id]);
    expect(rows).toEqual([{ verb: 'undo' }]);
    const told = await world.until('both hear of it', () => {
      const all = [...slack.told(alice), ...teams.told(erin)].join('\n');
      return /you asked to undo/.test(all) && /(asked to undo|undid) this already/.test(all);
    });
    expect(told).toBe(true);
  } finally {
    await pool.end();
    await world.close();
  }
});

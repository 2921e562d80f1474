/** Groups in the record: nothing that waits is ever without a card, whatever several bots do at once. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId } from '../../src/action-center/action.ts';
import type { CardRow } from '../../src/action-center/ports.ts';
import { actionStore } from '../../src/store/actions.ts';
import { cardStore } from '../../src/store/cards.ts';
import type { Database } from '../../src/store/database.ts';
import { groupStore } from '../../src/store/groups.ts';
import { anAction } from '../setup/builders.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const room = 5;

describe.each(engines)('groups on $name', ({ options }) => {
  let record: EmptyRecord;
  let db: Database;
  let now = Date.now();
  let made = 0;

  beforeAll(async () => {
    record = await openEmptyRecord(options);
    ({ db } = record);
  }, 60_000);
  afterAll(() => record.close());

  type Over = NonNullable<Parameters<typeof anAction>[0]>;
  const at = (ms: number) => new Date(ms).toISOString();

  /** Differs from every other in what makes actions alike. */
  async function arrives(conversation: string, over: Over = {}): Promise<string> {
    made += 1;
    const id = `A-${String(made).padStart(8, '0')}`;
    const entities = [{ type: 'device' as const, name: `wks-${made}.contoso.example` }];
    const own = {
      id,
      key: id,
      severity: 'medium' as const,
      entities,
      investigationId: id,
      incidentId: id,
      createdAt: at(now),
      updatedAt: at(now),
    };
    const { status: _s, decision: _d, outcome: _o, ...action } = anAction({ ...own, expiresAt: at(now + 86_400_000), ...over });
    const targets = [{ platform: 'slack' as const, conversation }];
    const event = { kind: 'announced' as const, at: at(now), actorId: null, data: {} };
    await actionStore(db, tenant).add({ ...action, contentDigest: id }, targets, event);
    return id;
  }
  const arrive = async (count: number, conversation: string, over: Over = {}) => {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await arrives(conversation, over));
    return ids;
  };
  const gather = () => {
    now += 400;
    return groupStore(db, tenant).gather({ platform: 'slack', now, roomIn: () => room });
  };
  /** Long enough for groups to be looked after. */
  const later = (ms: number) => {
    now += ms;
    return gather();
  };
  const claim = (what: 'post' | 'update' = 'post', limit = 50, holder = 'bot') =>
    cardStore(db, tenant).claimDue({ platform: 'slack', what, holder, now, leaseMs: 30_000, beginMs: 30_000, limit, except: [] });
  const post = async (rows: CardRow[]) => {
    for (const row of rows) await cardStore(db, tenant).shown(row.cardId, row.wantedVersion, row.ref ?? `ts-${row.cardId}`, now);
  };
  const decide = (id: string, status: 'rejected' | 'queued' | 'expired') =>
    actionStore(db, tenant).apply({
      id: ActionId.parse(id),
      expect: { status: 'pending', version: 1 },
      set: { status } as never,
      at: at(now),
      event: { kind: 'decided', at: at(now), actorId: null, data: {} },
    });
  type Member = { group_id: string | null; apart: boolean };
  const cardOf = async (id: string): Promise<Member> => {
    const { rows } = await sql<Member>`select group_id, apart from cards where action_id = ${id} and kind = 'action'`.execute(db);
    return rows[0] ?? { group_id: 'no card', apart: false };
  };
  const groupsIn = async (conversation: string) => {
    const { rows } = await sql<{ group_id: string; key: string; size: number; is_taking: boolean; version: number }>`
      select group_id, key, size, is_taking, version from card_groups where conversation = ${conversation} order by created_at, size desc`.execute(
      db,
    );
    return rows;
  };
  /** Open actions that neither have nor will get a card, of their own or of a group. */
  const unseen = async (): Promise<string[]> => {
    const { rows } = await sql<{ id: string }>`
      select a.id from actions a join cards c on c.action_id = a.id and c.kind = 'action' left join cards g on g.card_id = c.group_id and g.kind = 'group'
      where a.status in ('pending', 'awaitingSecondApproval') and not case when c.group_id is null
        then not c.stopped and (c.ref is not null or c.shown_version < c.wanted_version)
        else g.card_id is not null and not g.stopped and (g.ref is not null or g.shown_version < g.wanted_version) end`.execute(db);
    return rows.map(({ id }) => id);
  };

  it('leaves what the conversation can take alone, and takes what is more into one group', async () => {
    const few = await arrive(room, 'C-FEW');
    expect(await gather()).toBe(0);
    for (const id of few) expect(await cardOf(id)).toEqual({ group_id: null, apart: false });
    const many = await arrive(12, 'C-MANY');
    const high = await arrives('C-MANY', { severity: 'high' });
    const asset = await arrives('C-MANY', { isProtected: true });
    const soon = await arrives('C-MANY', { expiresAt: at(now + 1_800_000) });
    expect(await gather()).toBe(12);
    const [group, ...others] = await groupsIn('C-MANY');
    expect(others).toEqual([]);
    expect(group).toMatchObject({ key: '', size: 12, is_taking: true, version: 1 });
    for (const id of many) expect((await cardOf(id)).group_id).toBe(group?.group_id);
    for (const id of [high, asset, soon]) expect(await cardOf(id)).toEqual({ group_id: null, apart: true });
    // A storm takes whatever comes, until it is over.
    await arrives('C-MANY');
    expect(await gather()).toBe(1);
    const rows = (await claim()).filter(({ conversation }) => conversation === 'C-MANY');
    // Urgent cards first, then the group; its members are not claimed.
    expect(rows.map(({ kind }) => kind)).toEqual(['action', 'action', 'action', 'group']);
    expect(await unseen()).toEqual([]);
  });

  it('claims from every conversation in turn, however much waits in one', async () => {
    const loud = await arrive(40, 'C-LOUD', { severity: 'high' });
    const quiet = await arrives('C-QUIET');
    const rows = await claim('post', 8);
    expect(rows.map(({ actionId }) => String(actionId))).toContain(quiet);
    expect(rows.filter(({ actionId }) => loud.includes(String(actionId))).length).toBeLessThanOrEqual(5);
  });

  it('groups what is alike, also when the conversation could take it', async () => {
    const hash = 'ab'.repeat(32);
    const file = (index: number) => [
      { type: 'device' as const, name: `wks-a${index}.contoso.example` },
      { type: 'file' as const, sha256: index % 2 ? hash : hash.toUpperCase(), name: 'invoice.exe' },
    ];
    const posted = [];
    for (let index = 0; index < 8; index += 1) posted.push(await arrives('C-ALIKE', { entities: file(index) }));
    const own = (await claim()).filter(({ conversation }) => conversation === 'C-ALIKE');
    await post(own);
    expect(own).toHaveLength(5);
    await gather();
    expect(await groupsIn('C-ALIKE')).toEqual([]);
    const more = [await arrives('C-ALIKE', { entities: file(8) }), await arrives('C-ALIKE', { entities: file(9) })];
    const other = await arrives('C-ALIKE');
    expect(await gather()).toBe(5);
    expect(await groupsIn('C-ALIKE')).toMatchObject([{ key: `stopAndQuarantineFile file ${hash}`, size: 5 }]);
    for (const id of [...posted.slice(5), ...more]) expect((await cardOf(id)).group_id).not.toBeNull();
    expect((await cardOf(other)).group_id).toBeNull();
  });

  it('five bots at once put every card into exactly one group, and never one that somebody is posting', async () => {
    await arrive(30, 'C-FIVE');
    const begun = await cardStore(db, tenant).claimDue({
      platform: 'slack',
      what: 'post',
      holder: 'bot-0',
      now,
      leaseMs: 30_000,
      beginMs: 30_000,
      limit: 50,
      except: [],
    });
    const mine = begun.filter(({ conversation }) => conversation === 'C-FIVE').map(({ actionId }) => String(actionId));
    now += 400;
    const bots = Array.from({ length: 5 }, () => groupStore(db, tenant));
    const joined = await Promise.all(bots.map((bot) => bot.gather({ platform: 'slack', now, roomIn: () => room })));
    expect(joined.filter((n) => n > 0)).toEqual([30 - mine.length]);
    const [group, ...others] = await groupsIn('C-FIVE');
    expect(others).toEqual([]);
    expect(group?.size).toBe(30 - mine.length);
    for (const id of mine) expect((await cardOf(id)).group_id).toBeNull();
    expect(await unseen()).toEqual([]);
  });

  it('draws its members as they stand, and binds who joined to the version that showed them', async () => {
    const first = await arrive(10, 'C-DRAWN');
    await gather();
    const [{ group_id: id = '' } = {}] = await groupsIn('C-DRAWN');
    const before = await groupStore(db, tenant).picture(id);
    expect(before).toMatchObject({
      version: 1,
      tallies: [{ type: 'stopAndQuarantineFile', severity: 'medium', status: 'pending', count: 10 }],
    });
    expect(before?.top).toMatchObject([{ kind: 'device', total: 10 }]);
    expect(before?.top[0]?.names).toHaveLength(5);
    await post((await claim()).filter(({ kind, actionId }) => kind === 'group' && String(actionId) === id));
    const [late = ''] = await arrive(1, 'C-DRAWN');
    await decide(first[0] ?? '', 'rejected');
    await decide(first[1] ?? '', 'expired');
    await gather();
    const after = await groupStore(db, tenant).picture(id);
    expect(after?.version).toBe(2);
    expect(after?.tallies.map(({ status, count }) => [status, count]).sort()).toEqual([
      ['expired', 1],
      ['pending', 9],
      ['rejected', 1],
    ]);
    const asked = { groupId: id, type: 'stopAndQuarantineFile' as const, severity: null, limit: 100 };
    const shown = await groupStore(db, tenant).members({ ...asked, version: 1 });
    expect(shown).toMatchObject({ total: 8, later: 1 });
    expect(shown.actions.map((action) => String(action.id))).not.toContain(late);
    expect(await groupStore(db, tenant).members({ ...asked, version: 2 })).toMatchObject({ total: 9, later: 0 });
    expect(await groupStore(db, tenant).openKinds(id, 1)).toEqual([{ type: 'stopAndQuarantineFile', severity: 'medium', count: 8 }]);
    // One edit for all that happened, and no sooner than a reader can read.
    const edits = async () => (await claim('update')).filter(({ actionId }) => String(actionId) === id);
    expect(await edits()).toEqual([]);
    now += 2000;
    expect(await edits()).toMatchObject([{ kind: 'group', wantedVersion: 2 }]);
  });

  it('says under the group what failed, a bounded number of times, and nothing else', async () => {
    const ids = await arrive(30, 'C-FAILS');
    await gather();
    const [{ group_id: id = '' } = {}] = await groupsIn('C-FAILS');
    const settle = (action: string, status: string) =>
      actionStore(db, tenant).apply({
        id: ActionId.parse(action),
        expect: { status: 'pending', version: 1 },
        set: { status } as never,
        at: at(now),
        event: { kind: 'outcome', at: at(now), actorId: null, data: { status } },
        note: true,
      });
    await settle(ids[0] ?? '', 'completed');
    for (const action of ids.slice(1, 26)) await settle(action, 'failed');
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from cards where kind = 'note' and parent_card_id = ${id}`.execute(
      db,
    );
    expect(rows[0]?.n).toBe(20);
  });

  it('is followed by another one when it is full', { timeout: 60_000 }, async () => {
    const like = await arrives('C-FULL');
    await sql`insert into actions select r.* from actions a, generate_series(1, 2100) n, lateral jsonb_populate_record(a, jsonb_build_object(
      'id', 'A-FULL-' || n, 'key', 'A-FULL-' || n)) r where a.id = ${like}`.execute(db);
    await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at, alike)
      select id || '-1', tenant_id, id, 'slack', 'C-FULL', 'action', 1, created_at, created_at, '{}' from actions where id like 'A-FULL-%'`.execute(
      db,
    );
    expect(await gather()).toBe(2101);
    expect(await groupsIn('C-FULL')).toMatchObject([
      { size: 1000, is_taking: false },
      { size: 1000, is_taking: false },
      { size: 101, is_taking: true },
    ]);
    expect(await unseen()).toEqual([]);
    // A full one is read for its confirmation while the platform waits for an answer.
    const [full] = await groupsIn('C-FULL');
    const began = performance.now();
    const query = { groupId: full?.group_id ?? '', version: 1, type: 'stopAndQuarantineFile' as const, severity: null, limit: 1000 };
    const { actions } = await groupStore(db, tenant).members(query);
    expect(actions).toHaveLength(1000);
    expect(await groupStore(db, tenant).picture(query.groupId)).toMatchObject({ version: 1, top: [{ kind: 'device', total: 1 }] });
    expect(performance.now() - began).toBeLessThan(1500);
    await sql`update actions set status = 'expired' where id like 'A-FULL-%' or id = ${like}`.execute(db);
  });

  it('ends with the storm: the last few, and whatever becomes urgent, get cards of their own', async () => {
    const ids = await arrive(12, 'C-END');
    await gather();
    const urgent = ids[0] ?? '';
    await sql`update actions set expires_at = ${at(now + 1_800_000)}::timestamptz where id = ${urgent}`.execute(db);
    await later(6000);
    expect(await cardOf(urgent)).toEqual({ group_id: null, apart: true });
    for (const id of ids.slice(1, 8)) await decide(id, 'rejected');
    await later(6000);
    // It still takes new ones, so the rest stays.
    expect((await cardOf(ids[9] ?? '')).group_id).not.toBeNull();
    await later(61_000);
    expect(await groupsIn('C-END')).toMatchObject([{ is_taking: false }]);
    // What has a card to wait for goes first.
    await later(6000);
    expect((await cardOf(ids[9] ?? '')).group_id).not.toBeNull();
    await post((await claim()).filter(({ conversation }) => conversation === 'C-END'));
    await later(6000);
    for (const id of ids.slice(8)) expect(await cardOf(id)).toEqual({ group_id: null, apart: true });
    for (const id of ids.slice(1, 8)) expect((await cardOf(id)).group_id).not.toBeNull();
    expect(await unseen()).toEqual([]);
    // They never come back into one, and a new storm is a new group.
    await arrive(12, 'C-END');
    await gather();
    for (const id of ids.slice(8)) expect((await cardOf(id)).group_id).toBeNull();
    expect((await groupsIn('C-END')).map(({ is_taking }) => is_taking)).toEqual([false, true]);
  });

  it('a whole group with one deadline leaves no faster than its cards are posted', async () => {
    const ids = await arrive(45, 'C-DEADLINE');
    await gather();
    await post((await claim()).filter(({ conversation }) => conversation === 'C-DEADLINE'));
    await sql`update actions set expires_at = ${at(now + 1_800_000)}::timestamptz where id = any(${ids}::text[])`.execute(db);
    const waiting = async () => {
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from cards where conversation = 'C-DEADLINE' and kind = 'action'
        and group_id is null and ref is null`.execute(db);
      return rows[0]?.n;
    };
    await later(6000);
    expect(await waiting()).toBe(20);
    await later(6000);
    expect(await waiting()).toBe(20);
    await post((await claim()).filter(({ conversation, kind }) => conversation === 'C-DEADLINE' && kind === 'action'));
    await later(6000);
    expect(await waiting()).toBe(20);
    expect(await unseen()).toEqual([]);
    await sql`update actions set status = 'expired' where id = any(${ids}::text[])`.execute(db);
  });

  it('a flood of urgent cards keeps neither the first post of a group nor its edits away for long', async () => {
    const here = (rows: CardRow[]) => rows.filter(({ conversation }) => conversation === 'C-FLOOD').map(({ kind }) => kind);
    const mine = async (rows: CardRow[]) => post(rows.filter(({ conversation, kind }) => conversation === 'C-FLOOD' && kind === 'group'));
    const urgent = await arrive(60, 'C-FLOOD', { severity: 'high' });
    const ids = await arrive(12, 'C-FLOOD');
    await gather();
    expect(here(await claim())).toEqual(Array(5).fill('action'));
    await later(16_000);
    const rows = await claim();
    expect(here(rows)).toEqual(['group', ...Array(5).fill('action')]);
    await mine(rows);
    await arrives('C-FLOOD');
    await later(10_000);
    expect(here(await claim('update'))).toEqual([]);
    await later(51_000);
    expect(here(await claim('update'))).toEqual(['group']);
    await sql`update actions set status = 'expired' where id = any(${[...urgent, ...ids]}::text[])`.execute(db);
  });

  it('a card that was posted after all belongs to itself again', async () => {
    const ids = await arrive(12, 'C-SLOW');
    await gather();
    const slow = `${ids[3]}-1`;
    await cardStore(db, tenant).shown(slow, 1, 'ts-slow', now);
    expect((await cardOf(ids[3] ?? '')).group_id).toBeNull();
  });

  it('whatever happens in whatever order, nothing that waits is without a card', { timeout: 60_000 }, async () => {
    type Step = 'arrive' | 'storm' | 'gather' | 'post' | 'lose' | 'decide' | 'later' | 'fail' | 'urgent';
    const steps: Step[] = ['arrive', 'storm', 'gather', 'gather', 'post', 'lose', 'decide', 'later', 'fail', 'urgent'];
    const conversation = 'C-ANY';
    const open: string[] = [];
    const mine = (rows: CardRow[]) => rows.filter((row) => row.conversation === conversation);
    const take: Record<Step, () => Promise<unknown>> = {
      arrive: async () => open.push(await arrives(conversation)),
      storm: async () => open.push(...(await arrive(7, conversation))),
      urgent: async () => open.push(await arrives(conversation, { severity: 'high' })),
      gather,
      later: () => later(70_000),
      post: async () => post(mine([...(await claim()), ...(await claim('update'))])),
      fail: async () => {
        for (const row of mine(await claim()))
          await cardStore(db, tenant).later(row.cardId, now + 1000, { error: 'unknown: x', uncertain: true });
      },
      lose: async () => {
        // Somebody deletes the newest message while a yes is awaited.
        const { rows } = await sql<{ card_id: string }>`select card_id from cards where conversation = ${conversation} and ref is not null
          and kind in ('action', 'group') order by shown_at desc limit 1`.execute(db);
        for (const { card_id } of rows) await cardStore(db, tenant).lost(card_id, true);
      },
      decide: async () => {
        for (const id of open.splice(0, 4)) await decide(id, 'queued');
      },
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { minLength: 3, maxLength: 12 }), async (story) => {
        for (const step of story) {
          await take[step]();
          expect(await unseen(), `after ${step} of ${story.join(', ')}`).toEqual([]);
        }
      }),
      { numRuns: 12 },
    );
  });
});

/** Hunts and evidence: the same on PostgreSQL and on PGlite, with two bots and with bots that die. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId, EntraId } from '../../src/action-center/action.ts';
import type { BlastRadius } from '../../src/action-center/blast-radius.ts';
import type { HuntEnd, NewHuntRun } from '../../src/action-center/hunting.ts';
import type { AuditEvent } from '../../src/action-center/ports.ts';
import { actionStore } from '../../src/store/actions.ts';
import { cardStore } from '../../src/store/cards.ts';
import type { Database } from '../../src/store/database.ts';
import { evidenceStore } from '../../src/store/evidence.ts';
import { huntStore } from '../../src/store/hunts.ts';
import { anAction } from '../setup/builders.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const now = Date.parse('2026-11-21T08:10:00Z');
const at = new Date(now).toISOString();
const bounds = { mostOfOne: 2, quietMs: 15_000 };
const lease = (holder: string, later = 0) => ({ holder, now: now + later, leaseMs: 20_000 });
const carol = EntraId.parse('carol');
const hunted = (data: object): AuditEvent => ({ kind: 'hunted', at, actorId: carol, data: { ...data } });
const answered: HuntEnd = {
  at,
  audit: hunted({ standing: 'answered', rows: 2 }),
  note: hunted({ standing: 'answered', rows: 2, columns: ['A'], cells: [['1']] }),
  result: { columns: ['A'], rows: [['1'], ['2']] },
};
const found: BlastRadius = { of: 'ip', days: 30, devices: 3, connections: 40 };

describe.each(engines)('on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
  }, 60_000);
  afterAll(() => record.close());

  let count = 0;
  async function posted(shownVersion = 1): Promise<ActionId> {
    count += 1;
    const id = `A-01JD6Q000000000000000${String(count).padStart(5, '0')}`;
    const action = { ...anAction({ id }), key: id, contentDigest: 'x' };
    const targets = [
      { platform: 'slack' as const, conversation: 'C0SOC' },
      { platform: 'teams' as const, conversation: '19:soc@thread.tacv2' },
    ];
    await actionStore(db, tenant).add(action, targets, { kind: 'announced', at, actorId: null, data: {} });
    for (const index of [1, 2]) await cardStore(db, tenant).shown(`${id}-${index}`, shownVersion, `${count}.${index}`, now);
    return ActionId.parse(id);
  }
  const runOf = (actionId: ActionId, id: string, entraId = carol): NewHuntRun => ({
    id,
    actionId,
    entraId,
    askedBy: 'Carol Chen',
    by: 'slack:T/U',
    platform: 'slack',
    query: 'DeviceInfo | take 1',
    timespan: 'P30D',
    startedAt: at,
  });
  const hunts = () => huntStore(db, tenant);
  const begin = (actionId: ActionId, id: string, holder = 'bot-1', later = 0, entraId = carol) =>
    hunts().begin(runOf(actionId, id, entraId), hunted({ huntId: id, standing: 'begun' }), bounds, lease(holder, later));
  const eventsOf = async (id: ActionId) => {
    const rows = await sql<{ n: number }>`select count(*)::int as n from audit_events where action_id = ${id} and kind = 'hunted'`.execute(
      db,
    );
    return rows.rows[0]?.n;
  };
  const notesOf = async (id: ActionId) => {
    const rows = await sql<{ card_id: string }>`select card_id from cards where action_id = ${id} and kind = 'note'`.execute(db);
    return rows.rows.length;
  };

  it('of many presses at once one begins, and only that one is written down', async () => {
    const id = await posted();
    const results = await Promise.all(Array.from({ length: 8 }, (_, index) => begin(id, `H-a${index}`, `bot-${index % 2}`)));
    expect(results.filter((one) => one === 'begun')).toHaveLength(1);
    expect(results.filter((one) => one === 'running')).toHaveLength(7);
    expect(await eventsOf(id)).toBe(1);
    const winner = `H-a${results.indexOf('begun')}`;
    expect(await Promise.all([hunts().end(winner, answered), hunts().end(winner, answered)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    expect(await notesOf(id)).toBe(2);
    expect(await eventsOf(id)).toBe(2);
    expect(await begin(id, 'H-soon', 'bot-1', 1000)).toBe('just-answered');
    expect(await begin(id, 'H-later', 'bot-1', 60_000)).toBe('begun');
    await hunts().end('H-later', answered);
  });

  it('one person has two of them at a time', async () => {
    const [one, two, three] = [await posted(), await posted(), await posted()];
    expect([await begin(one, 'H-b1'), await begin(two, 'H-b2'), await begin(three, 'H-b3')]).toEqual(['begun', 'begun', 'too-many']);
    expect(await begin(one, 'H-b4')).toBe('running');
    expect(await begin(three, 'H-b5', 'bot-1', 0, EntraId.parse('rita'))).toBe('begun');
    for (const id of ['H-b1', 'H-b2', 'H-b5']) await hunts().end(id, answered);
  });

  it('what a bot died with is taken by the next one when its hold runs out, and what a bot gave back at once', async () => {
    const id = await posted();
    await begin(id, 'H-c');
    expect(await hunts().claim(lease('bot-2', 19_000))).toBeNull();
    expect(await hunts().renew('H-c', lease('bot-1', 15_000))).toBe(true);
    expect(await hunts().claim(lease('bot-2', 30_000))).toBeNull();
    expect(await hunts().claim(lease('bot-2', 36_000))).toMatchObject({ id: 'H-c', attempts: 2, actionId: id, entraId: carol });
    expect(await hunts().renew('H-c', lease('bot-1', 37_000))).toBe(false);
    await hunts().release('H-c', 'bot-1');
    expect(await hunts().claim(lease('bot-3', 38_000))).toBeNull();
    await hunts().release('H-c', 'bot-2');
    expect(await hunts().claim(lease('bot-3', 39_000))).toMatchObject({ id: 'H-c', attempts: 2 });
    await hunts().end('H-c', answered);
  });

  it('nothing begins where no card is, for there is nowhere to answer', async () => {
    const id = `A-01JD6Q0000000000000009${String(count).padStart(4, '0')}`;
    const action = { ...anAction({ id }), key: id, contentDigest: 'x', standing: 'decidedElsewhere' as const };
    const targets = [{ platform: 'slack' as const, conversation: 'C0SOC' }];
    await actionStore(db, tenant).add(action, targets, { kind: 'decidedElsewhere', at, actorId: null, data: {} });
    expect(await begin(ActionId.parse(id), 'H-e')).toBe('no-card');
    expect(await eventsOf(ActionId.parse(id))).toBe(0);
    const carded = await posted();
    await sql`update cards set stopped = true where action_id = ${carded} and platform = 'slack'`.execute(db);
    expect(await begin(carded, 'H-f')).toBe('begun');
    await hunts().end('H-f', answered);
    await sql`update cards set stopped = true where action_id = ${carded}`.execute(db);
    expect(await begin(carded, 'H-g', 'bot-1', 60_000)).toBe('no-card');
  });

  it('keeps rows for an hour and runs for a day', async () => {
    const id = await posted();
    await begin(id, 'H-d');
    await hunts().end('H-d', answered);
    await hunts().forget(new Date(now + 3_500_000).toISOString());
    expect(await hunts().result('H-d')).toEqual(answered.result);
    await hunts().forget(new Date(now + 3_700_000).toISOString());
    expect(await hunts().result('H-d')).toBeNull();
    await hunts().forget(new Date(now + 90_000_000).toISOString());
    const left = await sql<{ n: number }>`select count(*)::int as n from hunts`.execute(db);
    expect(left.rows[0]?.n).toBe(0);
  });

  describe('evidence', () => {
    const evidence = () => evidenceStore(db, tenant);
    const since = new Date(now - 3_600_000).toISOString();
    const versions = async (id: ActionId) => {
      const { rows } = await sql<{ shown_version: number; wanted_version: number }>`
        select shown_version, wanted_version from cards where action_id = ${id} and kind = 'action' order by card_id`.execute(db);
      return rows.map((row) => row.wanted_version - row.shown_version);
    };

    it('is asked once an action, whose cards are drawn again without a new version', async () => {
      await sql`delete from evidence`.execute(db);
      await sql`delete from cards`.execute(db);
      const id = await posted();
      const before = await actionStore(db, tenant).get(id);
      expect(await evidence().takeIn({ now: at, since, limit: 5 })).toBe(1);
      expect(await evidence().takeIn({ now: at, since, limit: 5 })).toBe(0);
      const claims = await Promise.all([evidence().claim(lease('bot-1')), evidence().claim(lease('bot-2'))]);
      expect(claims.filter((one) => one !== null)).toEqual([{ actionId: id, attempts: 1 }]);
      await evidence().keep(id, found, at);
      expect(await evidence().claim(lease('bot-2', 90_000))).toBeNull();
      expect(await evidence().get(id)).toEqual(found);
      expect(await versions(id)).toEqual([0, 0]);
      expect(await evidence().redraw(at)).toBe(1);
      expect(await versions(id)).toEqual([1, 1]);
      expect(await evidence().redraw(at)).toBe(0);
      expect(await actionStore(db, tenant).get(id)).toEqual(before);
    });

    it('waits for a card that is being drawn, and does not draw again what is the same', async () => {
      const id = ActionId.parse(`A-01JD6Q000000000000000${String(count).padStart(5, '0')}`);
      const claimed = await cardStore(db, tenant).claimDue({
        platform: 'slack',
        what: 'update',
        holder: 'bot-1',
        now,
        leaseMs: 30_000,
        beginMs: 30_000,
        limit: 5,
        except: [],
      });
      expect(claimed).toHaveLength(1);
      await evidence().refresh(id, at);
      expect(await evidence().claim(lease('bot-1'))).toMatchObject({ actionId: id, attempts: 1 });
      await evidence().keep(id, { ...found, devices: 4 }, at);
      expect(await evidence().redraw(at)).toBe(0);
      await cardStore(db, tenant).shown(`${id}-1`, 1, '9.1', now);
      await cardStore(db, tenant).shown(`${id}-2`, 1, '9.2', now);
      expect(await evidence().redraw(at)).toBe(1);
      expect(await versions(id)).toEqual([1, 1]);
      for (const index of [1, 2]) await cardStore(db, tenant).shown(`${id}-${index}`, 1, `9.${index}`, now);
      await evidence().keep(id, { ...found, devices: 4 }, at);
      expect(await evidence().redraw(at)).toBe(0);
      await evidence().keep(id, null, at);
      expect(await evidence().get(id)).toMatchObject({ devices: 4 });
      expect(await versions(id)).toEqual([0, 0]);
    });

    it('is put off, and asked by another bot when one died with it', async () => {
      const id = await posted();
      await evidence().takeIn({ now: at, since, limit: 5 });
      expect(await evidence().claim(lease('bot-1'))).toMatchObject({ actionId: id });
      expect(await evidence().claim(lease('bot-2', 21_000))).toMatchObject({ actionId: id, attempts: 2 });
      await evidence().later(id, new Date(now + 60_000).toISOString());
      expect(await evidence().claim(lease('bot-2', 30_000))).toBeNull();
      expect(await evidence().claim(lease('bot-2', 61_000))).toMatchObject({ actionId: id, attempts: 3 });
    });
  });
});

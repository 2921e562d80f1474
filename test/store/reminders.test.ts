/** Reminders and delegations in the record: the same on PostgreSQL and on PGlite. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId, EntraId } from '../../src/action-center/action.ts';
import { type Delegation, type DelegationStore, endedEvent } from '../../src/action-center/delegation.ts';
import type { ActionStore, AuditEvent } from '../../src/action-center/ports.ts';
import type { ReminderItem, ReminderPost, ReminderStore } from '../../src/action-center/reminder-ports.ts';
import { expired } from '../../src/action-center/transitions.ts';
import { actionStore } from '../../src/store/actions.ts';
import { cardStore } from '../../src/store/cards.ts';
import type { Database } from '../../src/store/database.ts';
import { delegationStore } from '../../src/store/delegations.ts';
import { reminderStore } from '../../src/store/reminders.ts';
import { anAction } from '../setup/builders.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const now = '2026-11-21T09:00:00.000Z';
const announced: AuditEvent = { kind: 'announced', at: now, actorId: null, data: {} };
const note: AuditEvent = { kind: 'reminded', at: now, actorId: null, data: {} };
const leaseMs = 60_000;

describe.each(engines)('on $name', ({ name, options: make }) => {
  let record: EmptyRecord;
  let db: Database;
  let store: ActionStore;
  let reminders: ReminderStore;
  let delegations: DelegationStore;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    store = actionStore(db, tenant);
    reminders = reminderStore(db, tenant);
    delegations = delegationStore(db, tenant);
  }, 60_000);
  afterAll(() => record.close());

  let made = 0;
  async function announce(over: Parameters<typeof anAction>[0] = {}): Promise<ActionId> {
    made += 1;
    const id = ActionId.parse(`A-${String(made).padStart(4, '0')}`);
    const {
      decision: _decision,
      outcome: _outcome,
      status: _status,
      ...action
    } = anAction({ id, key: `key-${made}`, createdAt: now, ...over });
    const targets = [{ platform: 'slack' as const, conversation: 'C0SOC' }];
    await store.add({ ...action, contentDigest: 'x' }, targets, announced);
    return id;
  }
  const claimAll = (at = now) => reminders.claim({ now: at, leaseMs, limit: 500 });
  const idsOf = (claimed: Awaited<ReturnType<typeof claimAll>>) => claimed.map(({ action }) => action.id);
  const item = (actionId: ActionId, over: Partial<ReminderItem> = {}): ReminderItem => ({
    actionId,
    rung: 'after-15m',
    number: 1,
    kind: 'reminded',
    target: 'thread:slack:C0SOC',
    merged: [],
    person: null,
    ...over,
  });
  let cards = 0;
  const post = (items: ReminderItem[], over: Partial<ReminderPost> = {}): ReminderPost => {
    cards += 1;
    return { cardId: `R-${cards}`, place: { platform: 'slack', conversation: 'C0SOC' }, parentCardId: null, note, items, ...over };
  };
  const eventsOf = async (id: ActionId) =>
    (
      await sql<{ kind: string; data: Record<string, unknown> }>`select kind, data from audit_events where action_id = ${id}
      and kind in ('reminded', 'escalated', 'warned')`.execute(db)
    ).rows;

  it('every open action is looked at once by one of five, and again when its lease is over or its time has come', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => announce()));
    const claims = await Promise.all(Array.from({ length: 5 }, () => reminders.claim({ now, leaseMs, limit: 6 })));
    const seen = [...claims.flatMap(idsOf), ...idsOf(await claimAll())];
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect(await claimAll()).toEqual([]);
    expect(idsOf(await claimAll('2026-11-21T09:01:00.000Z'))).toHaveLength(20);
    await reminders.planned(
      ids.map((actionId) => ({ actionId, nextAt: '2026-11-21T10:00:00.000Z' })),
      'one',
    );
    expect(await claimAll('2026-11-21T09:59:59.000Z')).toEqual([]);
    const [first] = await claimAll('2026-11-21T10:00:00.000Z');
    expect(first).toMatchObject({ cards: [{ platform: 'slack', conversation: 'C0SOC' }], told: [] });
  });

  it('a rung reaches a target once, with its audit event and its message, whoever of five tells it', async () => {
    const ids = [await announce(), await announce()];
    const posts = Array.from({ length: 5 }, () => post(ids.map((id) => item(id, { merged: ['after-5m'] }))));
    const told = await Promise.all(posts.map((one) => reminders.tell(one, now)));
    expect(
      told
        .flat()
        .map(({ actionId }) => actionId)
        .toSorted(),
    ).toEqual(ids.toSorted());
    for (const id of ids) {
      expect(await eventsOf(id)).toMatchObject([{ kind: 'reminded', data: { rung: 'after-15m', merged: ['after-5m'] } }]);
    }
    const posted = await sql<{ card_id: string; kind: string }>`select card_id, kind from cards where card_id like 'R-%'`.execute(db);
    const tellers = posts.filter((_, index) => (told[index] ?? []).length > 0).map(({ cardId }) => cardId);
    expect(posted.rows.map(({ card_id }) => card_id).toSorted()).toEqual(tellers.toSorted());
    // What was merged counts as told, too.
    expect(await reminders.tell(post([item(ids[0] ?? ActionId.parse('-'), { rung: 'after-5m' })]), now)).toEqual([]);
    const [claimed] = (await claimAll()).filter(({ action }) => action.id === ids[0]);
    expect(claimed?.told.map(({ rung }) => rung).toSorted()).toEqual(['after-15m', 'after-5m']);
  });

  it('nothing is told of what is decided, closed or past its deadline, and its plan goes', async () => {
    const [open, closed, late] = [
      await announce(),
      await announce({ expiresAt: '2026-11-21T08:59:00.000Z' }),
      await announce({ expiresAt: now }),
    ];
    const action = await store.get(closed);
    const change = action && expired(action, now);
    if (!change) throw new Error('it did not expire');
    await store.apply(change);
    const one = post([item(open), item(closed), item(late)]);
    expect((await reminders.tell(one, now)).map(({ actionId }) => actionId)).toEqual([open]);
    expect(idsOf(await claimAll())).not.toContain(closed);
    const plans = await sql<{ action_id: string }>`select action_id from reminder_plans where action_id = ${closed}`.execute(db);
    expect(plans.rows).toEqual([]);
    expect(await reminders.showing(one.cardId, now, 8)).toMatchObject({
      total: 1,
      items: [{ action: { id: open }, number: 1, kind: 'reminded' }],
    });
  });

  it('a message says at any time what of it is still open, what expires first before the rest', async () => {
    const soon = await announce({ expiresAt: '2026-11-21T12:00:00.000Z' });
    const later = await announce();
    const one = post([item(later), item(soon, { rung: 'before-2h', number: 0, kind: 'warned' }), item(later, { target: 'slack:C0SOC' })]);
    await reminders.tell(one, now);
    const shown = await reminders.showing(one.cardId, now, 1);
    expect(shown).toMatchObject({ total: 2, items: [{ action: { id: soon }, kind: 'warned' }] });
    // Past its deadline nobody can decide it, closed or not.
    const after = await reminders.showing(one.cardId, '2026-11-21T12:00:00.000Z', 8);
    expect(after).toMatchObject({ total: 1, items: [{ action: { id: later } }] });
  });

  it('a warning counts as delivered only when its message was posted', async () => {
    const id = await announce();
    const one = post([item(id, { rung: 'before-2h', number: 0, kind: 'warned' })]);
    await reminders.tell(one, now);
    expect(await reminders.wasWarned(id)).toBe(false);
    await cardStore(db, tenant).shown(one.cardId, 1, '1700000000.000100', Date.parse(now));
    expect(await reminders.wasWarned(id)).toBe(true);
  });

  it('a message that came too late is withdrawn and never claimed again', async () => {
    const one = post([item(await announce())]);
    await reminders.tell(one, now);
    const store = cardStore(db, tenant);
    await store.withdraw(one.cardId);
    const claim = {
      platform: 'slack' as const,
      what: 'post' as const,
      holder: 'x',
      now: Date.parse(now) + leaseMs,
      leaseMs,
      beginMs: leaseMs,
      limit: 500,
      except: [],
    };
    expect((await store.claimDue(claim)).map(({ cardId }) => cardId)).not.toContain(one.cardId);
  });

  it('other rules look at every open action anew, the same rules do not', async () => {
    const id = await announce();
    await reminders.replan('one');
    await claimAll();
    const plan = (version: string) => reminders.planned([{ actionId: id, nextAt: '2026-11-25T00:00:00.000Z' }], version);
    await plan('one');
    await reminders.replan('one');
    expect(idsOf(await claimAll())).not.toContain(id);
    await reminders.replan('two');
    expect(idsOf(await claimAll())).toContain(id);
    // A bot with the rules of before had it in its hands and plans by them.
    await plan('one');
    await reminders.replan('two');
    expect(idsOf(await claimAll())).toContain(id);
    // Whoever had it in their hands died, and is started again.
    expect(idsOf(await claimAll())).not.toContain(id);
    await reminders.replan('two');
    expect(idsOf(await claimAll())).toContain(id);
  });

  it('plans of closed actions that no look meets are forgotten with age, those of open ones are not', async () => {
    const [open, closed] = [await announce(), await announce({ expiresAt: '2026-11-21T08:59:00.000Z' })];
    const action = await store.get(closed);
    const change = action && expired(action, now);
    if (!change) throw new Error('it did not expire');
    await store.apply(change);
    const planned = async () =>
      (await sql<{ action_id: string }>`select action_id from reminder_plans where action_id in (${open}, ${closed})`.execute(db)).rows;
    await reminders.forget(now);
    expect(await planned()).toHaveLength(2);
    await reminders.forget('2026-11-21T09:00:00.001Z');
    expect(await planned()).toEqual([{ action_id: open }]);
  });

  it('who was reminded in the place of somebody else is known by action', async () => {
    const [alice, bob] = [EntraId.parse('alice-id'), EntraId.parse('bob-id')];
    const [mine, other] = [await announce(), await announce()];
    await reminders.tell(post([item(mine, { target: 'person:alice-id', person: { entraId: bob, standsInFor: alice } })]), now);
    await reminders.tell(post([item(other, { target: 'person:bob-id', person: { entraId: bob, standsInFor: null } })]), now);
    expect([...(await reminders.standingIn(bob, [mine, other]))]).toEqual([[mine, alice]]);
    expect(await eventsOf(mine)).toMatchObject([{ data: { toldTo: 'bob-id', standsInFor: 'alice-id' } }]);
    await reminders.mark([item(other, { target: 'onCall' })], now);
    await reminders.forget('2099-01-01T00:00:00.000Z');
    expect((await reminders.standingIn(bob, [mine])).size).toBe(1);
  });

  it('a private notice to a stand-in says for whom, the others do not', async () => {
    const id = await announce();
    const event: AuditEvent = { kind: 'refused', at: now, actorId: null, data: { reason: 'roles' } };
    const target = { platform: 'slack' as const, conversation: 'U0BOB' };
    await store.tell(id, event, [
      { noticeId: `${id}-a`, target, standsInFor: 'Alice Adams' },
      { noticeId: `${id}-b`, target },
    ]);
    const { rows } = await sql<{ name: string | null }>`select note -> 'data' ->> 'standsInFor' as name from cards
      where action_id = ${id} and kind = 'notice' order by card_id`.execute(db);
    expect(rows).toEqual([{ name: 'Alice Adams' }, { name: null }]);
  });

  describe('delegations', () => {
    let given = 0;
    const [a, b, c] = [EntraId.parse('a-id'), EntraId.parse('b-id'), EntraId.parse('c-id')];
    const delegation = (entraId: EntraId, standIn: EntraId, from: string, until: string): Delegation => {
      given += 1;
      const person = { displayName: `Person ${entraId}`, upn: `${entraId}@contoso.example` };
      const other = { standInName: `Person ${standIn}`, standInUpn: `${standIn}@contoso.example` };
      return { id: `S-${given}`, entraId, ...person, standIn, ...other, from, until, because: null, madeAt: now, endedAt: null };
    };
    const add = (one: Delegation) =>
      delegations.add(one, { kind: 'delegated', at: now, actorId: one.entraId, data: { delegationId: one.id } }, null);
    const [dec1, dec8, dec15] = ['2026-12-01T00:00:00.000Z', '2026-12-08T00:00:00.000Z', '2026-12-15T00:00:00.000Z'];

    it('a circle is made by nobody, also when two try at the same moment', async () => {
      const both = await Promise.all([add(delegation(a, b, dec1, dec8)), add(delegation(b, a, dec1, dec8))]);
      expect(both.filter((other) => other === null)).toHaveLength(1);
      const events = await sql`select 1 from audit_events where kind = 'delegated'`.execute(db);
      expect(events.rows).toHaveLength(1);
    });

    it('one that overlaps or would be passed on is answered with the one it meets; beside it there is room', async () => {
      const [standing] = await delegations.of(a, now);
      const giver = standing?.entraId ?? a;
      const taker = standing?.standIn ?? b;
      expect(await add(delegation(giver, c, '2026-12-07T00:00:00.000Z', dec15))).toMatchObject({ id: standing?.id });
      expect(await add(delegation(taker, c, dec1, dec8))).toMatchObject({ id: standing?.id });
      expect(await add(delegation(c, giver, dec1, dec8))).toMatchObject({ id: standing?.id });
      expect(await add(delegation(giver, c, dec8, dec15))).toBeNull();
      expect(await delegations.current(giver, '2026-12-07T23:59:59.999Z')).toMatchObject({ standIn: taker });
      expect(await delegations.current(giver, dec8)).toMatchObject({ standIn: c });
      expect(await delegations.current(giver, dec15)).toBeNull();
      expect(await delegations.list(now, null, 10)).toHaveLength(2);
    });

    it('ends at once, with an audit event, and only once', async () => {
      const all = await delegations.list(now, null, 10);
      const giver = all[0]?.entraId ?? a;
      const end = () => delegations.end({ entraId: giver }, now, (one) => endedEvent(one, now, giver));
      const ended = await Promise.all([end(), end()]);
      expect(ended.flat()).toHaveLength(2);
      expect(await delegations.of(giver, now)).toEqual([]);
      const events = await sql`select 1 from audit_events where kind = 'delegated' and data ->> 'what' = 'ended'`.execute(db);
      expect(events.rows).toHaveLength(2);
    });
  });

  it.runIf(name === 'PostgreSQL')('what is due is found as quickly among 40,000 open and closed actions', async () => {
    await sql`insert into reminder_plans (action_id, tenant_id, next_at)
      select 'plan-' || n, ${tenant}, timestamptz '2026-11-25' + n * interval '1 second' from generate_series(1, 40000) as n`.execute(db);
    await sql`analyze reminder_plans`.execute(db);
    const { rows } = await sql<{ 'QUERY PLAN': string }>`explain select action_id from reminder_plans where tenant_id = ${tenant}
      and next_at <= ${now}::timestamptz order by next_at limit 500 for update skip locked`.execute(db);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('reminder_plans_due');
  });
});

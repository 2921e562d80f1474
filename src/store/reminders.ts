/** ReminderStore: what has to be looked at, what was told to whom. What is due is found by an index, and every answer is bounded. */
import { sql } from 'kysely';
import { EntraId } from '../action-center/action.ts';
import type { ClaimedAction, ReminderItem, ReminderPost, ReminderStore, Reminding } from '../action-center/reminder-ports.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, iso, json, storing } from './database.ts';
import type { ActionRow } from './tables.ts';

const isOpen = sql.raw(`status in ('pending', 'awaitingSecondApproval')`);

type Claimed = ActionRow & {
  cards: { cardId: string; platform: 'slack' | 'teams'; conversation: string }[] | null;
  told: { rung: string; target: string; at: string }[] | null;
};

/** Plans of closed actions are removed where they are met: so many at most in one go. */
const closedAtOnce = 2000;

async function claim(db: Database, tenantId: string, asked: Parameters<ReminderStore['claim']>[0]): Promise<ClaimedAction[]> {
  const { now, leaseMs, limit } = asked;
  await sql`with closed as (
      select p.action_id from reminder_plans p join actions a on a.id = p.action_id
      where p.tenant_id = ${tenantId} and p.next_at <= ${now}::timestamptz and a.status not in ('pending', 'awaitingSecondApproval')
      order by p.next_at limit ${closedAtOnce} for update of p skip locked)
    delete from reminder_plans p using closed where p.action_id = closed.action_id`.execute(db);
  const until = new Date(Date.parse(now) + leaseMs).toISOString();
  // Without rules until it is planned: what a bot that died had in its hands is looked at as soon as one starts, not only after the lease.
  const { rows } = await sql<Claimed>`
    with due as (
      select action_id from reminder_plans where tenant_id = ${tenantId} and next_at <= ${now}::timestamptz
      order by next_at limit ${limit} for update skip locked),
    taken as (
      update reminder_plans p set next_at = ${until}::timestamptz, rules = '' from due where p.action_id = due.action_id returning p.action_id)
    select ${actionColumns},
      (select jsonb_agg(jsonb_build_object('cardId', coalesce(c.group_id, c.card_id), 'platform', c.platform, 'conversation', c.conversation) order by c.card_id)
        from cards c where c.action_id = actions.id and c.kind = 'action') as cards,
      (select jsonb_agg(jsonb_build_object('rung', r.rung, 'target', r.target, 'at', r.at))
        from reminders r where r.action_id = actions.id) as told
    from taken join actions on id = taken.action_id where ${isOpen} order by id`.execute(db);
  return rows.map((row) => ({
    action: actionOf(row),
    cards: row.cards ?? [],
    told: (row.told ?? []).map((one) => ({ ...one, at: iso(one.at) })),
  }));
}

/** The marks decide what is told; the events, the marks of what is merged and the message come with them, or not at all. */
async function tell(db: Database, tenantId: string, { cardId, place, parentCardId, note, items }: ReminderPost, at: string) {
  const given = items.map((item) => ({ ...rowOf(item), data: dataOf(item, cardId) }));
  const only = new Set(items.map(({ actionId }) => actionId)).size === 1 ? (items[0]?.actionId ?? null) : null;
  const { rows } = await sql<{ action_id: string; rung: string }>`
    with given as (
      select g.* from jsonb_to_recordset(${json(given)}::jsonb) as g (action_id text, rung text, target text, number integer, kind text, told_to text,
          stands_in_for text, merged jsonb, data jsonb)
        join actions a on a.id = g.action_id where a.tenant_id = ${tenantId} and a.${isOpen} and a.expires_at > ${at}::timestamptz),
    marked as (
      insert into reminders (tenant_id, action_id, rung, target, number, kind, at, card_id, told_to, stands_in_for)
      select ${tenantId}, action_id, rung, target, number, kind, ${at}::timestamptz, ${cardId}, told_to, stands_in_for from given
      on conflict do nothing returning action_id, rung, target),
    new as (select g.* from given g join marked using (action_id, rung, target)),
    merged as (
      insert into reminders (tenant_id, action_id, rung, target, number, kind, at)
      select ${tenantId}, action_id, m.rung, target, number, kind, ${at}::timestamptz from new, jsonb_array_elements_text(new.merged) as m (rung)
      on conflict do nothing),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select ${tenantId}, action_id, ${at}::timestamptz, kind, null, data from new),
    posted as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, parent_card_id, wanted_version, next_try_at, created_at)
      select ${cardId}, ${tenantId}, ${only}::text, ${place.platform}, ${place.conversation}, ${parentCardId === null ? 'notice' : 'note'},
        ${json(note)}::jsonb, ${parentCardId}::text, 1, ${at}::timestamptz, ${at}::timestamptz
      where exists (select 1 from new))
    select action_id, rung from new`.execute(db);
  return rows.map(({ action_id, rung }) => ({ actionId: action_id, rung }));
}

const rowOf = ({ actionId, rung, target, number, kind, merged, person }: ReminderItem) => ({
  action_id: actionId,
  rung,
  target,
  number,
  kind,
  merged,
  told_to: person?.entraId ?? null,
  stands_in_for: person?.standsInFor ?? null,
});

function dataOf({ rung, number, target, merged, person }: ReminderItem, cardId: string): Record<string, unknown> {
  const standsInFor = person?.standsInFor ?? null;
  return {
    rung,
    number,
    target,
    cardId,
    ...(merged.length === 0 ? {} : { merged }),
    ...(person === null ? {} : { toldTo: person.entraId }),
    ...(standsInFor === null ? {} : { standsInFor }),
  };
}

type Showing = { cardId: string; now: string; limit: number };
type Shown = ActionRow & { rung: string; number: number; kind: ReminderItem['kind']; total: number };

/** Of each action the most urgent item; what expires first is named first. */
async function showing(db: Database, tenantId: string, { cardId, now, limit }: Showing): Promise<Reminding> {
  const { rows } = await sql<Shown>`
    with telling as (
      select distinct on (action_id) action_id, rung, number as step, kind from reminders where card_id = ${cardId} and tenant_id = ${tenantId}
      order by action_id, kind = 'warned' desc, number desc),
    open as (
      select t.*, a.expires_at as until, count(*) over () as total from telling t join actions a on a.id = t.action_id
      where a.${isOpen} and a.expires_at > ${now}::timestamptz order by a.expires_at, a.id limit ${limit})
    select ${actionColumns}, rung, step as number, kind, total from open join actions on id = open.action_id order by until, id`.execute(
    db,
  );
  return {
    total: Number(rows[0]?.total ?? 0),
    items: rows.map((row) => ({ action: actionOf(row), rung: row.rung, number: row.number, kind: row.kind })),
  };
}

export function reminderStore(db: Database, tenantId: string): ReminderStore {
  return {
    claim: (asked) => storing('looking for due reminders', () => claim(db, tenantId, asked)),
    tell: (post, at) => storing('storing reminders', () => tell(db, tenantId, post, at)),
    mark: (items, at) =>
      storing('marking reminders', async () => {
        const given = items.map(({ actionId, rung, target, number, kind }) => ({ action_id: actionId, rung, target, number, kind }));
        await sql`insert into reminders (tenant_id, action_id, rung, target, number, kind, at)
          select ${tenantId}, action_id, rung, target, number, kind, ${at}::timestamptz
          from jsonb_to_recordset(${json(given)}::jsonb) as t (action_id text, rung text, target text, number integer, kind text)
          on conflict do nothing`.execute(db);
      }),
    planned: (plans, version) =>
      storing('planning reminders', async () => {
        const given = plans.map(({ actionId, nextAt }) => ({ action_id: actionId, next_at: nextAt }));
        await sql`update reminder_plans p set next_at = t.next_at, rules = ${version}
          from jsonb_to_recordset(${json(given)}::jsonb) as t (action_id text, next_at timestamptz)
          where p.action_id = t.action_id and p.tenant_id = ${tenantId}`.execute(db);
      }),
    replan: (version) =>
      storing('planning reminders anew', async () => {
        await sql`update reminder_plans set rules = ${version}, next_at = least(next_at, timestamptz '1970-01-01')
          where tenant_id = ${tenantId} and rules <> ${version}`.execute(db);
      }),
    showing: (cardId, now, limit) => storing('reading what a reminder says', () => showing(db, tenantId, { cardId, now, limit })),
    wasWarned: (actionId) =>
      storing('looking up warnings', async () => {
        const { rows } = await sql`select 1 from reminders r join cards c on c.card_id = r.card_id
          where r.action_id = ${actionId} and r.tenant_id = ${tenantId} and r.kind = 'warned' and c.ref is not null limit 1`.execute(db);
        return rows.length > 0;
      }),
    standingIn: (entraId, actionIds) =>
      storing('looking up who stands in', async () => {
        const ids = [...actionIds];
        const { rows } = await sql<{
          action_id: string;
          stands_in_for: string;
        }>`select distinct on (action_id) action_id, stands_in_for from reminders
          where action_id = any(${ids}::text[]) and tenant_id = ${tenantId} and told_to = ${entraId} and stands_in_for is not null
          order by action_id, at desc`.execute(db);
        return new Map(rows.map((row) => [row.action_id, EntraId.parse(row.stands_in_for)]));
      }),
    forget: (before) =>
      storing('forgetting old reminders', async () => {
        await sql`delete from reminders r using actions a
          where r.tenant_id = ${tenantId} and r.at < ${before}::timestamptz and a.id = r.action_id and not a.${isOpen}`.execute(db);
        // Where nobody is reminded no look meets them.
        await sql`delete from reminder_plans p using actions a
          where p.tenant_id = ${tenantId} and p.next_at < ${before}::timestamptz and a.id = p.action_id and not a.${isOpen}`.execute(db);
      }),
  };
}

/** HuntStore: one running row an action at most, held by a bot for seconds at a time, ended once. */
import { sql } from 'kysely';
import { ActionId, EntraId } from '../action-center/action.ts';
import type { HuntBegun, HuntEnd, HuntResult, HuntRun, HuntStore, Lease, NewHuntRun } from '../action-center/hunting.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import { at, type Database, iso, json, storing } from './database.ts';
import type { HuntRow } from './telling-tables.ts';

const resultKeptMs = 3_600_000;
const runKeptMs = 86_400_000;

const runOf = (row: HuntRow): HuntRun => ({
  id: row.hunt_id,
  actionId: ActionId.parse(row.action_id),
  entraId: EntraId.parse(row.entra_id),
  askedBy: row.asked_by,
  by: row.by_account,
  platform: row.platform,
  query: row.query,
  timespan: row.timespan,
  startedAt: iso(row.started_at),
  attempts: row.attempts,
});

type Bounds = { mostOfOne: number; quietMs: number };

/** Two bots with the same press meet at the unique index of running hunts; the event is written with the row or not at all. */
async function begin(db: Database, tenantId: string, run: NewHuntRun, event: AuditEvent, bounds: Bounds, lease: Lease): Promise<HuntBegun> {
  const quietSince = at(lease.now - bounds.quietMs);
  const { rows } = await sql<{ began: boolean; carded: boolean; answered: boolean; too_many: boolean }>`
    with carded as (
      select 1 from cards where tenant_id = ${tenantId} and action_id = ${run.actionId} and kind = 'action' and not stopped limit 1),
    answered as (
      select 1 from hunts where tenant_id = ${tenantId} and action_id = ${run.actionId} and status = 'answered'
        and finished_at > ${quietSince}::timestamptz limit 1),
    crowded as (
      select 1 where (select count(*) from hunts where tenant_id = ${tenantId} and entra_id = ${run.entraId} and status = 'running') >= ${bounds.mostOfOne}),
    began as (
      insert into hunts (hunt_id, tenant_id, action_id, entra_id, asked_by, by_account, platform, query, timespan, status, attempts, started_at,
        claimed_until, holder)
      select ${run.id}, ${tenantId}, ${run.actionId}, ${run.entraId}, ${run.askedBy}, ${run.by}, ${run.platform}, ${run.query}, ${run.timespan},
        'running', 1, ${run.startedAt}::timestamptz, ${at(lease.now + lease.leaseMs)}::timestamptz, ${lease.holder}
      where exists (select 1 from carded) and not exists (select 1 from answered) and (not exists (select 1 from crowded)
        or exists (select 1 from hunts where tenant_id = ${tenantId} and action_id = ${run.actionId} and status = 'running'))
      on conflict (tenant_id, action_id) where status = 'running' do nothing
      returning action_id),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select ${tenantId}, began.action_id, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}, ${json(event.data)}::jsonb from began)
    select exists (select 1 from began) as began, exists (select 1 from carded) as carded, exists (select 1 from answered) as answered,
      exists (select 1 from crowded) and not exists (
        select 1 from hunts where tenant_id = ${tenantId} and action_id = ${run.actionId} and status = 'running') as too_many`.execute(db);
  const [told] = rows;
  if (told?.began) return 'begun';
  if (told?.carded === false) return 'no-card';
  if (told?.answered) return 'just-answered';
  return told?.too_many ? 'too-many' : 'running';
}

/** The row, its audit event and a note under every copy of the card, in one statement. */
async function end(db: Database, tenantId: string, id: string, { audit, note, result, at: when }: HuntEnd): Promise<boolean> {
  const status = note.data['standing'] === 'answered' || note.data['standing'] === 'no-rows' ? 'answered' : 'failed';
  const { rows } = await sql<{ hunt_id: string }>`
    with ended as (
      update hunts set status = ${status}, result = ${result === null ? null : json(result)}::jsonb, finished_at = ${when}::timestamptz,
        claimed_until = null, holder = null
      where hunt_id = ${id} and tenant_id = ${tenantId} and status = 'running' returning hunt_id, action_id),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select ${tenantId}, action_id, ${audit.at}::timestamptz, ${audit.kind}, ${audit.actorId}, ${json(audit.data)}::jsonb from ended),
    noted as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, parent_card_id, wanted_version, next_try_at, created_at)
      select c.card_id || '-hunt-' || ended.hunt_id, c.tenant_id, c.action_id, c.platform, c.conversation, 'note', ${json(note)}::jsonb,
        coalesce(c.group_id, c.card_id), 1, ${when}::timestamptz, ${when}::timestamptz
      from cards c join ended on c.action_id = ended.action_id where c.kind = 'action' on conflict (card_id) do nothing)
    select hunt_id from ended`.execute(db);
  return rows.length > 0;
}

async function claim(db: Database, tenantId: string, { holder, now, leaseMs }: Lease): Promise<HuntRun | null> {
  const { rows } = await sql<HuntRow>`
    update hunts set claimed_until = ${at(now + leaseMs)}::timestamptz, holder = ${holder}, attempts = attempts + 1
    where hunt_id = (
      select hunt_id from hunts where tenant_id = ${tenantId} and status = 'running' and (claimed_until is null or claimed_until <= ${at(now)}::timestamptz)
      order by started_at limit 1 for update skip locked)
    returning *`.execute(db);
  const [row] = rows;
  return row ? runOf(row) : null;
}

export function huntStore(db: Database, tenantId: string): HuntStore {
  const mine = (id: string, holder: string) =>
    db
      .updateTable('hunts')
      .where('hunt_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('holder', '=', holder)
      .where('status', '=', 'running');
  return {
    begin: (run, event, bounds, lease) => storing('beginning a hunt', () => begin(db, tenantId, run, event, bounds, lease)),
    claim: (lease) => storing('claiming a hunt', () => claim(db, tenantId, lease)),
    renew: (id, { holder, now, leaseMs }) =>
      storing('holding a hunt', async () => {
        const rows = await mine(id, holder)
          .set({ claimed_until: new Date(now + leaseMs) })
          .returning('hunt_id')
          .execute();
        return rows.length > 0;
      }),
    release: (id, holder) =>
      storing('giving a hunt back', async () => {
        // A graceful stop is no try that failed.
        await mine(id, holder).set({ claimed_until: null, holder: null, attempts: sql<number>`greatest(attempts - 1, 0)` }).execute();
      }),
    end: (id, ended) => storing('ending a hunt', () => end(db, tenantId, id, ended)),
    result: (id) =>
      storing('reading a hunt', async () => {
        const row = await db
          .selectFrom('hunts')
          .select('result')
          .where('tenant_id', '=', tenantId)
          .where('hunt_id', '=', id)
          .executeTakeFirst();
        return (row?.result ?? null) as HuntResult | null;
      }),
    forget: (now) =>
      storing('forgetting hunts', async () => {
        const before = (ms: number) => at(Date.parse(now) - ms);
        await sql`update hunts set result = null where tenant_id = ${tenantId} and result is not null
          and finished_at < ${before(resultKeptMs)}::timestamptz`.execute(db);
        await sql`delete from hunts where tenant_id = ${tenantId} and finished_at < ${before(runKeptMs)}::timestamptz`.execute(db);
      }),
  };
}

/** BatchStore: one confirmation, many decisions. Rows of `batches` are claimed by one bot at a time; members only ever go forward. */
import { sql } from 'kysely';
import { ActionId } from '../action-center/action.ts';
import type { Batch, BatchCounts, BatchMember, BatchStore, Setback } from '../action-center/batch.ts';
import type { Refusal } from '../action-center/refusal.ts';
import { at, type Database, iso, json, storing } from './database.ts';
import type { BatchRow } from './tables.ts';

/** A counter that changes faster than this is not read by anybody, and uses up what other cards need. */
const countedEveryMs = 2000;

const noCounts: BatchCounts = { waiting: 0, decided: 0, done: 0, shared: 0, failed: 0, refused: 0 };
const isoOrNull = (value: Date | null): string | null => (value === null ? null : iso(value));

/** We wrote these rows ourselves through the same types, so they are trusted here. */
const batchOf = (row: BatchRow): Batch => ({
  id: row.batch_id,
  type: row.type as Batch['type'],
  verb: row.verb as Batch['verb'],
  actor: row.actor as Batch['actor'],
  by: row.account,
  platform: row.platform,
  conversation: row.conversation,
  comment: row.comment,
  status: row.status,
  total: row.total,
  counts: { ...noCounts, ...(row.counts as Partial<BatchCounts>) },
  version: row.version,
  createdAt: iso(row.created_at),
  startedAt: isoOrNull(row.started_at),
  finishedAt: isoOrNull(row.finished_at),
});

async function draft(
  db: Database,
  tenantId: string,
  batch: Parameters<BatchStore['draft']>[0],
  members: readonly BatchMember[],
): Promise<void> {
  const rows = members.map((member, position) => ({ ...member, position }));
  await sql`
    with drafted as (
      insert into batches (batch_id, tenant_id, type, verb, actor, account, platform, conversation, status, total, counts, version, created_at, next_at)
      values (${batch.id}, ${tenantId}, ${batch.type}, ${batch.verb}, ${json(batch.actor)}::jsonb, ${batch.by}, ${batch.platform},
        ${batch.conversation}, 'draft', ${members.length}, ${json({ waiting: members.length })}::jsonb, 1, ${batch.createdAt}::timestamptz,
        ${batch.createdAt}::timestamptz)
      returning batch_id)
    insert into batch_members (batch_id, action_id, position, digest, decision_id, state)
    select drafted.batch_id, m."actionId", m.position, m.digest, m."decisionId", 'waiting'
    from drafted, jsonb_to_recordset(${json(rows)}::jsonb) as m ("actionId" text, position integer, digest text, "decisionId" text)`.execute(
    db,
  );
}

/** The state, the audit event and the counter's card in one statement. A batch that was asked for nowhere has no card. */
async function begin(
  db: Database,
  tenantId: string,
  { id, verb, comment, by, at: when, event }: Parameters<BatchStore['begin']>[0],
): Promise<boolean> {
  const { rows } = await sql<{ batch_id: string }>`
    with begun as (
      update batches set status = 'running', verb = ${verb}, comment = ${comment}, account = ${by}, started_at = ${when}::timestamptz,
        next_at = ${when}::timestamptz, version = version + 1
      where batch_id = ${id} and tenant_id = ${tenantId} and status = 'draft'
      returning batch_id, tenant_id, platform, conversation, version),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select tenant_id, null, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}, ${json(event.data)}::jsonb from begun),
    carded as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at)
      select batch_id || '-1', tenant_id, batch_id, platform, conversation, 'batch', version, ${when}::timestamptz, ${when}::timestamptz
      from begun where conversation is not null)
    select batch_id from begun`.execute(db);
  return rows.length > 0;
}

async function claim(db: Database, tenantId: string, holder: string, now: number, leaseMs: number): Promise<Batch | null> {
  const { rows } = await sql<BatchRow>`
    update batches set claimed_until = ${at(now + leaseMs)}::timestamptz, holder = ${holder}
    where batch_id = (
      select batch_id from batches where tenant_id = ${tenantId} and status = 'running' and next_at <= ${at(now)}::timestamptz
        and (claimed_until is null or claimed_until <= ${at(now)}::timestamptz)
      order by next_at limit 1 for update skip locked)
    returning *`.execute(db);
  const [row] = rows;
  return row ? batchOf(row) : null;
}

/** The outcome of exactly this decision, as the record's events tell it: also when the action went further since, and whoever carried it out. */
async function takeOutcomes(db: Database, id: string): Promise<void> {
  await sql`
    update batch_members m set message = o.message,
      state = case when o.status in ('completed', 'undone') then 'done' else 'failed' end
    from (
      select distinct on (d.action_id) d.action_id, e.data ->> 'status' as status, e.data ->> 'message' as message
      from batch_members d join audit_events e on e.action_id = d.action_id
      where d.batch_id = ${id} and d.state = 'decided' and e.kind = 'outcome' and e.data ->> 'decisionId' = d.decision_id
        and e.data ->> 'status' <> 'inProgress'
      order by d.action_id, e.seq) o
    where m.batch_id = ${id} and m.action_id = o.action_id and m.state = 'decided'`.execute(db);
}

async function follow(db: Database, id: string, now: number): Promise<Batch> {
  await takeOutcomes(db, id);
  const when = at(now);
  const { rows } = await sql<BatchRow>`
    with counted as (
      select coalesce(jsonb_object_agg(state, n), '{}'::jsonb) as counts, coalesce(sum(n) filter (where state in ('waiting', 'decided')), 0) as going
      from (select state, count(*)::int as n from batch_members where batch_id = ${id} group by state) s),
    changed as (
      update batches b set counts = c.counts, version = b.version + 1, counted_at = ${when}::timestamptz,
        status = case when c.going = 0 then 'finished' else b.status end,
        finished_at = case when c.going = 0 then ${when}::timestamptz else b.finished_at end
      from counted c
      where b.batch_id = ${id} and b.status = 'running' and (c.going = 0 or (b.counts <> c.counts
        and (b.counted_at is null or b.counted_at <= ${at(now - countedEveryMs)}::timestamptz)))
      returning b.*),
    shown as (
      update cards set wanted_version = changed.version, next_try_at = least(cards.next_try_at, ${when}::timestamptz)
      from changed where cards.action_id = changed.batch_id and cards.kind = 'batch')
    select * from changed union all select b.* from batches b where b.batch_id = ${id} and not exists (select 1 from changed)`.execute(db);
  const [row] = rows;
  if (!row) throw new Error(`batch ${id} is gone`);
  // What waits is told as it is, also while the card shows an older count.
  const { n } = await db
    .selectFrom('batch_members')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('batch_id', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow();
  const batch = batchOf(row);
  return { ...batch, counts: { ...batch.counts, waiting: Number(n) } };
}

export function batchStore(db: Database, tenantId: string): BatchStore {
  const one = (id: string) => db.selectFrom('batches').selectAll().where('tenant_id', '=', tenantId).where('batch_id', '=', id);
  return {
    draft: (batch, members) => storing('keeping a draft', () => draft(db, tenantId, batch, members)),
    get: (id) =>
      storing('reading a batch', async () => {
        const row = await one(id).executeTakeFirst();
        return row ? batchOf(row) : null;
      }),
    begin: (start) => storing('beginning a batch', () => begin(db, tenantId, start)),
    claim: (holder, now, leaseMs) => storing('claiming a batch', () => claim(db, tenantId, holder, now, leaseMs)),
    waiting: (id, limit) =>
      storing('reading what waits in a batch', async () => {
        const rows = await db
          .selectFrom('batch_members')
          .select(['action_id', 'digest', 'decision_id'])
          .where('batch_id', '=', id)
          .where('state', '=', 'waiting')
          .orderBy('position')
          .limit(limit)
          .execute();
        return rows.map(
          (row): BatchMember => ({ actionId: ActionId.parse(row.action_id), digest: row.digest, decisionId: row.decision_id }),
        );
      }),
    ended: (id, actionId, { state, refusal, message }) =>
      storing('recording a member of a batch', async () => {
        await sql`update batch_members set state = ${state}, refusal = ${refusal === null ? null : json(refusal)}::jsonb, message = ${message}
          where batch_id = ${id} and action_id = ${actionId} and state = 'waiting'`.execute(db);
      }),
    follow: (id, now) => storing('counting a batch', () => follow(db, id, now)),
    release: (id, holder, nextAt) =>
      storing('releasing a batch', async () => {
        await sql`update batches set claimed_until = null, holder = null, next_at = ${at(nextAt)}::timestamptz
          where batch_id = ${id} and holder = ${holder}`.execute(db);
      }),
    setbacks: (id, limit) =>
      storing('reading the setbacks of a batch', async () => {
        const rows = await db
          .selectFrom('batch_members')
          .select(['action_id', 'state', 'refusal', 'message'])
          .where('batch_id', '=', id)
          .where('state', 'in', ['failed', 'refused'])
          .orderBy('position')
          .limit(limit)
          .execute();
        return rows.map((row): Setback => {
          const { refusal, message } = row;
          return {
            actionId: ActionId.parse(row.action_id),
            state: row.state as Setback['state'],
            refusal: refusal as Refusal | null,
            message,
          };
        });
      }),
    forget: (before) =>
      storing('forgetting drafts', async () => {
        const { numAffectedRows } = await sql`delete from batches where tenant_id = ${tenantId} and status = 'draft'
          and created_at < ${before}::timestamptz`.execute(db);
        return Number(numAffectedRows ?? 0);
      }),
  };
}

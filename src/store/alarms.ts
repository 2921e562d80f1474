/** AlarmStore: who was refused too often, what failed, and which of it was told already. */
import { sql } from 'kysely';
import { ActionId } from '../action-center/action.ts';
import type { AlarmStore, CardTarget, NewAlarm, Suspect } from '../action-center/ports.ts';
import { actionOf } from './actions.ts';
import { type Database, iso, json, storing } from './database.ts';
import type { ActionRow } from './tables.ts';

/** Much longer than any alarm is quiet or any failure is looked for. */
const keptFor = '30 days';

type SuspectRow = {
  subject: string;
  is_person: boolean;
  accounts: string[] | null;
  upn: string | null;
  count: number;
  last_at: Date;
  last_action: string | null;
};

const suspectOf = (row: SuspectRow): Suspect => ({
  subject: row.subject,
  isPerson: row.is_person,
  accounts: row.accounts ?? [],
  upn: row.upn,
  count: Number(row.count),
  lastAt: iso(row.last_at),
  lastActionId: row.last_action === null ? null : ActionId.parse(row.last_action),
});

/** What could not be undone is completed again. */
const undoFailed = sql`(status = 'completed' and a.decision ->> 'verb' = 'undo' and a.outcome ->> 'status' in ('failed', 'timedOut', 'partiallyCompleted'))`;

async function suspects(db: Database, tenantId: string, asked: Parameters<AlarmStore['suspects']>[0]): Promise<Suspect[]> {
  const { rows } = await sql<SuspectRow>`
    select * from (select coalesce(actor_id, data ->> 'by') as subject, bool_or(actor_id is not null) as is_person, count(*)::integer as count,
      max(at) as last_at, max(data ->> 'upn') as upn, to_jsonb((array_agg(distinct data ->> 'by'))[1:5]) as accounts,
      (array_agg(action_id order by seq desc))[1] as last_action
    from audit_events
    where tenant_id = ${tenantId} and kind = 'refused' and at >= ${asked.since}::timestamptz and data ->> 'by' is not null
      and data ->> 'refusal' in (select jsonb_array_elements_text(${json(asked.refusals)}::jsonb))
    group by 1 having count(*) >= ${asked.atLeast}) as tried
    where not exists (select 1 from alarms where alarms.tenant_id = ${tenantId} and alarms.subject = 'refusals:' || tried.subject
      and raised_at > ${asked.quietSince}::timestamptz)
    order by last_at desc limit ${asked.limit}`.execute(db);
  return rows.map(suspectOf);
}

/** The mark decides who raises it; the event and the notices come with it, or not at all. */
async function raise(
  db: Database,
  tenantId: string,
  { alarm, targets, quietSince }: { alarm: NewAlarm; targets: readonly CardTarget[]; quietSince: string | null },
): Promise<boolean> {
  const { subject, actionId, event } = alarm;
  const notices = targets.map(({ platform, conversation }, index) => ({ nr: index + 1, platform, conversation }));
  const { rows } = await sql<{ raised: number }>`
    with marked as (
      insert into alarms (tenant_id, subject, raised_at) values (${tenantId}, ${subject}, ${event.at}::timestamptz)
      on conflict (tenant_id, subject) do update set raised_at = excluded.raised_at where alarms.raised_at <= ${quietSince}::timestamptz
      returning raised_at),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select ${tenantId}, ${actionId}::text, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}::text, ${json(event.data)}::jsonb from marked),
    told as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, wanted_version, next_try_at, created_at)
      select 'alarm-' || ${subject}::text || '-' || ${event.at}::text || '-' || t.nr, ${tenantId}, ${actionId}::text, t.platform, t.conversation,
        'notice', ${json(event)}::jsonb, 1, ${event.at}::timestamptz, ${event.at}::timestamptz
      from marked, jsonb_to_recordset(${json(notices)}::jsonb) as t (nr integer, platform text, conversation text))
    select 1 as raised from marked`.execute(db);
  return rows.length > 0;
}

export function alarmStore(db: Database, tenantId: string): AlarmStore {
  return {
    suspects: (asked) => storing('looking for refused tries', () => suspects(db, tenantId, asked)),
    failedSince: (since, limit) =>
      storing('looking for what failed', async () => {
        const { rows } = await sql<ActionRow>`
          select * from actions a where tenant_id = ${tenantId} and updated_at >= ${since}::timestamptz
            and (status in ('failed', 'timedOut', 'partiallyCompleted') or ${undoFailed})
            and not exists (select 1 from alarms where alarms.tenant_id = a.tenant_id and subject = 'failed:' || (a.decision ->> 'decisionId'))
          order by updated_at limit ${limit}`.execute(db);
        return rows.map(actionOf);
      }),
    raise: (alarm, targets, quietSince) =>
      storing('raising an alarm', async () => {
        const raised = await raise(db, tenantId, { alarm, targets, quietSince });
        if (raised) {
          await sql`delete from alarms where tenant_id = ${tenantId}
            and raised_at < ${alarm.event.at}::timestamptz - ${sql.raw(`interval '${keptFor}'`)}`.execute(db);
        }
        return raised;
      }),
  };
}

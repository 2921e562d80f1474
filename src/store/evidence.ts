/** EvidenceStore: one row an action. A card is drawn again without touching its action's version, so that what somebody read stays what they decide on. */
import { sql } from 'kysely';
import { ActionId } from '../action-center/action.ts';
import { BlastRadius, type EvidenceStore } from '../action-center/blast-radius.ts';
import { at, type Database, json, runPrepared, storing } from './database.ts';

/** Actions whose cards are made due in one look. */
const mostRedrawn = 50;
/** More would be answered when nobody needs it any more. */
const mostWaiting = 200;

export function evidenceStore(db: Database, tenantId: string): EvidenceStore {
  return {
    takeIn: ({ now, since, limit }) =>
      storing('taking evidence in', async () => {
        const { numAffectedRows } = await sql`
          insert into evidence (action_id, tenant_id, state, next_at, changed_at)
          select a.id, a.tenant_id, 'waiting', ${now}::timestamptz, ${now}::timestamptz from actions a
          where a.tenant_id = ${tenantId} and a.status in ('pending', 'awaitingSecondApproval') and a.created_at > ${since}::timestamptz
            and a.updated_at > ${since}::timestamptz and not exists (select 1 from evidence e where e.action_id = a.id)
            and (select count(*) from evidence w where w.tenant_id = ${tenantId} and w.state = 'waiting') < ${mostWaiting}
            and exists (select 1 from cards c where c.action_id = a.id and c.kind = 'action' and c.ref is not null)
          order by a.updated_at desc limit ${limit}
          on conflict (action_id) do nothing`.execute(db);
        return Number(numAffectedRows ?? 0);
      }),
    claim: ({ holder, now, leaseMs }) =>
      storing('claiming evidence', async () => {
        const { rows } = await sql<{ action_id: string; attempts: number }>`
          update evidence set claimed_until = ${at(now + leaseMs)}::timestamptz, holder = ${holder}, attempts = attempts + 1
          where action_id = (
            select action_id from evidence where tenant_id = ${tenantId} and state = 'waiting' and next_at <= ${at(now)}::timestamptz
              and (claimed_until is null or claimed_until <= ${at(now)}::timestamptz)
            order by next_at limit 1 for update skip locked)
          returning action_id, attempts`.execute(db);
        const [row] = rows;
        return row ? { actionId: ActionId.parse(row.action_id), attempts: row.attempts } : null;
      }),
    keep: (actionId, found, when) =>
      storing('keeping evidence', async () => {
        const told = found === null ? null : json(found);
        // Nothing to show leaves what was shown before; the same again needs no new drawing.
        await sql`update evidence set state = ${found === null ? 'none' : 'found'}, found = coalesce(${told}::jsonb, found),
            redrawn = ${found === null}::boolean or (redrawn and found is not distinct from ${told}::jsonb),
            claimed_until = null, holder = null, changed_at = ${when}::timestamptz
          where action_id = ${actionId} and tenant_id = ${tenantId}`.execute(db);
      }),
    later: (actionId, when) =>
      storing('putting evidence off', async () => {
        await sql`update evidence set next_at = ${when}::timestamptz, claimed_until = null, holder = null
          where action_id = ${actionId} and tenant_id = ${tenantId}`.execute(db);
      }),
    refresh: (actionId, when) =>
      storing('asking for evidence again', async () => {
        await sql`update evidence set state = 'waiting', attempts = 0, next_at = ${when}::timestamptz
          where action_id = ${actionId} and tenant_id = ${tenantId} and state <> 'waiting'`.execute(db);
      }),
    get: (actionId) =>
      storing('reading evidence', async () => {
        const rows = await runPrepared<{ found: unknown }>(
          db,
          sql<{ found: unknown }>`select found from evidence where action_id = ${actionId} and tenant_id = ${tenantId}`,
        );
        // What an older version kept and this one cannot read is not shown.
        return BlastRadius.safeParse(rows[0]?.found).data ?? null;
      }),
    redraw: (now) => storing('having cards drawn again', () => redraw(db, tenantId, now)),
  };
}

/**
 * A card that shows its action's newest version is set back by one, so that the reconciler draws it once more. One that is being drawn right now may
 * be drawn without what was found, so its action waits for the next look; one not yet posted will show it anyway.
 */
async function redraw(db: Database, tenantId: string, now: string): Promise<number> {
  const { rows } = await sql<{ action_id: string }>`
    with ready as (
      select e.action_id from evidence e where e.tenant_id = ${tenantId} and not e.redrawn and not exists (
        select 1 from cards c where c.action_id = e.action_id and c.kind = 'action' and not c.stopped and c.claimed_until > ${now}::timestamptz)
      order by e.action_id limit ${mostRedrawn} for update of e skip locked),
    due as (
      update cards set shown_version = cards.wanted_version - 1, next_try_at = least(cards.next_try_at, ${now}::timestamptz)
      from ready where cards.action_id = ready.action_id and cards.kind = 'action' and cards.ref is not null and not cards.stopped
        and cards.shown_version >= cards.wanted_version)
    update evidence set redrawn = true from ready where evidence.action_id = ready.action_id returning evidence.action_id`.execute(db);
  return rows.length;
}

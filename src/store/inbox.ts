/** InboxStore: what is open for one person, what they decided, and where the cards are. Every answer is bounded. */
import { sql } from 'kysely';
import { ActionType, Decision, Severity } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
import type { CandidateQuery, InboxStore } from '../action-center/inbox.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, json, storing } from './database.ts';
import type { ActionRow } from './tables.ts';

const severestFirst = Severity.options.toReversed();
const typesOfRisk = (risk: string): readonly ActionType[] => ActionType.options.filter((type) => catalogue[type].risk === risk);

/** The order of `byUrgency`, for choosing which are looked at; the flow sorts them itself. */
const urgency = ({ urgentUntil }: CandidateQuery) => sql`
  case when a.expires_at < ${urgentUntil}::timestamptz then 0 else 1 end,
  array_position(${severestFirst}::text[], a.severity),
  case when a.type = any(${typesOfRisk('destructive')}::text[]) then 0 when a.type = any(${typesOfRisk('high')}::text[]) then 1 else 2 end,
  a.requested_at, a.id collate "C"`;

const inGroups = (groups: readonly string[]) => sql`exists (select 1 from jsonb_array_elements(a.entities) as e (entity)
  where entity ->> 'type' = 'device' and entity ->> 'group' = any(${groups}::text[]))`;

type Counted = ActionRow & { total: number };

/** Device groups are a matter of device actions alone; the others are found whatever the groups. */
async function candidates(db: Database, tenantId: string, query: CandidateQuery) {
  const { entraId, types, deviceGroups, now, limit } = query;
  const grouped = types.filter((type) => deviceGroups !== null && catalogue[type].workload === 'device');
  const mine = json([{ actor: { entraId } }]);
  const inReach = grouped.length === 0 ? sql`true` : sql`(a.type <> all(${grouped}::text[]) or ${inGroups(deviceGroups ?? [])})`;
  const { rows } = await sql<Counted>`
    with open as (
      select a.id as open_id, count(*) over () as total, row_number() over (order by ${urgency(query)}) as place from actions a
      where a.tenant_id = ${tenantId} and a.status in ('pending', 'awaitingSecondApproval') and a.expires_at > ${now}::timestamptz
        and a.type = any(${types}::text[]) and not a.approvals @> ${mine}::jsonb and ${inReach}
      order by place limit ${limit})
    select ${actionColumns}, total from open join actions on id = open_id order by place`.execute(db);
  return { actions: rows.map(actionOf), total: rows[0]?.total ?? 0 };
}

type Mine = ActionRow & { mine: unknown };

async function decidedBy(db: Database, tenantId: string, entraId: string, limit: number) {
  const { rows } = await sql<Mine>`
    with lately as (
      select e.seq, e.action_id, e.data as mine from audit_events e
      where e.tenant_id = ${tenantId} and e.actor_id = ${entraId} and e.kind in ('decided', 'approved')
      order by e.seq desc limit ${limit})
    select ${actionColumns}, mine from lately join actions on id = action_id where tenant_id = ${tenantId} order by seq desc`.execute(db);
  return rows.map((row) => ({ action: actionOf(row), decision: Decision.parse(row.mine) }));
}

export function inboxStore(db: Database, tenantId: string): InboxStore {
  return {
    candidates: (query) => storing('reading what awaits a person', () => candidates(db, tenantId, query)),
    decidedBy: (entraId, limit) => storing('reading what a person decided', () => decidedBy(db, tenantId, entraId, limit)),
    places: (platform, ids) =>
      storing('reading where cards are', async () => {
        const { rows } = await sql<{ action_id: string; conversation: string; ref: string }>`
          select distinct on (c.action_id) c.action_id, c.conversation, coalesce(c.ref, g.ref) as ref
          from cards c left join cards g on g.card_id = c.group_id
          where c.action_id = any(${ids}::text[]) and c.tenant_id = ${tenantId} and c.platform = ${platform} and c.kind = 'action'
            and coalesce(c.ref, g.ref) is not null
          order by c.action_id, c.card_id`.execute(db);
        return new Map(rows.map(({ action_id, conversation, ref }) => [action_id, { conversation, ref }]));
      }),
  };
}

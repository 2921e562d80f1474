/** Conversations: where the app is installed on a platform that does not tell it by itself, and how each place is reached. */
import { sql } from 'kysely';
import type { ConversationRecord, Conversations } from '../action-center/ports.ts';
import { at, type Database, json, storing } from './database.ts';
import type { Tables } from './tables.ts';

const recordOf = (row: Tables['conversations']): ConversationRecord => ({
  platform: row.platform,
  conversation: row.conversation,
  organisation: row.organisation,
  serviceUrl: row.service_url,
  type: row.type,
  team: row.team,
  name: row.name,
  standing: row.standing,
});

export function conversations(db: Database, tenantId: string): Conversations {
  return {
    get: (platform, conversation) =>
      storing('looking up a conversation', async () => {
        const row = await db
          .selectFrom('conversations')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('platform', '=', platform)
          .where('conversation', '=', conversation)
          .executeTakeFirst();
        return row ? recordOf(row) : null;
      }),
    present: (record, now) => storing('recording a conversation', () => present(db, tenantId, record, now)),
    absent: (where, standing, now) =>
      storing('recording that a conversation is out of reach', async () => {
        const column = 'team' in where ? sql`team = ${where.team}` : sql`conversation = ${where.conversation}`;
        const { rows } = await sql<{ conversation: string }>`update conversations set standing = ${standing},
          standing_since = ${at(now)}::timestamptz where tenant_id = ${tenantId} and platform = ${where.platform} and ${column}
          and standing <> ${standing} and standing <> 'deleted' returning conversation`.execute(db);
        return rows.map(({ conversation }) => conversation);
      }),
    outOfReach: (platform, wanted) =>
      storing('looking up conversations', async () => {
        const { rows } = await sql<Tables['conversations']>`select * from conversations where tenant_id = ${tenantId}
          and platform = ${platform} and standing <> 'installed'
          and conversation in (select jsonb_array_elements_text(${json(wanted)}::jsonb)) order by conversation`.execute(db);
        return rows.map(recordOf);
      }),
  };
}

async function present(db: Database, tenantId: string, record: Parameters<Conversations['present']>[0], now: number): Promise<boolean> {
  const { platform, conversation, organisation, serviceUrl, type, team, name } = record;
  const { rows } = await sql<{ is_new: boolean }>`
    with before as (select standing from conversations where tenant_id = ${tenantId} and platform = ${platform} and conversation = ${conversation})
    insert into conversations as c (tenant_id, platform, conversation, organisation, service_url, type, team, name, standing, standing_since, seen_at)
    values (${tenantId}, ${platform}, ${conversation}, ${organisation}, ${serviceUrl}, ${type}, ${team}, ${name}, 'installed',
      ${at(now)}::timestamptz, ${at(now)}::timestamptz)
    on conflict (tenant_id, platform, conversation) do update set organisation = excluded.organisation, service_url = excluded.service_url,
      type = excluded.type, team = coalesce(excluded.team, c.team), name = coalesce(excluded.name, c.name), standing = 'installed',
      standing_since = case when c.standing = 'installed' then c.standing_since else excluded.standing_since end, seen_at = excluded.seen_at
    returning coalesce((select standing from before), '') <> 'installed' as is_new`.execute(db);
  return rows[0]?.is_new ?? false;
}

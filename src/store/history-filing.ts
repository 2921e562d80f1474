/** Files actions that have come to rest, so that the indexes of the search cover them. Nothing depends on when this happens but the speed of a look-up. */
import { sql } from 'kysely';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, json, storing } from './database.ts';
import { sides } from './history-filter.ts';
import { propertiesOf, tokensOf, weekOf } from './history-tokens.ts';
import { assetNames, entryOf } from './history-words.ts';
import type { ActionRow } from './tables.ts';

/** Of what the search knows of an action; an older version of this does not know all of it (migration 0017). */
export const edition = 2;

type Unfiled = ActionRow & { places: string[] | null; cards: { platform: 'slack' | 'teams'; conversation: string }[] | null };

/** Files at most `limit` actions that nobody touched since `before`; answers how many were found. Several processes may do it at once. */
export function fileActions(db: Database, tenantId: string, { before, limit }: { before: string; limit: number }): Promise<number> {
  return storing('filing actions', async () => {
    const { rows } = await sql<Unfiled>`
      select ${actionColumns}, places, (select json_agg(json_build_object('platform', c.platform, 'conversation', c.conversation))
          from cards c where h.places is null and c.action_id = resting.id and c.kind = 'action') as cards
      from (select * from actions where tenant_id = ${tenantId} and not filed and updated_at < ${before}::timestamptz
        order by updated_at, id limit ${limit}) as resting
        left join (select id, places from history_entries) as h using (id)`.execute(db);
    await enterMissing(
      db,
      rows.filter((row) => row.places === null),
    );
    if (rows.length > 0) await file(db, rows);
    return rows.length;
  });
}

/** Actions from before there was a search. */
async function enterMissing(db: Database, rows: Unfiled[]): Promise<void> {
  if (rows.length === 0) return;
  const entries = rows.map((row) => ({ ...entryOf(actionOf(row), row.cards ?? []), id: row.id, tenant_id: row.tenant_id }));
  await sql`insert into history_entries (id, tenant_id, type, type_key, source, severity, words, entity_types, entity_key, asset_key, details_key,
      investigation_key, places)
    select id, tenant_id, type, type_key, source, severity, array_to_tsvector(words), entity_types, entity_key, asset_key, details_key,
      investigation_key, places
    from jsonb_to_recordset(${json(entries)}::jsonb) as t (id text, tenant_id text, type text, type_key text, source text, severity text, words text[],
      entity_types text[], entity_key text, asset_key text, details_key text, investigation_key text, places text[])
    on conflict (id) do nothing`.execute(db);
}

/** Only what is still as it was read; what is being changed right now is left for the next time. */
async function file(db: Database, rows: Unfiled[]): Promise<void> {
  const read = rows.map((row) => {
    const action = actionOf(row);
    const places = row.places ?? entryOf(action, row.cards ?? []).places;
    const tokens = tokensOf(propertiesOf(action, places), assetNames(action), weekOf(row.updated_at.getTime()));
    return { id: row.id, version: row.version, tokens };
  });
  const { status, decision, platform, decidedBy, byKey, approvalKey } = sides.unfiled;
  await sql`
    with given as (select * from jsonb_to_recordset(${json(read)}::jsonb) as t (id text, version integer, tokens int[])),
    free as (
      select a.id, g.tokens from actions a join given g on g.id = a.id where a.version = g.version and not a.filed for update of a skip locked),
    filed as (
      update actions a set filed = true from free where a.id = free.id
      returning a.id, free.tokens, a.updated_at, ${status} as status, ${decision} as decision, ${platform} as platform, ${decidedBy} as decided_by,
        ${byKey} as by_key, ${approvalKey} as approval_key)
    update history_entries h set edition = ${edition}, tokens = f.tokens, updated_at = f.updated_at, status = f.status, decision = f.decision, platform = f.platform,
      decided_by = f.decided_by, by_key = f.by_key, approval_key = f.approval_key
    from filed f where h.id = f.id`.execute(db);
}

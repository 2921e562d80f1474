/** Puts cases into a record in bulk: without the indexes of the search, which come back afterwards. */
import { sql } from 'kysely';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { type Database, json } from '../../src/store/database.ts';
import { edition } from '../../src/store/history-filing.ts';
import { propertiesOf, tokensOf, weekOf } from '../../src/store/history-tokens.ts';
import { assetNames, deciderOf, entryOf, fold, sortKey } from '../../src/store/history-words.ts';
import type { Case } from './history-cases.ts';

const target = (place: string) => {
  const [platform, conversation] = place.split(' ') as ['slack', string];
  return { platform, conversation };
};

function decisionOf({ id, verb, person, platform, updatedAt }: Case) {
  if (!verb || !person || !platform) return null;
  return {
    decisionId: `D-${id}`,
    verb,
    actor: { ...person, rolesUsed: [] },
    platform,
    comment: null,
    decidedAt: updatedAt,
    scopeDigest: '',
  };
}

function actionRow(one: Case) {
  const { places: _places, person: _person, verb: _verb, platform: _platform, investigation, updatedAt, ...rest } = one;
  return {
    ...rest,
    investigation_id: investigation,
    updated_at: updatedAt,
    decision: decisionOf(one),
    decided_by: deciderOf(decisionOf(one)),
  };
}

/** As the product enters and files it. */
function entryRow(one: Case) {
  const decision = decisionOf(one);
  const action = {
    ...one,
    details: one.details ?? undefined,
    asset: one.asset ?? undefined,
    investigationId: one.investigation ?? undefined,
  };
  const entry = entryOf(action as never, one.places.map(target));
  const properties = propertiesOf({ ...one, decision } as unknown as RemediationAction, entry.places);
  const [word = ''] = properties.decision;
  return {
    ...entry,
    id: one.id,
    updated_at: one.updatedAt,
    status: one.status,
    decision: word,
    platform: one.platform,
    decided_by: deciderOf(decision),
    by_key: one.person ? sortKey(one.person.displayName) : word === 'none' ? '' : fold(word),
    approval_key: decision?.decisionId ?? '',
    tokens: tokensOf(properties, assetNames(action as never), weekOf(Date.parse(one.updatedAt))),
  };
}

export async function insertActions(db: Database, cases: readonly Case[], filed: boolean): Promise<void> {
  await sql`
    insert into actions (tenant_id, id, producer, key, content_digest, type, source, severity, title, details, asset, entities, parameters,
      investigation_id, requested_by, requested_at, expires_at, status, version, scope_digest, policy_version, needed, is_protected, approvals,
      decision, created_at, updated_at, filed, decided_by)
    select 'default', id, 'test', id, '', type, source, severity, title, details, asset, entities, '{}', investigation_id, '{}', updated_at, updated_at,
      status, 1, '', '', 1, false, '[]', nullif(decision, 'null'), updated_at, updated_at, ${filed}::boolean, decided_by
    from jsonb_to_recordset(${json(cases.map(actionRow))}::jsonb) as t (id text, type text, source text, severity text, title text, details text, asset text,
      entities jsonb, investigation_id text, status text, decision jsonb, updated_at timestamptz, decided_by text[])`.execute(db);
}

/** `filed`: otherwise only what is written together with the action. */
export async function insertEntries(db: Database, cases: readonly Case[], filed: boolean): Promise<void> {
  const rows = cases.map(entryRow);
  const late = sql.raw(
    filed
      ? `updated_at, status, decision, platform, decided_by, by_key, approval_key, tokens, ${edition}`
      : 'null, null, null, null, null, null, null, null, null',
  );
  await sql`
    insert into history_entries (id, tenant_id, type, type_key, source, severity, words, entity_types, entity_key, asset_key, details_key,
      investigation_key, places, updated_at, status, decision, platform, decided_by, by_key, approval_key, tokens, edition)
    select id, 'default', type, type_key, source, severity, array_to_tsvector(words), entity_types, entity_key, asset_key, details_key,
      investigation_key, places, ${late}
    from jsonb_to_recordset(${json(rows)}::jsonb) as t (id text, type text, type_key text, source text, severity text, words text[], entity_types text[],
      entity_key text, asset_key text, details_key text, investigation_key text, places text[], updated_at timestamptz, status text, decision text,
      platform text, decided_by text[], by_key text, approval_key text, tokens int[])`.execute(db);
}

export async function insertCards(db: Database, cases: readonly Case[]): Promise<void> {
  const cards = cases.flatMap(({ id, places, updatedAt }) =>
    places.map((place, index) => ({ card_id: `${id}-${index}`, id, ...target(place), at: updatedAt })),
  );
  await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at)
    select card_id, 'default', id, platform, conversation, 'action', 1, at, at
    from jsonb_to_recordset(${json(cards)}::jsonb) as t (card_id text, id text, platform text, conversation text, at timestamptz)`.execute(
    db,
  );
}

export async function withoutIndexes(db: Database, fill: () => Promise<void>): Promise<void> {
  const { rows } = await sql<{ name: string; definition: string }>`select indexname as name, indexdef as definition from pg_indexes
    where tablename in ('actions', 'history_entries') and indexname not like '%key' and indexname not like '%_pkey' or indexname like 'history_by_%'`.execute(
    db,
  );
  for (const { name } of rows) await sql.raw(`drop index ${name}`).execute(db);
  await fill();
  for (const { definition } of rows) await sql.raw(definition).execute(db);
  await sql`analyze`.execute(db);
}

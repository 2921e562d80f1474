/** ActionStore: the record. Every change is one statement: the row by compare-and-set, the audit event, the outbox row, the cards. */
import { type RawBuilder, sql } from 'kysely';
import { ActionId, EntraId } from '../action-center/action.ts';
import { alikeKeys, standsApart } from '../action-center/group.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { ActionStore, AuditEvent, CardTarget, Change, NewAction } from '../action-center/ports.ts';
import { type Database, iso, json, runPrepared, storing } from './database.ts';
import { deciderOf, entryOf } from './history-words.ts';
import type { ActionRow } from './tables.ts';

/** Every column by name: see runPrepared. */
export const actionColumns = sql.raw(
  `tenant_id, id, producer, key, content_digest, type, source, severity, title, details, asset, entities, parameters, investigation_id,
   incident_id, alert_id, requested_by, requested_at, expires_at, status, version, scope_digest, policy_version, scope_note, needed,
   is_protected, approvals, decision, outcome, created_at, updated_at, revision, superseded_by`,
);

/** Optional columns are null in the row and absent in the action. */
function present(row: ActionRow) {
  const optional = {
    details: row.details,
    asset: row.asset,
    investigationId: row.investigation_id,
    incidentId: row.incident_id,
    alertId: row.alert_id,
    revision: Number(row.revision) > 1 ? row.revision : null,
    supersededBy: row.superseded_by,
  };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
}

/** We wrote these rows ourselves through the same types, so they are trusted here. */
export function actionOf(row: ActionRow): RemediationAction {
  const action = {
    ...present(row),
    tenantId: row.tenant_id,
    id: ActionId.parse(row.id),
    producer: row.producer,
    key: row.key,
    type: row.type,
    source: row.source,
    severity: row.severity,
    title: row.title,
    entities: row.entities,
    parameters: row.parameters,
    requestedBy: row.requested_by,
    requestedAt: iso(row.requested_at),
    expiresAt: iso(row.expires_at),
    status: row.status,
    version: row.version,
    scopeDigest: row.scope_digest,
    policyVersion: row.policy_version,
    scopeNote: row.scope_note,
    needed: row.needed,
    isProtected: row.is_protected,
    approvals: row.approvals,
    decision: row.decision,
    outcome: row.outcome,
    createdAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
  };
  return action as unknown as RemediationAction;
}

function assignments(set: Change['set']): RawBuilder<unknown>[] {
  const list: RawBuilder<unknown>[] = [];
  if (set.status !== undefined) list.push(sql`status = ${set.status}`);
  if (set.decision !== undefined) {
    list.push(sql`decision = ${json(set.decision)}::jsonb`);
    list.push(sql`decided_by = ${deciderOf(set.decision)}::text[]`);
  }
  if (set.outcome !== undefined) list.push(sql`outcome = ${set.outcome === null ? null : json(set.outcome)}::jsonb`);
  if (set.approvals !== undefined) list.push(sql`approvals = ${json(set.approvals)}::jsonb`);
  if (set.scopeDigest !== undefined) list.push(sql`scope_digest = ${set.scopeDigest}`);
  if (set.policyVersion !== undefined) list.push(sql`policy_version = ${set.policyVersion}`);
  if (set.scopeNote !== undefined) list.push(sql`scope_note = ${set.scopeNote}`);
  if (set.needed !== undefined) list.push(sql`needed = ${set.needed}`);
  if (set.isProtected !== undefined) list.push(sql`is_protected = ${set.isProtected}`);
  if (set.supersededBy !== undefined) list.push(sql`superseded_by = ${set.supersededBy}`);
  return list;
}

const insertOutbox = ({ decision, at }: Change): RawBuilder<unknown> =>
  decision
    ? sql`, queued as (
        insert into outbox (decision_id, tenant_id, action_id, name, body, created_at)
        select ${decision.decisionId}, tenant_id, id, ${decision.verb}, ${json(decision)}::jsonb, ${at}::timestamptz from changed)`
    : sql``;

/** Under the card of a group only what failed is told, and not endlessly: the card itself counts. */
const notesOfGroup = 20;

/**
 * One note for each posted (or still to be posted) copy of the card, or under the card of the group that stands for it. The version in its id makes
 * it unique.
 */
const insertNotes = ({ note, event, at }: Change): RawBuilder<unknown> =>
  note
    ? sql`, notes as (
        insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, parent_card_id, wanted_version, next_try_at, created_at)
        select c.card_id || '-note-' || changed.version, c.tenant_id, c.action_id, c.platform, c.conversation, 'note', ${json(event)}::jsonb,
               coalesce(c.group_id, c.card_id), 1, ${at}::timestamptz, ${at}::timestamptz
        from cards c join changed on c.action_id = changed.id where c.kind = 'action' and not c.stopped and (c.group_id is null
          or (changed.status in ('failed', 'timedOut', 'partiallyCompleted')
            and (select count(*) from cards n where n.parent_card_id = c.group_id) < ${notesOfGroup}::integer)))`
    : sql``;

/** The change itself and everything that comes with it, as parts of one statement; `changed` is the row, or nothing. */
function changing(tenantId: string, change: Change): RawBuilder<unknown> {
  const { id, expect, at, event } = change;
  const set = sql.join([sql`version = version + 1`, sql`filed = false`, sql`updated_at = ${at}::timestamptz`, ...assignments(change.set)]);
  return sql`changed as (
      update actions set ${set}
      where id = ${id} and tenant_id = ${tenantId} and status = ${expect.status} and version = ${expect.version}
      returning ${actionColumns}),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select tenant_id, id, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}, ${json(event.data)}::jsonb from changed),
    shown as (
      update cards set wanted_version = changed.version, next_try_at = least(cards.next_try_at, ${at}::timestamptz)
      from changed where cards.action_id = changed.id and cards.kind = 'action')
    ${insertOutbox(change)}
    ${insertNotes(change)}`;
}

async function apply(db: Database, tenantId: string, change: Change): Promise<RemediationAction | null> {
  const [row] = await runPrepared(db, sql<ActionRow>`with ${changing(tenantId, change)} select ${actionColumns} from changed`);
  return row ? actionOf(row) : null;
}

type Added = Awaited<ReturnType<ActionStore['add']>>;
type Adding = { action: NewAction; targets: CardTarget[]; event: AuditEvent };

/** A new action with its cards and its audit event, as parts of one statement; `added` is the row, or nothing. */
function adding({ action, targets, event }: Adding, from: RawBuilder<unknown>, onConflict: RawBuilder<unknown>): RawBuilder<unknown> {
  const created = action.createdAt;
  // What is over is found where its card would have been, and needs none.
  const posted = action.standing === undefined ? targets : [];
  const cards = posted.map((target, index) => ({
    card_id: `${action.id}-${index + 1}`,
    platform: target.platform,
    conversation: target.conversation,
  }));
  const apart = standsApart(action);
  const alike = alikeKeys(action);
  const entry = entryOf(action, targets);
  return sql`added as (
      insert into actions (tenant_id, id, producer, key, content_digest, type, source, severity, title, details, asset, entities, parameters,
        investigation_id, incident_id, alert_id, requested_by, requested_at, expires_at, status, version, scope_digest, policy_version,
        scope_note, needed, is_protected, approvals, created_at, updated_at, revision)
      select ${action.tenantId}, ${action.id}, ${action.producer}, ${action.key}, ${action.contentDigest}, ${action.type}, ${action.source},
        ${action.severity}, ${action.title}, ${action.details ?? null}, ${action.asset ?? null}, ${json(action.entities)}::jsonb,
        ${json(action.parameters)}::jsonb, ${action.investigationId ?? null}, ${action.incidentId ?? null}, ${action.alertId ?? null},
        ${json(action.requestedBy)}::jsonb, ${action.requestedAt}::timestamptz, ${action.expiresAt}::timestamptz, ${action.standing ?? 'pending'}, ${action.version}::integer,
        ${action.scopeDigest}, ${action.policyVersion}, ${action.scopeNote}, ${action.needed}::integer, ${action.isProtected}::boolean,
        ${json(action.approvals)}::jsonb, ${created}::timestamptz, ${created}::timestamptz, ${action.revision ?? 1}::integer
      ${from} ${onConflict}
      returning ${actionColumns}),
    announced as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select tenant_id, id, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}, ${json(event.data)}::jsonb from added),
    carded as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at, apart, alike)
      select t.card_id, added.tenant_id, added.id, t.platform, t.conversation, 'action', added.version, added.created_at, added.created_at,
        ${apart}::boolean, ${alike}::text[]
      from added, jsonb_to_recordset(${json(cards)}::jsonb) as t (card_id text, platform text, conversation text)),
    planned as (
      insert into reminder_plans (action_id, tenant_id, next_at) select id, tenant_id, created_at from added where status = 'pending'),
    entered as (
      insert into history_entries (id, tenant_id, type, type_key, source, severity, words, entity_types, entity_key, asset_key, details_key,
        investigation_key, places)
      select id, tenant_id, type, ${entry.type_key}, source, severity, array_to_tsvector(${entry.words}::text[]), ${entry.entity_types}::text[],
        ${entry.entity_key}, ${entry.asset_key}, ${entry.details_key}, ${entry.investigation_key}, ${entry.places}::text[] from added)`;
}

async function add(db: Database, one: Adding): Promise<Added | null> {
  // Of any unique index: which of them two at the same moment meet at first, nobody knows.
  const known = sql`on conflict do nothing`;
  // Prepared: in a storm planning it anew and sending its text each time would be most of the work.
  const [row] = await runPrepared(db, sql<ActionRow>`with ${adding(one, sql``, known)} select ${actionColumns} from added`);
  return row ? { known: false, action: actionOf(row) } : null;
}

/** Nothing is added unless the old one was changed: two bots with the same revision meet at its row, and only one gets through. */
async function supersede(db: Database, tenantId: string, old: Change, next: Adding): Promise<RemediationAction | null> {
  const { rows } = await sql<ActionRow>`
    with ${changing(tenantId, old)}, ${adding(next, sql`from changed`, sql``)} select ${actionColumns} from added`.execute(db);
  const [row] = rows;
  return row ? actionOf(row) : null;
}

/** The event, and a notice of it for everybody who has none yet: a worker that died in between comes here again. */
async function tell(
  db: Database,
  tenantId: string,
  { actionId, event, people }: { actionId: ActionId; event: AuditEvent; people: Parameters<ActionStore['tell']>[2] },
): Promise<void> {
  const notices = people.map(({ noticeId, target, standsInFor }) => {
    const note = standsInFor === undefined ? event : { ...event, data: { ...event.data, standsInFor } };
    return { card_id: noticeId, ...target, note };
  });
  await sql`
    with audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      values (${tenantId}, ${actionId}, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}, ${json(event.data)}::jsonb))
    insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, wanted_version, next_try_at, created_at)
    select t.card_id, ${tenantId}, ${actionId}, t.platform, t.conversation, 'notice', t.note, 1, ${event.at}::timestamptz,
      ${event.at}::timestamptz
    from jsonb_to_recordset(${json(notices)}::jsonb) as t (card_id text, platform text, conversation text, note jsonb)
    on conflict (card_id) do nothing`.execute(db);
}

/** Of the newest actions only: a look at the whole month could take long in a big record. */
const newestLookedAt = 2000;

async function recentDeciders(db: Database, tenantId: string, asked: { types: readonly string[]; since: string; limit: number }) {
  const { rows } = await sql<{ person: string }>`
    select person from (
      select decision -> 'actor' ->> 'entraId' as person, updated_at from (
        select type, decision, updated_at from actions where tenant_id = ${tenantId} and updated_at >= ${asked.since}::timestamptz
        order by updated_at desc, id desc limit ${newestLookedAt}) as newest
      where decision is not null and type in (select jsonb_array_elements_text(${json(asked.types)}::jsonb))) as deciding
    group by person order by max(updated_at) desc, person limit ${asked.limit}`.execute(db);
  return rows.map(({ person }) => EntraId.parse(person));
}

async function overdue(db: Database, tenantId: string, now: string, limit: number): Promise<RemediationAction[]> {
  const { rows } = await sql<ActionRow>`select * from actions where tenant_id = ${tenantId} and expires_at <= ${now}::timestamptz
    and status in ('pending', 'awaitingSecondApproval') order by expires_at limit ${limit}`.execute(db);
  return rows.map(actionOf);
}

/**
 * What is decided and has no end yet. A rejection has no outcome; it is looked after for a day. A sample, so that many slow ones never keep a
 * lost one from being found.
 */
function stalledQuery(db: Database, tenantId: string, before: string, limit: number) {
  return sql<ActionRow>`
    select * from actions
    where tenant_id = ${tenantId} and updated_at < ${before}::timestamptz
      and (status in ('queued', 'inProgress', 'undoQueued')
        or (status = 'rejected' and updated_at > ${before}::timestamptz - interval '1 day'
          and not exists (select 1 from executions e where e.decision_id = decision ->> 'decisionId' and e.state = 'finished')))
    order by random() limit ${limit}`.execute(db);
}

/** A sample, as above. The record of the press tells which decision it was to stop. */
async function stalledCancellations(db: Database, tenantId: string, before: string, limit: number) {
  const { rows } = await sql<{ action_id: string; decision_id: string }>`
    select a.id as action_id, e.data ->> 'decisionId' as decision_id
    from actions a join audit_events e on e.action_id = a.id
    where a.tenant_id = ${tenantId} and a.updated_at < ${before}::timestamptz and a.status = 'inProgress'
      and e.kind = 'decided' and e.data ->> 'verb' = 'cancel' and e.data ->> 'cancels' = a.decision ->> 'decisionId'
      and not exists (select 1 from executions x where x.decision_id = e.data ->> 'decisionId' and x.state = 'finished')
    order by random() limit ${limit}`.execute(db);
  return rows.map((row) => ({ actionId: ActionId.parse(row.action_id), decisionId: row.decision_id }));
}

export function actionStore(db: Database, tenantId: string): ActionStore {
  const byKey = async (producer: string, key: string) => {
    const statement = sql<ActionRow>`select ${actionColumns} from actions where tenant_id = ${tenantId} and producer = ${producer} and key = ${key}
      order by revision desc limit 1`;
    const [row] = await runPrepared(db, statement);
    return row ? { action: actionOf(row), contentDigest: row.content_digest } : null;
  };

  return {
    add: (action, targets, event) =>
      storing('storing an action', async () => {
        const added = await add(db, { action, targets, event });
        if (added) return added;
        const known = await byKey(action.producer, action.key);
        if (!known) throw new Error(`action ${action.producer}/${action.key} was neither added nor found`);
        return { known: true, action: known.action, sameContent: known.contentDigest === action.contentDigest };
      }),
    get: (id) =>
      storing('reading an action', async () => {
        const statement = sql<ActionRow>`select ${actionColumns} from actions where tenant_id = ${tenantId} and id = ${id}`;
        const [row] = await runPrepared(db, statement);
        return row ? actionOf(row) : null;
      }),
    getMany: (ids) =>
      storing('reading actions', async () => {
        if (ids.length === 0) return [];
        const list = [...ids];
        const { rows } =
          await sql<ActionRow>`select ${actionColumns} from actions where tenant_id = ${tenantId} and id = any(${list}::text[])`.execute(
            db,
          );
        return rows.map(actionOf);
      }),
    byKey: (producer, key) => storing('looking up an action', () => byKey(producer, key)),
    apply: (change) => storing('storing a change', () => apply(db, tenantId, change)),
    supersede: (old, action, targets, event) =>
      storing('superseding an action', () => supersede(db, tenantId, old, { action, targets, event })),
    tell: (actionId, event, people) => storing('storing a notice', () => tell(db, tenantId, { actionId, event, people })),
    recentDeciders: (types, since, limit) =>
      storing('looking up who decided lately', () => recentDeciders(db, tenantId, { types, since, limit })),
    note: (actionId, event) =>
      storing('storing an audit event', async () => {
        await sql`insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
          values (${tenantId}, ${actionId}, ${event.at}::timestamptz, ${event.kind}, ${event.actorId}, ${json(event.data)}::jsonb)`.execute(
          db,
        );
      }),
    history: (id) =>
      storing('reading the history', async () => {
        const rows = await db
          .selectFrom('audit_events')
          .select(['kind', 'at', 'actor_id', 'data'])
          .where('tenant_id', '=', tenantId)
          .where('action_id', '=', id)
          .where('kind', 'in', ['approved', 'decided', 'outcome'])
          .orderBy('seq')
          .execute();
        return rows.map((row) => ({ kind: row.kind, at: iso(row.at), actorId: row.actor_id, data: row.data }) as AuditEvent);
      }),
    decidedSince: (since, after, limit) =>
      storing('reading decided actions', async () => {
        const { rows } = await sql<ActionRow>`
          select * from actions where tenant_id = ${tenantId} and decision is not null and (decision ->> 'decidedAt')::timestamptz >= ${since}::timestamptz
            and ((decision ->> 'decidedAt')::timestamptz, id) > (${after?.at ?? since}::timestamptz, ${after?.id ?? ''})
          order by (decision ->> 'decidedAt')::timestamptz, id limit ${limit}`.execute(db);
        return rows.map(actionOf);
      }),
    overdue: (now, limit) => storing('reading overdue actions', () => overdue(db, tenantId, now, limit)),
    stalled: (before, limit) =>
      storing('reading stalled decisions', async () => (await stalledQuery(db, tenantId, before, limit)).rows.map(actionOf)),
    stalledCancellations: (before, limit) =>
      storing('reading stalled cancellations', () => stalledCancellations(db, tenantId, before, limit)),
  };
}

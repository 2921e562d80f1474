/** PartStore: what each call of a decision is about and what became of it. */
import { sql } from 'kysely';
import { ActionId } from '../action-center/action.ts';
import type { NewPart, Part, PartChange, PartStore } from '../action-center/parts.ts';
import { type Database, iso, json, storing } from './database.ts';
import type { PartRow } from './tables.ts';

const partOf = (row: PartRow): Part => ({
  decisionId: row.decision_id,
  number: row.number,
  actionId: ActionId.parse(row.action_id),
  verb: row.verb,
  target: row.target,
  request: row.request,
  state: row.state,
  attempts: row.attempts,
  total: row.total,
  done: row.done,
  calledAt: row.called_at === null ? null : iso(row.called_at),
  dueAt: row.due_at === null ? null : iso(row.due_at),
  external: row.external as Record<string, string> | null,
  message: row.message,
});

const rowOf = (part: NewPart, index: number) => ({
  number: index + 1,
  target: part.target,
  request: part.request,
  total: part.total,
  state: part.state ?? 'planned',
  done: part.done ?? 0,
  external: part.external ?? null,
  message: part.message ?? null,
});

async function plan(db: Database, tenantId: string, of: Pick<Part, 'decisionId' | 'actionId' | 'verb'>, parts: readonly NewPart[]) {
  await sql`
    insert into execution_parts (tenant_id, decision_id, number, action_id, verb, target, request, state, total, done, external, message)
    select ${tenantId}, ${of.decisionId}, p.number, ${of.actionId}, ${of.verb}, p.target, p.request, p.state, p.total, p.done, p.external, p.message
    from jsonb_to_recordset(${json(parts.map(rowOf))}::jsonb) as p
      (number integer, target text, request jsonb, state text, total integer, done integer, external jsonb, message text)
    where not exists (select 1 from execution_parts where decision_id = ${of.decisionId})
    on conflict (decision_id, number) do nothing`.execute(db);
}

async function change(db: Database, seen: Part, set: PartChange): Promise<Part | null> {
  const next = { ...seen, ...set };
  const { rows } = await sql<PartRow>`
    update execution_parts set state = ${next.state}, attempts = ${next.attempts}, done = ${next.done},
      called_at = ${next.calledAt}::timestamptz, due_at = ${next.dueAt}::timestamptz,
      external = ${next.external === null ? null : json(next.external)}::jsonb, message = ${next.message}
    where decision_id = ${seen.decisionId} and number = ${seen.number} and state = ${seen.state} and attempts = ${seen.attempts}
    returning *`.execute(db);
  return rows[0] === undefined ? null : partOf(rows[0]);
}

export function partStore(db: Database, tenantId: string): PartStore {
  const of = async (decisionId: string): Promise<Part[]> => {
    const rows = await db.selectFrom('execution_parts').selectAll().where('decision_id', '=', decisionId).orderBy('number').execute();
    return rows.map(partOf);
  };
  return {
    plan: (decision, parts) =>
      storing('planning the parts of a decision', async () => {
        await plan(db, tenantId, decision, parts);
        return of(decision.decisionId);
      }),
    of: (decisionId) => storing('reading the parts of a decision', () => of(decisionId)),
    ofAction: (actionId) =>
      storing('reading the parts of an action', async () => {
        // Decision ids begin with their time.
        const rows = await db
          .selectFrom('execution_parts')
          .selectAll()
          .where('action_id', '=', actionId)
          .where('tenant_id', '=', tenantId)
          .orderBy('decision_id')
          .orderBy('number')
          .execute();
        return rows.map(partOf);
      }),
    change: (seen, set) => storing('changing a part of a decision', () => change(db, seen, set)),
  };
}

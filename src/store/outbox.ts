/** The outbox: decisions that are committed and not yet on the queue. Rows stay after sending, so that a lost queue can be refilled. */
import { sql } from 'kysely';
import { at, type Database, storing } from './database.ts';

export type OutboxItem = { decisionId: string; name: string; body: unknown };

export interface Outbox {
  /** Takes up to `limit` unsent rows for `leaseMs`; no row goes to two relays at once. */
  claim(now: number, leaseMs: number, limit: number): Promise<OutboxItem[]>;
  /** Answers whose decisions these were. */
  sent(decisionIds: string[], now: number): Promise<{ decisionId: string; actionId: string }[]>;
  /** Gives rows back at once, after a failed hand-over. */
  release(decisionIds: string[]): Promise<void>;
  /** Marks one row unsent again; false when there is none. */
  resend(decisionId: string): Promise<boolean>;
  unsent(): Promise<number>;
}

export function outbox(db: Database, tenantId: string): Outbox {
  return {
    claim: (now, leaseMs, limit) =>
      storing('claiming the outbox', async () => {
        const { rows } = await sql<{ decision_id: string; name: string; body: unknown }>`
          update outbox set claimed_until = ${at(now + leaseMs)}::timestamptz
          where decision_id in (
            select decision_id from outbox
            where sent_at is null and tenant_id = ${tenantId} and (claimed_until is null or claimed_until <= ${at(now)}::timestamptz)
            order by created_at limit ${limit} for update skip locked)
          returning decision_id, name, body`.execute(db);
        return rows.map((row) => ({ decisionId: row.decision_id, name: row.name, body: row.body }));
      }),
    sent: (ids, now) =>
      storing('marking the outbox sent', async () => {
        const rows = await db
          .updateTable('outbox')
          .set({ sent_at: sql`${at(now)}::timestamptz`, claimed_until: null })
          .where('decision_id', 'in', ids)
          .returning(['decision_id', 'action_id'])
          .execute();
        return rows.map((row) => ({ decisionId: row.decision_id, actionId: row.action_id }));
      }),
    release: (ids) =>
      storing('releasing the outbox', async () => {
        await db.updateTable('outbox').set({ claimed_until: null }).where('decision_id', 'in', ids).execute();
      }),
    resend: (decisionId) =>
      storing('re-sending a decision', async () => {
        const result = await db
          .updateTable('outbox')
          .set({ sent_at: null, claimed_until: null })
          .where('decision_id', '=', decisionId)
          .where('tenant_id', '=', tenantId)
          .executeTakeFirst();
        return Number(result.numUpdatedRows) > 0;
      }),
    unsent: () =>
      storing('counting the outbox', async () => {
        const row = await db
          .selectFrom('outbox')
          .select(({ fn }) => fn.countAll().as('count'))
          .where('sent_at', 'is', null)
          .executeTakeFirstOrThrow();
        return Number(row.count);
      }),
  };
}

/** WaitingExports and Stories: what waits to be fetched, and what a file of actions needs beside them. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { ActionId, EntraId, Platform } from '../action-center/action.ts';
import { ExportOrder, type Stories, type WaitingExport, type WaitingExports } from '../action-center/export.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import { type Database, iso, json, storing } from './database.ts';

/** A download that is running counts as fetched until it is given back, so that three stay three whoever comes at once. */
const mostFetches = 3;
/** Also fetches that broke off come to an end. */
const mostAttempts = 20;
const namePattern = /^[\w-]{43}$/;

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex');

export function waitingExports(db: Database, tenantId: string): WaitingExports {
  return {
    keep: ({ order, entraId, platform }, { now, expiresAt }) =>
      storing('keeping an export', async () => {
        const name = randomBytes(32).toString('base64url');
        await sql`with over as (delete from exports where expires_at < ${now}::timestamptz)
          insert into exports (name_hash, tenant_id, entra_id, platform, ordered, expires_at)
          values (${hashOf(name)}, ${tenantId}, ${entraId}, ${platform}, ${json(order)}::jsonb, ${expiresAt}::timestamptz)`.execute(db);
        return name;
      }),
    take: (name, now) =>
      storing('fetching an export', async (): Promise<WaitingExport | null> => {
        if (!namePattern.test(name)) return null;
        const { rows } = await sql<{ entra_id: string; platform: Platform; ordered: unknown }>`
          update exports set fetches = fetches + 1, attempts = attempts + 1
          where name_hash = ${hashOf(name)} and tenant_id = ${tenantId} and expires_at > ${now}::timestamptz
            and fetches < ${mostFetches} and attempts < ${mostAttempts}
          returning entra_id, platform, ordered`.execute(db);
        const [row] = rows;
        // An order that an older version kept and this one cannot read is as good as over.
        const order = ExportOrder.safeParse(row?.ordered).data;
        return row && order ? { order, entraId: row.entra_id as EntraId, platform: row.platform } : null;
      }),
    giveBack: (name) =>
      storing('giving an export back', async () => {
        await sql`update exports set fetches = fetches - 1 where name_hash = ${hashOf(name)} and tenant_id = ${tenantId}
          and fetches > 0`.execute(db);
      }),
  };
}

export function stories(db: Database, tenantId: string): Stories {
  return {
    storiesOf: (ids) =>
      storing('reading what happened to actions', async () => {
        const rows = await db
          .selectFrom('audit_events')
          .select(['action_id', 'kind', 'at', 'actor_id', 'data'])
          .where('tenant_id', '=', tenantId)
          .where('action_id', 'in', [...ids])
          .where('kind', 'in', ['approved', 'decided', 'outcome'])
          .orderBy('seq')
          .execute();
        const byId = new Map<ActionId, AuditEvent[]>(ids.map((id) => [id, []]));
        for (const row of rows) {
          const event = { kind: row.kind, at: iso(row.at), actorId: row.actor_id, data: row.data } as AuditEvent;
          byId.get(row.action_id as ActionId)?.push(event);
        }
        return byId;
      }),
  };
}

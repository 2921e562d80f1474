/** IngestStore. A lease is counted by the database's clock, so that processes with different clocks agree on who reads. */
import { sql } from 'kysely';
import type { IngestStore, Mark } from '../action-center/ingest-ports.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, iso, json, storing } from './database.ts';
import type { ActionRow, IngestMarkRow } from './tables.ts';

/** We wrote `reading` ourselves, through the same type. */
const markOf = (row: IngestMarkRow): Mark => ({
  source: row.source,
  since: iso(row.since),
  through: iso(row.through),
  reading: row.reading as Mark['reading'],
  caughtUpAt: row.caught_up_at === null ? null : iso(row.caught_up_at),
});

const open = sql.raw(`status in ('pending', 'awaitingSecondApproval')`);

export function ingestStore(db: Database, tenantId: string): IngestStore {
  return {
    hold: (source, holder, since, leaseMs) =>
      storing('taking a source', async () => {
        const { rows } = await sql<IngestMarkRow>`
          insert into ingest_marks as m (tenant_id, source, since, through, holder, lease_until)
          values (${tenantId}, ${source}, ${since}::timestamptz, ${since}::timestamptz, ${holder},
            clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond')
          on conflict (tenant_id, source) do update set holder = excluded.holder, lease_until = excluded.lease_until
          where m.holder is null or m.holder = excluded.holder or m.lease_until <= clock_timestamp()
          returning *`.execute(db);
        return rows[0] === undefined ? null : markOf(rows[0]);
      }),
    move: ({ source, through, reading, caughtUpAt }, holder, leaseMs) =>
      storing('keeping how far a source was read', async () => {
        const { rows } = await sql`
          update ingest_marks set through = ${through}::timestamptz, reading = ${reading === null ? null : json(reading)}::jsonb,
            caught_up_at = ${caughtUpAt}::timestamptz, lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
          where tenant_id = ${tenantId} and source = ${source} and holder = ${holder}
          returning source`.execute(db);
        return rows.length > 0;
      }),
    release: (holder) =>
      storing('giving a source back', async () => {
        await sql`update ingest_marks set holder = null, lease_until = null where tenant_id = ${tenantId} and holder = ${holder}`.execute(
          db,
        );
      }),
    openByKeys: (producer, keys) =>
      storing('looking up open actions', async () => {
        if (keys.length === 0) return [];
        const { rows } = await sql<ActionRow>`select ${actionColumns} from actions
          where tenant_id = ${tenantId} and producer = ${producer} and key = any(${[...keys]}::text[]) and ${open}`.execute(db);
        return rows.map(actionOf);
      }),
    openOnDevices: (types, deviceIds, limit) =>
      storing('looking up open actions of devices', async () => {
        if (deviceIds.length === 0) return [];
        const { rows } = await sql<ActionRow>`select ${actionColumns} from actions
          where tenant_id = ${tenantId} and ${open} and type = any(${[...types]}::text[])
            and exists (select 1 from jsonb_array_elements(entities) as e
              where e ->> 'type' = 'device' and lower(e ->> 'deviceId') = any(${deviceIds.map((id) => id.toLowerCase())}::text[]))
          order by updated_at, id limit ${limit}`.execute(db);
        return rows.map(actionOf);
      }),
  };
}

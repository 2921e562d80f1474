/** Reads the audit record exactly as it is stored: every column as text, in the order of the numbers, page by page. */
import { type RawBuilder, sql } from 'kysely';
import type { ChainSource } from '../action-center/check-chain.ts';
import type { ExactEvent, Head, Seal } from '../action-center/seal.ts';
import { type Database, storing } from './database.ts';

/** Independent of any setting of the session: a timestamp as its 8 bytes, jsonb as the engine prints it. */
export const exactEvent = sql.raw(
  `seq::text as seq, tenant_id as "tenantId", action_id as "actionId", encode(timestamptz_send(at), 'hex') as at, kind, actor_id as "actorId",
   data::text as data`,
);

const exactSeal = sql.raw(
  `tenant_id as "tenantId", number::text as number, kind, first_seq::text as "firstSeq", last_seq::text as "lastSeq", count::text as count, digest,
   encode(marks, 'hex') as marks, previous, encode(timestamptz_send(at), 'hex') as at, through_number::text as "throughNumber",
   through_hash as "throughHash", key_id as "keyId", signature, hash`,
);

/** The columns that seals hold; a test compares them with the tables, so that no column is ever added unsealed. */
export const sealedColumns = {
  audit_events: ['seq', 'tenant_id', 'action_id', 'at', 'kind', 'actor_id', 'data'],
  audit_seals: [
    'tenant_id',
    'number',
    'kind',
    'first_seq',
    'last_seq',
    'count',
    'digest',
    'marks',
    'previous',
    'at',
    'through_number',
    'through_hash',
    'key_id',
    'signature',
    'hash',
  ],
  audit_heads: ['tenant_id', 'number', 'hash', 'last_seq'],
};

const eventsAPage = 4000;
/** One seal holds up to 16 KB of marks. */
const sealsAPage = 100;

type Bounds = {
  /** Begins with this seal; what is before it is trusted. */
  from?: string;
  /** Looks no further than this head. */
  head?: Head;
};

/** Needs a transaction: the two cursors live in it. On a running record it should be a repeatable read, so that both see the same. */
export async function chainSource(trx: Database, tenantId: string, { from, head: upTo }: Bounds = {}): Promise<ChainSource> {
  const head = upTo ?? (await readHead(trx, tenantId));
  const anchor = from === undefined ? null : await readSeal(trx, tenantId, sql`number = ${from}::bigint - 1`);
  // A cursor takes no parameters.
  const tenant = sql.lit(tenantId);
  const seals = sql`select ${exactSeal} from audit_seals where tenant_id = ${tenant}
    ${from === undefined ? sql`` : sql`and number >= ${sql.lit(from)}::bigint`}
    ${upTo === undefined ? sql`` : sql`and number <= ${sql.lit(upTo.number)}::bigint`} order by audit_seals.number`;
  const events = sql`select ${exactEvent} from audit_events where tenant_id = ${tenant}
    ${anchor === null ? sql`` : sql`and seq > ${sql.lit(anchor.lastSeq)}::bigint`}
    ${upTo === undefined ? sql`` : sql`and seq <= ${sql.lit(upTo.lastSeq)}::bigint`} order by audit_events.seq`;
  return {
    head,
    anchor,
    seals: cursor<Seal>(trx, 'audit_seals_in_order', seals, sealsAPage),
    events: cursor<ExactEvent>(trx, 'audit_events_in_order', events, eventsAPage),
  };
}

async function* cursor<Row>(trx: Database, name: string, query: RawBuilder<unknown>, size: number): AsyncGenerator<Row[]> {
  await sql`declare ${sql.raw(name)} no scroll cursor for ${query}`.execute(trx);
  const fetch = sql<Row>`fetch forward ${sql.raw(String(size))} from ${sql.raw(name)}`;
  let rows: Row[];
  do {
    ({ rows } = await fetch.execute(trx));
    if (rows.length > 0) yield rows;
  } while (rows.length === size);
  await sql`close ${sql.raw(name)}`.execute(trx);
}

export async function readHead(db: Database, tenantId: string): Promise<Head | null> {
  const { rows } = await sql<Head>`select number::text as number, hash, last_seq::text as "lastSeq" from audit_heads
    where tenant_id = ${tenantId}`.execute(db);
  return rows[0] ?? null;
}

async function readSeal(db: Database, tenantId: string, where: RawBuilder<unknown>): Promise<Seal | null> {
  const { rows } = await sql<Seal>`select ${exactSeal} from audit_seals where tenant_id = ${tenantId} and ${where}
    order by audit_seals.number desc limit 1`.execute(db);
  return rows[0] ?? null;
}

export const lastSeal = (db: Database, tenantId: string): Promise<Seal | null> => readSeal(db, tenantId, sql`true`);

/** `events` is null when there are more than are worth counting. */
export type Unsealed = { events: number | null; oldestAt: Date | null };

const countAtMost = 100_000;

export async function readUnsealed(db: Database, tenantId: string, head: Head | null): Promise<Unsealed> {
  const { rows } = await sql<{ events: number; oldestAt: Date | null }>`select count(*) as events, min(at) as "oldestAt" from (
    select at from audit_events where tenant_id = ${tenantId} and seq > ${head?.lastSeq ?? '0'}::bigint order by seq limit ${countAtMost + 1}) as tail`.execute(
    db,
  );
  const { events = 0, oldestAt = null } = rows[0] ?? {};
  return { events: events > countAtMost ? null : events, oldestAt };
}

/** Both cursors of a check see one moment of a record that others write to. */
export const inSnapshot = <T>(db: Database, run: (trx: Database) => Promise<T>): Promise<T> =>
  db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(run);

const linesAPage = 1000;

type Period = { since: string | null; until: string | null };

/**
 * Events as JSON, a page at a time. Each page is a look-up of its own, so that a slow reader holds nothing open. `data` is put in as the engine
 * prints it, digits and all.
 */
export async function* eventLines(db: Database, tenantId: string, { since, until }: Period): AsyncGenerator<string[]> {
  let after: string | null = null;
  for (;;) {
    const rows: EventLine[] = await eventPage(db, tenantId, after, { since, until });
    if (rows.length > 0) yield rows.map(lineOf);
    after = rows.at(-1)?.seq ?? null;
    if (rows.length < linesAPage) return;
  }
}

type EventLine = { seq: string; at: string; actionId: string | null; kind: string; actorId: string | null; data: string };

const lineOf = ({ seq, data, at, ...rest }: EventLine): string =>
  `{"seq":${seq},"at":"${at}",${JSON.stringify(rest).slice(1, -1)},"data":${data}}`;

function eventPage(db: Database, tenantId: string, after: string | null, { since, until }: Period): Promise<EventLine[]> {
  return storing('reading audit events', async () => {
    const { rows } = await sql<EventLine>`select seq::text as seq, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
        action_id as "actionId", kind, actor_id as "actorId", data::text as data
      from audit_events where tenant_id = ${tenantId} ${after === null ? sql`` : sql`and seq > ${after}::bigint`}
        ${since === null ? sql`` : sql`and at >= ${since}::timestamptz`} ${until === null ? sql`` : sql`and at < ${until}::timestamptz`}
      order by audit_events.seq limit ${linesAPage}`.execute(db);
    return rows;
  });
}

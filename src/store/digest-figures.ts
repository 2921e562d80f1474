/** Counts what a digest tells, from the record, in one transaction that sees one moment; no statement takes longer than its limit. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { AskedFigures, DigestFigures, Span, WaitingRow, Waits } from '../action-center/digest-figures.ts';
import { topPeople, topRows, topTypes } from '../action-center/digest-figures.ts';
import { EventWord } from '../action-center/history.ts';
import { timeOf } from '../action-center/seal.ts';
import { type Database, iso, storing } from './database.ts';
import { eventIs } from './history-events.ts';
import { lastSeal, readHead } from './seals-read.ts';
import type { ActionRow, Tables } from './tables.ts';

type Tx = Transaction<Tables>;
type Sql = RawBuilder<unknown>;
type Counted = { tx: Tx; tenantId: string };

/** Each statement of a digest has this long. */
const statementLimitMs = 20_000;

const within = ({ from, to }: Span): Sql => sql`e.at >= ${from}::timestamptz and e.at < ${to}::timestamptz`;
const isDecision = sql`(${eventIs.approved} or ${eventIs.rejected})`;
const ofPeople = sql`(${eventIs.approved} or ${eventIs.rejected} or ${eventIs.undo})`;

export function readFigures(db: Database, tenantId: string, asked: AskedFigures): Promise<DigestFigures> {
  return storing('counting for a digest', () =>
    db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (tx) => {
        await sql`select set_config('statement_timeout', ${String(statementLimitMs)}, true), set_config('jit', 'off', true)`.execute(tx);
        const counted = { tx, tenantId };
        const { span, before, asOf } = asked;
        return {
          span,
          before,
          asOf,
          waiting: await waiting(counted, asked),
          happened: await happened(counted, span),
          ...(await decidedBy(counted, span)),
          waits: await waits(counted, span),
          waitsBefore: await waits(counted, before),
          refused: await refused(counted, span),
          days: await days(counted, asked.dayBounds),
          head: await head(counted),
        };
      }),
  );
}

type Waiting = Pick<ActionRow, 'id' | 'type' | 'severity' | 'status' | 'title' | 'asset' | 'created_at' | 'expires_at'>;

const rowOf = (row: Waiting): WaitingRow =>
  ({
    actionId: row.id,
    type: row.type,
    severity: row.severity,
    status: row.status,
    title: row.title.slice(0, 300),
    asset: row.asset?.slice(0, 200) ?? null,
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
  }) as WaitingRow;

async function waiting({ tx, tenantId }: Counted, { expiringBefore }: AskedFigures): Promise<DigestFigures['waiting']> {
  const open = sql`from actions where tenant_id = ${tenantId} and status in ('pending', 'awaitingSecondApproval')`;
  const columns = sql`id, type, severity, status, title, asset, created_at, expires_at`;
  const soon = sql`expires_at < ${expiringBefore}::timestamptz`;
  const { rows: counts } = await sql<{
    n: number;
    soon: number;
  }>`select count(*) as n, count(*) filter (where ${soon}) as soon ${open}`.execute(tx);
  const { rows: oldest } = await sql<Waiting>`select ${columns} ${open} order by created_at, id limit 1`.execute(tx);
  const { rows: top } = await sql<Waiting>`select ${columns} ${open}
    order by (${soon}) desc, array_position(array['high', 'medium', 'low', 'informational'], severity), created_at, id limit ${topRows}`.execute(
    tx,
  );
  return {
    count: Number(counts[0]?.n ?? 0),
    expiring: Number(counts[0]?.soon ?? 0),
    expiringBefore,
    oldest: oldest[0] ? rowOf(oldest[0]) : null,
    top: top.map(rowOf),
  };
}

/** Distinct actions: an undo can be asked for again, and somebody can be refused again and again. */
async function happened({ tx, tenantId }: Counted, span: Span): Promise<DigestFigures['happened']> {
  const counts = EventWord.options.map((word) => sql`count(distinct e.action_id) filter (where ${eventIs[word]}) as ${sql.id(word)}`);
  const { rows } = await sql<Record<EventWord, number>>`select ${sql.join(counts)} from audit_events e
    where e.tenant_id = ${tenantId} and ${within(span)}`.execute(tx);
  return Object.fromEntries(EventWord.options.map((word) => [word, Number(rows[0]?.[word] ?? 0)]));
}

type Group = { type: string | null; source: string | null; upn: string | null; name: string | null; n: number };

async function decidedBy({ tx, tenantId }: Counted, span: Span): Promise<Pick<DigestFigures, 'byType' | 'bySource' | 'byPerson'>> {
  const { rows } = await sql<Group>`select type, source, null as upn, null as name, count(distinct a.id) as n
      from audit_events e join actions a on a.id = e.action_id
      where e.tenant_id = ${tenantId} and ${within(span)} and ${isDecision} group by grouping sets ((type), (source))
    union all select null, null, lower(e.data -> 'actor' ->> 'upn'), max(e.data -> 'actor' ->> 'displayName'), count(distinct e.action_id)
      from audit_events e where e.tenant_id = ${tenantId} and ${within(span)} and ${ofPeople} group by 3
    order by n desc, type, source, upn`.execute(tx);
  const named = rows.map((row) => ({ ...row, count: Number(row.n) }));
  return {
    byType: named.flatMap(({ type, count }) => (type === null ? [] : [{ type, count }])).slice(0, topTypes) as DigestFigures['byType'],
    bySource: named.flatMap(({ source, count }) => (source === null ? [] : [{ source, count }])) as DigestFigures['bySource'],
    byPerson: named.flatMap(({ upn, name, count }) => (upn === null ? [] : [{ upn, name: name ?? upn, count }])).slice(0, topPeople),
  };
}

type WaitsRow = { n: number; median: number | null; p95: number | null };
const waited = sql`extract(epoch from e.at - a.created_at) * 1000`;
/** The nearest rank, so that each is a wait that really was. */
const percentiles = sql`count(*) as n, percentile_disc(0.5) within group (order by ${waited}) as median,
  percentile_disc(0.95) within group (order by ${waited}) as p95`;

const waitsOf = (row: WaitsRow | undefined): Waits => ({
  count: Number(row?.n ?? 0),
  medianMs: millis(row?.median),
  p95Ms: millis(row?.p95),
});
const millis = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : Math.max(0, Math.round(Number(value)));

async function waits({ tx, tenantId }: Counted, span: Span): Promise<Waits> {
  const { rows } = await sql<WaitsRow>`select ${percentiles} from audit_events e join actions a on a.id = e.action_id
    where e.tenant_id = ${tenantId} and ${within(span)} and ${isDecision}`.execute(tx);
  return waitsOf(rows[0]);
}

async function refused({ tx, tenantId }: Counted, span: Span): Promise<DigestFigures['refused']> {
  const isOpen = sql`a.status in ('pending', 'awaitingSecondApproval')`;
  const { rows } = await sql<{ tries: number; people: number; decided: number; open: number }>`
    select count(*) as tries, count(distinct coalesce(e.actor_id, e.data ->> 'by')) as people,
      count(distinct a.id) filter (where not ${isOpen}) as decided, count(distinct a.id) filter (where ${isOpen}) as open
    from audit_events e left join actions a on a.id = e.action_id
    where e.tenant_id = ${tenantId} and ${within(span)} and ${eventIs.refused}`.execute(tx);
  const { tries = 0, people = 0, decided = 0, open = 0 } = rows[0] ?? {};
  return { tries: Number(tries), people: Number(people), decided: Number(decided), open: Number(open) };
}

type DayRow = WaitsRow & { day: number; approved: number; rejected: number; undo: number };

async function days({ tx, tenantId }: Counted, bounds: readonly string[]): Promise<DigestFigures['days']> {
  const whole = { from: bounds[0] ?? '', to: bounds.at(-1) ?? '' };
  if (bounds.length < 2) return [];
  const day = sql`width_bucket(e.at, ${bounds}::timestamptz[])`;
  const { rows: counts } = await sql<Omit<DayRow, keyof WaitsRow>>`select ${day} as day,
      count(distinct e.action_id) filter (where ${eventIs.approved}) as approved,
      count(distinct e.action_id) filter (where ${eventIs.rejected}) as rejected,
      count(distinct e.action_id) filter (where ${eventIs.undo}) as undo
    from audit_events e where e.tenant_id = ${tenantId} and ${within(whole)} and ${ofPeople} group by 1`.execute(tx);
  const { rows: waitRows } = await sql<WaitsRow & { day: number }>`select ${day} as day, ${percentiles}
    from audit_events e join actions a on a.id = e.action_id where e.tenant_id = ${tenantId} and ${within(whole)} and ${isDecision} group by 1`.execute(
    tx,
  );
  return bounds.slice(1).map((to, index) => {
    const own = counts.find((row) => row.day === index + 1);
    return {
      from: bounds[index] ?? to,
      to,
      approved: Number(own?.approved ?? 0),
      rejected: Number(own?.rejected ?? 0),
      undo: Number(own?.undo ?? 0),
      waits: waitsOf(waitRows.find((row) => row.day === index + 1)),
    };
  });
}

async function head({ tx, tenantId }: Counted): Promise<DigestFigures['head']> {
  const end = await readHead(tx, tenantId);
  if (end === null || end.number === '0') return null;
  const seal = await lastSeal(tx, tenantId);
  const own = seal?.hash === end.hash ? seal : null;
  return { seal: end.number, lastSeq: end.lastSeq, hash: end.hash, at: own === null ? null : timeOf(own.at), keyId: own?.keyId ?? null };
}

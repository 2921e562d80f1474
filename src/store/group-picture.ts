/** GroupStore, its reading half: what a group's card says, and which of its members somebody may choose from. Every answer is bounded. */
import { type RawBuilder, sql } from 'kysely';
import type { GroupPicture, GroupStore, MemberQuery, OpenKind, Tally, TopNamed } from '../action-center/group.ts';
import { actionColumns, actionOf } from './actions.ts';
import { type Database, iso, storing } from './database.ts';
import type { ActionRow, GroupRow } from './tables.ts';

const namedMost = 5;
/** Longer than any card shows. */
const nameLength = 300;

type Named = { kind: TopNamed['kind']; name: string; count: number; total: number };
type Drawn = GroupRow & { tallies: Tally[] | null; named: Named[] | null; oldest: Date | null; nearest: Date | null };

const isOpen = sql`status in ('pending', 'awaitingSecondApproval')`;

/** What tells entities apart, and how they are called. Two files of one name are two; a device is known by its name, as in a blast radius. */
const entities = sql`
  select m.id, e.kind, e.identity, left(e.name, ${nameLength}) as name
  from members m, jsonb_array_elements(m.entities) as x (entity), lateral (values
    ('device', lower(coalesce(entity ->> 'name', entity ->> 'deviceId')), coalesce(entity ->> 'name', entity ->> 'deviceId'), 'device'),
    ('file', lower(coalesce(entity ->> 'sha256', entity ->> 'sha1')), coalesce(entity ->> 'name', entity ->> 'sha256', entity ->> 'sha1'), 'file'),
    ('sender', lower(entity ->> 'sender'), entity ->> 'sender', 'email')) as e (kind, identity, name, type)
  where entity ->> 'type' = e.type and e.identity is not null`;

/** One statement, so that the version belongs to exactly these members. */
async function picture(db: Database, tenantId: string, id: string): Promise<GroupPicture | null> {
  const { rows } = await sql<Drawn>`
    with g as (select * from card_groups where group_id = ${id} and tenant_id = ${tenantId}),
    members as materialized (
      select a.id, a.type, a.severity, a.status, a.entities, a.requested_at, a.expires_at
      from g join cards c on c.group_id = g.group_id join actions a on a.id = c.action_id),
    tallies as (select type, severity, status, count(*)::int as count from members group by type, severity, status),
    entities as (${entities}),
    named as (select kind, max(name) as name, count(distinct id)::int as count from entities group by kind, identity),
    placed as (select *, count(*) over (partition by kind)::int as total, row_number() over (partition by kind order by count desc, name) as place
      from named)
    select g.*, (select jsonb_agg(t) from tallies t) as tallies,
      (select jsonb_agg(p order by p.place) from placed p where p.place <= ${namedMost}::integer) as named,
      (select min(requested_at) from members where ${isOpen}) as oldest, (select min(expires_at) from members where ${isOpen}) as nearest
    from g`.execute(db);
  const [row] = rows;
  return row ? pictureOf(row) : null;
}

function pictureOf(row: Drawn): GroupPicture {
  const named = row.named ?? [];
  const kinds = ['device', 'file', 'sender'] as const;
  return {
    id: row.group_id,
    platform: row.platform,
    conversation: row.conversation,
    key: row.key,
    isTaking: row.is_taking,
    version: row.version,
    createdAt: iso(row.created_at),
    tallies: row.tallies ?? [],
    top: kinds.flatMap((kind): TopNamed[] => {
      const [first, ...rest] = named.filter((one) => one.kind === kind);
      if (first === undefined) return [];
      return [{ kind, total: first.total, names: [first, ...rest].map(({ name, count }) => ({ name, count })) }];
    }),
    oldest: row.oldest === null ? null : iso(row.oldest),
    nearest: row.nearest === null ? null : iso(row.nearest),
  };
}

/** Open members of a group; `also` narrows them down. */
const openMembers = (tenantId: string, groupId: string, also: RawBuilder<unknown>) => sql`
  from cards c join actions a on a.id = c.action_id
  where c.group_id = ${groupId} and c.tenant_id = ${tenantId} and a.status in ('pending', 'awaitingSecondApproval') and a.expires_at > now() and ${also}`;

async function openKinds(db: Database, tenantId: string, id: string, version: number): Promise<OpenKind[]> {
  const { rows } = await sql<OpenKind>`select a.type, a.severity, count(*)::int as count
    ${openMembers(tenantId, id, sql`c.joined_version <= ${version}::integer`)}
    group by a.type, a.severity order by count desc, a.type, a.severity`.execute(db);
  return rows;
}

async function members(db: Database, tenantId: string, { groupId, version, type, severity, limit }: MemberQuery) {
  const fits = sql`a.type = ${type} and (${severity}::text is null or a.severity = ${severity}::text)`;
  const counted = await sql<{ total: number; later: number }>`select
    (count(*) filter (where c.joined_version <= ${version}::integer))::int as total,
    (count(*) filter (where c.joined_version > ${version}::integer))::int as later ${openMembers(tenantId, groupId, fits)}`.execute(db);
  const { rows } = await sql<ActionRow>`
    with chosen as (select a.id as chosen_id ${openMembers(tenantId, groupId, sql`${fits} and c.joined_version <= ${version}::integer`)}
      order by a.expires_at, a.id limit ${limit}::integer)
    select ${actionColumns} from chosen join actions on id = chosen_id order by expires_at, id`.execute(db);
  const { total = 0, later = 0 } = counted.rows[0] ?? {};
  return { actions: rows.map(actionOf), total, later };
}

export function groupReader(db: Database, tenantId: string): Pick<GroupStore, 'picture' | 'openKinds' | 'members'> {
  return {
    picture: (id) => storing('reading a group', () => picture(db, tenantId, id)),
    openKinds: (id, version) => storing('counting what is open in a group', () => openKinds(db, tenantId, id, version)),
    members: (query) => storing('reading members of a group', () => members(db, tenantId, query)),
  };
}

/**
 * GroupStore, its writing half: which waiting cards join which group. Bots take turns at a row, and whoever has the turn does everything in one
 * transaction. A card is in a group or by itself, never neither: `group_id` alone says which.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type GroupStore, groupMost } from '../action-center/group.ts';
import { at, type Database, storing } from './database.ts';
import { groupReader } from './group-picture.ts';
import { redrawGroups, type Turn, takeChanges, tendGroups } from './groups-tending.ts';

type Ask = Parameters<GroupStore['gather']>[0];

/** So many alike make a group. */
const alikeLeast = 10;
const alikeWithinMs = 600_000;
/** Groups of alike actions that take new ones at a time: more cards than that would be a storm of their own. */
const alikeGroupsMost = 3;
/** Of the newest cards only, so that a storm is counted quickly. */
const newestLookedAt = 2000;
/** In one go; what is left comes with the next turn. */
const groupsAtOnce = 20;
/** Cards are taken into groups this often, and groups looked after that often. */
const turnEveryMs = 300;
const tendEveryMs = 5000;
const watchEveryMs = 1000;

/** Waits for its first post. */
const waiting = sql`c.kind = 'action' and c.shown_version < c.wanted_version and not c.stopped and c.group_id is null and c.ref is null`;
/** And nobody is about to post it, or may have posted it. */
const isFree = (now: number) =>
  sql`not c.apart and not c.uncertain and (c.claimed_until is null or c.claimed_until <= ${at(now)}::timestamptz)`;

type Place = { conversation: string; waiting: number; free: number };

async function crowded(db: Database, tenantId: string, { platform, now }: Ask): Promise<Place[]> {
  const { rows } = await sql<Place>`
    select c.conversation, count(*)::int as waiting, (count(*) filter (where ${isFree(now)}))::int as free from cards c
    where c.tenant_id = ${tenantId} and c.platform = ${platform} and ${waiting} group by c.conversation`.execute(db);
  return rows.filter(({ free }) => free > 0);
}

async function hasGroups(db: Database, tenantId: string, { platform }: Ask): Promise<boolean> {
  const { rows } = await sql<{ some: boolean }>`select
    exists (select 1 from card_groups g where g.tenant_id = ${tenantId} and g.platform = ${platform} and not g.is_over) or
    exists (select 1 from cards c where c.tenant_id = ${tenantId} and c.platform = ${platform} and c.group_id is not null
      and c.shown_version < c.wanted_version) as some`.execute(db);
  return rows[0]?.some ?? false;
}

/** Null: another bot has the turn, or had it a moment ago. A clock that was put back does not stop it. */
async function takeTurn({ trx, tenantId, platform, now }: Turn): Promise<{ tends: boolean } | null> {
  const when = at(now);
  const past = (column: string, ms: number) =>
    sql`(${sql.ref(column)} <= ${at(now - ms)}::timestamptz or ${sql.ref(column)} > ${when}::timestamptz)`;
  const { rows } = await sql<{ tends: boolean }>`
    with mine as (
      select tenant_id, platform, ${past('tended_at', tendEveryMs)} as tends from group_turns
      where tenant_id = ${tenantId} and platform = ${platform} and ${past('taken_at', turnEveryMs)} for update skip locked)
    update group_turns t set taken_at = ${when}::timestamptz, tended_at = case when mine.tends then ${when}::timestamptz else t.tended_at end
    from mine where t.tenant_id = mine.tenant_id and t.platform = mine.platform returning mine.tends`.execute(trx);
  return rows[0] ?? null;
}

type Taking = { key: string };

async function takingIn({ trx, tenantId, platform }: Turn, conversation: string): Promise<string[]> {
  const { rows } = await sql<Taking>`select key from card_groups where tenant_id = ${tenantId} and platform = ${platform}
    and conversation = ${conversation} and is_taking order by key`.execute(trx);
  return rows.map(({ key }) => key);
}

/** Keys that enough open actions share which came lately, and that something waiting has; the closest kinship first, then the largest. */
async function alikeIn({ trx, tenantId, platform, now }: Turn, conversation: string, limit: number): Promise<string[]> {
  if (limit <= 0) return [];
  const { rows } = await sql<{ key: string }>`
    with lately as (
      select c.action_id, c.alike, (${waiting} and ${isFree(now)}) as is_waiting from cards c
      where c.tenant_id = ${tenantId} and c.platform = ${platform} and c.conversation = ${conversation} and c.kind = 'action'
        and c.alike is not null and c.created_at > ${at(now - alikeWithinMs)}::timestamptz
      order by c.created_at desc limit ${newestLookedAt}::integer)
    select k.key from lately join actions a on a.id = lately.action_id, unnest(lately.alike) with ordinality as k (key, place)
    where a.status in ('pending', 'awaitingSecondApproval')
    group by k.key having count(*) >= ${alikeLeast} and bool_or(lately.is_waiting)
    order by case split_part(k.key, ' ', 2) when 'file' then 1 when 'investigation' then 2 else 3 end, count(*) desc, k.key
    limit ${limit}::integer`.execute(trx);
  return rows.map(({ key }) => key);
}

/**
 * Takes what fits into the group of this key, and makes one where there is none. Answers how many joined. The group's version goes up once at the end
 * of the turn, so they joined with the next one.
 */
async function join({ trx, tenantId, platform, now, touched }: Turn, conversation: string, key: string): Promise<number> {
  const when = at(now);
  const fits = key === '' ? sql`true` : sql`c.alike @> ${[key]}::text[]`;
  const { rows } = await sql<{ n: number; group_id: string | null }>`
    with taking as (
      select size from card_groups where tenant_id = ${tenantId} and platform = ${platform} and conversation = ${conversation} and key = ${key}
        and is_taking),
    picked as (
      select c.card_id from cards c
      where c.tenant_id = ${tenantId} and c.platform = ${platform} and c.conversation = ${conversation} and ${waiting} and ${isFree(now)} and ${fits}
      order by c.created_at, c.card_id limit ${groupMost}::integer - coalesce((select size from taking), 0) for update skip locked),
    number as (select count(*)::int as n from picked),
    entered as (
      insert into card_groups as g (group_id, tenant_id, platform, conversation, key, is_taking, size, version, created_at, joined_at)
      select ${`G-${randomUUID()}`}, ${tenantId}, ${platform}, ${conversation}, ${key}, n < ${groupMost}::integer, n, 0, ${when}::timestamptz,
        ${when}::timestamptz
      from number where n > 0
      on conflict (tenant_id, platform, conversation, key) where is_taking do update set size = g.size + excluded.size,
        joined_at = excluded.joined_at, is_taking = g.size + excluded.size < ${groupMost}::integer
      returning g.group_id, g.version),
    members as (
      update cards set group_id = entered.group_id, joined_version = entered.version + 1, grouped_at = ${when}::timestamptz,
        shown_version = cards.wanted_version
      from entered, picked where cards.card_id = picked.card_id),
    carded as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at)
      select group_id, ${tenantId}, group_id, ${platform}, ${conversation}, 'group', 1, ${when}::timestamptz, ${when}::timestamptz from entered
      on conflict (card_id) do nothing)
    select n, (select group_id from entered) as group_id from number`.execute(trx);
  const [{ n, group_id: groupId } = { n: 0, group_id: null }] = rows;
  if (groupId !== null) touched.add(groupId);
  return n;
}

/** A full group is followed by the next one at once. */
async function joinAll(turn: Turn, conversation: string, key: string): Promise<number> {
  let joined = 0;
  for (let round = 0; round < groupsAtOnce; round += 1) {
    const more = await join(turn, conversation, key);
    joined += more;
    if (more === 0) break;
  }
  return joined;
}

/** Alike ones first; what is still too much for the conversation is a storm. A storm takes whatever comes until it is over. */
async function gatherIn(turn: Turn, place: Place, room: number): Promise<number> {
  const taking = await takingIn(turn, place.conversation);
  const known = taking.filter((key) => key !== '');
  const found = await alikeIn(turn, place.conversation, alikeGroupsMost - known.length);
  let joined = 0;
  for (const key of new Set([...known, ...found])) joined += await joinAll(turn, place.conversation, key);
  const left = place.free - joined;
  // A group of one would be read no sooner than the card itself.
  const isTooMuch = left > 1 && place.waiting - joined > room;
  if (left > 0 && (taking.includes('') || isTooMuch)) joined += await joinAll(turn, place.conversation, '');
  return joined;
}

async function gather(db: Database, tenantId: string, ask: Ask, places: readonly Place[]): Promise<number> {
  const { platform, now, roomIn } = ask;
  const begun = at(0);
  await sql`insert into group_turns (tenant_id, platform, taken_at, tended_at) values (${tenantId}, ${platform}, ${begun}::timestamptz,
    ${begun}::timestamptz) on conflict do nothing`.execute(db);
  return db.transaction().execute(async (trx) => {
    const turn: Turn = { trx, tenantId, platform, now, touched: new Set() };
    const mine = await takeTurn(turn);
    if (mine === null) return 0;
    let joined = 0;
    for (const place of places) joined += await gatherIn(turn, place, roomIn(place.conversation));
    if (mine.tends) await tendGroups(turn);
    await takeChanges(turn);
    await redrawGroups(turn);
    return joined;
  });
}

export function groupStore(db: Database, tenantId: string): GroupStore {
  const watched = new Map<string, number>();
  return {
    ...groupReader(db, tenantId),
    gather: (ask) =>
      storing('grouping cards', async () => {
        const { platform, now } = ask;
        const places = await crowded(db, tenantId, ask);
        if (places.length === 0) {
          const last = watched.get(platform) ?? Number.NEGATIVE_INFINITY;
          if (now >= last && now - last < watchEveryMs) return 0;
          watched.set(platform, now);
          if (!(await hasGroups(db, tenantId, ask))) return 0;
        }
        return gather(db, tenantId, ask, places);
      }),
  };
}

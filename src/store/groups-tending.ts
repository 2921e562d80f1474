/** What groups need while they live: an end of taking, members that have to stand alone, an edit when something changed. Part of a bot's turn. */
import { sql } from 'kysely';
import type { Platform } from '../action-center/action.ts';
import { urgentMs } from '../action-center/group.ts';
import { at, type Database } from './database.ts';

/** One bot at work on the groups of one platform; `touched`: the groups that changed in it. */
export type Turn = { trx: Database; tenantId: string; platform: Platform; now: number; touched: Set<string> };

/** A storm is over when fewer than this joined in its last minute: any conversation takes more than that by itself. */
const calmBelow = 10;
const calmMs = 60_000;
/** Nobody came who was like the others for this long. */
const alikeQuietMs = 600_000;
/** So few that are still open get cards of their own when there is room again. */
const releasedMost = 5;
/** Until its own card is posted, who left a group has none: no more may leave than any conversation takes within 20 seconds. */
const leavingMost = 20;
/** Changes taken over in one turn. */
const changesAtOnce = 5000;

const isOpen = sql`a.status in ('pending', 'awaitingSecondApproval')`;

export async function tendGroups(turn: Turn): Promise<void> {
  await closeCalm(turn);
  await letGo(turn);
  await finish(turn);
}

async function closeCalm(turn: Turn): Promise<void> {
  const { trx, tenantId, platform, now } = turn;
  const calmSince = at(now - calmMs);
  const { rows } = await sql<Touched>`update card_groups g set is_taking = false
    where g.tenant_id = ${tenantId} and g.platform = ${platform} and g.is_taking and (
      (g.key <> '' and g.joined_at <= ${at(now - alikeQuietMs)}::timestamptz)
      or (g.key = '' and g.created_at <= ${calmSince}::timestamptz and (
        select count(*) from cards c where c.group_id = g.group_id and c.grouped_at > ${calmSince}::timestamptz) < ${calmBelow}::integer))
    returning g.group_id`.execute(trx);
  note(turn, rows);
}

/**
 * Members that get cards of their own: those with a near deadline, and the last few of a group that takes no more once its conversation has nothing
 * else waiting. They stand apart from then on, so they never come back into a group. Leaving and being queued is one change of one row. A thousand
 * with the same deadline leave one after the other, as their cards are posted: until then the group's card stands for them.
 */
async function letGo(turn: Turn): Promise<void> {
  const { trx, tenantId, platform, now } = turn;
  const when = at(now);
  const { rows } = await sql<Touched>`
    with few as (
      select g.group_id from card_groups g join cards c on c.group_id = g.group_id join actions a on a.id = c.action_id
      where g.tenant_id = ${tenantId} and g.platform = ${platform} and not g.is_taking and not g.is_over and ${isOpen}
        and not exists (select 1 from cards w where w.tenant_id = g.tenant_id and w.platform = g.platform and w.conversation = g.conversation
          and w.shown_version < w.wanted_version and not w.stopped and w.group_id is null and w.ref is null and w.rank <= 2)
      group by g.group_id having count(*) <= ${releasedMost}::integer),
    ahead as (
      select w.conversation, count(*) as cards from cards w
      where w.tenant_id = ${tenantId} and w.platform = ${platform} and w.shown_version < w.wanted_version and not w.stopped and w.group_id is null
        and w.ref is null and w.rank = 0
      group by w.conversation),
    line as (
      select c.card_id, g.conversation, row_number() over (partition by g.conversation order by a.expires_at, c.card_id) as place
      from card_groups g join cards c on c.group_id = g.group_id join actions a on a.id = c.action_id
      where g.tenant_id = ${tenantId} and g.platform = ${platform} and not g.is_over and ${isOpen} and a.expires_at > ${when}::timestamptz
        and (a.expires_at <= ${at(now + urgentMs)}::timestamptz or g.group_id in (select group_id from few))),
    leaving as (
      select c.card_id, c.group_id from line join cards c on c.card_id = line.card_id left join ahead on ahead.conversation = line.conversation
      where line.place + coalesce(ahead.cards, 0) <= ${leavingMost}::integer and c.group_id is not null
      for update of c skip locked),
    left_alone as (
      update cards set group_id = null, joined_version = null, grouped_at = null, apart = true, shown_version = 0, attempts = 0,
        next_try_at = ${when}::timestamptz
      from leaving where cards.card_id = leaving.card_id)
    select distinct group_id from leaving`.execute(trx);
  note(turn, rows);
}

async function finish({ trx, tenantId, platform }: Turn): Promise<void> {
  await sql`update card_groups g set is_over = true
    where g.tenant_id = ${tenantId} and g.platform = ${platform} and not g.is_taking and not g.is_over and not exists (
      select 1 from cards c join actions a on a.id = c.action_id where c.group_id = g.group_id and ${isOpen})`.execute(trx);
}

/** Takes over what happened to members. */
export async function takeChanges(turn: Turn): Promise<void> {
  const { trx, tenantId, platform } = turn;
  const { rows } = await sql<Touched>`
    with changed as (
      select c.card_id, c.group_id, c.wanted_version from cards c
      where c.tenant_id = ${tenantId} and c.platform = ${platform} and c.group_id is not null and c.shown_version < c.wanted_version
      limit ${changesAtOnce}::integer for update skip locked),
    -- As far as it was read: what comes in between is another change.
    taken as (update cards set shown_version = changed.wanted_version from changed where cards.card_id = changed.card_id)
    select distinct group_id from changed`.execute(trx);
  note(turn, rows);
}

/** The cards of all groups that this turn changed want to be drawn anew. Who joined joined with the version that the group had then. */
export async function redrawGroups({ trx, now, touched }: Turn): Promise<void> {
  if (touched.size === 0) return;
  const when = at(now);
  await sql`
    with newer as (update card_groups set version = version + 1 where group_id = any(${[...touched]}::text[]) returning group_id, version)
    update cards set wanted_version = newer.version, stopped = false,
      -- A change that still waits keeps its place.
      next_try_at = case when cards.shown_version < cards.wanted_version then cards.next_try_at else ${when}::timestamptz end
    from newer where cards.card_id = newer.group_id`.execute(trx);
}

type Touched = { group_id: string };
const note = ({ touched }: Turn, rows: readonly Touched[]): void => {
  for (const { group_id } of rows) touched.add(group_id);
};

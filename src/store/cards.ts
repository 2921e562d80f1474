/** CardStore: what each posted message shows and what it should show. */
import { type RawBuilder, type Selectable, sql } from 'kysely';
import { ActionId } from '../action-center/action.ts';
import type { AuditEvent, CardRow, CardStore, Sighting } from '../action-center/ports.ts';
import { at, type Database, iso, json, storing } from './database.ts';
import type { Tables } from './tables.ts';

type Claimed = Selectable<Tables['cards']> & { parent_ref: string | null };

const cardOf = (row: Claimed): CardRow => ({
  cardId: row.card_id,
  // For the card of a batch or a group: its id.
  actionId: row.action_id === null ? null : ActionId.parse(row.action_id),
  platform: row.platform,
  conversation: row.conversation,
  kind: row.kind,
  ref: row.ref,
  parentRef: row.parent_ref,
  note: row.note as AuditEvent | null,
  shownVersion: row.shown_version,
  wantedVersion: row.wanted_version,
  attempts: row.attempts,
  createdAt: iso(row.created_at),
  uncertain: row.uncertain,
});

type Claim = Parameters<CardStore['claimDue']>[0];

/** As many of one conversation are claimed at a time: a storm in one must not fill what all share. */
const perConversation = 5;
/** The card of a group changes all the time in a storm. The older it gets, the rarer the edits: the platforms count every one of them. */
const editPause = sql`least(interval '30 seconds', greatest(interval '2 seconds', (c.shown_at - c.created_at) * 0.1))`;
/** Whoever joined a group is seen with its next edit, and with its first post: neither waits behind urgent cards any longer than this. */
const groupWaits = { edit: sql`interval '1 minute'`, post: sql`interval '15 seconds'` };

/** The message a note is said under: its card's own, or that of the group which stands for the card now. */
const parent = sql`left join lateral (
  select coalesce(own.ref, g.ref) as ref from cards own left join cards g on g.card_id = own.group_id where own.card_id = c.parent_card_id) p on true`;

/** The conditions of the indexes, word for word; and what goes first. */
const due = {
  post: { where: sql`c.shown_version < c.wanted_version and not c.stopped and c.group_id is null and c.ref is null`, first: sql`c.rank,` },
  update: { where: sql`c.shown_version < c.wanted_version and not c.stopped and c.group_id is null and c.ref is not null`, first: sql`` },
};

/**
 * Conversation by conversation, so that each has its turn: first the first of each, then the second. In a storm the single card is left to the
 * group that takes it with the next turn, unless it may have been posted already. A note waits until the card it belongs to is
 * posted, and the edit of a group until nothing urgent and no other group waits in its conversation. A flood of urgent cards keeps no group
 * from being seen: after a while it goes first.
 */
async function claimDue(db: Database, tenantId: string, claim: Claim): Promise<CardRow[]> {
  const now = at(claim.now);
  const { where, first } = due[claim.what];
  const waiting = sql`c.tenant_id = ${tenantId} and c.platform = ${claim.platform} and ${where}`;
  const isNow = sql`c.next_try_at <= ${now}::timestamptz and (c.claimed_until is null or c.claimed_until <= ${now}::timestamptz)`;
  const mayEdit = sql`(c.kind <> 'group' or c.shown_at is null or c.shown_at > ${now}::timestamptz
    or c.shown_at <= ${now}::timestamptz - ${groupWaits.edit} or (c.shown_at <= ${now}::timestamptz - ${editPause}
    and not exists (select 1 from cards n where n.tenant_id = c.tenant_id and n.platform = c.platform and n.conversation = c.conversation
      and n.shown_version < n.wanted_version and not n.stopped and n.group_id is null and n.ref is null and n.rank <= 1
      and n.next_try_at <= ${now}::timestamptz)))`;
  const mayPost = sql`(c.rank <> 2 or c.uncertain or not exists (select 1 from card_groups g where g.tenant_id = c.tenant_id
    and g.platform = c.platform and g.conversation = c.conversation and g.key = '' and g.is_taking))`;
  // Waited long enough, the first post of a group stands before all others.
  const isLate = sql`(c.rank = 1 and c.next_try_at <= ${now}::timestamptz - ${groupWaits.post})`;
  const found = (rank: RawBuilder<unknown>, fits: RawBuilder<unknown>, limit: number) => sql`select * from (
    select c.card_id, c.conversation, p.ref as parent_ref, ${rank} as turn_rank, c.next_try_at
    from cards c ${parent}
    where ${waiting} and c.conversation = places.conversation and ${isNow} and ${fits}
    order by ${first} c.next_try_at, c.card_id limit ${limit}::integer
    for update of c skip locked) as locked`;
  const may = claim.what === 'update' ? mayEdit : sql`not ${isLate} and ${mayPost}`;
  const others = found(sql`c.rank`, sql`(c.kind <> 'note' or p.ref is not null) and ${may}`, perConversation);
  const { rows } = await sql<Turned>`
    with recursive places (conversation) as (
      (select c.conversation from cards c where ${waiting} order by c.conversation limit 1)
      union all
      select (select c.conversation from cards c where ${waiting} and c.conversation > places.conversation order by c.conversation limit 1)
      from places where places.conversation is not null),
    found as (
      select f.* from places cross join lateral (
        ${claim.what === 'update' ? others : sql`${found(sql`(-1)::smallint`, isLate, 1)} union all ${others}`}) f
      where places.conversation <> all (select jsonb_array_elements_text(${json(claim.except)}::jsonb))),
    turns as (select card_id, parent_ref, turn_rank, next_try_at,
        row_number() over (partition by conversation order by turn_rank, next_try_at, card_id) as turn
      from found),
    due as (select card_id, parent_ref, turn_rank from turns order by turn, turn_rank, next_try_at, card_id limit ${claim.limit})
    update cards set holder = ${claim.holder},
      claimed_until = case when cards.ref is null and not cards.uncertain then ${at(claim.now + claim.beginMs)}::timestamptz
        else ${at(claim.now + claim.leaseMs)}::timestamptz end
    from due where cards.card_id = due.card_id
    returning cards.*, due.parent_ref, due.turn_rank`.execute(db);
  return rows.sort(inOrder).map(cardOf);
}

type Turned = Claimed & { turn_rank: number };
const inOrder = (a: Turned, b: Turned): number =>
  a.turn_rank - b.turn_rank || a.next_try_at.getTime() - b.next_try_at.getTime() || a.card_id.localeCompare(b.card_id);

type Seen = Claimed & { is_claimed: boolean; is_taken: boolean };
type Look = Parameters<CardStore['sighted']>[0];

/** One statement: what is remembered is remembered only while the card has no message of its own. Known now, it need not wait any longer. */
async function sighted(db: Database, tenantId: string, { cardId, conversation, ref, now }: Look): Promise<Sighting | null> {
  const { rows } = await sql<Seen>`
    with seen as (
      update cards set sighted_ref = ${ref}, next_try_at = case when claimed_until is null then ${at(now)}::timestamptz else next_try_at end
      where card_id = ${cardId} and tenant_id = ${tenantId} and conversation = ${conversation}
        and ref is null and sighted_ref is null and not stopped
        and not exists (select 1 from cards o where o.conversation = ${conversation} and o.ref = ${ref}))
    select c.*, p.ref as parent_ref, coalesce(c.claimed_until > ${at(now)}::timestamptz, false) as is_claimed,
      exists (select 1 from cards o where o.conversation = ${conversation} and o.card_id <> c.card_id and (o.ref = ${ref} or o.sighted_ref = ${ref})) as is_taken
    from cards c ${parent}
    where c.card_id = ${cardId} and c.tenant_id = ${tenantId} and c.conversation = ${conversation}`.execute(db);
  const [found] = rows;
  if (!found) return null;
  const row = cardOf(found);
  if (found.ref === ref) return { standing: 'ours', row };
  // While a post is on its way nobody can say which of the two messages will be the card's.
  const isOpen = found.ref === null && (found.is_claimed || found.sighted_ref === null || found.sighted_ref === ref);
  return { standing: isOpen || found.is_taken ? 'kept' : 'stray', row };
}

export function cardStore(db: Database, tenantId: string): CardStore {
  return {
    claimDue: (claim) => storing('claiming cards', () => claimDue(db, tenantId, claim)),
    giveBack: (cardIds, holder) =>
      storing('giving cards back', async () => {
        // Always in the same order, so that two bots never wait for each other.
        await sql`update cards set claimed_until = null, holder = null from (
          select card_id from cards where card_id in (select jsonb_array_elements_text(${json(cardIds)}::jsonb)) and holder = ${holder}
          order by card_id for update) as mine
          where cards.card_id = mine.card_id`.execute(db);
      }),
    beginPost: (cardId, { holder, now, leaseMs }) =>
      storing('announcing a post', async () => {
        const { numAffectedRows } = await sql`update cards set uncertain = true, claimed_until = ${at(now + leaseMs)}::timestamptz
          where card_id = ${cardId} and holder = ${holder} and claimed_until > ${at(now)}::timestamptz`.execute(db);
        return Number(numAffectedRows ?? 0) > 0;
      }),
    shown: (cardId, version, ref, now) =>
      storing('recording a shown card', async () => {
        // Whoever took too long over it may find it in a group by now; with a message of its own it needs none.
        await sql`update cards set shown_version = greatest(shown_version, ${version}), ref = ${ref}, group_id = null, sighted_ref = null, uncertain = false, attempts = 0,
          claimed_until = null, holder = null, last_error = null, shown_at = ${at(now)}::timestamptz
          where card_id = ${cardId}`.execute(db);
      }),
    later: (cardId, when, failure) =>
      storing('putting a card off', async () => {
        const error = failure?.error ?? null;
        await sql`update cards set next_try_at = ${at(when)}::timestamptz, claimed_until = null, holder = null,
          attempts = attempts + ${failure ? 1 : 0}, last_error = coalesce(${error}, last_error),
          uncertain = case when ${failure !== null}::boolean then ${failure?.uncertain ?? false}::boolean else uncertain end
          where card_id = ${cardId}`.execute(db);
      }),
    lost: (cardId, again) =>
      storing('recording a lost card', async () => {
        // What waits to be said under a card that does not come back would wait for good.
        await sql`update cards set stopped = true where parent_card_id = ${cardId} and ref is null and ${!again}::boolean`.execute(db);
        await sql`update cards set ref = null, sighted_ref = null, shown_version = 0, uncertain = false, claimed_until = null, holder = null,
          stopped = ${!again}::boolean, last_error = 'the message was deleted' where card_id = ${cardId}`.execute(db);
      }),
    underGone: (cardId, parentRef, now) =>
      storing('looking at a card again', async () => {
        await sql`update cards set shown_version = 0, next_try_at = least(cards.next_try_at, ${at(now)}::timestamptz) from cards c
          where c.card_id = ${cardId} and cards.conversation = c.conversation and cards.ref = ${parentRef} and not cards.stopped`.execute(
          db,
        );
      }),
    withdraw: (cardId) =>
      storing('withdrawing a card', async () => {
        await sql`update cards set stopped = true, claimed_until = null, holder = null, last_error = 'withdrawn: not true any more'
          where card_id = ${cardId} and ref is null`.execute(db);
      }),
    sighted: (look) => storing('recording where a card was seen', () => sighted(db, tenantId, look)),
    sightedAt: (cardId) =>
      storing('looking up where a card was seen', async () => {
        const row = await db.selectFrom('cards').select('sighted_ref').where('card_id', '=', cardId).executeTakeFirst();
        return row?.sighted_ref ?? null;
      }),
    wake: (platform, now) =>
      storing('waking cards', async () => {
        const { numAffectedRows } = await sql`update cards set next_try_at = ${at(now)}::timestamptz where tenant_id = ${tenantId}
          and platform = ${platform} and shown_version < wanted_version and not stopped and next_try_at > ${at(now)}::timestamptz
          and last_error like 'unreachable:%'`.execute(db);
        return Number(numAffectedRows ?? 0);
      }),
  };
}

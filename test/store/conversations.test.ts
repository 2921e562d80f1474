/** Where cards are and how conversations are reached: the same on PostgreSQL and on PGlite. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CardStore, Conversations } from '../../src/action-center/ports.ts';
import { cardStore } from '../../src/store/cards.ts';
import { conversations } from '../../src/store/conversations.ts';
import type { Database } from '../../src/store/database.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const channel = '19:soc@thread.tacv2';
const now = Date.parse('2026-11-21T08:00:00Z');

describe.each(engines)('on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;
  let cards: CardStore;
  let places: Conversations;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    cards = cardStore(db, tenant);
    places = conversations(db, tenant);
  }, 60_000);
  afterAll(() => record.close());

  let made = 0;
  async function aCard(): Promise<string> {
    made += 1;
    const cardId = `card-${made}`;
    const at = new Date(now).toISOString();
    await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at)
      values (${cardId}, ${tenant}, ${`A-01JD6Q${String(made).padStart(20, '0')}`}, 'teams', ${channel}, 'action', 1, ${at}::timestamptz, ${at}::timestamptz)`.execute(
      db,
    );
    return cardId;
  }
  const claim = {
    platform: 'teams' as const,
    what: 'post' as const,
    holder: 'bot-1',
    now,
    leaseMs: 30_000,
    beginMs: 30_000,
    limit: 100,
    except: [],
  };
  const seen = async (cardId: string, ref: string, at = now) =>
    (await cards.sighted({ cardId, conversation: channel, ref, now: at }))?.standing ?? null;

  describe('a card that somebody looks at', () => {
    it('is known by the message it has', async () => {
      const cardId = await aCard();
      await cards.shown(cardId, 1, 'm-1', now);
      expect(await seen(cardId, 'm-1')).toBe('ours');
      expect(await cards.sightedAt(cardId)).toBeNull();
    });

    it('is remembered where it was seen while its own post has no answer', async () => {
      const cardId = await aCard();
      await cards.claimDue(claim);
      expect(await cards.beginPost(cardId, { ...claim, now })).toBe(true);
      expect(await seen(cardId, 'm-lost')).toBe('kept');
      expect(await cards.sightedAt(cardId)).toBe('m-lost');
      // A second message while nobody can say which one the card will have.
      expect(await seen(cardId, 'm-second')).toBe('kept');
      await cards.later(cardId, now + 1000, { error: 'unknown: no answer', uncertain: true });
      expect(await seen(cardId, 'm-second', now + 60_000)).toBe('stray');
      expect(await cards.sightedAt(cardId)).toBe('m-lost');
      await cards.shown(cardId, 1, 'm-lost', now);
      expect(await cards.sightedAt(cardId)).toBeNull();
    });

    it('is a stray on any other message', async () => {
      const cardId = await aCard();
      await cards.shown(cardId, 1, 'm-right', now);
      expect(await seen(cardId, 'm-stray')).toBe('stray');
    });

    it('is never a stray on the message of another card, whatever a client claims', async () => {
      const [one, other] = [await aCard(), await aCard()];
      await cards.shown(one, 1, 'm-one', now);
      await cards.shown(other, 1, 'm-other', now);
      expect(await seen(one, 'm-other')).toBe('kept');
      const open = await aCard();
      expect(await seen(open, 'm-other')).toBe('kept');
      expect(await cards.sightedAt(open)).toBeNull();
    });

    it('is not known in another conversation or under another id', async () => {
      const cardId = await aCard();
      expect(await cards.sighted({ cardId, conversation: '19:other@thread.tacv2', ref: 'm', now })).toBeNull();
      expect(await cards.sighted({ cardId: 'nonsense', conversation: channel, ref: 'm', now })).toBeNull();
    });
  });

  it('cards that could not reach their conversation are tried again when they are woken, others keep their pause', async () => {
    const [unreachable, waiting] = [await aCard(), await aCard()];
    await cards.later(unreachable, now + 600_000, { error: 'unreachable: Teams answered 403', uncertain: false });
    await cards.later(waiting, now + 600_000, { error: 'rate-limited: Teams answered 429', uncertain: false });
    expect(await cards.wake('slack', now)).toBe(0);
    expect(await cards.wake('teams', now)).toBe(1);
    const due = (await cards.claimDue({ ...claim, now: now + 1 })).map(({ cardId }) => cardId);
    expect(due).toContain(unreachable);
    expect(due).not.toContain(waiting);
  });

  describe('a conversation', () => {
    const record = (conversation: string, changes: object = {}) => ({
      platform: 'teams' as const,
      conversation,
      organisation: 'tenant-1',
      serviceUrl: 'https://smba.trafficmanager.net/emea/',
      type: 'channel' as const,
      team: '19:team@thread.tacv2',
      name: 'SOC',
      ...changes,
    });

    it('is new once, and keeps its newest address and what is known of it', async () => {
      expect(await places.present(record('19:a@thread.tacv2'), now)).toBe(true);
      const later = record('19:a@thread.tacv2', { serviceUrl: 'https://smba.trafficmanager.net/amer/', team: null, name: null });
      expect(await places.present(later, now + 1)).toBe(false);
      expect(await places.get('teams', '19:a@thread.tacv2')).toEqual({
        ...later,
        team: '19:team@thread.tacv2',
        name: 'SOC',
        standing: 'installed',
      });
      expect(await places.get('slack', '19:a@thread.tacv2')).toBeNull();
    });

    it('is out of reach with its whole team, until the app is back', async () => {
      await places.present(record('19:b@thread.tacv2', { team: '19:t2@thread.tacv2' }), now);
      await places.present(record('19:c@thread.tacv2', { team: '19:t2@thread.tacv2' }), now);
      const gone = await places.absent({ platform: 'teams', team: '19:t2@thread.tacv2' }, 'removed', now);
      expect(gone.sort()).toEqual(['19:b@thread.tacv2', '19:c@thread.tacv2']);
      expect(await places.absent({ platform: 'teams', team: '19:t2@thread.tacv2' }, 'removed', now)).toEqual([]);
      expect(await places.outOfReach('teams', ['19:b@thread.tacv2', '19:a@thread.tacv2'])).toMatchObject([
        { conversation: '19:b@thread.tacv2', standing: 'removed' },
      ]);
      expect(await places.present(record('19:b@thread.tacv2'), now)).toBe(true);
      expect(await places.outOfReach('teams', ['19:b@thread.tacv2'])).toEqual([]);
    });

    it('stays deleted when the app is removed from its team afterwards', async () => {
      await places.present(record('19:d@thread.tacv2', { team: '19:t3@thread.tacv2' }), now);
      await places.absent({ platform: 'teams', conversation: '19:d@thread.tacv2' }, 'deleted', now);
      await places.absent({ platform: 'teams', team: '19:t3@thread.tacv2' }, 'removed', now);
      expect(await places.get('teams', '19:d@thread.tacv2')).toMatchObject({ standing: 'deleted' });
    });
  });
});

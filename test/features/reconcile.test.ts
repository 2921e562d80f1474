/** The reconciler on a real record, with a platform on which messages are deleted and cards that cannot be drawn. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { cardFor, noteFor } from '../../src/chat/card.ts';
import { type ReconcileEvent, reconcile } from '../../src/chat/reconcile.ts';
import { type Surface, SurfaceError } from '../../src/chat/surface.ts';
import { actionStore } from '../../src/store/actions.ts';
import { cardStore } from '../../src/store/cards.ts';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { lanes } from '../../src/store/lanes.ts';
import { anAction } from '../setup/builders.ts';
import { freshDatabase } from '../setup/fresh.ts';

const tenant = 'default';
const conversation = 'C0SOC';
let engine: Engine;
let db: Database;
let now = Date.now();
let made = 0;
/** What stands on the platform, by ref. */
const messages = new Map<string, { cardId: string; parentRef: string | null }>();
const broken = new Set<string>();
const events: ReconcileEvent[] = [];

beforeAll(async () => {
  engine = await openEngine({ databaseUrl: await freshDatabase() }, { onError: () => {} });
  db = openDatabase(engine.pool, { prepares: true });
  await migrate(db);
}, 60_000);
afterAll(() => engine.close());
beforeEach(async () => {
  await sql`delete from cards`.execute(db);
  messages.clear();
  broken.clear();
  events.length = 0;
});

const gone = () => new SurfaceError('gone', 'the message was deleted');
const surface: Surface = {
  platform: 'slack',
  settleMs: 0,
  postLanes: () => [],
  updateLanes: () => [],
  findLanes: () => [],
  find: async () => null,
  post: async ({ parentRef }, cardId) => {
    if (parentRef !== null && !messages.has(parentRef)) throw gone();
    const ref = `ts-${cardId}-${now}`;
    messages.set(ref, { cardId, parentRef });
    return ref;
  },
  update: async ({ ref }) => {
    if (!messages.has(ref)) throw gone();
  },
};
const store = () => actionStore(db, tenant);

const pass = () =>
  reconcile({
    surface,
    cards: cardStore(db, tenant),
    lanes: lanes(db),
    store: store(),
    draw: (row, action) => {
      if (action === null || broken.has(action.id)) throw new TypeError('cannot be drawn');
      const facts = { now: new Date(now), huntUrl: null, runHere: false, evidence: null, portal: {}, barred: null };
      const rules = { approvalNeedsReason: false, undoNeedsReason: false, globalAdministratorMayDecide: false, backend: 'simulator' };
      return row.note === null
        ? cardFor(action, { ...facts, ...rules } as unknown as Parameters<typeof cardFor>[1])
        : noteFor(row.note, action);
    },
    drawDigest: async () => null,
    drawBatch: async () => null,
    drawGroup: async () => null,
    drawReminder: () => Promise.reject(new Error('no reminders here')),
    now: () => now,
    holder: 'bot-1',
    resting: new Map(),
    tell: (event) => events.push(event),
  });

async function arrives(): Promise<string> {
  made += 1;
  now += 1;
  const id = `A-${String(made).padStart(8, '0')}`;
  const at = new Date(now).toISOString();
  const times = { createdAt: at, updatedAt: at, expiresAt: new Date(now + 86_400_000).toISOString() };
  const { status: _s, decision: _d, outcome: _o, ...action } = anAction({ id, key: id, ...times });
  const event = { kind: 'announced' as const, at, actorId: null, data: {} };
  await store().add({ ...action, contentDigest: id }, [{ platform: 'slack', conversation }], event);
  return id;
}
const standing = () => [...messages.values()].map(({ cardId }) => cardId);

it('what cannot be drawn is told, tried again later, and holds up nothing behind it', async () => {
  const ids = [await arrives(), await arrives(), await arrives()];
  const [first = ''] = ids;
  broken.add(first);
  await pass();
  expect(standing()).toEqual(ids.slice(1).map((id) => `${id}-1`));
  expect(events).toMatchObject([{ kind: 'broken', row: { actionId: first } }, { kind: 'shown' }, { kind: 'shown' }]);
  broken.clear();
  await pass();
  expect(messages.size).toBe(2);
  now += 31_000;
  await pass();
  expect(standing()).toContain(`${first}-1`);
});

it('a note under a card that was deleted brings the card back while it is awaited, and then stands under it', async () => {
  const id = await arrives();
  await pass();
  const [ref = ''] = messages.keys();
  messages.delete(ref);
  const event = { kind: 'approved' as const, at: new Date(now).toISOString(), actorId: null, data: { approvals: 1, needed: 2 } };
  await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, parent_card_id, wanted_version, next_try_at, created_at)
    values (${`${id}-1-note`}, ${tenant}, ${id}, 'slack', ${conversation}, 'note', ${JSON.stringify(event)}::jsonb, ${`${id}-1`}, 1,
      ${event.at}::timestamptz, ${event.at}::timestamptz)`.execute(db);
  // The note finds out; the card is looked at, and posted; the note follows.
  for (let round = 0; round < 4; round += 1) {
    await pass();
    now += 31_000;
  }
  const posted = [...messages.entries()];
  expect(posted.map(([, { cardId }]) => cardId)).toEqual([`${id}-1`, `${id}-1-note`]);
  expect(posted[1]?.[1].parentRef).toBe(posted[0]?.[0]);
});

/** Pending actions in the record, each with a card that is posted already, as they are when people press. */
import { sql } from 'kysely';
import { type AnnounceDeps, announce, parseSubmission } from '../../src/action-center/announce.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { loadPolicy } from '../../src/identity/policy.ts';
import { newActionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { outbox } from '../../src/store/outbox.ts';
import { quarantineFile } from '../../test/features/actions.ts';
import type { PostedCard } from './chat-side.ts';
import type { Pressable } from './press.ts';

const tenantId = 'default';
const atOnce = 10;

export type RecordFacts = { decisions: number; outbox: number; queued: number };

export type Seeder = {
  db: Database;
  /** One whose card the bot posts by itself. */
  announceOne(): Promise<RemediationAction>;
  /** Many, with cards that are posted already as this one. */
  seed(count: number, card: PostedCard): Promise<Pressable[]>;
  facts(): Promise<RecordFacts>;
  /** Decisions that are not on the queue yet. */
  unsent(): Promise<number>;
  /** Cards that still wait for the platform's rate limit count as shown: else every round pays for the queues of all before it. */
  showAll(): Promise<void>;
  close(): Promise<void>;
};

export async function openSeeder(databaseUrl: string, policyFile: string): Promise<Seeder> {
  let isOpen = true;
  // A connection that is being closed still hears of the server's end.
  const onError = (error: unknown) => isOpen && console.error(error);
  const engine = await openEngine({ databaseUrl }, { onError });
  const db = openDatabase(engine.pool);
  await migrate(db);
  const policy = loadPolicy(policyFile);
  const store = actionStore(db, tenantId);
  const deps: AnnounceDeps = { store, policy, tenantId, now: () => new Date(), sha256, newActionId, poke: () => {} };
  // Their cards are added as posted; with a route the bot would begin to post them.
  const unrouted: AnnounceDeps = { ...deps, policy: { ...policy, version: policy.version, routesFor: () => [] } };
  return {
    db,
    announceOne: () => accepted(deps),
    seed: async (count, card) => {
      const seeded: Pressable[] = [];
      const one = async () => {
        while (seeded.length < count) {
          const place = seeded.push({ actionId: '', digest: '', version: 0 }) - 1;
          const { id, scopeDigest, version } = await accepted(unrouted);
          seeded[place] = { actionId: id, digest: scopeDigest, version };
        }
      };
      await Promise.all(Array.from({ length: atOnce }, one));
      await addPostedCards(
        db,
        seeded.map(({ actionId }) => actionId),
        card,
      );
      return seeded;
    },
    facts: () => factsOf(db),
    unsent: () => outbox(db, tenantId).unsent(),
    showAll: async () => {
      // Waits for no row that the bot holds: the two would lock each other out.
      await sql`update cards set shown_version = wanted_version where card_id in
        (select card_id from cards where shown_version < wanted_version for update skip locked)`.execute(db);
    },
    close: () => {
      isOpen = false;
      return engine.close();
    },
  };
}

async function accepted(deps: AnnounceDeps): Promise<RemediationAction> {
  const parsed = parseSubmission(quarantineFile({ parameters: { simulator: { takesMs: 0 } } }));
  if ('issues' in parsed) throw new Error(`the action is not valid: ${JSON.stringify(parsed.issues)}`);
  const announced = await announce(deps, parsed.intake);
  if (announced.kind !== 'accepted') throw new Error(`the action was not accepted: ${announced.kind}`);
  return announced.action;
}

async function addPostedCards(db: Database, actionIds: string[], { platform, conversation, ref }: PostedCard): Promise<void> {
  await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, ref, shown_version, wanted_version, next_try_at,
      created_at, shown_at)
    select id || '-1', tenant_id, id, ${platform}, ${conversation}, 'action', ${ref}, version, version, created_at, created_at, now()
    from actions where id = any(${actionIds}::text[])`.execute(db);
  // As autovacuum does in a database that lives: else the planner guesses.
  for (const table of ['actions', 'cards', 'outbox', 'audit_events']) await sql.raw(`analyze ${table}`).execute(db);
}

async function factsOf(db: Database): Promise<RecordFacts> {
  const { rows } = await sql<RecordFacts>`select
    (select count(*) from audit_events where kind = 'decided') as decisions,
    (select count(*) from outbox) as outbox,
    (select count(*) from actions where decision is not null and status <> 'pending') as queued`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('the record cannot be counted');
  return row;
}

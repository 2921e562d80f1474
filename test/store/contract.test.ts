/** One suite, both engines: the record behaves the same on PostgreSQL and on embedded PGlite. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Decision, EntraId } from '../../src/action-center/action.ts';
import { type AnnounceDeps, announce, parseSubmission } from '../../src/action-center/announce.ts';
import { decisionMessage } from '../../src/action-center/decide.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { cancelAsked, decided, settled } from '../../src/action-center/transitions.ts';
import { newActionId, newDecisionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { cardStore } from '../../src/store/cards.ts';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { executionStore } from '../../src/store/executions.ts';
import { lanes } from '../../src/store/lanes.ts';
import { outbox } from '../../src/store/outbox.ts';
import { quarantineFile } from '../features/actions.ts';
import { engines } from './engines.ts';

const tenant = 'default';
const soon = () => Date.now() + 50;

describe.each(engines)('the record on $name', ({ options: make }) => {
  let engine: Engine;
  let db: Database;
  let clean: () => Promise<void>;

  beforeAll(async () => {
    const made = await make();
    clean = made.clean;
    engine = await openEngine(made.options, { onError: () => {} });
    db = openDatabase(engine.pool, { prepares: engine.kind === 'postgres' });
    await Promise.all([migrate(db), migrate(db)]);
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    await clean();
  });

  const deps = (): AnnounceDeps => ({
    store: actionStore(db, tenant),
    policy: {
      version: 'v1',
      routesFor: () => [
        { platform: 'slack', conversation: 'C1' },
        { platform: 'slack', conversation: 'C2' },
      ],
      approvalsNeeded: () => 1,
      isProtected: () => false,
    },
    tenantId: tenant,
    now: () => new Date(),
    sha256,
    newActionId,
    poke: () => {},
  });

  async function anAnnounced(): Promise<RemediationAction> {
    const parsed = parseSubmission(quarantineFile());
    if (!('intake' in parsed)) throw new Error(JSON.stringify(parsed.issues));
    const announced = await announce(deps(), parsed.intake);
    if (announced.kind !== 'accepted') throw new Error(announced.kind);
    return announced.action;
  }

  const aDecision = (action: RemediationAction, who: string): Decision => ({
    decisionId: newDecisionId(),
    verb: 'approve',
    actor: { entraId: EntraId.parse(who), upn: `${who}@contoso.example`, displayName: who, rolesUsed: ['SecurityAdministrator'] },
    platform: 'slack',
    comment: null,
    decidedAt: new Date().toISOString(),
    scopeDigest: action.scopeDigest,
  });
  const press = (action: RemediationAction, decision: Decision) => {
    const { final: _final, ...step } = decided(action, decision);
    return deps().store.apply({ ...step, decision: decisionMessage(action, decision) });
  };
  const count = async (table: string, where: string) =>
    Number((await sql<{ n: number }>`select count(*) as n from ${sql.raw(table)} where ${sql.raw(where)}`.execute(db)).rows[0]?.n);

  it('stores an action once per producer key, and tells the same content from other content', async () => {
    const parsed = parseSubmission(quarantineFile());
    if (!('intake' in parsed)) throw new Error('invalid');
    const answers = await Promise.all(Array.from({ length: 8 }, () => announce(deps(), parsed.intake)));
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['accepted', ...Array(7).fill('known')]);
    expect((await announce(deps(), { ...parsed.intake, title: 'Another title' })).kind).toBe('conflict');
    expect(await count('actions', `key = '${parsed.intake.id}'`)).toBe(1);
  });

  it('gives back what was stored, unchanged', async () => {
    const action = await anAnnounced();
    expect(await deps().store.get(action.id)).toEqual(action);
  });

  it('lets exactly one of many simultaneous decisions through, with one audit event and one outbox row', async () => {
    const action = await anAnnounced();
    const results = await Promise.all(Array.from({ length: 40 }, (_, index) => press(action, aDecision(action, `person-${index}`))));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await count('audit_events', `action_id = '${action.id}' and kind = 'decided'`)).toBe(1);
    expect(await count('outbox', `action_id = '${action.id}'`)).toBe(1);
    expect((await deps().store.get(action.id))?.status).toBe('queued');
  });

  it('frees a card soon that a dead bot claimed and never began to post, and leaves one that it began for the whole lease', async () => {
    const action = await anAnnounced();
    const cards = cardStore(db, tenant);
    const now = soon();
    const claim = { platform: 'slack' as const, what: 'post' as const, leaseMs: 30_000, beginMs: 10_000, limit: 1000, except: [] };
    const claimed = async (holder: string, at: number) =>
      (await cards.claimDue({ ...claim, holder, now: at })).flatMap(({ actionId, cardId }) => (actionId === action.id ? [cardId] : []));
    const [begun = '', never = ''] = await claimed('bot-1', now);
    expect(await cards.beginPost(begun, { holder: 'bot-1', now: now + 9000, leaseMs: 30_000 })).toBe(true);
    expect(await claimed('bot-2', now + 9999)).toEqual([]);
    expect(await claimed('bot-2', now + 10_001)).toEqual([never]);
    // It only stood still, and comes too late.
    expect(await cards.beginPost(never, { holder: 'bot-1', now: now + 10_002, leaseMs: 30_000 })).toBe(false);
    expect(await claimed('bot-3', now + 38_999)).toEqual([never]);
    expect(await claimed('bot-3', now + 39_001)).toEqual([begun]);
  });

  it('wants every copy of the card shown anew after a change, and a note under each posted one', async () => {
    const action = await anAnnounced();
    const cards = cardStore(db, tenant);
    const claim = { platform: 'slack' as const, holder: 'bot-1', leaseMs: 60_000, beginMs: 60_000, limit: 100, except: [] };
    const mine = (rows: { actionId: string | null }[]) => rows.filter(({ actionId }) => actionId === action.id);
    const posts = mine(await cards.claimDue({ ...claim, what: 'post', now: soon() })) as Awaited<ReturnType<typeof cards.claimDue>>;
    expect(posts.map(({ conversation }) => conversation)).toEqual(['C1', 'C2']);
    expect(mine(await cards.claimDue({ ...claim, holder: 'bot-2', what: 'post', now: soon() }))).toEqual([]);
    await cards.giveBack(
      posts.map(({ cardId }) => cardId),
      'bot-2',
    );
    expect(mine(await cards.claimDue({ ...claim, what: 'post', now: soon() }))).toEqual([]);
    await cards.giveBack(
      posts.map(({ cardId }) => cardId),
      'bot-1',
    );
    expect(mine(await cards.claimDue({ ...claim, what: 'post', now: soon(), except: ['C1'] }))).toMatchObject([{ conversation: 'C2' }]);
    for (const { cardId } of posts) await cards.shown(cardId, 1, `ref-${cardId}`, Date.now());
    expect(mine(await cards.claimDue({ ...claim, what: 'update', now: soon() }))).toEqual([]);

    const decision = aDecision(action, 'alice');
    const queued = await press(action, decision);
    if (!queued) throw new Error('the press was lost');
    const outcome = { status: 'completed' as const, at: new Date().toISOString(), message: null, externalRef: null };
    const step = settled(queued, decision.decisionId, outcome);
    if (!step) throw new Error('the outcome was ignored');
    await deps().store.apply({ ...step, note: true });
    const updates = mine(await cards.claimDue({ ...claim, what: 'update', now: soon() }));
    expect(updates).toMatchObject([{ wantedVersion: 3 }, { wantedVersion: 3 }]);
    const notes = mine(await cards.claimDue({ ...claim, what: 'post', now: soon() }));
    expect(notes).toMatchObject([
      { kind: 'note', parentRef: `ref-${action.id}-1` },
      { kind: 'note', parentRef: `ref-${action.id}-2` },
    ]);
    expect((await deps().store.history(action.id)).map(({ kind }) => kind)).toEqual(['decided', 'outcome']);
  });

  it('hands decided actions out in the order of their decisions, page by page', async () => {
    const since = new Date().toISOString();
    const actions = [];
    for (let index = 0; index < 7; index += 1) {
      const action = await anAnnounced();
      await press(action, aDecision(action, `person-${index}`));
      actions.push(action.id);
    }
    await anAnnounced();
    const pages: string[][] = [];
    let after: { at: string; id: string } | null = null;
    do {
      const page = await deps().store.decidedSince(since, after, 3);
      pages.push(page.map(({ id }) => id));
      const last = page.at(-1);
      after = last?.decision ? { at: last.decision.decidedAt, id: last.id } : null;
    } while (after !== null);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1, 0]);
    expect(pages.flat().sort()).toEqual(actions.sort());
    expect(await deps().store.decidedSince(new Date(Date.now() + 1000).toISOString(), null, 10)).toEqual([]);
  });

  it.each(["update audit_events set kind = 'x'", 'delete from audit_events', 'truncate audit_events'])('refuses %s', async (statement) => {
    await anAnnounced();
    await expect(sql.raw(statement).execute(db)).rejects.toThrow('append-only');
  });

  it('hands every outbox row to one relay at a time, and again when a relay died with it', async () => {
    const actions = await Promise.all(Array.from({ length: 12 }, anAnnounced));
    await Promise.all(actions.map((action) => press(action, aDecision(action, 'alice'))));
    const box = outbox(db, tenant);
    const now = soon();
    const claims = await Promise.all(Array.from({ length: 4 }, () => box.claim(now, 1000, 100)));
    const ids = claims.flat().map(({ decisionId }) => decisionId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await box.claim(now + 500, 1000, 100)).toEqual([]);
    const again = await box.claim(now + 1500, 1000, 100);
    expect(again.map(({ decisionId }) => decisionId).sort()).toEqual(ids.sort());
    await box.sent(ids, now);
    expect(await box.unsent()).toBe(0);
    expect(await box.resend(ids[0] ?? '')).toBe(true);
    expect(await box.unsent()).toBe(1);
    expect(await box.resend('D-unknown')).toBe(false);
  });

  it('shares the tokens of a lane, refills it with time and keeps it closed while it is blocked', async () => {
    const lane = lanes(db);
    const limit = { capacity: 3, perSecond: 1 };
    const now = Date.now();
    const waits = await Promise.all(Array.from({ length: 5 }, () => lane.take('lane-a', limit, now)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(3);
    expect(Math.max(...waits)).toBe(1000);
    expect(await lane.take('lane-a', limit, now + 1000)).toBe(0);
    await lane.block('lane-a', now + 9000);
    expect(await lane.take('lane-a', limit, now + 4000)).toBe(5000);
    expect(await lane.take('lane-a', limit, now + 9000)).toBe(0);
    // A second bot whose clock runs behind refills nothing twice.
    expect(await lane.take('lane-b', { capacity: 1, perSecond: 1 }, now)).toBe(0);
    expect(await lane.take('lane-b', { capacity: 1, perSecond: 1 }, now - 60_000)).toBeGreaterThan(0);
  });

  it('lets one worker at a time hold an execution, and hands it on when the lease ends', async () => {
    const action = await anAnnounced();
    const executions = executionStore(db, tenant);
    const claim = (holder: string, now: number) => executions.claim('D-x', action.id, holder, now, 1000);
    const now = Date.now();
    const first = await Promise.all(['w1', 'w2', 'w3'].map((holder) => claim(holder, now)));
    expect(first.filter(({ state }) => state === 'mine')).toHaveLength(1);
    expect(await claim('w9', now + 2000)).toMatchObject({ state: 'mine', first: false });
    await executions.submitted('D-x', { run: '1' });
    await executions.finished('D-x', { status: 'completed', at: new Date().toISOString(), message: null, externalRef: null });
    await executions.submitted('D-x', { run: '2' });
    expect(await executions.get('D-x')).toMatchObject({ state: 'finished', externalRef: { run: '1' }, outcome: { status: 'completed' } });
    expect(await claim('w1', now)).toMatchObject({ state: 'mine', execution: { state: 'finished' } });
  });

  it('finds cancellations that have no end while what they stop still runs', async () => {
    const { store } = deps();
    const action = await anAnnounced();
    const approval = aDecision(action, 'alice');
    const queued = await press(action, approval);
    const at = () => new Date().toISOString();
    const running = queued && settled(queued, approval.decisionId, { status: 'inProgress', at: at(), message: null, externalRef: null });
    const going = running && (await store.apply(running));
    if (!going) throw new Error('it does not run');
    const stop = { ...aDecision(action, 'bob'), verb: 'cancel' as const };
    const asked = await store.apply({ ...cancelAsked(going, stop), decision: decisionMessage(going, stop) });
    const found = async (before = Date.now() + 1000) =>
      (await store.stalledCancellations(new Date(before).toISOString(), 100)).filter(({ actionId }) => actionId === action.id);
    expect(await found()).toEqual([{ actionId: action.id, decisionId: stop.decisionId }]);
    expect(await found(Date.now() - 60_000)).toEqual([]);
    const executions = executionStore(db, tenant);
    await executions.claim(stop.decisionId, action.id, 'w1', Date.now(), 1000);
    expect(await found()).toHaveLength(1);
    await executions.finished(stop.decisionId, null);
    expect(await found()).toEqual([]);

    const again = { ...aDecision(action, 'bob'), verb: 'cancel' as const };
    const askedAgain = asked && (await store.apply({ ...cancelAsked(asked, again), decision: decisionMessage(asked, again) }));
    expect(await found()).toHaveLength(1);
    const end = askedAgain && settled(askedAgain, approval.decisionId, { status: 'completed', at: at(), message: null, externalRef: null });
    if (end) await store.apply(end);
    expect(await found()).toEqual([]);
  });

  it('tells a failing engine from everything else', async () => {
    await expect(sql.raw('select nonsense').execute(db)).rejects.not.toMatchObject({ service: 'store' });
    const broken = actionStore(openDatabase({ connect: () => Promise.reject(new Error('down')), end: async () => {} }), tenant);
    await expect(broken.get(newActionId())).rejects.toMatchObject({ name: 'UpstreamError', service: 'store', retryable: true });
  });
});

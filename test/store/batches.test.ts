/** Batches, what reverses an action, and the same file elsewhere: the same on PostgreSQL and on PGlite. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId, EntraId } from '../../src/action-center/action.ts';
import type { BatchStore } from '../../src/action-center/batch.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { actionStore } from '../../src/store/actions.ts';
import { batchStore } from '../../src/store/batches.ts';
import type { Database } from '../../src/store/database.ts';
import { openActions, undoStore } from '../../src/store/related-actions.ts';
import { addCompleted } from '../features/completed.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const now = Date.parse('2026-11-21T08:00:00Z');
const at = new Date(now).toISOString();

describe.each(engines)('on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;
  let batches: BatchStore;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    batches = batchStore(db, tenant);
  }, 60_000);
  afterAll(() => record.close());

  let made = 0;
  async function drafted(size: number): Promise<string> {
    made += 1;
    const id = `B-${made}`;
    const actor = { entraId: EntraId.parse('7f0c'), upn: 'alice@contoso.example', displayName: 'Alice Adams' };
    const members = Array.from({ length: size }, (_, index) => ({
      actionId: ActionId.parse(`A-${id}-${index}`),
      digest: 'sha256:x',
      decisionId: `D-${id}-${index}`,
    }));
    const where = { platform: 'slack' as const, conversation: 'C0SOC' };
    await batches.draft({ id, type: 'isolateDevice', verb: 'undo', actor, by: 'slack:T/U', ...where, createdAt: at }, members);
    return id;
  }
  const begin = (id: string) =>
    batches.begin({
      id,
      verb: 'undo',
      comment: null,
      by: 'slack:T/U',
      at,
      event: { kind: 'batch', at, actorId: '7f0c', data: { batchId: id } },
    });
  const outcome = (id: string, index: number, status: string) =>
    sql`insert into audit_events (tenant_id, action_id, at, kind, data) values (${tenant}, ${`A-${id}-${index}`}, now(), 'outcome',
      ${JSON.stringify({ decisionId: `D-${id}-${index}`, status, message: `it is ${status}` })}::jsonb)`.execute(db);

  it('a draft begins once, with a card and an audit event, and is worked on by one bot at a time', async () => {
    const id = await drafted(3);
    expect(await batches.claim('bot-1', now, 1000)).toBeNull();
    expect(await Promise.all([begin(id), begin(id)])).toEqual(expect.arrayContaining([true, false]));
    const cards = await sql<{ kind: string }>`select kind from cards where action_id = ${id}`.execute(db);
    expect(cards.rows).toEqual([{ kind: 'batch' }]);
    const events = await sql`select 1 from audit_events where kind = 'batch' and data ->> 'batchId' = ${id}`.execute(db);
    expect(events.rows).toHaveLength(1);
    expect(await batches.claim('bot-1', now, 1000)).toMatchObject({ id, status: 'running', total: 3 });
    expect(await batches.claim('bot-2', now + 500, 1000)).toBeNull();
    // It died; another one takes over.
    expect(await batches.claim('bot-2', now + 1001, 1000)).toMatchObject({ id });
    await batches.release(id, 'bot-1', now);
    expect(await batches.claim('bot-3', now + 1500, 1000)).toBeNull();
    await batches.release(id, 'bot-2', now + 5000);
    expect(await batches.claim('bot-3', now + 4999, 1000)).toBeNull();
    expect(await batches.claim('bot-3', now + 5000, 1000)).toMatchObject({ id });
  });

  it('counts outcomes by the decision that they are of, exactly and to the end', async () => {
    const id = await drafted(5);
    await begin(id);
    const waiting = await batches.waiting(id, 10);
    expect(waiting.map(({ decisionId }) => decisionId)).toEqual([0, 1, 2, 3, 4].map((index) => `D-${id}-${index}`));
    const end = { refusal: null, message: null };
    for (const member of waiting.slice(0, 4)) await batches.ended(id, member.actionId, { ...end, state: 'decided' });
    const refusal = { kind: 'not-found' as const };
    await batches.ended(id, ActionId.parse(`A-${id}-4`), { state: 'refused', refusal, message: null });
    // A member only ever goes forward.
    await batches.ended(id, ActionId.parse(`A-${id}-4`), { ...end, state: 'done' });
    await outcome(id, 0, 'inProgress');
    await outcome(id, 1, 'undone');
    await sql`insert into audit_events (tenant_id, action_id, at, kind, data) values (${tenant}, ${`A-${id}-2`}, now(), 'outcome',
      '{"decisionId": "D-other", "status": "failed"}'::jsonb)`.execute(db);
    expect(await batches.follow(id, now)).toMatchObject({
      status: 'running',
      counts: { waiting: 0, decided: 3, done: 1, refused: 1, failed: 0 },
    });
    const wanted = () =>
      sql<{ v: number }>`select wanted_version as v from cards where action_id = ${id}`.execute(db).then(({ rows }) => rows[0]?.v ?? 0);
    const shown = await wanted();
    await outcome(id, 2, 'undone');
    // Nobody reads a counter that changes all the time; the end is always told at once.
    await batches.follow(id, now + 100);
    expect(await wanted()).toBe(shown);
    await batches.follow(id, now + 2100);
    expect(await wanted()).toBeGreaterThan(shown);
    await outcome(id, 0, 'completed');
    await outcome(id, 3, 'failed');
    await outcome(id, 3, 'undone');
    expect(await batches.follow(id, now + 2200)).toMatchObject({
      status: 'finished',
      counts: { done: 3, failed: 1, refused: 1, decided: 0, waiting: 0 },
    });
    expect(await batches.setbacks(id, 10)).toEqual([
      { actionId: `A-${id}-3`, state: 'failed', refusal: null, message: 'it is failed' },
      { actionId: `A-${id}-4`, state: 'refused', refusal, message: null },
    ]);
    expect(await batches.claim('bot-1', now + 60_000, 1000)).not.toMatchObject({ id });
  });

  it('forgets drafts that nobody confirmed, and nothing else', async () => {
    const [kept, gone] = [await drafted(2), await drafted(2)];
    await begin(kept);
    expect(await batches.forget(new Date(now + 1).toISOString())).toBe(1);
    expect(await batches.get(gone)).toBeNull();
    expect(await batches.get(kept)).toMatchObject({ status: 'running' });
    expect(await begin(gone)).toBe(false);
  });

  it('finds the same file and what reversed it, whatever the case of the hash', async () => {
    const on = (name: string, hash: string) => [
      { type: 'device' as const, name },
      { type: 'file' as const, sha256: hash },
    ];
    const add = (
      name: string,
      hash: string,
      type: 'stopAndQuarantineFile' | 'releaseFromQuarantine' = 'stopAndQuarantineFile',
      minutes = 10,
    ) => addCompleted(db, { type, entities: on(name, hash), completedAt: new Date(Date.now() - minutes * 60_000).toISOString() });
    const read = (id: string): Promise<RemediationAction> =>
      actionStore(db, tenant)
        .get(ActionId.parse(id))
        .then((action) => action ?? Promise.reject(new Error('no such action')));
    const hash = 'ab'.repeat(32);
    const first = await read(await add('wks-1.contoso.example', hash));
    const second = await add('wks-2.contoso.example', hash.toUpperCase());
    await add('wks-3.contoso.example', 'cd'.repeat(32));
    const related = undoStore(db, tenant);
    expect((await related.sameFile(first, 10)).map(({ id }) => id)).toEqual([second]);
    expect(await related.reversals(first, 'releaseFromQuarantine', first.updatedAt)).toEqual([]);
    const release = await add('wks-1.contoso.example', hash, 'releaseFromQuarantine', 5);
    await add('wks-1.contoso.example', hash, 'releaseFromQuarantine', 20);
    expect((await related.reversals(first, 'releaseFromQuarantine', first.updatedAt)).map(({ id }) => id)).toEqual([release]);
    expect(await openActions(db, tenant).types({ platform: 'slack', conversation: 'C0SOC' })).toEqual([]);
  });
});

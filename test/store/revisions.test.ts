/** One suite, both engines: revisions of one action, notices that are said once, alarms that are raised once. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { type AnnounceDeps, announce, parseSubmission } from '../../src/action-center/announce.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import type { AuditEvent } from '../../src/action-center/ports.ts';
import { triesWithoutAuthority } from '../../src/action-center/refusal.ts';
import { decided, settled } from '../../src/action-center/transitions.ts';
import { newActionId, newDecisionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { alarmStore } from '../../src/store/alarms.ts';
import { cardStore } from '../../src/store/cards.ts';
import type { Database } from '../../src/store/database.ts';
import { isolateDevice, quarantineFile } from '../features/actions.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const minute = 60_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

describe.each(engines)('the record on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
  }, 60_000);
  afterAll(() => record.close());

  const deps = (): AnnounceDeps => ({
    store: actionStore(db, tenant),
    policy: {
      version: 'v1',
      routesFor: () => [{ platform: 'slack', conversation: 'C1' }],
      approvalsNeeded: () => 1,
      isProtected: () => false,
    },
    tenantId: tenant,
    now: () => new Date(),
    sha256,
    newActionId,
    poke: () => {},
  });

  const submit = async (body: object) => {
    const parsed = parseSubmission(body);
    if (!('intake' in parsed)) throw new Error(JSON.stringify(parsed.issues));
    return announce(deps(), parsed.intake);
  };
  const stored = async (body: object): Promise<RemediationAction> => {
    const announced = await submit(body);
    if (announced.kind !== 'accepted') throw new Error(`not accepted: ${announced.kind}`);
    return announced.action;
  };
  const approved = async (action: RemediationAction, who: string) => {
    const actor = { entraId: EntraId.parse(who), upn: `${who}@contoso.example`, displayName: who, rolesUsed: [] };
    const decidedAt = new Date().toISOString();
    const decision = {
      decisionId: newDecisionId(),
      verb: 'approve' as const,
      actor,
      platform: 'slack' as const,
      account: 'U0X',
      comment: null,
    };
    const { final: _final, ...step } = decided(action, { ...decision, decidedAt, scopeDigest: action.scopeDigest });
    const queued = await deps().store.apply(step);
    if (!queued) throw new Error('the press was lost');
    return queued;
  };
  const count = async (table: string, where: string) =>
    Number(
      (await sql<{ n: number }>`select count(*)::integer as n from ${sql.table(table)} where ${sql.raw(where)}`.execute(db)).rows[0]?.n,
    );

  it('keeps every revision, finds the newest, and supersedes in one transaction', async () => {
    const body = quarantineFile();
    const first = await stored(body);
    const second = await stored({ ...body, revision: 3, parameters: { comment: 'now with more' } });
    expect(second).toMatchObject({ key: body.id, revision: 3, status: 'pending', version: 1, approvals: [] });
    expect(second.scopeNote).toContain('parameters changed: simulator, comment');
    expect(await deps().store.get(first.id)).toMatchObject({ status: 'superseded', supersededBy: second.id });
    expect((await deps().store.byKey('sentinel', body.id))?.action.id).toBe(second.id);
    expect(await count('audit_events', `action_id = '${first.id}' and kind = 'superseded'`)).toBe(1);
    expect(await count('cards', `action_id = '${first.id}' and kind = 'action' and wanted_version = 2`)).toBe(1);
    expect(await count('cards', `action_id = '${second.id}' and kind = 'action'`)).toBe(1);
  });

  it('knows the same content under a higher revision, and takes no lower one', async () => {
    const body = isolateDevice();
    const first = await stored(body);
    expect(await submit({ ...body, revision: 2 })).toMatchObject({ kind: 'known', action: { id: first.id } });
    const second = await stored({ ...body, revision: 2, title: 'Other words' });
    expect(await submit(body)).toMatchObject({ kind: 'conflict', why: 'content', action: { id: second.id } });
  });

  it('lets one of many simultaneous revisions through, and none when somebody decided in the same moment', async () => {
    const body = isolateDevice();
    await stored(body);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => submit({ ...body, revision: 2, parameters: { comment: `try ${index}` } })),
    );
    expect(results.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === 'conflict')).toHaveLength(7);
    expect(await count('actions', `key = '${body.id}' and status = 'pending'`)).toBe(1);

    const other = isolateDevice();
    const open = await stored(other);
    const [press, revision] = await Promise.allSettled([approved(open, 'alice'), submit({ ...other, revision: 2, title: 'Other words' })]);
    const late = revision.status === 'fulfilled' ? revision.value : null;
    if (press.status === 'fulfilled') expect(late).toMatchObject({ kind: 'conflict', why: 'closed', action: { status: 'queued' } });
    else expect(late).toMatchObject({ kind: 'accepted' });
    expect(await count('actions', `key = '${other.id}' and status <> 'superseded'`)).toBe(1);
  });

  it('lets one of many simultaneous first submissions through, whatever their revisions', async () => {
    const body = isolateDevice();
    const results = await Promise.all([1, 2, 3].map((revision) => submit({ ...body, revision, title: `Revision ${revision}` })));
    expect(results.filter(({ kind }) => kind === 'accepted').length).toBeGreaterThan(0);
    expect(await count('actions', `key = '${body.id}' and status <> 'superseded'`)).toBe(1);
  });

  it('puts a notice to a person on its way once, however often it is told', async () => {
    const action = await stored(isolateDevice());
    const event: AuditEvent = { kind: 'refused', at: new Date().toISOString(), actorId: null, data: { reason: 'gone' } };
    const people = [{ noticeId: `${action.id}-told`, target: { platform: 'slack' as const, conversation: 'U0BOB' } }];
    await deps().store.tell(action.id, event, people);
    await deps().store.tell(action.id, event, people);
    expect(await count('cards', `card_id = '${action.id}-told'`)).toBe(1);
    const cards = cardStore(db, tenant);
    const claim = {
      platform: 'slack' as const,
      holder: 'bot',
      leaseMs: minute,
      beginMs: minute,
      limit: 100,
      except: ['C1'],
      now: Date.now() + 50,
    };
    const notices = (await cards.claimDue({ ...claim, what: 'post' })).filter(({ kind }) => kind === 'notice');
    expect(notices).toMatchObject([{ conversation: 'U0BOB', actionId: action.id, parentRef: null, note: { data: { reason: 'gone' } } }]);
  });

  it('counts refused tries by person over all accounts, and none that were nobody’s fault', async () => {
    const { store } = deps();
    const refused = (data: object, actorId: string | null = null, at = ago(minute)) =>
      store.note(null, { kind: 'refused', at, actorId, data: { by: 'slack:T1/U1', ...data } });
    for (let nr = 0; nr < 3; nr += 1) await refused({ refusal: 'not-permitted', upn: 'mallory@contoso.example' }, 'mallory');
    await refused({ refusal: 'may-not-read', by: 'teams:t/mallory' }, 'mallory');
    await refused({ refusal: 'not-permitted' }, 'mallory', ago(11 * minute));
    for (let nr = 0; nr < 6; nr += 1) await refused({ refusal: 'identity-unavailable', by: 'slack:T1/U2' });
    for (let nr = 0; nr < 4; nr += 1) await refused({ refusal: 'unknown-person', by: 'slack:T1/U3' });
    const alarms = alarmStore(db, tenant);
    const ask = (atLeast: number) =>
      alarms.suspects({ refusals: triesWithoutAuthority, since: ago(10 * minute), atLeast, quietSince: ago(60 * minute), limit: 20 });
    expect(await ask(5)).toEqual([]);
    await refused({ refusal: 'unknown-person', by: 'slack:T1/U3' });
    await refused({ refusal: 'not-permitted' }, 'mallory');
    expect(await ask(5)).toHaveLength(2);
    expect((await ask(5)).find(({ isPerson }) => isPerson)).toMatchObject({
      subject: 'mallory',
      count: 5,
      upn: 'mallory@contoso.example',
      accounts: ['slack:T1/U1', 'teams:t/mallory'],
      lastActionId: null,
    });
    expect((await ask(5)).find(({ isPerson }) => !isPerson)).toMatchObject({ subject: 'slack:T1/U3', count: 5, upn: null });
    const event: AuditEvent = { kind: 'alarm', at: new Date().toISOString(), actorId: null, data: {} };
    await alarms.raise({ subject: 'refusals:mallory', actionId: null, event }, [], ago(60 * minute));
    expect((await ask(5)).map(({ subject }) => subject)).toEqual(['slack:T1/U3']);
  });

  it('raises an alarm once in its quiet time, with its notices, however many bots try', async () => {
    const alarms = alarmStore(db, tenant);
    const targets = [
      { platform: 'slack' as const, conversation: 'C0OPS' },
      { platform: 'teams' as const, conversation: '19:ops@thread.tacv2' },
    ];
    const alarm = (at: string) => ({
      subject: 'refusals:x',
      actionId: null,
      event: { kind: 'alarm' as const, at, actorId: null, data: { alarm: 'refusals' } },
    });
    const raise = (at: string) => alarms.raise(alarm(at), targets, new Date(Date.parse(at) - 60 * minute).toISOString());
    const raised = await Promise.all(Array.from({ length: 5 }, () => raise(ago(61 * minute))));
    expect(raised.filter(Boolean)).toHaveLength(1);
    expect(await count('cards', `kind = 'notice' and action_id is null`)).toBe(2);
    expect(await raise(ago(2 * minute))).toBe(false);
    expect(await raise(ago(0))).toBe(true);
    expect(await count('audit_events', `kind = 'alarm' and data ->> 'alarm' = 'refusals'`)).toBe(2);
    expect(await count('cards', `kind = 'notice' and action_id is null`)).toBe(4);
  });

  it('finds what failed until an alarm tells of it, and who decided lately', async () => {
    const alarms = alarmStore(db, tenant);
    const queued = await approved(await stored(isolateDevice()), 'bob');
    const { decision } = queued;
    if (!decision) throw new Error('nobody decided');
    const at = new Date().toISOString();
    const step = settled(queued, decision.decisionId, { status: 'failed', at, message: 'no', externalRef: null });
    if (!step) throw new Error('the outcome was ignored');
    await deps().store.apply(step);
    const failed = async () => (await alarms.failedSince(ago(minute), 20)).map(({ id }) => id);
    expect(await failed()).toEqual([queued.id]);
    const event: AuditEvent = { kind: 'alarm', at, actorId: null, data: { alarm: 'failed' } };
    expect(await alarms.raise({ subject: `failed:${decision.decisionId}`, actionId: queued.id, event }, [], null)).toBe(true);
    expect(await failed()).toEqual([]);
    expect(await alarms.raise({ subject: `failed:${decision.decisionId}`, actionId: queued.id, event }, [], null)).toBe(false);

    await approved(await stored(quarantineFile()), 'carol');
    const { store } = deps();
    expect(await store.recentDeciders(['stopAndQuarantineFile', 'isolateDevice'], ago(minute), 5)).toEqual(
      expect.arrayContaining(['carol', 'bob']),
    );
    expect(await store.recentDeciders(['stopAndQuarantineFile', 'isolateDevice'], ago(minute), 1)).toEqual(['carol']);
    expect(await store.recentDeciders(['softDeleteEmail'], ago(minute), 5)).toEqual([]);
  });
});

/** What is looked at for an inbox is chosen in the order of the inbox, on both engines; the same as a reckoning in memory. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId, ActionType, type Decision, EntraId, Severity } from '../../src/action-center/action.ts';
import { catalogue } from '../../src/action-center/catalogue.ts';
import { byUrgency, type CandidateQuery } from '../../src/action-center/inbox.ts';
import { isOpen, type RemediationAction } from '../../src/action-center/intake.ts';
import type { NewAction } from '../../src/action-center/ports.ts';
import { decided } from '../../src/action-center/transitions.ts';
import { actionStore } from '../../src/store/actions.ts';
import { cardStore } from '../../src/store/cards.ts';
import type { Database } from '../../src/store/database.ts';
import { inboxStore } from '../../src/store/inbox.ts';
import { aDecision, anAction, testNow } from '../setup/builders.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const tenant = 'default';
const alice = EntraId.parse('7f0c0000-0000-4000-8000-000000000001');
const bob = EntraId.parse('7f0c0000-0000-4000-8000-000000000002');
const by = (entraId: EntraId, number: number, over: Partial<Decision> = {}): Decision =>
  aDecision({
    decisionId: `D-${entraId.at(-1)}-${number}`,
    actor: { ...aDecision().actor, entraId },
    decidedAt: new Date(testNow.getTime() + number * 1000).toISOString(),
    ...over,
  });

/** Fixed, so that a failure can be met again. */
function dice(seed: number) {
  let state = seed;
  return (sides: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

describe.each(engines)('the inbox on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;
  const stored: RemediationAction[] = [];
  const store = () => actionStore(db, tenant);
  const inbox = () => inboxStore(db, tenant);
  const pick = dice(7);
  const of = <T>(list: readonly T[]): T => list[pick(list.length)] as T;

  async function add(number: number, over: Parameters<typeof anAction>[0] = {}): Promise<RemediationAction> {
    const id = `A-${String(number).padStart(4, '0')}`;
    const { status: _status, decision: _decision, outcome: _outcome, ...action } = anAction({ ...over, id, key: id });
    const event = { kind: 'announced' as const, at: action.createdAt, actorId: null, data: {} };
    const targets = [
      { platform: 'slack' as const, conversation: 'C1' },
      { platform: 'slack' as const, conversation: 'C2' },
    ];
    const added = await store().add({ ...action, contentDigest: 'c' } satisfies NewAction, targets, event);
    return added.action;
  }

  async function decide(action: RemediationAction, decision: Decision): Promise<RemediationAction> {
    const { final: _final, ...step } = decided(action, decision);
    const changed = await store().apply(step);
    if (!changed) throw new Error('somebody was faster');
    return changed;
  }

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    for (let number = 0; number < 60; number += 1) {
      const group = of(['Workstations', 'Servers', undefined]);
      let action = await add(number, {
        type: of(ActionType.options),
        severity: of(Severity.options),
        needed: 1 + pick(2),
        requestedAt: new Date(testNow.getTime() - pick(400) * 3_600_000).toISOString(),
        expiresAt: new Date(testNow.getTime() + (pick(60) - 3) * 3_600_000).toISOString(),
        entities: [{ type: 'device', name: `wks-${number}`, ...(group === undefined ? {} : { group }) }],
      });
      if (pick(4) === 0) action = await decide(action, by(of([alice, bob]), number));
      stored.push(action);
    }
  }, 60_000);
  afterAll(() => record.close());

  const asked = (over: Partial<CandidateQuery> = {}): CandidateQuery => ({
    entraId: alice,
    types: ActionType.options,
    deviceGroups: null,
    now: testNow.toISOString(),
    urgentUntil: new Date(testNow.getTime() + 24 * 3_600_000).toISOString(),
    limit: 500,
    ...over,
  });
  const reckoned = ({ types, deviceGroups, entraId, now }: CandidateQuery): string[] =>
    stored
      .filter((action) => isOpen(action) && action.expiresAt > now && types.includes(action.type))
      .filter(({ approvals }) => !approvals.some(({ actor }) => actor.entraId === entraId))
      .filter(
        ({ type, entities }) =>
          deviceGroups === null ||
          catalogue[type].workload !== 'device' ||
          entities.some((entity) => entity.type === 'device' && entity.group !== undefined && deviceGroups.includes(entity.group)),
      )
      .toSorted(byUrgency(testNow))
      .map(({ id }) => id);

  it.each<[string, Partial<CandidateQuery>]>([
    ['everything', {}],
    ['some types', { types: ['isolateDevice', 'softDeleteEmail', 'disableUser', 'offboardMachine'] }],
    ['one device group', { deviceGroups: ['Servers'] }],
    ['no device group', { deviceGroups: [] }],
    ['somebody else', { entraId: bob }],
  ])('finds %s, the most urgent first', async (_what, over) => {
    const query = asked(over);
    const expected = reckoned(query);
    expect(expected.length).toBeGreaterThan(3);
    const { actions, total } = await inbox().candidates(query);
    expect(actions.map(({ id }) => id)).toEqual(expected);
    expect(total).toBe(expected.length);
  });

  it('cuts at the limit from the end, and still counts all', async () => {
    const expected = reckoned(asked());
    const { actions, total } = await inbox().candidates(asked({ limit: 10 }));
    expect(actions.map(({ id }) => id)).toEqual(expected.slice(0, 10));
    expect(total).toBe(expected.length);
  });

  it('tells what somebody decided, newest first, with how it stands now', async () => {
    const first = await add(900, { needed: 2 });
    await decide(await decide(first, by(alice, 9001)), by(bob, 9002));
    const second = await decide(await add(901), by(alice, 9003, { verb: 'reject', comment: 'No.' }));
    const mine = await inbox().decidedBy(alice, 2);
    expect(mine.map(({ action, decision }) => [action.id, action.status, decision.verb, decision.decisionId])).toEqual([
      [second.id, 'rejected', 'reject', 'D-1-9003'],
      [first.id, 'queued', 'approve', 'D-1-9001'],
    ]);
  });

  it('reads it from the index of decisions', async () => {
    const { rows } = await sql<{ indexname: string }>`select indexname from pg_indexes where tablename = 'audit_events'`.execute(db);
    expect(rows.map(({ indexname }) => indexname)).toContain('audit_decisions_by_person');
  });

  it('knows one place for each card that is posted', async () => {
    const [one, two] = [await add(910), await add(911)];
    await cardStore(db, tenant).shown(`${one.id}-2`, 1, '17.2', testNow.getTime());
    const places = await inbox().places('slack', [one.id, two.id, ActionId.parse('A-9999')]);
    expect([...places]).toEqual([[one.id, { conversation: 'C2', ref: '17.2' }]]);
    expect(await inbox().places('teams', [one.id])).toEqual(new Map());
  });
});

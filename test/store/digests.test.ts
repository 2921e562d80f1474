/** Digests in the record: every figure is what the raw events say and what its look-up lists; each digest is made once. On both engines. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askedFigures, type DigestPlan, type NewDigest } from '../../src/action-center/digest.ts';
import type { DigestFigures, Span } from '../../src/action-center/digest-figures.ts';
import { spanOf } from '../../src/action-center/digest-figures.ts';
import { lastDue, nextDue, Weekday } from '../../src/action-center/digest-schedule.ts';
import type { HistoryQuery } from '../../src/action-center/history.ts';
import { queryFor } from '../../src/action-center/look-up.ts';
import { type DigestButton, digestCard } from '../../src/chat/digest-card.ts';
import { parseHistory } from '../../src/chat/history-command.ts';
import { newDigestId } from '../../src/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { digestStore } from '../../src/store/digests.ts';
import { historyStore } from '../../src/store/history.ts';
import { fileActions } from '../../src/store/history-filing.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';
import { putRandomPast, type RawAction, type RawEvent } from './random-past.ts';

const tenant = 'default';
const due = '2026-11-20T07:00:00.000Z';
const zone = 'Europe/Berlin';

describe.each(engines)('digests on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;
  let figures: DigestFigures;
  let actions: RawAction[];
  let events: RawEvent[];
  const digests = () => digestStore(db, tenant);

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    await putRandomPast(db, tenant, { count: 120, hours: 24 * 16, until: '2026-11-20T09:00:00.000Z', seed: 11 });
    // Half of it is filed, as in any record.
    await fileActions(db, tenant, { before: '2026-11-18T00:00:00.000Z', limit: 1000 });
    // A weekend's worth, so that no figure is zero.
    const span = spanOf(due, '2026-11-16T07:00:00.000Z');
    figures = await digests().figures(askedFigures({ timezone: zone }, span, due));
    actions = (await sql<RawAction>`select * from actions`.execute(db)).rows;
    events = (await sql<RawEvent>`select * from audit_events order by seq`.execute(db)).rows;
  }, 60_000);
  afterAll(() => record.close());

  const during = ({ from, to }: Span) => events.filter(({ at }) => at.toISOString() >= from && at.toISOString() < to);
  const actionsOf = (list: readonly RawEvent[]) => new Set(list.map(({ action_id }) => action_id).filter((id) => id !== null));
  const decidedAs =
    (...verbs: string[]) =>
    (event: RawEvent) =>
      event.kind === 'decided' && verbs.includes(event.data['verb'] ?? '');
  const endedAs = (status: string) => (event: RawEvent) =>
    event.kind === 'outcome' && event.data['status'] === status && event.data['verb'] !== 'undo';
  const actionOf = (id: string | null) => actions.find((action) => action.id === id);
  const counted = <T>(list: readonly T[], key: (one: T) => string) =>
    [...Map.groupBy(list, key)]
      .map(([name, all]) => ({ name, count: all.length }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const nearestRank = (list: readonly number[], part: number): number | null =>
    list.length === 0 ? null : ([...list].sort((a, b) => a - b)[Math.max(0, Math.ceil(list.length * part) - 1)] ?? null);
  const waitsIn = (span: Span) =>
    during(span)
      .filter(decidedAs('approve', 'reject'))
      .map((event) => event.at.getTime() - (actionOf(event.action_id)?.created_at.getTime() ?? 0));

  it('has something to tell', () => {
    const { happened, waiting, refused, byPerson } = figures;
    for (const count of [
      waiting.count,
      waiting.expiring,
      happened.approved,
      happened.rejected,
      happened.undo,
      happened.failed,
      happened.expired,
    ])
      expect(count).toBeGreaterThan(0);
    expect(Math.min(refused.decided, refused.open)).toBeGreaterThan(0);
    expect(refused.tries).toBeGreaterThan(refused.decided + refused.open);
    expect(byPerson).toHaveLength(5);
  });

  it('every figure is what a reckoning over the raw events says', () => {
    const { span, before } = figures;
    const now = during(span);
    const open = actions.filter(({ status }) => ['pending', 'awaitingSecondApproval'].includes(status));
    const sizes = (fits: (event: RawEvent) => boolean) => actionsOf(now.filter(fits)).size;
    expect(figures.happened).toEqual({
      announced: sizes(({ kind }) => kind === 'announced'),
      approved: sizes(decidedAs('approve')),
      rejected: sizes(decidedAs('reject')),
      undo: sizes(decidedAs('undo')),
      completed: sizes(endedAs('completed')),
      partiallyCompleted: sizes(endedAs('partiallyCompleted')),
      failed: sizes(endedAs('failed')),
      timedOut: sizes(endedAs('timedOut')),
      cancelled: sizes(endedAs('cancelled')),
      undone: sizes(({ kind, data }) => kind === 'outcome' && data['verb'] === 'undo' && data['status'] === 'undone'),
      undoFailed: sizes(({ kind, data }) => kind === 'outcome' && data['verb'] === 'undo' && data['status'] === 'failed'),
      expired: sizes(({ kind }) => kind === 'expired'),
      refused: sizes(({ kind }) => kind === 'refused'),
    });
    expect(figures.waiting.count).toBe(open.length);
    const soon = Date.parse(due) + 86_400_000;
    expect(figures.waiting.expiring).toBe(open.filter(({ expires_at }) => expires_at.getTime() < soon).length);
    const oldest = open.reduce((a, b) => (b.created_at < a.created_at || (+b.created_at === +a.created_at && b.id < a.id) ? b : a));
    expect(figures.waiting.oldest?.actionId).toBe(oldest.id);
    const rank = (one: RawAction) => [
      one.expires_at.getTime() < soon ? 0 : 1,
      ['high', 'medium', 'low', 'informational'].indexOf(one.severity),
      one.created_at.getTime(),
    ];
    const byUrgency = (a: RawAction, b: RawAction) => {
      const [left, right] = [rank(a), rank(b)];
      const at = left.findIndex((value, index) => value !== right[index]);
      return at < 0 ? (a.id < b.id ? -1 : 1) : (left[at] ?? 0) - (right[at] ?? 0);
    };
    expect(figures.waiting.top.map(({ actionId }) => actionId)).toEqual(
      open
        .sort(byUrgency)
        .slice(0, 5)
        .map(({ id }) => id),
    );
    const ends = now.filter(decidedAs('approve', 'reject'));
    expect(figures.byType.map(({ type, count }) => ({ name: type, count }))).toEqual(
      counted(ends, ({ action_id }) => actionOf(action_id)?.type ?? '').slice(0, 6),
    );
    expect(figures.bySource.map(({ source, count }) => ({ name: source, count }))).toEqual(
      counted(ends, ({ action_id }) => actionOf(action_id)?.source ?? ''),
    );
    const presses = [
      ...new Map(
        now.filter(decidedAs('approve', 'reject', 'undo')).map((event) => [`${event.actor_id} ${event.action_id}`, event]),
      ).values(),
    ];
    const upnOf = ({ data }: RawEvent) => (data['actor'] as unknown as { upn: string }).upn;
    expect(figures.byPerson.map(({ upn, count }) => ({ name: upn, count }))).toEqual(counted(presses, upnOf).slice(0, 5));
    for (const [waits, over] of [
      [figures.waits, span],
      [figures.waitsBefore, before],
    ] as const)
      expect(waits).toEqual({
        count: waitsIn(over).length,
        medianMs: nearestRank(waitsIn(over), 0.5),
        p95Ms: nearestRank(waitsIn(over), 0.95),
      });
    const tries = now.filter(({ kind }) => kind === 'refused');
    const about = [...actionsOf(tries)].map(actionOf);
    expect(figures.refused).toEqual({
      tries: tries.length,
      people: new Set(tries.map(({ actor_id, data }) => actor_id ?? data['by'])).size,
      open: about.filter((action) => open.some(({ id }) => id === action?.id)).length,
      decided: about.filter((action) => !open.some(({ id }) => id === action?.id)).length,
    });
    expect(figures.days).toHaveLength(14);
    for (const day of figures.days) {
      const of = (verb: string) => actionsOf(during(day).filter(decidedAs(verb))).size;
      expect(day).toMatchObject({ approved: of('approve'), rejected: of('reject'), undo: of('undo') });
      expect(day.waits).toEqual({
        count: waitsIn(day).length,
        medianMs: nearestRank(waitsIn(day), 0.5),
        p95Ms: nearestRank(waitsIn(day), 0.95),
      });
    }
    expect(figures.head).toBeNull();
  });

  /** What a press on a number asks the record. */
  function queryOf({ text }: Pick<DigestButton, 'text'>): HistoryQuery {
    const [tab = 'history', ...rest] = text.split(' ');
    const asked = parseHistory(tab as 'history', rest.join(' '));
    if (asked.kind !== 'look-up' || asked.mistakes.length > 0) throw new Error(`${text} is not understood`);
    return queryFor(
      asked.lookUp,
      { upn: 'alice@contoso.example' },
      { platform: 'slack', place: { conversation: 'C1', isPersonal: false } },
    );
  }
  const numberIn = (label: string): number => Number(/\(([\d,]+)\)$/.exec(label)?.[1]?.replaceAll(',', ''));

  it('every number lists exactly what it counts', async () => {
    const card = digestCard({ kind: 'due', figures, timezone: zone, late: null, draw: () => null });
    const pressed = card.sections.flatMap(({ buttons, menus }) => [
      ...buttons.map(({ label, text }) => ({ label, text })),
      ...menus.flatMap(({ options }) => options.map(({ label, button }) => ({ label, text: button }))),
    ]);
    expect(pressed.length).toBeGreaterThan(25);
    const history = historyStore(db, tenant, { ms: 10_000 });
    for (const one of pressed) {
      const query = queryOf(one);
      const count = await history.count(query, { now: due });
      expect({ asked: one.text, ...count }).toEqual({ asked: one.text, kind: 'exact', count: numberIn(one.label) });
      const answer = await history.page(query, { now: due, cursor: null, size: 50 });
      expect(answer.kind === 'page' && answer.page.rows.length).toBe(Math.min(50, numberIn(one.label)));
    }
  }, 60_000);

  const schedule = { at: '08:00', timezone: zone, weekdays: [...Weekday.options], holidays: [] as string[] };
  const plan = (over: Partial<DigestPlan> = {}): DigestPlan => ({
    planKey: 'policy:1',
    target: { platform: 'slack', conversation: 'C0LEADS' },
    entraId: null,
    schedule,
    ...over,
  });
  const newDigest = (over: Partial<NewDigest> = {}): NewDigest => ({
    digestId: newDigestId(),
    plan: plan(),
    due,
    madeAt: '2026-11-20T07:00:06.000Z',
    figures,
    withheld: null,
    next: nextDue(schedule, due),
    event: { kind: 'digest', at: '2026-11-20T07:00:06.000Z', actorId: null, data: { what: 'made' } },
    ...over,
  });
  const cards = async () => (await db.selectFrom('cards').select(['card_id', 'kind']).where('kind', '=', 'digest').execute()).length;

  it('five that make the same one at once make it once, with one card and one line in the record', async () => {
    await digests().keepPlans([plan()], ['slack'], '2026-11-19T12:00:00.000Z');
    const made = await Promise.all(Array.from({ length: 5 }, () => digests().make(newDigest())));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await cards()).toBe(1);
    const { rows } = await sql<{ n: number }>`select count(*) as n from audit_events where kind = 'digest'`.execute(db);
    expect(rows[0]?.n).toBe(1);
    expect(await digests().duePlans({ keys: ['policy:1'], now: '2026-11-20T08:00:00.000Z', limit: 9 })).toEqual([]);
  });

  it('gives back what was frozen, to the letter', async () => {
    const digestId = newDigestId();
    await digests().make(newDigest({ digestId, due: '2026-11-20T07:01:00.000Z' }));
    expect(await digests().get(digestId)).toEqual({
      digestId,
      planKey: 'policy:1',
      due: '2026-11-20T07:01:00.000Z',
      schedule,
      figures,
      shownAt: null,
    });
    expect(await digests().get('DG-unknown')).toBeNull();
  });

  it('a plan is due after it was known, keeps what it was served over a restart, and starts anew when it was dropped', async () => {
    const other = plan({ planKey: 'policy:2' });
    const dueAt = async (now: string) => (await digests().duePlans({ keys: ['policy:2'], now, limit: 9 })).map(({ servedAt }) => servedAt);
    await digests().keepPlans([other], ['slack'], '2026-11-19T12:00:00.000Z');
    expect(await dueAt('2026-11-20T06:59:00.000Z')).toEqual([]);
    expect(await dueAt('2026-11-20T07:00:00.000Z')).toEqual(['2026-11-19T12:00:00.000Z']);
    await digests().keepPlans([other], ['slack'], '2026-11-21T12:00:00.000Z');
    expect(await dueAt('2026-11-21T12:00:00.000Z')).toEqual(['2026-11-19T12:00:00.000Z']);
    // A holiday that was added meanwhile moves the next one.
    await digests().keepPlans([{ ...other, schedule: { ...schedule, holidays: ['2026-11-20'] } }], ['slack'], '2026-11-19T13:00:00.000Z');
    expect(await dueAt('2026-11-20T23:00:00.000Z')).toEqual([]);
    // Another process that has Teams alone does not touch it; without it in the policy it is forgotten.
    await digests().keepPlans([], ['teams'], '2026-11-21T13:00:00.000Z');
    expect(await dueAt('2026-11-21T13:00:00.000Z')).toHaveLength(1);
    await digests().keepPlans([], ['slack'], '2026-11-21T13:00:00.000Z');
    await digests().keepPlans([other], ['slack'], '2026-11-21T14:00:00.000Z');
    expect(await dueAt('2026-11-21T14:00:00.000Z')).toEqual([]);
    expect(lastDue(schedule, '2026-11-21T14:00:00.000Z')).toBe('2026-11-21T07:00:00.000Z');
  });
});

/** The schedule alone: what is due, to whom, and when to look again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import {
  type CardOfAction,
  type Due,
  instead,
  type Ladder,
  planReminders,
  type Rung,
  type Told,
} from '../../src/action-center/reminders.ts';
import { endOfHours } from '../../src/action-center/zoned-time.ts';

const start = Date.parse('2026-11-21T08:00:00Z');
const minute = 60_000;
const hour = 60 * minute;
const iso = (ms: number) => new Date(ms).toISOString();
const leads = { kind: 'conversation', target: { platform: 'slack', conversation: 'C0LEADS' } } as const;
const mona = { kind: 'person', entraId: EntraId.parse('m-1') } as const;
const cards: CardOfAction[] = [
  { cardId: 'A-1', platform: 'slack', conversation: 'C0SOC' },
  { cardId: 'A-2', platform: 'teams', conversation: '19:soc@thread.tacv2' },
];
const thread = { kind: 'thread' } as const;
const rung = (name: string, minutes: number, to: Rung['to'], from: Rung['from'] = 'start'): Rung => ({
  name,
  waitMs: minutes * minute,
  from,
  to,
});
const warnings = [
  { name: 'before-24h', beforeMs: 24 * hour },
  { name: 'before-2h', beforeMs: 2 * hour },
];
const usual: Ladder = {
  rungs: [rung('r15', 15, [thread]), rung('r60', 60, [thread]), rung('r240', 240, [thread, leads])],
  warnings,
  warnTo: [thread],
};
const action = (livesMs = 7 * 24 * hour) => ({ createdAt: iso(start), expiresAt: iso(start + livesMs) });

type Asked = { atMs: number; told?: Told[]; ladder?: Ladder; livesMs?: number; quietUntil?: Date | null };
const plan = ({ atMs, told = [], ladder = usual, livesMs, quietUntil = null }: Asked) =>
  planReminders({ action: action(livesMs), ladder, cards, told, quietUntil, now: new Date(start + atMs) });
const toldBy = (due: readonly Due[], at: number): Told[] =>
  due.flatMap(({ rung: name, merged, target }) => [name, ...merged].map((one) => ({ rung: one, target, at: iso(at) })));

describe('the ladder', () => {
  it('is told under every card, rung by rung, and elsewhere at the last one', () => {
    expect(plan({ atMs: 14 * minute })).toEqual({ due: [], nextAt: iso(start + 15 * minute) });
    const first = plan({ atMs: 15 * minute });
    expect(first.due.map(({ rung: name, target, kind }) => [name, target, kind])).toEqual([
      ['r15', 'thread:slack:C0SOC', 'reminded'],
      ['r15', 'thread:teams:19:soc@thread.tacv2', 'reminded'],
    ]);
    const told = toldBy(first.due, start + 15 * minute);
    expect(plan({ atMs: 16 * minute, told })).toEqual({ due: [], nextAt: iso(start + 60 * minute) });
    const later = plan({ atMs: 240 * minute, told });
    expect(later.due.map(({ rung: name, target, kind, merged }) => [name, target, kind, merged])).toEqual([
      ['r240', 'thread:slack:C0SOC', 'reminded', ['r60']],
      ['r240', 'thread:teams:19:soc@thread.tacv2', 'reminded', ['r60']],
      ['r240', 'slack:C0LEADS', 'escalated', []],
    ]);
  });

  it('counts a rung that waits for the one before from when that was told', () => {
    const ladder: Ladder = { rungs: [rung('a', 10, [thread]), rung('b', 30, [mona], 'last')], warnings: [], warnTo: [] };
    const late = plan({ atMs: 90 * minute, ladder });
    expect(late.due.map(({ rung: name }) => name)).toEqual(['a', 'a']);
    expect(late.nextAt).toBe(iso(start + 120 * minute));
    const told = toldBy(late.due, start + 90 * minute);
    expect(plan({ atMs: 119 * minute, told, ladder }).due).toEqual([]);
    expect(plan({ atMs: 120 * minute, told, ladder }).due).toMatchObject([{ rung: 'b', target: 'person:m-1', kind: 'escalated' }]);
  });

  it('goes on past a rung that there is nobody to tell of', () => {
    const ladder: Ladder = { rungs: [rung('a', 10, [thread]), rung('b', 30, [leads], 'last')], warnings: [], warnTo: [] };
    const at = (atMs: number) =>
      planReminders({ action: action(), ladder, cards: [], told: [], quietUntil: null, now: new Date(start + atMs) });
    expect(at(20 * minute)).toEqual({ due: [], nextAt: iso(start + 40 * minute) });
    expect(at(40 * minute).due).toMatchObject([{ rung: 'b', target: 'slack:C0LEADS' }]);
  });

  it('leads to the next rung, and from the last one under the card', () => {
    const ladder: Ladder = { rungs: [rung('a', 5, [{ kind: 'onCall' }]), rung('b', 10, [leads])], warnings: [], warnTo: [] };
    expect(instead('a', { ladder, cards })).toMatchObject({ rung: 'b', number: 2, to: [leads] });
    expect(instead('b', { ladder, cards })).toMatchObject({ rung: 'b', to: [{ kind: 'thread', cardId: 'A-1' }, { cardId: 'A-2' }] });
  });
});

describe('warnings of the deadline', () => {
  const none: Ladder = { ...usual, rungs: [] };
  const warned = (atMs: number, livesMs: number) => [...new Set(plan({ atMs, livesMs, ladder: none }).due.map(({ rung: name }) => name))];

  it('come at their time, and after an outage the last one alone', () => {
    expect(warned(0, 48 * hour)).toEqual([]);
    expect(warned(24 * hour, 48 * hour)).toEqual(['before-24h']);
    expect(plan({ atMs: 47 * hour, livesMs: 48 * hour, ladder: none }).due[0]).toMatchObject({
      rung: 'before-2h',
      merged: ['before-24h'],
      number: 0,
    });
    expect(warned(48 * hour, 48 * hour)).toEqual([]);
  });

  it('are those that still make sense for an action with less time', () => {
    expect(warned(0, 20 * hour)).toEqual([]);
    expect(warned(18 * hour, 20 * hour)).toEqual(['before-2h']);
    expect(warned(0, hour)).toEqual(['before-2h']);
  });

  it('speak for a reminder to the same place in the same moment', () => {
    const ladder: Ladder = { ...usual, rungs: [rung('r', 22 * 60, [thread])] };
    const [due] = plan({ atMs: 22 * hour, livesMs: 24 * hour, ladder }).due;
    expect(due).toMatchObject({ rung: 'before-2h', kind: 'warned', merged: ['r'] });
  });

  it('wait in quiet hours only while half of their time is left at the end', () => {
    const quiet = (untilMs: number, atMs: number, told: Told[] = []) =>
      plan({ atMs, livesMs: 48 * hour, ladder: none, quietUntil: new Date(start + untilMs), told });
    expect(quiet(30 * hour, 24 * hour)).toEqual({ due: [], nextAt: iso(start + 30 * hour) });
    const told = toldBy(plan({ atMs: 24 * hour, livesMs: 48 * hour, ladder: none }).due, start + 24 * hour);
    expect(quiet(46.5 * hour, 46 * hour, told).due).toEqual([]);
    expect(quiet(47.5 * hour, 46 * hour, told).due[0]).toMatchObject({ rung: 'before-2h' });
  });
});

describe('whatever happens', () => {
  const spans = fc.integer({ min: 1, max: 600 });
  const target = fc.constantFrom(thread, leads, mona, { kind: 'onCall' } as const);
  const rungs = fc
    .array(fc.record({ minutes: spans, to: fc.array(target, { minLength: 1, maxLength: 3 }), fromLast: fc.boolean() }), { maxLength: 5 })
    .map((all) => all.map(({ minutes, to, fromLast }, index) => rung(`r${index}`, minutes, to, fromLast && index > 0 ? 'last' : 'start')));
  const quietHours = fc.option(fc.record({ from: fc.integer({ min: 0, max: 1439 }), to: fc.integer({ min: 0, max: 1439 }) }), {
    nil: null,
  });
  // Around both changes of the clocks.
  const startAt = fc.constantFrom(Date.parse('2026-03-28T18:00:00Z'), Date.parse('2026-10-24T18:00:00Z'), start);

  /** Looks whenever it was told to, or later: `late` is an outage before each look. */
  function simulate(ladder: Ladder, hours: { from: number; to: number } | null, began: number, livesMs: number, lateMs: readonly number[]) {
    const told: Told[] = [];
    const seen: { at: number; isQuiet: boolean; due: Due[] }[] = [];
    let now = began;
    for (let look = 0; look < 200 && now < began + livesMs + hour; look += 1) {
      const over = hours === null || hours.from === hours.to ? null : endOfHours(new Date(now), { ...hours, timezone: 'Europe/Berlin' });
      const asked = {
        action: { createdAt: iso(began), expiresAt: iso(began + livesMs) },
        ladder,
        cards,
        quietUntil: over,
        now: new Date(now),
      };
      const { due } = planReminders({ ...asked, told });
      seen.push({ at: now, isQuiet: over !== null, due });
      told.push(...toldBy(due, now));
      const { nextAt } = planReminders({ ...asked, told });
      expect(Date.parse(nextAt)).toBeGreaterThan(now);
      now = Date.parse(nextAt) + (lateMs[look % lateMs.length] ?? 0) * minute;
    }
    return { told, seen };
  }

  function isWellBehaved({ at, isQuiet, due }: { at: number; isQuiet: boolean; due: Due[] }, deadline: number): void {
    if (due.length > 0) expect(at).toBeLessThan(deadline);
    if (isQuiet) expect(due.every(({ kind }) => kind === 'warned')).toBe(true);
    // One message for each target in one look.
    expect(new Set(due.map(({ target: to }) => to)).size).toBe(due.length);
  }

  it('no target is told of a rung twice, nothing comes after the deadline, quiet hours are quiet, and every action is warned', () => {
    const late = fc.array(fc.constantFrom(0, 0, 0, 7, 90), { minLength: 1, maxLength: 5 });
    const lives = fc.integer({ min: 5, max: 60 * 60 });
    fc.assert(
      fc.property(rungs, quietHours, startAt, lives, late, (some, hours, began, livesMinutes, lateMs) => {
        const ladder: Ladder = { rungs: some, warnings, warnTo: [thread] };
        const { told, seen } = simulate(ladder, hours, began, livesMinutes * minute, lateMs);
        const keys = told.map(({ rung: name, target: to }) => `${name} ${to}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const one of seen) isWellBehaved(one, began + livesMinutes * minute);
        if (lateMs.some((minutes) => minutes > 0)) return;
        expect(keys.some((key) => key.startsWith('before-'))).toBe(true);
        if (hours !== null && hours.from !== hours.to) return;
        const dueInTime = some.filter(({ from, waitMs }) => from === 'start' && waitMs < livesMinutes * minute);
        for (const { name } of dueInTime) expect(keys.some((key) => key.startsWith(`${name} `))).toBe(true);
      }),
      { numRuns: 80 },
    );
  });
});

/** Reminders and delegation as the policy file says them: the old short form, rules, and what is wrong with its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NormalisedIntake } from '../../src/action-center/intake.ts';
import { loadPolicy } from '../../src/identity/policy.ts';
import { anAction } from '../setup/builders.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const routes = 'routes:\n  - slack: [C0SOC]\n';
let files = 0;
function policy(yaml: string, on?: ('slack' | 'teams')[]) {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, `${routes}${yaml}`);
  return loadPolicy(path, on);
}
const action = (over: Parameters<typeof anAction>[0] = {}): NormalisedIntake => ({ ...anAction(over), id: 'sentinel-1' });
const ladder = (yaml: string, over: Parameters<typeof anAction>[0] = {}, on?: ('slack' | 'teams')[]) => {
  const found = policy(yaml, on).reminders?.ladderFor(action(over));
  if (!found) throw new Error('nobody is reminded');
  return found;
};
const minute = 60_000;
const manager = '7f0c0000-0000-4000-8000-000000000001';
const leads = { kind: 'conversation', target: { platform: 'slack', conversation: 'C0LEADS' } };

describe('the short form', () => {
  it('is the thread at each time, and another conversation as well at the last one', () => {
    const { rungs, warnings, warnTo } = ladder(
      'reminders: { after: [1h, 15m], escalateTo: { slack: [C0LEADS] }, warnBeforeExpiry: 12h }\n',
    );
    expect(rungs).toEqual([
      { name: 'after-15m', waitMs: 15 * minute, from: 'start', to: [{ kind: 'thread' }] },
      { name: 'after-60m', waitMs: 60 * minute, from: 'start', to: [{ kind: 'thread' }, leads] },
    ]);
    expect(warnings).toEqual([{ name: 'before-720m', beforeMs: 720 * minute }]);
    expect(warnTo).toEqual([{ kind: 'thread' }, leads]);
  });

  it('warns 24 hours and 2 hours before the deadline when it says nothing else; without reminders there are none', () => {
    expect(ladder('reminders: {}\n').warnings.map(({ beforeMs }) => beforeMs / minute)).toEqual([1440, 120]);
    expect(ladder('reminders: { warnBeforeExpiry: [1h, 3d] }\n').warnings.map(({ beforeMs }) => beforeMs / minute)).toEqual([4320, 60]);
    expect(policy('').reminders).toBeNull();
  });
});

describe('rules', () => {
  const rules = `reminders:
  rules:
    - match: { severity: high, type: isolateDevice }
      rungs:
        - { after: 5m, to: [thread, onCall] }
        - { sinceLast: 30m, to: { channel: { slack: [C0LEADS], teams: ["19:leads@thread.tacv2"] } } }
        - { sinceLast: 1h, to: { managers: ["${manager.toUpperCase()}"] } }
    - match: { workload: email }
      rungs: []
    - rungs: [{ after: 2h, to: thread }]
      warnTo: { channel: { slack: [C0LEADS] } }
`;

  it('count in their order, the first that fits', () => {
    const first = ladder(rules, { type: 'isolateDevice', severity: 'high' });
    expect(first.rungs.map(({ name, waitMs, from }) => [name, waitMs / minute, from])).toEqual([
      ['after-5m', 5, 'start'],
      ['after-35m', 30, 'last'],
      ['after-95m', 60, 'last'],
    ]);
    expect(first.rungs.map(({ to }) => to.map(({ kind }) => kind))).toEqual([
      ['thread', 'onCall'],
      ['conversation', 'conversation'],
      ['person'],
    ]);
    expect(first.warnTo).toEqual([{ kind: 'thread' }, { kind: 'person', entraId: manager }]);
    const last = ladder(rules, { type: 'isolateDevice', severity: 'low' });
    expect(last.rungs).toHaveLength(1);
    expect(last.warnTo).toEqual([leads]);
    expect(ladder(rules, { type: 'softDeleteEmail' }).rungs).toEqual([]);
  });

  it('leave out a platform that is off, and say so', () => {
    const { rungs } = ladder(rules, { type: 'isolateDevice' }, ['slack']);
    expect(rungs[1]?.to).toEqual([leads]);
    const { warnings, asksOnCall } = policy(rules, ['slack']);
    expect(warnings).toEqual([expect.stringContaining('reminders: teams: Teams is off')]);
    expect(asksOnCall).toBe(true);
    expect(policy('reminders: {}\n').asksOnCall).toBe(false);
  });

  it('have a version of their own: what is decided does not change with them', () => {
    const [one, other] = [policy(rules), policy('reminders: { after: [15m] }\n')];
    expect(one.reminders?.version).not.toBe(other.reminders?.version);
    expect(one.version).toBe(other.version);
  });
});

describe('quiet hours', () => {
  const quiet = policy(
    'reminders: { quietHours: { from: "22:00", to: "07:00", timezone: Europe/Berlin, except: { severity: high } } }\n',
  ).reminders;
  const until = (at: string, severity: 'low' | 'high') => quiet?.quietUntil(action({ severity }), new Date(at))?.toISOString() ?? null;

  it('hold back what is not risky until they end', () => {
    expect(until('2026-11-21T23:00:00Z', 'low')).toBe('2026-11-22T06:00:00.000Z');
    expect(until('2026-11-21T12:00:00Z', 'low')).toBeNull();
    expect(until('2026-11-21T23:00:00Z', 'high')).toBeNull();
  });
});

describe('delegation', () => {
  it('is allowed only where the policy says so, for as long as it says', () => {
    expect(policy('').delegation).toBeNull();
    expect(policy('delegation: { allowed: false, longest: 7d }\n').delegation).toBeNull();
    expect(policy('delegation: { allowed: true }\n').delegation).toEqual({ longestMs: 14 * 1440 * minute, timezone: 'UTC' });
    expect(policy('delegation: { allowed: true, longest: 3d, timezone: Europe/Berlin }\n').delegation).toEqual({
      longestMs: 3 * 1440 * minute,
      timezone: 'Europe/Berlin',
    });
  });
});

describe('a mistake', () => {
  it.each([
    ['an unknown target', 'reminders: { rules: [{ rungs: [{ after: 5m, to: everybody }] }] }', /reminders\.rules\.0\.rungs\.0\.to/],
    [
      'a manager by address',
      'reminders: { rules: [{ rungs: [{ after: 5m, to: { managers: [a@b.example] } }] }] }',
      /line 3, column \d+: reminders\.rules\.0\.rungs\.0\.to/,
    ],
    ['no time', 'reminders: { rules: [{ rungs: [{ to: thread }] }] }', /rungs\.0: must say either after/],
    ['two times', 'reminders: { rules: [{ rungs: [{ after: 5m, sinceLast: 5m, to: thread }] }] }', /rungs\.0: must say either after/],
    [
      'nothing to count from',
      'reminders: { rules: [{ rungs: [{ sinceLast: 5m, to: thread }] }] }',
      /rungs\.0\.sinceLast: there is no rung before/,
    ],
    ['a rule nobody reaches', 'reminders: { rules: [{ rungs: [] }, { rungs: [] }] }', /reminders\.rules\.0: without a match/],
    ['both forms', 'reminders: { after: [5m], rules: [{ rungs: [] }] }', /reminders\.after: is for reminders without rules/],
    ['an escalation without a time', 'reminders: { escalateTo: { slack: [C0LEADS] } }', /reminders\.escalateTo: needs `after`/],
    [
      'quiet hours without end',
      'reminders: { quietHours: { from: "22:00", to: "22:00", timezone: UTC } }',
      /reminders\.quietHours: must begin and end/,
    ],
    [
      'quiet hours nowhere',
      'reminders: { quietHours: { from: "22:00", to: "07:00", timezone: Mars } }',
      /reminders\.quietHours\.timezone: must be a time zone/,
    ],
    ['a warning in words', 'reminders: { warnBeforeExpiry: soon }', /reminders\.warnBeforeExpiry/],
    ['an unknown key', 'delegation: { allowed: true, forever: true }', /delegation\.forever: unknown key/],
  ])('such as %s is refused with its place', (_, yaml, problem) => {
    expect(() => policy(`${yaml}\n`)).toThrow(problem);
  });
});

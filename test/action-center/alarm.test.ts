import { describe, expect, it } from 'vitest';
import { raiseAlarms } from '../../src/action-center/alarm.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import type { AlarmStore, AuditEvent, CardTarget, NewAlarm } from '../../src/action-center/ports.ts';
import { noticeFor } from '../../src/chat/alarm-words.ts';
import { plain } from '../../src/chat/show.ts';
import { aDecision, anAction, anOutcome, testNow } from '../setup/builders.ts';

const operators: CardTarget[] = [{ platform: 'slack', conversation: 'C0OPS' }];

/** A record in which these failed, and whether somebody else has raised one already. */
function recordOf(failed: RemediationAction[], taken: string[] = []) {
  const raised: { alarm: NewAlarm; targets: readonly CardTarget[] }[] = [];
  const alarms: AlarmStore = {
    suspects: async () => [],
    failedSince: async (_since, limit) => failed.slice(0, limit),
    raise: async (alarm, targets) => {
      if (taken.includes(alarm.subject)) return false;
      raised.push({ alarm, targets });
      return true;
    },
  };
  const told: AuditEvent[] = [];
  const pokes: number[] = [];
  const deps = {
    alarms,
    targets: operators,
    now: () => testNow,
    raised: (event: AuditEvent) => void told.push(event),
    poke: () => void pokes.push(1),
  };
  return { run: () => raiseAlarms(deps), raised, told, pokes: () => pokes.length };
}

const failures = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    anAction({
      id: `A-${index}`,
      status: 'failed',
      decision: aDecision({ decisionId: `D-${index}` }),
      outcome: anOutcome({ status: 'failed', message: 'The device is <@U1> offline' }),
    }),
  );

describe('approved actions that failed', () => {
  it('are one message each while they are few', async () => {
    const { run, raised, told, pokes } = recordOf(failures(3));
    expect(await run()).toBe(3);
    expect(raised.map(({ targets }) => targets)).toEqual([operators, operators, operators]);
    expect(told).toHaveLength(3);
    expect(pokes()).toBe(1);
  });

  it('are one message in a storm, which says how many more there are; each is told of in record and log', async () => {
    const storm = failures(12);
    const { run, raised, told } = recordOf(storm);
    expect(await run()).toBe(12);
    expect(raised.filter(({ targets }) => targets.length > 0)).toHaveLength(1);
    expect(told).toHaveLength(12);
    const [first] = raised;
    if (!first) throw new Error('nothing was raised');
    const text = noticeFor(first.alarm.event, storm[0] ?? null)
      .lines.map(plain)
      .join('\n');
    expect(text).toContain('And 11 more in the same moment');
    expect(text).toContain('The device is <@U1> offline');
  });

  it('that another bot told of are not told again, and wake nobody', async () => {
    const { run, told, pokes } = recordOf(failures(1), ['failed:D-0']);
    expect(await run()).toBe(0);
    expect(told).toEqual([]);
    expect(pokes()).toBe(0);
  });
});

describe('a notice', () => {
  it('about a person shows their accounts and never makes a link or a mention of them', () => {
    const data = {
      alarm: 'refusals',
      subject: 'p1',
      upn: '<!channel>@contoso.example',
      accounts: ['slack:T1/U1'],
      count: 5,
      withinMs: 600_000,
      lastAt: testNow.toISOString(),
      lastActionId: 'A-1',
    };
    const { lines } = noticeFor({ kind: 'alarm', at: testNow.toISOString(), actorId: null, data }, null);
    expect(lines.map(plain).join('\n')).toContain('slack:T1/U1');
    expect(
      lines
        .flat()
        .filter((part) => part.kind === 'words')
        .some(({ text }) => text.includes('<!channel>')),
    ).toBe(false);
  });

  it('to whoever decided says what happened, why, and what to do', () => {
    const say = (verb: string) =>
      noticeFor(
        { kind: 'refused', at: testNow.toISOString(), actorId: null, data: { verb, reason: 'Bob Brown no longer holds the roles.' } },
        anAction(),
      )
        .lines.map(plain)
        .join('\n');
    expect(say('approve')).toMatch(/Your approval was not carried out.*\n.*no longer holds.*\nNothing was done/);
    expect(say('reject')).toMatch(/Your rejection was not passed on.*\n.*\nThe action stays rejected/);
    expect(say('undo')).toMatch(/Your undo was not carried out.*\n.*\nThe action stands as it was carried out/);
    expect(say('cancel')).toMatch(/Your request to stop this was not carried out.*\n.*\nWhat was not stopped goes on/);
  });
});

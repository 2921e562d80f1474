/** What a reminder says: one action or many, under a card or on its own, and for whom. */
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/action-center/ports.ts';
import type { Reminding } from '../../src/action-center/reminder-ports.ts';
import type { ReminderKind } from '../../src/action-center/reminders.ts';
import { noticeFor } from '../../src/chat/alarm-words.ts';
import { type ReminderContext, reminderCard } from '../../src/chat/reminder-words.ts';
import { plain } from '../../src/chat/show.ts';
import { aDecision, anAction, testNow } from '../setup/builders.ts';

const note = (data: Record<string, unknown> = {}): AuditEvent => ({ kind: 'reminded', at: testNow.toISOString(), actorId: null, data });
const context = (over: Partial<ReminderContext> = {}): ReminderContext => ({
  note: note(),
  isThread: false,
  platform: 'slack',
  now: testNow,
  linkTo: ({ id }) => `https://contoso.slack.com/archives/C0SOC/${id}`,
  ...over,
});
const item = (over: Parameters<typeof anAction>[0] = {}, kind: ReminderKind = 'reminded'): Reminding['items'][number] => ({
  action: anAction(over),
  rung: 'after-15m',
  number: 1,
  kind,
});
const saying = (reminding: Reminding, over: Partial<ReminderContext> = {}) => reminderCard(reminding, context(over));
const text = (reminding: Reminding, over: Partial<ReminderContext> = {}) => saying(reminding, over).lines.map(plain).join('\n');

describe('one action', () => {
  it('is named with its link, unless it is said under its card', () => {
    const own = text({ total: 1, items: [item()] });
    expect(own).toContain('Reminder: nobody has decided this yet. Decide before 2026-11-28 08:00 UTC.');
    expect(own).toMatch(/Stop and quarantine file: .*invoice\.exe.*, open the card/);
    expect(own).toContain('High severity, asked 3 min ago, needs one approval.');
    const under = text({ total: 1, items: [item()] }, { isThread: true });
    expect(under).not.toContain('open the card');
    expect(under).not.toContain('invoice.exe');
  });

  it('says who approved of two, and when it expires that nobody rejects it by that', () => {
    const two = item({ status: 'awaitingSecondApproval', needed: 2, approvals: [aDecision()] }, 'escalated');
    expect(text({ total: 1, items: [two] })).toContain('1 of 2 approvals: Alice Adams');
    const warned = text({ total: 1, items: [item({ expiresAt: '2026-11-21T10:03:00.000Z' }, 'warned')] });
    expect(warned).toContain('it expires in 2 h if nobody decides');
    expect(warned).toContain('nobody is shown as having rejected it');
  });
});

describe('many actions', () => {
  const items = Array.from({ length: 8 }, (_, nr) => item({ id: `A-${nr}` }));

  it('are counted, the first ones named, and the rest is a look-up away', () => {
    const said = text({ total: 300, items });
    expect(said).toContain('300 actions wait for a decision.');
    expect(said.match(/open the card/g)).toHaveLength(8);
    expect(said).toContain('And 292 more. /actions pending lists what waits.');
    expect(text({ total: 8, items }, { platform: 'teams', note: note({ isPrivate: true }) })).toContain(
      '@Countersign inbox lists what waits.',
    );
    expect(saying({ total: 300, items }).fallback.length).toBeLessThanOrEqual(300);
  });

  it('of which nothing waits any more say so', () => {
    expect(text({ total: 0, items: [] })).toContain('waits no longer');
  });
});

describe('somebody who stands in', () => {
  it('hears for whom, and that they decide for themselves', () => {
    const said = text({ total: 1, items: [item()] }, { note: note({ standsInFor: ['Alice Adams', 'Mona <!channel>'] }) });
    expect(said).toContain('You are told because you stand in for Alice Adams and Mona <!channel>. You decide with your own roles alone.');
    const veto = noticeFor({ ...note({ verb: 'approve', reason: 'roles', standsInFor: 'Alice Adams' }), kind: 'refused' }, anAction());
    expect(veto.lines.map(plain).join('\n')).toContain('you stand in for Alice Adams');
  });

  it('reads names and titles from outside as text alone', () => {
    const evil = '<https://evil.example|click> *bold* \u202Egnp';
    const lines = saying(
      { total: 1, items: [item({ entities: [{ type: 'device', name: evil }], type: 'isolateDevice' })] },
      { note: note({ standsInFor: [evil] }) },
    ).lines.flat();
    for (const part of lines.filter((one) => one.kind !== 'foreign')) expect(JSON.stringify(part)).not.toMatch(/evil|bold|\u202e/);
    expect(lines.some((one) => one.kind === 'foreign' && one.text.includes('evil'))).toBe(true);
  });
});

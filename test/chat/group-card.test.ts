/** The card of a group: read in order it makes sense aloud, it fits into both platforms whatever it is about, and its buttons say what they cover. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cardProblems } from '../../sandbox/teams/card-rules.ts';
import { ActionStatus, ActionType, Severity } from '../../src/action-center/action.ts';
import { alikeKeys, commonOf, type GroupPicture, standsApart } from '../../src/action-center/group.ts';
import { groupCardFor, reviewCard } from '../../src/chat/group-card.ts';
import { plain } from '../../src/chat/show.ts';
import { renderCard as askInSlack, messageBudget } from '../../src/chat/slack/render.ts';
import { renderGroup as inSlack, readGroupPress } from '../../src/chat/slack/render-group.ts';
import { renderCard as askInTeams, cardBudget } from '../../src/chat/teams/render.ts';
import { renderGroup as inTeams, readGroupDialog, readReview } from '../../src/chat/teams/render-group.ts';
import { anAction } from '../setup/builders.ts';
import { hostileText } from './hostile.ts';

const picture = (over: Partial<GroupPicture> = {}): GroupPicture => ({
  id: 'G-1',
  platform: 'slack',
  conversation: 'C0SOC',
  key: '',
  isTaking: true,
  version: 7,
  createdAt: '2026-11-21T08:00:00.000Z',
  tallies: [
    { type: 'isolateDevice', severity: 'medium', status: 'pending', count: 40 },
    { type: 'isolateDevice', severity: 'low', status: 'rejected', count: 3 },
    { type: 'isolateDevice', severity: 'low', status: 'expired', count: 1 },
    { type: 'isolateDevice', severity: 'low', status: 'failed', count: 2 },
  ],
  top: [{ kind: 'device', total: 46, names: [{ name: 'wks-1.contoso.example', count: 2 }] }],
  oldest: '2026-11-21T07:00:00.000Z',
  nearest: '2026-11-21T12:00:00.000Z',
  ...over,
});
const backend = { backend: 'defender' as const };

const anyPicture = fc.record({
  key: fc.oneof(
    fc.constant(''),
    hostileText(150).map((id) => `isolateDevice incident ${id}`),
  ),
  isTaking: fc.boolean(),
  tallies: fc.array(
    fc.record({
      type: fc.constantFrom(...ActionType.options),
      severity: fc.constantFrom(...Severity.options),
      status: fc.constantFrom(...ActionStatus.options),
      count: fc.integer({ min: 1, max: 1000 }),
    }),
    { maxLength: 60 },
  ),
  top: fc
    .tuple(
      ...(['device', 'file', 'sender'] as const).map((kind) =>
        fc.record({
          kind: fc.constant(kind),
          total: fc.integer({ min: 5, max: 1000 }),
          names: fc.array(fc.record({ name: hostileText(300), count: fc.integer({ min: 1, max: 1000 }) }), { minLength: 1, maxLength: 5 }),
        }),
      ),
    )
    .map((tops) => tops),
});

describe('the card of a group', () => {
  it('says first how many, then what became of them, and never calls a lapse a rejection', () => {
    const card = groupCardFor(picture(), backend);
    expect(card.heading).toBe('46 actions: Isolate device?');
    expect(plain(card.standing)).toBe('40 wait for a decision, 2 approved but failed, 3 rejected and 1 expired without a decision.');
    expect(card.fallback).toContain('46 actions: Isolate device? 40 wait');
    expect(card.facts.map(({ label }) => label)).toEqual([
      'Why together',
      'Types',
      'Severity, of those that wait',
      'Nearest deadline',
      'Oldest that waits',
    ]);
    expect(card.buttons.map(({ label }) => label)).toEqual(['Review', 'Approve all 40', 'Reject all 40']);
  });

  it('offers each type by itself, and nothing for types that are decided in Defender', () => {
    const open = { severity: 'low', status: 'pending' } as const;
    const tallies = [
      { type: 'isolateDevice' as const, ...open, count: 4 },
      { type: 'softDeleteEmail' as const, ...open, count: 9 },
      { type: 'removeRegistryKey' as const, ...open, count: 2 },
    ];
    const card = groupCardFor(picture({ tallies }), backend);
    expect(card.buttons.map(({ label }) => label)).toEqual([
      'Review',
      'Approve all 9: Soft delete email',
      'Reject all 9: Soft delete email',
      'Approve all 4: Isolate device',
      'Reject all 4: Isolate device',
    ]);
    expect(card.heading).toBe('15 actions of 3 types: approve or reject?');
    expect(card.footnotes.map(plain).join(' ')).toContain('have to be decided in Defender');
    const decided = groupCardFor(
      picture({ tallies: [{ type: 'isolateDevice', severity: 'low', status: 'completed', count: 4 }] }),
      backend,
    );
    expect(decided).toMatchObject({ heading: '4 actions: Isolate device', buttons: [], isOpen: false });
    expect(decided.fallback).toBe('4 actions: Isolate device. 4 approved and carried out.');
    expect(groupCardFor(picture({ tallies: [] }), backend).heading).toBe('Actions that have cards of their own now');
  });

  it('fits into both platforms and stays text, whatever it is about', () => {
    fc.assert(
      fc.property(anyPicture, (over) => {
        const card = groupCardFor(picture(over), backend);
        const slack = inSlack(card);
        expect(JSON.stringify(slack.blocks).length).toBeLessThan(messageBudget);
        expect(slack.blocks.length).toBeLessThanOrEqual(50);
        expect(slack.text.length).toBeLessThanOrEqual(3000);
        expect(JSON.stringify(slack.blocks)).not.toContain('"mrkdwn"');
        const teams = inTeams(card);
        expect(cardProblems(teams.card)).toEqual([]);
        expect(JSON.stringify(teams.card).length).toBeLessThan(cardBudget);
        for (const drawn of [slack, teams]) expect(JSON.stringify(drawn)).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/);
      }),
      { numRuns: 60 },
    );
  });

  it('has buttons that come back as what was shown', () => {
    const card = groupCardFor(picture(), backend);
    const buttons = inSlack(card).blocks.flatMap((block) => (block.type === 'actions' ? block.elements : [])) as {
      action_id: string;
      value: string;
    }[];
    expect(buttons.map(({ action_id, value }) => readGroupPress(action_id, value))).toEqual([
      { kind: 'review', press: { groupId: 'G-1', version: 7 } },
      { kind: 'decide', press: { groupId: 'G-1', version: 7, type: 'isolateDevice', verb: 'approve' } },
      { kind: 'decide', press: { groupId: 'G-1', version: 7, type: 'isolateDevice', verb: 'reject' } },
    ]);
    for (const [id, value] of [
      ['ac.group.review', 'G-1|x'],
      ['ac.group.approve.isolateDevice', 'G-1|7|formatDisk|approve'],
      ['ac.members.a', 'G-1|7|isolateDevice|odd'],
      ['ac.approve', 'G-1|7'],
    ] as const)
      expect(readGroupPress(id, value)).toBeNull();
    const text = JSON.stringify(inTeams(card).card);
    expect(text).toContain('"verb":"ac.group","groupId":"G-1","version":7,"type":"isolateDevice","decision":"approve"');
    const data = { verb: 'ac.group', groupId: 'G-1', version: 7, type: 'isolateDevice', decision: 'reject' };
    expect(readGroupDialog(data)).toMatchObject({ kind: 'decide', press: { version: 7, decision: 'reject' } });
    expect(readGroupDialog({ ...data, version: 0 })).toBeNull();
    expect(readReview('ac.group.review', { groupId: 'G-1', version: '7' })).toEqual({ groupId: 'G-1', version: 7 });
    expect(readReview('ac.more', { groupId: 'G-1', version: 7 })).toBeNull();
  });

  it('asks which ones, by type and severity, on both platforms', () => {
    const kinds = ActionType.options.map((type) => ({ type, severity: 'low' as const, count: 3 }));
    const ask = reviewCard({ groupId: 'G-1', version: 7 }, kinds);
    expect(ask.buttons).toHaveLength(20);
    const ids = askInSlack(ask).blocks.flatMap((block) =>
      block.type === 'actions' ? block.elements.map((one) => 'action_id' in one && one.action_id) : [],
    );
    expect(new Set(ids).size).toBe(20);
    const { card } = askInTeams(ask);
    expect(cardProblems(card)).toEqual([]);
    expect(JSON.stringify(card)).toContain('"verb":"ac.members"');
  });
});

describe('what goes into a group', () => {
  it('is never severe, protected or urgent', () => {
    const plainOne = anAction({ severity: 'medium' });
    expect(standsApart(plainOne)).toBe(false);
    expect(standsApart({ ...plainOne, severity: 'high' })).toBe(true);
    expect(standsApart({ ...plainOne, isProtected: true })).toBe(true);
    expect(standsApart({ ...plainOne, expiresAt: '2026-11-21T08:59:00.000Z' })).toBe(true);
  });

  it('is alike by the same file whatever its spelling, then by investigation, then by incident', () => {
    const hash = 'AB'.repeat(32);
    const action = anAction({ entities: [{ type: 'file', sha256: hash }], investigationId: '5 3', incidentId: '8' });
    const keys = alikeKeys(action);
    expect(keys).toEqual([
      `stopAndQuarantineFile file ${hash.toLowerCase()}`,
      'stopAndQuarantineFile investigation 5 3',
      'stopAndQuarantineFile incident 8',
    ]);
    expect(keys.map(commonOf)).toEqual([
      { what: 'file', id: hash.toLowerCase() },
      { what: 'investigation', id: '5 3' },
      { what: 'incident', id: '8' },
    ]);
    expect(commonOf('')).toBeNull();
  });
});

/** Answers of hunts as both platforms draw them, with cells as an attacker would like them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlastRadius } from '../../src/action-center/blast-radius.ts';
import { timelineOf } from '../../src/action-center/hunt-timeline.ts';
import type { AuditEvent } from '../../src/action-center/ports.ts';
import { drawTimeline } from '../../src/charts/timeline.ts';
import { huntNote } from '../../src/chat/hunt-card.ts';
import { blastRadiusLine, huntTroubleText } from '../../src/chat/hunt-words.ts';
import { plain } from '../../src/chat/show.ts';
import { messageBudget, renderCard as renderSlack } from '../../src/chat/slack/render.ts';
import { cardBudget, renderCard as renderTeams } from '../../src/chat/teams/render.ts';
import { cardProblems } from '../schemas/validate.ts';
import { anAction } from '../setup/builders.ts';
import { hostileText } from './hostile.ts';

const action = anAction();
const inSlack = { platform: 'slack' as const, draw: drawTimeline };
const told = (data: object): AuditEvent => ({
  kind: 'hunted',
  at: '2026-11-21T08:00:00Z',
  actorId: 'carol',
  data: { askedBy: 'Carol Chen', ...data },
});
const answered = (columns: string[], cells: string[][], more: object = {}) =>
  huntNote(told({ standing: 'answered', rows: cells.length, truncated: false, columns, cells, hasFile: false, ...more }), action, inSlack);
const timeline = timelineOf({
  columns: [{ name: 'Timestamp', type: 'DateTime' }],
  rows: [['2026-11-20T10:00:00Z'], ['2026-11-20T12:10:00Z'], ['2026-11-20T12:50:00.5Z'], [null]],
  truncated: false,
});

describe('the answer of a hunt', () => {
  test('is a table that fits and is literal on both platforms, whatever is in it', () => {
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.tuple(
          fc.array(hostileText(60), { minLength: width, maxLength: width }),
          fc.array(fc.array(hostileText(80), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 10 }),
        ),
      );
    fc.assert(
      fc.property(table, ([columns, cells]) => {
        const note = answered(columns, cells);
        const slack = JSON.stringify(renderSlack(note).blocks);
        expect(slack.length).toBeLessThanOrEqual(messageBudget);
        const teams = renderTeams(note).card;
        expect(cardProblems(teams)).toEqual([]);
        expect(JSON.stringify(teams).length).toBeLessThanOrEqual(cardBudget);
        for (const drawn of [slack, JSON.stringify(teams)])
          expect(drawn).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]|https?:\/\/evil/);
      }),
      { numRuns: 300 },
    );
  });

  test('shows times briefly and addresses so that nobody can follow them', () => {
    const { table } = answered(
      ['Timestamp', 'RemoteUrl', 'FileName'],
      [['2026-11-20T10:00:00.1234567Z', 'evil.example/x', 'report.example']],
    );
    expect(table?.rows).toEqual([['2026-11-20 10:00 UTC', 'evil[.]example/x', 'report.example']]);
  });

  test('lines up in Slack, where letters have one width', () => {
    const { blocks } = renderSlack(
      answered(
        ['DeviceName', 'Action'],
        [
          ['wks-1', 'Created'],
          ['a-long-name-of-a-device', 'x'],
        ],
      ),
    );
    expect(JSON.stringify(blocks)).toContain(
      [
        'DeviceName               Action',
        `${'─'.repeat(23)}  ${'─'.repeat(8)}`,
        'wks-1                    Created',
        'a-long-name-of-a-device  x',
      ].join('\\n'),
    );
  });

  test('says how much there was and where the rest is', () => {
    const text = (more: object) =>
      answered(['A'], [['1']], more)
        .lines.map(plain)
        .join(' ');
    expect(text({})).toContain('1 row.');
    expect(text({ rows: 200, isFull: true, hasFile: true })).toContain('At least 200 rows, the first 1 shown.');
    expect(text({ rows: 10_000, truncated: true, hasFile: true })).toMatch(
      /More than 10,000 rows, the first 1 shown\. .*\/actions hunt A-/,
    );
    expect(text({ hasFile: true })).toContain('Not every column is shown.');
    expect(text({ hasFile: true })).toContain('in a file for whoever asked');
    expect(text({ hasFile: true, isHanded: false })).toMatch(/Get yours, in private, with \/actions hunt A-/);
  });

  test.each(['no-rows', 'timed-out', 'busy', 'not-allowed', 'not-taken', 'too-large', 'unavailable', 'interrupted', 'something new'])(
    'of %s is a sentence of its own, without a table',
    (standing) => {
      const note = huntNote(told({ standing }), action, { ...inSlack, platform: 'teams' });
      expect(note.table).toBeUndefined();
      expect(note.lines.map(plain).join(' ')).toMatch(/^Go hunt, run here by Carol Chen\. .{20,}\.$/);
      expect(cardProblems(renderTeams(note).card)).toEqual([]);
    },
  );

  test('has its timeline beside the table, and the same in words', () => {
    const { picture } = answered(['Timestamp'], [['x']], { timeline });
    expect(picture?.alt).toBe(
      'Timeline of 3 rows from 2026-11-20 10:00 to 2026-11-20 12:50 UTC. The busiest hour is 2026-11-20 12:00 to 13:00 UTC, with 2 rows. 1 more row has no time.',
    );
    const note = answered(['Timestamp'], [['x']], { timeline });
    const slack = renderSlack(note, new Map([['timeline', 'F0TIMELINE']]));
    expect(slack.blocks.at(-1)).toEqual({ type: 'image', slack_file: { id: 'F0TIMELINE' }, alt_text: picture?.alt });
    expect(slack.text).toContain(picture?.alt);
    const { card } = renderTeams(note);
    expect(cardProblems(card)).toEqual([]);
    expect(card.body?.at(-1)).toMatchObject({
      type: 'Image',
      altText: picture?.alt,
      url: expect.stringMatching(/^data:image\/png;base64,iVBORw0KGgo/),
    });
  });

  test.each([
    ['was not drawn', null],
    ['has no room in a card', new Uint8Array(60_000)],
  ])('tells its timeline in words where the picture %s', (_, png) => {
    const note = huntNote(told({ standing: 'answered', rows: 4, columns: ['A'], cells: [['1']], timeline }), action, {
      ...inSlack,
      draw: () => png,
    });
    const said = 'The chart could not be shown here. It says: Timeline of 3 rows';
    expect(JSON.stringify(renderSlack(note).blocks)).toContain(said);
    const { card } = renderTeams(note);
    expect(cardProblems(card)).toEqual([]);
    expect(JSON.stringify(card)).toContain(said);
    expect(JSON.stringify(card)).not.toContain('"Image"');
  });

  test('of one moment, or of times nobody can read, has no picture', () => {
    for (const given of [null, undefined, { rows: 'many' }, { ...timeline, counts: [1] }])
      expect(answered(['A'], [['1']], { timeline: given }).picture).toBeUndefined();
  });

  test('that is an older version’s is drawn all the same', () => {
    expect(huntNote({ ...told({}), data: { standing: 'answered' } }, action, inSlack).fallback).toContain('0 rows');
    expect(huntTroubleText('toString')).toContain('did not come to its end');
  });
});

test('how far something has spread is one short line', () => {
  const lines: [BlastRadius, string][] = [
    [{ of: 'file', days: 30, devices: 0, firstSeen: null, lastSeen: null }, 'on no device in 30 days'],
    [
      { of: 'file', days: 30, devices: 14, firstSeen: '2026-11-03T10:00:00Z', lastSeen: '2026-11-20T10:00:00Z' },
      'on 14 devices in 30 days, first 2026-11-03 10:00 UTC, last 2026-11-20 10:00 UTC',
    ],
    [
      { of: 'messages', days: 30, messages: 1204, recipients: 960, delivered: 1, atLeast: true },
      'at least 1,204 messages to 960 recipients in 30 days, 1 delivered',
    ],
    [{ of: 'mailbox', days: 7, messages: 1, threats: 0 }, '1 message received in 7 days, 0 with a threat'],
    [{ of: 'url', days: 30, messages: 2, clicks: 3, people: 1 }, 'in 2 messages, 3 clicks by 1 person in 30 days'],
    [{ of: 'ip', days: 30, devices: 1, connections: 5 }, '5 connections from 1 device in 30 days'],
    [{ of: 'device', days: 7, people: 2, signIns: 9, atLeast: false }, '2 people signed in on it in 7 days'],
    [{ of: 'user', days: 7, signIns: 41, addresses: 3 }, '41 sign-ins from 3 addresses in 7 days'],
  ];
  for (const [radius, expected] of lines) expect(plain(blastRadiusLine(radius))).toBe(expected);
});

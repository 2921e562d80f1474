/** What a digest says, and that both platforms can show it: on a quiet day, on the busiest, with hostile names. */
import { describe, expect, it } from 'vitest';
import { validateBlocks } from '../../sandbox/slack/blocks.ts';
import { cardProblems } from '../../sandbox/teams/card-rules.ts';
import { ActionSource, ActionType } from '../../src/action-center/action.ts';
import type { DigestFigures, WaitingRow } from '../../src/action-center/digest-figures.ts';
import { EventWord } from '../../src/action-center/history.ts';
import { drawChart } from '../../src/charts/draw.ts';
import { parseDigest } from '../../src/chat/digest-ask.ts';
import { type DigestContext, digestCard } from '../../src/chat/digest-card.ts';
import { durationText } from '../../src/chat/digest-words.ts';
import { plain } from '../../src/chat/show.ts';
import { renderDigest as renderSlack } from '../../src/chat/slack/render-digest.ts';
import { noPictures } from '../../src/chat/slack/render-picture.ts';
import { renderDigest as renderTeams } from '../../src/chat/teams/render-digest.ts';
import { moment } from './teams/moment.ts';

const span = { from: '2026-11-20T07:00:00.000Z', to: '2026-11-21T07:00:00.000Z' };
const none = { count: 0, medianMs: null, p95Ms: null };
const quiet: DigestFigures = {
  span,
  before: { from: '2026-11-13T07:00:00.000Z', to: '2026-11-14T07:00:00.000Z' },
  asOf: '2026-11-21T07:00:05.000Z',
  waiting: { count: 0, expiring: 0, expiringBefore: '2026-11-22T07:00:05.000Z', oldest: null, top: [] },
  happened: Object.fromEntries(EventWord.options.map((word) => [word, 0])),
  byType: [],
  bySource: [],
  byPerson: [],
  waits: none,
  waitsBefore: none,
  refused: { tries: 0, people: 0, decided: 0, open: 0 },
  days: Array.from({ length: 14 }, (_, index) => ({
    from: new Date(Date.UTC(2026, 10, 7 + index, 7)).toISOString(),
    to: new Date(Date.UTC(2026, 10, 8 + index, 7)).toISOString(),
    approved: 0,
    rejected: 0,
    undo: 0,
    waits: none,
  })),
  head: null,
};

const hostileTitle = '<!channel> [click](https://evil.example) **now** \u202e<at>all</at> $\u007bfallbackText} {{DATE(2026-01-01)}}'.padEnd(
  300,
  ' x',
);
const row = (index: number): WaitingRow => ({
  actionId: `A-01M7ZF6AETY498NMFSD02K3MM${index}`,
  type: 'stopAndQuarantineFile',
  severity: 'high',
  status: 'pending',
  title: hostileTitle,
  asset: hostileTitle.slice(0, 200),
  createdAt: '2026-11-18T07:00:00.000Z',
  expiresAt: '2026-11-21T09:00:00.000Z',
});
const busy: DigestFigures = {
  ...quiet,
  waiting: { count: 12_345, expiring: 1234, expiringBefore: '2026-11-22T07:00:05.000Z', oldest: row(0), top: [1, 2, 3, 4, 5].map(row) },
  happened: Object.fromEntries(EventWord.options.map((word, index) => [word, 40_000 + index])),
  byType: ActionType.options.slice(0, 6).map((type, index) => ({ type, count: 9000 - index })),
  bySource: ActionSource.options.map((source, index) => ({ source, count: 9000 - index })),
  byPerson: [1, 2, 3, 4, 5].map((nr) => ({
    upn: `${'very-long-name-'.repeat(8)}${nr}@contoso.example`,
    name: hostileTitle.slice(0, 150),
    count: 9000 - nr,
  })),
  waits: { count: 80_003, medianMs: 754_321, p95Ms: 98_765_432 },
  waitsBefore: { count: 70_000, medianMs: 954_321, p95Ms: 8_765_432 },
  refused: { tries: 123, people: 45, decided: 67, open: 8 },
  days: quiet.days.map((day, index) => ({
    ...day,
    approved: 2000 + index * 97,
    rejected: 300 + index,
    undo: 40,
    waits: { count: 2300, medianMs: 60_000 * (index + 5), p95Ms: 7_200_000 },
  })),
  head: { seal: '123456', lastSeq: '12345678', hash: 'a'.repeat(64), at: '2026-11-21T07:00:00.000Z', keyId: 'audit-2026' },
};

const cardOf = (figures: DigestFigures, over: Partial<DigestContext> = {}) =>
  digestCard({ kind: 'due', figures, timezone: 'Europe/Berlin', late: null, draw: drawChart, ...over });
const saying = (figures: DigestFigures, over: Partial<DigestContext> = {}) => {
  const { lines, sections, footnotes } = cardOf(figures, over);
  return [...lines, ...sections.flatMap((section) => [...section.lines, ...section.rows]), ...footnotes].map(plain).join('\n');
};
const files = new Map([
  ['decided', 'F0123456789'],
  ['time-to-decision', 'F0123456780'],
]);

describe('a digest', () => {
  it('of a quiet day says so, in one sentence and without empty charts', () => {
    const card = cardOf(quiet);
    expect(card.heading).toBe('Digest: Saturday 21 November');
    expect(saying(quiet)).toContain('A quiet day: nothing waits, and nothing was decided, failed or expired.');
    expect({ sections: card.sections, pictures: card.pictures }).toEqual({ sections: [], pictures: [] });
    expect(saying({ ...quiet, refused: { tries: 2, people: 1, decided: 0, open: 0 } })).toContain(
      '2 tries by 1 person without the authority',
    );
  });

  it('says each figure in words, against the week before where that was asked', () => {
    const text = saying(busy);
    expect(text).toContain('12,345 actions wait for a decision');
    expect(text).toContain('1,234 of them have their deadline within 24 hours.');
    expect(text).toContain('The oldest has waited 3 days');
    expect(text).toContain('80,003 decided: 40,001 approved, 40,002 rejected. In the same time a week before: 70,000.');
    expect(text).toContain(
      'Time to decision: median 13 min (a week before 16 min), 95th percentile 27 h 26 min'.replace('27 h 26 min', '1 day 3 h'),
    );
    expect(text).toContain('(the regret rate)');
    expect(text).toContain(
      'seal 123456 holds it through event 12345678, sealed 2026-11-21 07:00 UTC, signed with key audit-2026. Hash aaaa',
    );
    expect(saying(quiet)).toContain('nothing is sealed yet');
    const late = saying(busy, { late: { due: span.to, shown: '2026-11-21T09:30:00.000Z' } });
    expect(late).toContain('Late by 2 h 30 min. It was due 2026-11-21 07:00 UTC; it tells of what happened up to then.');
  });

  it('offers nothing to list where there is nothing', () => {
    const card = cardOf({ ...quiet, waiting: { ...quiet.waiting, count: 1, top: [row(1)], oldest: row(1) } });
    expect(card.sections.flatMap(({ buttons }) => buttons.map(({ label }) => label))).toEqual(['Waiting (1)']);
  });

  it.each([
    ['quiet', quiet],
    ['busy', busy],
  ])('of a %s day is a message that Slack takes, with pictures and without', (_name, figures) => {
    for (const known of [files, noPictures]) {
      const { text, blocks } = renderSlack(cardOf(figures), known);
      expect(validateBlocks(blocks)).toEqual([]);
      expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(11_500);
      expect(text).not.toMatch(/<!channel>/);
    }
    const drawn = JSON.stringify(renderSlack(cardOf(figures), noPictures).blocks);
    expect(drawn.includes('Bar chart. Decided per day')).toBe(figures === busy);
  });

  it.each([
    ['quiet', quiet],
    ['busy', busy],
  ])('of a %s day is a card that Teams takes, with room to its limit', (_name, figures) => {
    const { card, summary } = renderTeams(cardOf(figures));
    expect(cardProblems(card)).toEqual([]);
    expect(JSON.stringify(card).length).toBeLessThanOrEqual(38_000);
    expect(summary.length).toBeLessThanOrEqual(300);
    expect(JSON.stringify(card).includes('data:image/png;base64,')).toBe(figures === busy);
  });

  it('shows hostile names letter by letter: no mention, no link, no markup, nothing that turns the reading direction', () => {
    const slack = JSON.stringify(renderSlack(cardOf(busy), files).blocks);
    const teams = JSON.stringify(renderTeams(cardOf(busy)).card);
    for (const drawn of [slack, teams]) {
      expect(drawn).not.toMatch(/https:\/\/evil|\u202e/);
      expect(drawn).toContain('hxxps://evil.example');
    }
    // Text from outside stands only where Slack and Teams show it literally.
    expect(slack).not.toContain('mrkdwn');
    expect([...teams.matchAll(/"type":"TextBlock".*?"text":"(.*?)"/g)].filter(([, text]) => !moment.test(text ?? ''))).toEqual([]);
    expect(cardOf(busy).fallback).toContain('12,345 actions wait for a decision.');
  });
});

describe('a duration', () => {
  it.each([
    [0, '1 s'],
    [59_000, '59 s'],
    [720_000, '12 min'],
    [3_600_000, '1 h'],
    [11_100_000, '3 h 5 min'],
    [86_400_000, '1 day'],
    [144_000_000, '1 day 16 h'],
    [171_900_000, '2 days'],
    [187_200_000, '2 days 4 h'],
  ])('of %i ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));
});

describe('what stands behind digest', () => {
  const all = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  it.each([
    ['08:00 Europe/Berlin', '08:00', 'Europe/Berlin', all],
    ['8:30 europe/berlin weekdays', '08:30', 'Europe/Berlin', all.slice(0, 5)],
    ['23:59 America/St_Johns mon,tue', '23:59', 'America/St_Johns', ['mon', 'tue']],
    ['07:00 UTC Sunday and Friday', '07:00', 'UTC', ['fri', 'sun']],
    ['07:00 utc daily', '07:00', 'UTC', all],
  ])('on %s is read', (text, at, timezone, weekdays) => {
    expect(parseDigest(['on', ...text.split(' ')])).toMatchObject({ kind: 'on', schedule: { at, weekdays, holidays: [] } });
    const ask = parseDigest(['on', ...text.split(' ')]);
    expect(ask.kind === 'on' && ask.schedule.timezone.toLowerCase()).toBe(timezone.toLowerCase());
  });

  it.each([
    ['on', 'time', ''],
    ['on 25:00 UTC', 'time', '25:00'],
    ['on 08:00', 'zone', ''],
    ['on 08:00 Berlin', 'zone', 'Berlin'],
    ['on 08:00 +01:00', 'zone', '+01:00'],
    ['on 08:00 UTC someday', 'days', 'someday'],
    ['nwo', 'word', 'nwo'],
    ['off until monday', 'word', 'off until monday'],
    ['now please', 'word', 'now please'],
  ])('%s is not understood, and named', (text, kind, given) => {
    expect(parseDigest(text.split(' '))).toMatchObject({ kind: 'unclear', problem: { kind, given } });
  });
});

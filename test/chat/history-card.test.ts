/** Answers to look-ups as each platform draws them, in the cases that a real record seldom gives. */
import { describe, expect, it } from 'vitest';
import { validateBlocks } from '../../sandbox/slack/blocks.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { Column, type HistoryCount, type PageAnswer } from '../../src/action-center/history.ts';
import { type LookedUp, usualLookUp } from '../../src/action-center/look-up.ts';
import { ok } from '../../src/action-center/refusal.ts';
import { answerHistory } from '../../src/chat/history-answers.ts';
import { historyCard, sharedCard } from '../../src/chat/history-card.ts';
import { parseHistory } from '../../src/chat/history-command.ts';
import { pressOfPicks, readPress, readWrittenPress, writePress } from '../../src/chat/history-press.ts';
import { countText } from '../../src/chat/history-words.ts';
import { plain } from '../../src/chat/show.ts';
import { renderHistory as drawForSlack } from '../../src/chat/slack/render-history.ts';
import { renderHistory as drawForTeams } from '../../src/chat/teams/render-history.ts';
import { cardProblems } from '../schemas/validate.ts';
import { anAction, anActor } from '../setup/builders.ts';

const shown = { visibility: 'never', everywhere: true, cursor: null } as const;
const looked = (answer: PageAnswer, over: Partial<LookedUp> = {}): LookedUp => ({
  reader: anActor(),
  lookUp: usualLookUp('history'),
  isOwnDefault: false,
  answer,
  count: { kind: 'exact', count: 3 },
  ...over,
});
const page = (titles: string[], cursor: string | null = null): PageAnswer => ({
  kind: 'page',
  page: {
    rows: titles.map((title, index) => ({
      action: anAction({
        id: `A-01JD6Q0000000000000000${String(index).padStart(4, '0')}`,
        title,
        details: title,
        asset: title.slice(0, 500),
      }),
      decidedBy: null,
    })),
    next: cursor,
    previous: cursor,
  },
});

const onlyTime = /^[A-Za-z ]+: <!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-\d]{10} \d\d:\d\d UTC>$/;
const ownMoment = /\{\{(?:DATE\([\d:TZ-]+, SHORT|TIME\([\d:TZ-]+)\)\}\}/g;

describe('an answer to a look-up', () => {
  it.each<[HistoryCount, string]>([
    [{ kind: 'exact', count: 1 }, '1 action'],
    [{ kind: 'exact', count: 12_387 }, '12,387 actions'],
    [{ kind: 'about', count: 12_387 }, 'about 12,400 actions'],
    [{ kind: 'many', count: 100_000 }, 'at least 100,000 actions'],
  ])('%j is said as %s', (count, said) => {
    expect(countText(count)).toBe(said);
  });

  it('that was not found in time says so, and claims nothing about what is there', () => {
    const card = historyCard(looked({ kind: 'too-long' }), shown);
    const said = card.lines.map(plain).join(' ');
    expect(said).toContain('No answer within the time limit');
    expect(said).not.toMatch(/\d actions|Nothing fits/);
    expect(card.buttons.map(({ label }) => label)).toEqual(['Only the Past Week']);
  });

  it('fits the limits of both platforms with the longest texts on the longest page, and keeps every row to open', () => {
    const cursor = 'c'.repeat(400);
    for (const nasty of [
      '<!channel> [x](https://evil.example) \u202e\u{1f469}\u200d\u{1f469}'.repeat(9),
      '"\\'.repeat(200),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what a card template would expand
      '${x}{{y}}'.repeat(50),
      '<&>'.repeat(100),
    ]) {
      for (const rows of [1, 10, 20, 21, 50]) {
        const lookUp = { ...usualLookUp('history'), columns: [...Column.options] };
        const filters = { ...lookUp.filters, by: [nasty.slice(0, 200)] };
        const card = historyCard(looked(page(Array(rows).fill(nasty), cursor), { lookUp: { ...lookUp, filters } }), {
          ...shown,
          visibility: 'everyone',
        });
        const { blocks } = drawForSlack(card);
        expect(validateBlocks(blocks as never)).toEqual([]);
        expect(JSON.stringify(blocks).length).toBeLessThan(12_000);
        expect(new Set(JSON.stringify(blocks).match(/A-01JD6Q\d{20}/g)).size).toBe(rows);
        const teams = drawForTeams(card).card;
        expect(cardProblems(teams)).toEqual([]);
        expect(JSON.stringify(teams).length).toBeLessThan(28_000);
        expect(JSON.stringify(teams).replace(ownMoment, '')).not.toMatch(/\$\{|\{\{/);
        expect(new Set(JSON.stringify(teams).match(/A-01JD6Q\d{20}/g)).size).toBe(rows);
      }
    }
  });

  it('gives every one of the usual ten rows a button and keeps the menus', () => {
    const card = historyCard(looked(page(Array(10).fill('Quarantine invoice.exe on WKS-0042'), 'c'.repeat(120))), shown);
    const slack = JSON.stringify(drawForSlack(card));
    const teams = JSON.stringify(drawForTeams(card));
    for (const drawn of [slack, teams]) {
      expect(drawn).toContain('"Show 10"');
      expect(drawn).toContain('Automated device action');
      expect(drawn).not.toContain('left out');
      expect(drawn).not.toContain('Shortened');
    }
    // The zone of the reader: nothing but the time is mrkdwn.
    const times = drawForSlack(card).blocks.flatMap((block) => (block.type === 'section' ? (block.fields ?? []) : []));
    expect(times).toHaveLength(10);
    for (const { type, text } of times) expect([type, text]).toEqual(['mrkdwn', expect.stringMatching(onlyTime)]);
  });

  it('shared for readers only shows no row, and shares nothing where policy says never', async () => {
    const card = sharedCard(looked(page(['Secret title'])), { ...shown, visibility: 'readersOnly' });
    expect(JSON.stringify(card)).not.toContain('Secret title');
    expect(card.buttons.map(({ label }) => label)).toEqual(['Open for Me']);
    const flows = {
      lookUp: () => Promise.reject(new Error('nothing is looked up')),
      keepDefault: async () => ok(true),
      noteShared: () => Promise.reject(new Error('nothing is noted')),
      visibility: 'never' as const,
    };
    const asked = {
      by: 'x',
      person: async () => Promise.reject(new Error('nobody')),
      platform: 'slack' as const,
      clickId: 'c',
      cursor: null,
      share: true,
    };
    const answer = await answerHistory(
      flows,
      { ...asked, place: { conversation: 'C0SOC', isPersonal: false } },
      parseHistory('history', 'week'),
    );
    expect(answer.lines.map(plain).join()).toContain('Sharing look-ups is off');
    expect(answer.share).toBeUndefined();
  });

  it('is an error of the record, and no empty page, when the record is away', async () => {
    const away = () => Promise.reject(new UpstreamError('store', 'down', { retryable: true }));
    const flows = { lookUp: away, keepDefault: away, noteShared: away, visibility: 'never' as const };
    const asked = {
      by: 'x',
      person: async () => Promise.reject(new Error('nobody')),
      platform: 'slack' as const,
      clickId: 'c',
      cursor: null,
      share: false,
    };
    await expect(
      answerHistory(flows, { ...asked, place: { conversation: 'C0SOC', isPersonal: false } }, parseHistory('history', 'week')),
    ).rejects.toThrow(UpstreamError);
  });
});

describe('a press on an answer', () => {
  it('is read back as it was written, and anything else is not ours', () => {
    for (const press of [
      { text: 'history week in:all', cursor: null, share: false },
      { text: 'history week in:all', cursor: 'abc', share: true },
    ])
      expect(readWrittenPress(writePress(press))).toEqual(press);
    for (const forged of [null, 1, 'x', {}, { text: '' }, { text: 'x'.repeat(2000) }, { text: 'history', cursor: 'c'.repeat(401) }])
      expect(readPress(forged)).toBeNull();
    expect(pressOfPicks('approve everything', { status: 'failed' })).toBeNull();
    expect(pressOfPicks('history week in:all', { status: 'no such', type: null, period: 'any' })?.text).toBe('history period:any in:all');
  });
});

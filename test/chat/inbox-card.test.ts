/** The inbox as people see it: the words, and that nothing hostile in it comes alive or breaks a limit on either platform. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateBlocks } from '../../sandbox/slack/blocks.ts';
import { validateHome } from '../../sandbox/slack/view-rules.ts';
import type { Inbox } from '../../src/action-center/inbox.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { emptyInbox, type InboxCard, inboxCard } from '../../src/chat/inbox-card.ts';
import { countdownText, countText, inboxRefusalText, shownText } from '../../src/chat/inbox-words.ts';
import { plain } from '../../src/chat/show.ts';
import { permalinks, renderHome, renderInboxMessage } from '../../src/chat/slack/render-inbox.ts';
import { deepLinks, renderInbox } from '../../src/chat/teams/render-inbox.ts';
import { cardProblems } from '../schemas/validate.ts';
import { aDecision, anAction, testNow } from '../setup/builders.ts';
import { hostileAction } from './hostile.ts';
import { moment } from './teams/moment.ts';

const organisation = '11111111-2222-4333-8444-555555555555';
const slackLinks = permalinks('https://contoso-example.slack.com/');
const teamsLinks = deepLinks('global', organisation);
const slackPlace = { conversation: 'C0SOC', ref: '1763712000.000100' };
const teamsPlace = { conversation: '19:soc@thread.tacv2', ref: '1763712000001' };

const inboxWith = (waiting: RemediationAction[], over: Partial<Inbox> = {}): Inbox => ({
  at: testNow.toISOString(),
  waiting,
  count: { kind: 'exact', count: waiting.length },
  decided: [],
  ...over,
});
const placed = (actions: readonly RemediationAction[], place: { conversation: string; ref: string }) =>
  new Map(actions.map(({ id }) => [id, place]));
const textOf = (card: InboxCard): string =>
  [
    ...card.intro,
    ...card.rows.flatMap(({ heading, lines }) => [heading, ...lines]),
    ...(card.decided?.lines ?? []).map(({ line }) => line),
    ...card.footnotes,
  ]
    .map(plain)
    .join('\n');

describe('the words of an inbox', () => {
  it('count down from the deadline, never promising more time than there is', () => {
    const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
    const told = [0, 59_000, 2 * minute - 1, 2 * hour - 1, 3 * hour, 3 * hour + 59 * minute, 2 * day - 1, 6 * day + 23 * hour].map(
      countdownText,
    );
    expect(told).toEqual([
      'the deadline has passed',
      'in less than a minute',
      'in 1 min',
      'in 119 min',
      'in 3 h',
      'in 3 h',
      'in 47 h',
      'in 6 days',
    ]);
  });

  it('name what waits, its severity and age, what it still needs, and the time left beside the time itself', () => {
    const action = anAction({
      needed: 2,
      approvals: [aDecision()],
      expiresAt: '2026-11-21T11:30:00.000Z',
      status: 'awaitingSecondApproval',
    });
    const text = textOf(inboxCard(inboxWith([action]), new Map()));
    expect(text).toContain('1. Stop and quarantine file: invoice.exe on WKS-0042');
    expect(text).toContain('High severity, asked 3 min ago, 1 of 2 approvals: Alice Adams');
    expect(text).toContain('Decide in 3 h, before 2026-11-21 11:30 UTC');
    expect(text).toContain('You decide on the card itself.');
    expect(text).toContain('As of 2026-11-21 08:03 UTC.');
  });

  it('say what became of what one decided', () => {
    const decision = aDecision();
    const decided = [{ action: anAction({ status: 'failed', decision }), decision }];
    const text = textOf(inboxCard(inboxWith([], { decided }), new Map()));
    expect(text).toContain('Nothing awaits your decision now.');
    expect(text).toContain(
      'You approved Stop and quarantine file: invoice.exe on WKS-0042, 2026-11-21 08:02 UTC. Approved, but carrying it out failed.',
    );
  });

  it('are honest about numbers', () => {
    expect(plain(countText({ kind: 'exact', count: 300 }))).toBe('300 actions await your decision.');
    expect(shownText(20, 300).map(plain)).toEqual(['The first 20 are shown here.']);
    expect(shownText(20, 20)).toEqual([]);
    expect(plain(countText({ kind: 'exact', count: 1 }))).toBe('1 action awaits your decision.');
    expect(plain(countText({ kind: 'about', count: 600 }))).toMatch(/^About 600 actions .* \(500\), so the number is an estimate\.$/);
  });

  it('tell everybody without an inbox calmly what to do', () => {
    const kinds = ['unknown-person', 'ambiguous-person', 'disabled-person', 'guest', 'external-person', 'bot'] as const;
    const told = kinds.map((kind) => plain(inboxRefusalText({ kind }, 'slack')));
    told.push(plain(inboxRefusalText({ kind: 'identity-unavailable', service: 'directory' }, 'teams')));
    told.push(plain(inboxRefusalText({ kind: 'may-decide-nothing', missing: [['ActiveRemediationActions']] }, 'teams')));
    expect(new Set(told).size).toBe(8);
    for (const sentence of told) expect(sentence).toMatch(/^[A-Z].{20,300}\.$/);
    expect(told.at(-1)).toContain('Active remediation actions');
  });
});

describe('links to cards', () => {
  it('lead to the message on each platform', () => {
    expect(slackLinks(slackPlace)).toBe('https://contoso-example.slack.com/archives/C0SOC/p1763712000000100');
    expect(teamsLinks(teamsPlace)).toBe(
      `https://teams.microsoft.com/l/message/19%3Asoc%40thread.tacv2/1763712000001?tenantId=${organisation}&parentMessageId=1763712000001`,
    );
    expect(deepLinks('gcchigh', organisation)({ conversation: '19:duty@thread.v2', ref: '17' })).toBe(
      `https://gov.teams.microsoft.us/l/message/19%3Aduty%40thread.v2/17?tenantId=${organisation}&context=%7B%22contextType%22%3A%22chat%22%7D`,
    );
  });

  it('are left out where there is none to be had', () => {
    expect(permalinks(null)(slackPlace)).toBeNull();
    expect(permalinks('http://contoso-example.slack.com/')(slackPlace)).toBeNull();
    expect(slackLinks({ conversation: 'C0/../x', ref: '1.2' })).toBeNull();
    expect(teamsLinks({ conversation: 'a:1abc', ref: '17' })).toBeNull();
  });
});

/** Every object below a value. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(objectsIn)];
}

const hostileInbox = fc
  .record({
    waiting: fc.array(hostileAction, { minLength: 1, maxLength: 20 }),
    decided: fc.array(hostileAction, { maxLength: 10 }),
    placed: fc.boolean(),
  })
  .map(({ waiting, decided, placed: withPlaces }) => ({
    withPlaces,
    actions: [...waiting, ...decided],
    inbox: inboxWith(waiting, { decided: decided.map((action) => ({ action, decision: action.decision ?? aDecision() })) }),
  }));

describe('a hostile inbox', () => {
  it('is drawn in Slack within every limit, with nothing of it live', () => {
    fc.assert(
      fc.property(hostileInbox, ({ inbox, actions, withPlaces }) => {
        const card = inboxCard(inbox, withPlaces ? placed(actions, slackPlace) : new Map());
        const home = renderHome(card, slackLinks);
        expect(validateHome({ type: 'home', blocks: home })).toEqual([]);
        const message = renderInboxMessage(card, slackLinks);
        expect(validateBlocks(message.blocks)).toEqual([]);
        expect(JSON.stringify(message.blocks).length).toBeLessThanOrEqual(10_000);
        const parts = objectsIn([home, message.blocks]);
        const live = ['mrkdwn', 'user', 'channel', 'broadcast', 'usergroup', 'emoji', 'team'];
        expect(parts.filter((it) => live.includes(String(it['type'])))).toEqual([]);
        expect(parts.filter((it) => 'url' in it && it['url'] !== slackLinks(slackPlace))).toEqual([]);
        expect(parts.filter((it) => it['type'] === 'button' && !String(it['action_id']).startsWith('ac.inbox.'))).toEqual([]);
        expect(JSON.stringify([home, message])).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/);
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it('is drawn in Teams as a valid card within the limit, with nothing of it live', () => {
    fc.assert(
      fc.property(hostileInbox, ({ inbox, actions, withPlaces }) => {
        const { card, summary } = renderInbox(inboxCard(inbox, withPlaces ? placed(actions, teamsPlace) : new Map()), teamsLinks);
        const text = JSON.stringify(card);
        expect(cardProblems(card)).toEqual([]);
        expect(text.length).toBeLessThanOrEqual(28_000);
        expect(summary.length).toBeLessThanOrEqual(300);
        expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/);
        const parts = objectsIn(card);
        const of = (type: string, field: string) => parts.filter((it) => it['type'] === type).map((it) => String(it[field]));
        expect(of('TextBlock', 'text').filter((text) => !moment.test(text))).toEqual([]);
        expect(of('TextRun', 'text').filter((run) => /\$\{|\{\{/.test(run))).toEqual([]);
        expect(of('Action.Execute', 'verb').filter((verb) => !/^ac\.inbox\.(show|refresh)$/.test(verb))).toEqual([]);
        expect(of('Action.OpenUrl', 'url').filter((url) => url !== teamsLinks(teamsPlace))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it('says how much did not fit', () => {
    const actions = Array.from({ length: 20 }, (_, index) => anAction({ id: `A-${index}`, title: 't'.repeat(300) }));
    const card = inboxCard(inboxWith(actions), placed(actions, slackPlace));
    expect(JSON.stringify(renderInboxMessage(card, slackLinks).blocks)).toMatch(
      /The first \d are shown here\. The Home tab of this app has room for more\./,
    );
    expect(JSON.stringify(renderHome(card, slackLinks))).toContain('Show 20');
    expect(JSON.stringify(renderInbox(card, teamsLinks).card)).toContain('Show 20');
  });

  it('is drawn when nothing is listed', () => {
    const card = emptyInbox([{ kind: 'words', text: 'Nothing is listed here.' }]);
    expect(validateHome({ type: 'home', blocks: renderHome(card, slackLinks) })).toEqual([]);
    expect(validateBlocks(renderInboxMessage(card, slackLinks).blocks)).toEqual([]);
    expect(cardProblems(renderInbox(card, teamsLinks).card)).toEqual([]);
  });
});

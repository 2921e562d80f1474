/** What is shown about many actions at once: valid on both platforms, and what came from outside stays text. */
import { describe, expect, it } from 'vitest';
import { cardProblems } from '../../sandbox/teams/card-rules.ts';
import { EntraId } from '../../src/action-center/action.ts';
import type { Batch } from '../../src/action-center/batch.ts';
import { blastRadius } from '../../src/action-center/bulk.ts';
import { batchCardFor } from '../../src/chat/batch-card.ts';
import { bulkTexts } from '../../src/chat/batch-words.ts';
import { bulkChooseView, bulkConfirmView } from '../../src/chat/slack/bulk-dialog.ts';
import { renderCard as inSlack } from '../../src/chat/slack/render.ts';
import { cardBudget, renderCard as inTeams } from '../../src/chat/teams/render.ts';
import { renderBulkChoose, renderBulkConfirm } from '../../src/chat/teams/render-bulk.ts';
import { aDecision, anAction } from '../setup/builders.ts';

const expression = ['$', '{title}'].join('');
const hostile = `<!channel> [click](https://evil.example) *bold* ${expression} {{DATE(1)}} <at>Bob</at>\u202eexe.cod`;
const actions = Array.from({ length: 100 }, (_, index) =>
  anAction({
    id: `A-01JD6Q0000000000000000${String(index).padStart(4, '0')}`,
    type: 'isolateDevice',
    title: hostile,
    entities: [{ type: 'device', name: `${hostile} ${index}` }],
  }),
);

function batch(over: Partial<Batch> = {}): Batch {
  const { actor } = aDecision();
  return {
    id: 'B-1',
    type: 'isolateDevice',
    verb: 'undo',
    actor: { entraId: EntraId.parse(actor.entraId), upn: actor.upn, displayName: hostile },
    by: 'slack:T/U',
    platform: 'slack',
    conversation: 'C0SOC',
    comment: hostile.repeat(10),
    status: 'finished',
    total: 300,
    counts: { waiting: 0, decided: 0, done: 280, shared: 0, failed: 12, refused: 8 },
    version: 4,
    createdAt: '2026-11-21T08:00:00.000Z',
    startedAt: '2026-11-21T08:01:00.000Z',
    finishedAt: '2026-11-21T08:02:00.000Z',
    ...over,
  };
}

/** Slack makes links, mentions and bold of mrkdwn only. */
function expectSafeInSlack(drawn: object): void {
  const text = JSON.stringify(drawn);
  expect(text).not.toContain('"mrkdwn"');
  expect(text).not.toMatch(/[\u202a-\u202e]/);
}

function expectSafeInTeams(card: object): void {
  expect(cardProblems(card)).toEqual([]);
  const text = JSON.stringify(card);
  expect(text.length).toBeLessThan(cardBudget);
  expect(text).not.toMatch(/[\u202a-\u202e]/);
}

/** What Teams reads as Markdown is in these; everything else is in runs, which are literal. */
const titlesIn = (card: unknown): string[] => [...JSON.stringify(card).matchAll(/"title":"([^"]*)"/g)].map(([, title]) => title ?? '');

describe('the counter', () => {
  it('names the first ten that came to no good, and counts the others', () => {
    const setbacks = actions
      .slice(0, 10)
      .map((action) => ({ actionId: action.id, state: 'failed' as const, refusal: null, message: hostile, action }));
    const card = batchCardFor(batch(), setbacks);
    expect(card.setbacks).toHaveLength(11);
    expect(card.fallback).toBe('Finished: 280 undone, 12 failed and 8 refused. Undo 300 actions: Isolate device.');
    const slack = inSlack(card);
    expectSafeInSlack(slack.blocks);
    expect(JSON.stringify(slack.blocks).length).toBeLessThan(12_000);
    expect(JSON.stringify(slack.blocks)).toContain('And 10 more that failed or were refused.');
    expectSafeInTeams(inTeams(card).card);
  });

  it('tells while it runs how many have come to an end', () => {
    const running = batch({ status: 'running', counts: { waiting: 100, decided: 50, done: 150, shared: 0, failed: 0, refused: 0 } });
    expect(batchCardFor(running, []).fallback).toContain('150 of 300');
  });
});

describe('the dialogs of a bulk decision', () => {
  const plan = { batchId: 'B-1', type: 'isolateDevice' as const, actions, radius: blastRadius(actions) };

  it('hold a hundred actions with names from outside', () => {
    const choose = bulkChooseView({ type: 'isolateDevice', actions }, 'C0SOC');
    expectSafeInSlack(choose);
    const { card } = renderBulkChoose({ type: 'isolateDevice', actions });
    expectSafeInTeams(card);
    for (const title of titlesIn(card)) expect(title).not.toMatch(/https:|\]\(|<at>|\{\{|\$\{/);
  });

  it('say what all of them hit', () => {
    expectSafeInSlack(bulkConfirmView(plan, 'C0SOC'));
    const { card } = renderBulkConfirm(plan);
    expectSafeInTeams(card);
    expect(JSON.stringify(card)).toContain('100 devices');
    expect(JSON.stringify(card)).toContain('and 90 more');
    const final = [anAction({ type: 'offboardMachine' })];
    expect(
      JSON.stringify(bulkTexts.radius({ batchId: 'B-1', type: 'offboardMachine', actions: final, radius: blastRadius(final) })),
    ).toContain('None of them can be undone');
  });
});

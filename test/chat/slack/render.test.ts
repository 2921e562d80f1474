import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateBlocks } from '../../../sandbox/slack/blocks.ts';
import { ActionStatus, ActionType } from '../../../src/action-center/action.ts';
import { cardFor, noteFor } from '../../../src/chat/card.ts';
import { escapeMrkdwn } from '../../../src/chat/slack/escape.ts';
import { renderCard, renderLine } from '../../../src/chat/slack/render.ts';
import { aDecision, anAction, anActor, anOutcome } from '../../setup/builders.ts';
import { hostileAction, hostileContext, hostileText, plainContext } from '../hostile.ts';

/** Every object below a value. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(objectsIn)];
}

const portalOrigin = 'https://security.microsoft.com';

function expectSafe(content: ReturnType<typeof renderCard>): void {
  expect(validateBlocks(content.blocks)).toEqual([]);
  expect(JSON.stringify(content.blocks).length).toBeLessThanOrEqual(10_000);
  // Nothing in it is live but times.
  const dates = /<!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-0-9: ]+UTC>/g;
  expect(content.text.replaceAll(dates, '').replaceAll(/&(amp|lt|gt);/g, '')).not.toMatch(/[<>&]/);
  expect(content.text.length).toBeLessThanOrEqual(4000);
  const objects = objectsIn(content.blocks);
  expect(objects.filter((it) => it['type'] === 'mrkdwn')).toEqual([]);
  for (const it of objects) {
    if (typeof it['url'] === 'string') expect(new URL(it['url']).origin).toBe(portalOrigin);
    if (it['type'] === 'plain_text') expect(it['emoji']).toBe(false);
    expect(['user', 'channel', 'broadcast', 'usergroup', 'emoji', 'team']).not.toContain(it['type']);
  }
  expect(JSON.stringify(content)).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/);
}

describe('a hostile action', () => {
  test('is drawn within every limit of Slack, with nothing of it live', () => {
    fc.assert(
      fc.property(hostileAction, hostileContext, (action, context) => {
        const card = cardFor(action, context);
        expect(card.fallback.length).toBeLessThanOrEqual(300);
        expectSafe(renderCard(card));
      }),
      { numRuns: 2000 },
    );
  }, 120_000);

  test('has notes within every limit too', () => {
    fc.assert(
      fc.property(hostileAction, hostileText(2000), (action, message) => {
        const event = { kind: 'outcome' as const, at: '2026-11-21T08:02:30.000Z', actorId: null, data: { status: 'failed', message } };
        expectSafe(renderCard(noteFor(event, action)));
      }),
      { numRuns: 300 },
    );
  });

  test('keeps its buttons, and says what was left out', () => {
    const file = { type: 'file' as const, sha256: 'a'.repeat(64), name: 'n'.repeat(512), path: 'p'.repeat(1024) };
    const action = anAction({ entities: Array.from({ length: 100 }, () => file), details: 'd'.repeat(4000), title: 't'.repeat(300) });
    const text = JSON.stringify(renderCard(cardFor(action, { ...plainContext, huntUrl: `${portalOrigin}/${'a'.repeat(2900)}` })).blocks);
    expect(text).toContain('Approve Quarantine');
    expect(text).toContain('"Reject"');
    expect(text).toContain('Go hunt');
    expect(text).toContain('Acts on these 100');
    expect(text).toMatch(/\(\d+ not shown here\)/);
    expect(text).toContain('Shortened to fit');
  });
});

test('the very worst that intake lets through still fits, for every type and status', () => {
  const worst = (length: number) => '"\\'.repeat(length / 2);
  const entity = {
    type: 'process' as const,
    processId: 4_294_967_295,
    fileName: worst(512),
    commandLine: worst(4096),
    deviceName: worst(255),
  };
  const decision = aDecision({
    comment: worst(500),
    actor: {
      ...aDecision().actor,
      upn: worst(320),
      displayName: worst(256),
      rolesUsed: ['ExchangeSecurityAdministrator', 'SearchAndPurge'],
    },
  });
  const url = `${portalOrigin}/${'a'.repeat(2970)}`;
  const cases = [
    ...ActionStatus.options.map((status) => ({ status, type: 'offboardMachine' as const })),
    ...ActionType.options.map((type) => ({ status: 'awaitingSecondApproval' as const, type })),
  ];
  for (const { status, type } of cases) {
    const action = anAction({
      status,
      type,
      title: worst(300),
      details: worst(4000),
      asset: worst(512),
      producer: worst(128),
      entities: Array.from({ length: 100 }, () => entity),
      parameters: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${worst(60)}${index}`, worst(500)])),
      investigationId: worst(256),
      incidentId: worst(256),
      alertId: worst(256),
      requestedBy: { kind: 'person', name: worst(256), upn: worst(320) },
      needed: 12,
      isProtected: true,
      approvals: Array.from({ length: 11 }, (_, index) => ({ ...decision, decisionId: `D-${index}` })),
      scopeNote: worst(400),
      ...(anAction({ status }).decision === null ? {} : { decision }),
      ...(anAction({ status }).outcome === null ? {} : { outcome: anOutcome({ message: worst(2000), portalUrl: url }) }),
    });
    const portal = { actionCenter: url, incident: url, alert: url, investigation: url };
    expectSafe(renderCard(cardFor(action, { ...plainContext, huntUrl: url, portal })));
  }
});

test('text of ours and of others survives the drawing of a line', () => {
  fc.assert(
    fc.property(hostileText(300), (text) => {
      expectSafe(
        renderLine([
          { kind: 'words', text: 'From ' },
          { kind: 'foreign', text },
        ]),
      );
    }),
  );
});

test('after escaping there is no link, mention or command left', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '!', '@', '#', '|', 'a', ';', 'l', 't') }), (text) => {
      const escaped = escapeMrkdwn(text);
      expect(escaped).not.toMatch(/[<>]/);
      expect(escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(text);
    }),
  );
});

test('every status has a valid card', () => {
  for (const status of ActionStatus.options) expectSafe(renderCard(cardFor(anAction({ status }), plainContext)));
});

test('a pending card looks as agreed', () => {
  const approver = anActor({ displayName: 'Bob Brown' });
  const action = anAction({
    status: 'awaitingSecondApproval',
    needed: 2,
    isProtected: true,
    version: 2,
    approvals: [
      aDecision({
        actor: { entraId: approver.entraId, upn: 'bob@contoso.example', displayName: 'Bob Brown', rolesUsed: ['SecurityAdministrator'] },
      }),
    ],
    parameters: { scope: 'all devices' },
  });
  expect(renderCard(cardFor(action, plainContext))).toMatchSnapshot();
});

test('a decided card looks as agreed', () => {
  const action = anAction({
    status: 'failed',
    version: 4,
    decision: aDecision({ comment: 'Seen on two more devices' }),
    outcome: anOutcome({
      status: 'failed',
      message: 'The device has been offline since 2026-11-20.',
      portalUrl: 'https://evil.example/login',
    }),
  });
  expect(renderCard(cardFor(action, plainContext))).toMatchSnapshot();
});

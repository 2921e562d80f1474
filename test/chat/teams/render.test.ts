import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ActionStatus, ActionType } from '../../../src/action-center/action.ts';
import { type Card, cardFor, noteFor } from '../../../src/chat/card.ts';
import { literalPieces, plainText, spokenText } from '../../../src/chat/teams/escape.ts';
import { attachmentOf, cardBudget, type DrawnHere, renderCard, renderLine, withRefresh } from '../../../src/chat/teams/render.ts';
import { reasonField, reasonProblem, renderReasonDialog } from '../../../src/chat/teams/render-reason.ts';
import type { AdaptiveCard } from '../../../src/chat/teams/templates.ts';
import { cardProblems } from '../../schemas/validate.ts';
import { aDecision, anAction, anOutcome } from '../../setup/builders.ts';
import { hostileAction, hostileContext, hostileText, plainContext } from '../hostile.ts';
import { moment } from './moment.ts';

type Found = { path: string; key: string; value: string; owner: Record<string, unknown> };

/** Every string in a value, with the object it is a property of. */
function strings(value: unknown, path = ''): Found[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = `${path}/${key}`;
    return typeof child === 'string' ? [{ path: here, key, value: child, owner: value as Record<string, unknown> }] : strings(child, here);
  });
}

const portalOrigin = 'https://security.microsoft.com';
/** Keys whose values a client shows or acts on. Everything else a card may hold is a fixed word of the schema. */
const meaningful = new Set(['text', 'title', 'url', 'label', 'placeholder', 'errorMessage', 'value', 'fallbackText', 'speak']);
const fixedWord = /^[\w.:/ -]{1,80}$/;

/** What is wrong with one string of a card; an empty list when it is where it belongs. One assertion a card: a card holds hundreds of strings. */
function trouble({ path, key, value, owner }: Found, labels: readonly string[]): string[] {
  const isFine = () => {
    if (owner['type'] === 'TextRun' && key === 'text') return !/\$\{|\{\{/.test(value);
    if (owner['type'] === 'TextBlock' && key === 'text') return moment.test(value);
    if (key === 'url') return new URL(value).origin === portalOrigin;
    if (key === 'title') return labels.includes(value);
    if (key === 'fallbackText' || key === 'speak') return !/[<>]|\]\(|\$\{|\{\{/.test(value);
    return !meaningful.has(key) && fixedWord.test(value);
  };
  return isFine() ? [] : [`${path}: ${value}`];
}

function expectSafe(card: AdaptiveCard, labels: readonly string[] = []): void {
  const text = JSON.stringify(card);
  expect(cardProblems(card)).toEqual([]);
  expect(text.length).toBeLessThanOrEqual(cardBudget);
  expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/);
  expect(strings(card).flatMap((found) => trouble(found, labels))).toEqual([]);
}

const labelsOf = (card: Card): string[] => [
  ...(card.kind === 'action'
    ? card.buttons.flatMap((button) => [button.label, ...('confirm' in button && button.confirm ? [button.confirm.yes] : [])])
    : []),
  'open in Defender',
  'Open in Defender',
  'Device',
  'File',
  'User',
  'E-mail',
  'Address',
  'IP address',
  'Action center',
];

function expectSafeCard(card: DrawnHere): void {
  const { card: drawn, summary } = renderCard(card);
  expectSafe(drawn, labelsOf(card));
  expect(summary.length).toBeLessThanOrEqual(300);
  expect(summary).not.toMatch(/[<>]|\]\(/);
}

const templateBait = fc.constantFrom(
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bait for the template engine
  '${heading}',
  '$${{',
  '{{DATE(2026-11-21T08:00:00Z, SHORT)}}',
  '[Approve](https://evil.example)',
  '<at>Alice</at>',
  '&lt;b&gt;',
  '- item\n1. item',
  '![x](https://evil.example/p.png)',
);
/** The hostile actions of all platforms, with what is live in Teams put into every text. */
const baited = fc.tuple(hostileAction, templateBait).map(([action, bait]) => ({
  ...action,
  title: `${bait}${action.title}`.slice(0, 300),
  details: `${bait}\n${action.details ?? ''}`.slice(0, 4000),
  asset: `${bait}${action.asset ?? ''}`.slice(0, 512),
  producer: bait,
  scopeNote: bait,
  requestedBy: { ...action.requestedBy, name: bait, upn: bait },
  parameters: { ...action.parameters, [bait.slice(0, 60)]: bait },
}));

describe('a hostile action', () => {
  test('is valid for Microsoft and within the size, with nothing of it live', () => {
    fc.assert(
      fc.property(baited, hostileContext, (action, context) => expectSafeCard(cardFor(action, context))),
      { numRuns: 2000 },
    );
  }, 240_000);

  test('has safe notes, answers and a safe dialog too', () => {
    fc.assert(
      fc.property(baited, hostileText(2000), (action, message) => {
        const event = { kind: 'outcome' as const, at: '2026-11-21T08:02:30.000Z', actorId: null, data: { status: 'failed', message } };
        expectSafeCard(noteFor(event, action));
        expectSafe(renderLine([{ kind: 'foreign', text: message }]).card);
        const { card } = renderReasonDialog(action, {
          pressed: { actionId: action.id, digest: action.scopeDigest, version: 1 },
          verb: 'reject',
        });
        expect(cardProblems(card)).toEqual([]);
        expect(
          strings({ ...card, actions: [] }).filter(({ owner }) => owner['type'] === 'TextBlock' && /evil/.test(JSON.stringify(owner))),
        ).toEqual([]);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test('keeps its buttons, and says what was left out', () => {
    const file = { type: 'file' as const, sha256: 'a'.repeat(64), name: 'n'.repeat(512), path: 'p'.repeat(1024) };
    const action = anAction({ entities: Array.from({ length: 100 }, () => file), details: 'd\n'.repeat(2000), title: 't'.repeat(300) });
    const text = JSON.stringify(renderCard(cardFor(action, { ...plainContext, huntUrl: `${portalOrigin}/${'a'.repeat(2900)}` })).card);
    expect(text).toContain('Approve Quarantine');
    expect(text).toContain('"Reject"');
    expect(text).toContain('"Go hunt"');
    expect(text).toContain('Acts on these 100');
    expect(text).toMatch(/\(\d+ not shown here\)/);
    expect(text).toMatch(/\(\d+ more lines\)/);
    expect(text).toContain('Shortened to fit');
  });

  test('loses only the button whose link is too long, and says so', () => {
    const text = JSON.stringify(renderCard(cardFor(anAction(), { ...plainContext, huntUrl: `${portalOrigin}/${'a'.repeat(3100)}` })).card);
    expect(text).not.toContain('"title":"Go hunt"');
    expect(text).toContain('Go hunt is not offered: its link is too long for Teams.');
  });
});

test('the very worst that intake lets through still fits, for every type and status', () => {
  const worst = (length: number) => '"\\'.repeat(length / 2);
  const broken = (length: number) => '${'.repeat(length / 2);
  const entity = {
    type: 'process' as const,
    processId: 4_294_967_295,
    fileName: broken(512),
    commandLine: worst(4096),
    deviceName: worst(255),
  };
  const decision = aDecision({
    comment: broken(500),
    actor: {
      ...aDecision().actor,
      upn: worst(320),
      displayName: broken(256),
      rolesUsed: ['ExchangeSecurityAdministrator', 'SearchAndPurge'],
    },
  });
  const url = `${portalOrigin}/${'a'.repeat(2970)}`;
  const cases = [
    ...ActionStatus.options.map((status) => ({ status, type: 'offboardMachine' as const })),
    ...ActionType.options.map((type) => ({ status: 'awaitingSecondApproval' as const, type })),
  ];
  for (const { status, type } of cases) {
    const free = anAction({ status });
    const action = anAction({
      status,
      type,
      title: broken(300),
      details: broken(4000),
      asset: broken(512),
      producer: worst(128),
      entities: Array.from({ length: 100 }, () => entity),
      parameters: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${broken(60)}${index}`, broken(500)])),
      investigationId: broken(256),
      incidentId: worst(256),
      alertId: worst(256),
      requestedBy: { kind: 'person', name: broken(256), upn: broken(320) },
      needed: 12,
      isProtected: true,
      approvals: Array.from({ length: 11 }, (_, index) => ({ ...decision, decisionId: `D-${index}` })),
      scopeNote: broken(400),
      ...(free.decision === null ? {} : { decision }),
      ...(free.outcome === null ? {} : { outcome: anOutcome({ message: broken(2000), portalUrl: url }) }),
    });
    const portal = { actionCenter: url, incident: url, alert: url, investigation: url };
    expectSafeCard(cardFor(action, { ...plainContext, huntUrl: url, portal }));
  }
});

test('foreign text is shown letter by letter, whatever it looks like', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'D', '(', '[', ']', ' ', 'a') }), (text) => {
      const pieces = literalPieces(text);
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces) expect(piece).not.toMatch(/\$\{|\{\{/);
      expect(plainText(text)).not.toMatch(/\$\{|\{\{|\]\(/);
    }),
  );
});

test('what is spoken holds no SSML and no entity', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', ';', 'a', '#', '1', ' ') }), (text) => {
      expect(spokenText(text)).not.toMatch(/[<>&]/);
    }),
  );
});

type Drawn = Record<string, unknown>;
const objects = (value: unknown): Drawn[] => {
  if (Array.isArray(value)) return value.flatMap(objects);
  return typeof value === 'object' && value !== null ? [value as Drawn, ...Object.values(value).flatMap(objects)] : [];
};
const ofType = (card: AdaptiveCard, type: string) => objects(card).filter((it) => it['type'] === type);

describe('the buttons', () => {
  const action = anAction();
  const pressed = { actionId: action.id, digest: action.scopeDigest, version: action.version };

  test('approve at once when it can be taken back, with an older client in mind', () => {
    const { card } = renderCard(cardFor(action, plainContext));
    const [approve, ...more] = ofType(card, 'Action.Execute');
    expect(more).toEqual([]);
    expect(approve).toMatchObject({ verb: 'ac.approve', style: 'positive', data: pressed, title: 'Approve Quarantine' });
    expect(approve?.['fallback']).toMatchObject({ type: 'Action.Submit', data: { verb: 'ac.approve', ...pressed } });
    expect(ofType(card, 'Action.ShowCard')).toEqual([]);
  });

  test('ask once more before what cannot be undone', () => {
    const { card } = renderCard(cardFor(anAction({ type: 'hardDeleteEmail' }), { ...plainContext, backend: 'consumer' }));
    const [asks] = ofType(card, 'Action.ShowCard');
    expect(asks).toMatchObject({ title: 'Approve Hard Delete', style: 'positive' });
    expect(JSON.stringify(asks?.['card'])).toContain('It cannot be undone.');
    const [approve, ...more] = ofType(card, 'Action.Execute');
    expect(more).toEqual([]);
    expect(JSON.stringify(asks)).toContain(JSON.stringify(approve));
  });

  test('open the dialog that asks why, without any authority of their own', () => {
    const { card } = renderCard(cardFor(action, plainContext));
    const reject = ofType(card, 'Action.Submit').find((it) => it['title'] === 'Reject');
    expect(reject?.['data']).toEqual({ msteams: { type: 'task/fetch' }, verb: 'ac.reject', ...pressed });
  });

  test('are gone once it is decided, but for Go hunt', () => {
    const { card } = renderCard(cardFor(anAction({ status: 'cancelled' }), plainContext));
    expect([...ofType(card, 'Action.Execute'), ...ofType(card, 'Action.Submit')]).toEqual([]);
    expect(ofType(card, 'ActionSet')).toHaveLength(1);
    const without = renderCard(cardFor(anAction({ status: 'cancelled' }), { ...plainContext, huntUrl: null })).card;
    expect(ofType(without, 'ActionSet')).toEqual([]);
  });

  test('undo what is completed, after asking, and look for more of the same file', () => {
    const action = anAction({ status: 'completed' });
    const { card } = renderCard(cardFor(action, plainContext));
    const verbs = ofType(card, 'Action.Execute').map((it) => [it['title'], it['verb']]);
    expect(verbs).toEqual([
      ['Yes, undo it', 'ac.undo'],
      ['Undo more of this file', 'ac.more'],
    ]);
    const [asks] = ofType(card, 'Action.ShowCard');
    expect(JSON.stringify(asks?.['card'])).toContain('Release from quarantine');
    const isolation = renderCard(cardFor(anAction({ type: 'isolateDevice', status: 'completed' }), plainContext)).card;
    expect(ofType(isolation, 'Action.Execute').map((it) => it['verb'])).toEqual(['ac.undo']);
  });

  test('lead to Defender where nothing can be decided from here', () => {
    const { card } = renderCard(cardFor(anAction({ type: 'hardDeleteEmail' }), { ...plainContext, backend: 'defender' }));
    const titles = objects(card).map((it) => it['title']);
    if (titles.includes('Decide in Defender')) expect(ofType(card, 'Action.Execute')).toEqual([]);
    else expect(ofType(card, 'Action.Execute')).toHaveLength(1);
  });
});

describe('the dialog that asks why', () => {
  const pressed = { actionId: 'A-1', digest: 'sha256:x', version: 3 };

  test('has one required field and sends it with what was pressed', () => {
    const { title, card } = renderReasonDialog(anAction(), { pressed, verb: 'reject' });
    expect(title).toBe('Reject');
    expect(cardProblems(card)).toEqual([]);
    expect(ofType(card, 'Input.Text')).toMatchObject([{ id: reasonField, isRequired: true, maxLength: 500, value: '' }]);
    expect(card.actions).toMatchObject([{ type: 'Action.Submit', data: { verb: 'ac.reject', ...pressed } }]);
  });

  test('asks again with what was written kept', () => {
    const problem = reasonProblem(' a ');
    expect(problem).toBe('Please write at least 3 characters.');
    const { card } = renderReasonDialog(anAction(), { pressed, verb: 'reject' }, { reason: 'a', problem: problem ?? '' });
    expect(cardProblems(card)).toEqual([]);
    expect(JSON.stringify(card)).toContain(problem);
    expect(ofType(card, 'Input.Text')[0]?.['value']).toBe('a');
    expect(reasonProblem('x'.repeat(501))).toBe('Please write at most 500 characters.');
    expect(reasonProblem('Known false positive')).toBeNull();
  });
});

test('every status has a valid card, wide and with words for those who cannot see it', () => {
  for (const status of ActionStatus.options) {
    const content = renderCard(cardFor(anAction({ status }), plainContext));
    expectSafe(content.card, [
      'Cancel',
      'Yes, stop it',
      'Retry',
      'Yes, try again',
      'Approve Quarantine',
      'Reject',
      'Go hunt',
      'open in Defender',
      'Open in Defender',
      'Action center',
      'Undo',
      'Yes, undo it',
      'Undo more of this file',
    ]);
    expect(content.card.msteams).toEqual({ width: 'Full' });
    expect(content.card.speak).toContain('invoice.exe');
    expect(attachmentOf(content)).toEqual({ contentType: 'application/vnd.microsoft.card.adaptive', content: content.card });
  }
});

test('a card that asks for its newest state is valid, and asks with nothing but its id', () => {
  const content = withRefresh(renderCard(cardFor(anAction(), plainContext)), 'A-1-1');
  expect(cardProblems(content.card)).toEqual([]);
  expect(content.card.refresh).toEqual({
    action: { type: 'Action.Execute', title: 'Refresh', verb: 'ac.refresh', data: { cardId: 'A-1-1' } },
  });
});

test('every time is drawn in the time zone of the reader and in UTC, and stands by itself beside foreign text', () => {
  const { card } = renderCard(cardFor(anAction(), plainContext));
  expect(ofType(card, 'TextBlock').map((it) => it['text'])).toEqual([
    '{{DATE(2026-11-28T08:00:00Z, SHORT)}}, {{TIME(2026-11-28T08:00:00Z)}} your time (2026-11-28 08:00 UTC)',
    '{{DATE(2026-11-21T08:00:00Z, SHORT)}}, {{TIME(2026-11-21T08:00:00Z)}} your time (2026-11-21 08:00 UTC)',
  ]);
});

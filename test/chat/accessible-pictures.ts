/** One picture of every kind of card, for the tests of what a screen reader gets. */
import { ActionStatus, EntraId } from '../../src/action-center/action.ts';
import type { Batch } from '../../src/action-center/batch.ts';
import type { DigestFigures } from '../../src/action-center/digest-figures.ts';
import { EventWord } from '../../src/action-center/history.ts';
import { usualLookUp } from '../../src/action-center/look-up.ts';
import { drawChart } from '../../src/charts/draw.ts';
import { batchCardFor } from '../../src/chat/batch-card.ts';
import { type ActionCard, type AskCard, cardFor, noteFor } from '../../src/chat/card.ts';
import { digestCard } from '../../src/chat/digest-card.ts';
import { groupCardFor } from '../../src/chat/group-card.ts';
import { historyCard } from '../../src/chat/history-card.ts';
import { inboxCard } from '../../src/chat/inbox-card.ts';
import { words } from '../../src/chat/show.ts';
import { aDecision, anAction, anActor, testNow } from '../setup/builders.ts';
import { plainContext } from './hostile.ts';

const action = anAction();
const at = '2026-11-21T08:00:00.000Z';

export const actionCards: [string, ActionCard][] = ActionStatus.options.map((status) => [
  status,
  cardFor(anAction({ status }), plainContext),
]);

export const note = noteFor(
  { kind: 'outcome', at, actorId: null, data: { status: 'failed', message: 'The sensor does not answer.' } },
  anAction({ status: 'failed' }),
);

export const ask: AskCard = {
  kind: 'ask',
  lines: [[words('These could be undone too:')]],
  buttons: [
    { kind: 'undo', label: 'Undo on WKS-0042', pressed: { actionId: action.id, digest: action.scopeDigest, version: 1 } },
    { kind: 'begin', name: 'all', label: 'Undo all 2', batchId: 'B-1', verb: 'undo' },
  ],
  fallback: 'These could be undone too:',
};

const { actor } = aDecision();
const running: Batch = {
  id: 'B-1',
  type: 'isolateDevice',
  verb: 'undo',
  actor: { entraId: EntraId.parse(actor.entraId), upn: actor.upn, displayName: actor.displayName },
  by: 'slack:T/U',
  platform: 'slack',
  conversation: 'C0SOC',
  comment: 'The rule was wrong.',
  status: 'finished',
  total: 30,
  counts: { waiting: 0, decided: 0, done: 28, shared: 0, failed: 1, refused: 1 },
  version: 4,
  createdAt: at,
  startedAt: at,
  finishedAt: at,
};
export const batch = batchCardFor(running, []);

export const group = groupCardFor(
  {
    id: 'G-1',
    platform: 'slack',
    conversation: 'C0SOC',
    key: '',
    isTaking: true,
    version: 7,
    createdAt: at,
    tallies: [
      { type: 'isolateDevice', severity: 'medium', status: 'pending', count: 40 },
      { type: 'runAntivirusScan', severity: 'low', status: 'pending', count: 3 },
    ],
    top: [{ kind: 'device', total: 46, names: [{ name: 'wks-1.contoso.example', count: 2 }] }],
    oldest: at,
    nearest: at,
  },
  { backend: 'defender' },
);

const waits = { count: 3, medianMs: 60_000, p95Ms: 120_000 };
const day = { approved: 2, rejected: 1, undo: 1, waits };
const figures: DigestFigures = {
  span: { from: '2026-11-20T07:00:00.000Z', to: '2026-11-21T07:00:00.000Z' },
  before: { from: '2026-11-13T07:00:00.000Z', to: '2026-11-14T07:00:00.000Z' },
  asOf: at,
  waiting: {
    count: 1,
    expiring: 1,
    expiringBefore: '2026-11-22T07:00:05.000Z',
    oldest: { ...action, asset: 'WKS-0042', createdAt: at, actionId: action.id },
    top: [{ ...action, asset: 'WKS-0042', createdAt: at, actionId: action.id }],
  },
  happened: Object.fromEntries(EventWord.options.map((word, index) => [word, index])),
  byType: [{ type: 'isolateDevice', count: 3 }],
  bySource: [{ source: 'manualDeviceAction', count: 3 }],
  byPerson: [{ upn: actor.upn, name: actor.displayName, count: 3 }],
  waits,
  waitsBefore: waits,
  refused: { tries: 3, people: 2, decided: 1, open: 1 },
  days: Array.from({ length: 14 }, (_, index) => ({
    ...day,
    from: new Date(Date.UTC(2026, 10, 7 + index, 7)).toISOString(),
    to: new Date(Date.UTC(2026, 10, 8 + index, 7)).toISOString(),
  })),
  head: { seal: '12', lastSeq: '345', hash: 'a'.repeat(64), at, keyId: 'audit-2026' },
};
export const digest = digestCard({ kind: 'due', figures, timezone: 'Europe/Berlin', late: null, draw: drawChart });

export const inbox = inboxCard(
  {
    at: testNow.toISOString(),
    waiting: [action, anAction({ id: 'A-01JD6Q00000000000000000002', needed: 2, approvals: [aDecision()] })],
    count: { kind: 'exact', count: 2 },
    decided: [{ action: anAction({ status: 'completed' }), decision: aDecision() }],
  },
  new Map(),
);

export const history = historyCard(
  {
    reader: anActor(),
    lookUp: usualLookUp('history'),
    isOwnDefault: false,
    answer: {
      kind: 'page',
      page: {
        rows: [action, anAction({ id: 'A-01JD6Q00000000000000000002' })].map((one) => ({ action: one, decidedBy: null })),
        next: null,
        previous: null,
      },
    },
    count: { kind: 'exact', count: 2 },
  },
  { visibility: 'never', everywhere: true, cursor: null },
);

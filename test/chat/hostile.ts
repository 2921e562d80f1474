/** Random actions as an attacker would like them: long, invisible, full of markup. */
import fc from 'fast-check';
import { ActionSource, ActionStatus, ActionType, Severity } from '../../src/action-center/action.ts';
import type { BlastRadius } from '../../src/action-center/blast-radius.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import type { CardContext } from '../../src/chat/card.ts';
import { aDecision, anAction, anActor, anOutcome, testNow } from '../setup/builders.ts';

const bait = [
  '<!channel>',
  '<@U0ALICE>',
  '<https://evil.example|Open in Defender>',
  '&amp;<>',
  '*bold* _it_ `code` ~s~',
  ':fire:',
  '"\\"\\',
  '\u202e\u200b\u2066',
  '\u0000\u001b[31m',
  '👨‍👩‍👧',
  '\ud800',
  'é́́́́́́́',
  'https://evil.example/a.b',
  '@here',
  '\n\n\n> quote\n```',
  '| a | b |',
];

export const hostileText = (max: number) =>
  fc
    .array(fc.oneof(fc.constantFrom(...bait), fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ maxLength: 40 })), {
      minLength: 1,
      maxLength: 12,
    })
    .chain((parts) => fc.integer({ min: 1, max: 60 }).map((times) => parts.join('').repeat(times).slice(0, max) || 'x'));

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const guid = fc.uuid();
const sha1 = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 40, maxLength: 40 });
const deviceRef = { deviceId: optional(sha1), deviceName: optional(hostileText(255)) };
const of = <T extends Entity['type']>(type: T) => fc.constant(type);

const entity = fc
  .oneof(
    fc.record({ type: of('device'), name: hostileText(255), group: optional(hostileText(255)), osPlatform: optional(hostileText(64)) }),
    fc.record({ type: of('file'), sha1, name: optional(hostileText(512)), path: optional(hostileText(1024)) }),
    fc.record({
      type: of('process'),
      processId: fc.nat(),
      fileName: hostileText(512),
      commandLine: optional(hostileText(4096)),
      ...deviceRef,
    }),
    fc.record({ type: of('registryKey'), key: hostileText(1024), valueName: optional(hostileText(512)), ...deviceRef }),
    fc.record({ type: of('service'), name: hostileText(256), ...deviceRef }),
    fc.record({ type: of('driver'), name: hostileText(512), ...deviceRef }),
    fc.record({ type: of('scheduledTask'), name: hostileText(512), ...deviceRef }),
    fc.record({ type: of('user'), upn: hostileText(320), sid: optional(hostileText(190)), displayName: optional(hostileText(256)) }),
    fc.record({ type: of('mailbox'), address: hostileText(320), displayName: optional(hostileText(256)) }),
    fc.record({
      type: of('email'),
      networkMessageId: guid,
      recipient: hostileText(320),
      subject: optional(hostileText(1000)),
      sender: optional(hostileText(320)),
      receivedAt: optional(fc.constantFrom('2026-11-21T07:00:00Z', '1969-01-01T00:00:00Z')),
    }),
    fc.record({ type: of('emailCluster'), name: hostileText(512), networkMessageIds: fc.array(guid, { minLength: 1, maxLength: 50 }) }),
    fc.record({ type: of('url'), url: fc.webUrl() }),
    fc.record({ type: of('ip'), ip: fc.oneof(fc.ipV4(), fc.ipV6()) }),
  )
  .map((value) => value as Entity);

const decision = fc
  .record({
    name: hostileText(256),
    upn: hostileText(320),
    comment: fc.option(hostileText(500)),
    verb: fc.constantFrom('approve' as const, 'reject' as const),
  })
  .map(({ name, upn, comment, verb }) => {
    const { entraId } = anActor();
    return aDecision({
      verb,
      comment,
      actor: { entraId, upn, displayName: name, rolesUsed: ['UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage'] },
    });
  });

export const hostileAction = fc
  .record({
    status: fc.constantFrom(...ActionStatus.options),
    type: fc.constantFrom(...ActionType.options),
    source: fc.constantFrom(...ActionSource.options),
    severity: fc.constantFrom(...Severity.options),
    title: hostileText(300),
    details: optional(hostileText(4000)),
    asset: optional(hostileText(512)),
    producer: hostileText(128),
    requester: hostileText(256),
    entities: fc.oneof(fc.array(entity, { minLength: 1, maxLength: 4 }), fc.array(entity, { minLength: 1, maxLength: 100 })),
    parameters: fc.dictionary(hostileText(64), fc.oneof(hostileText(500), fc.integer(), fc.constant(null)), { maxKeys: 30 }),
    ids: hostileText(256),
    scopeNote: fc.option(hostileText(400)),
    approvals: fc.array(decision, { maxLength: 8 }),
    needed: fc.integer({ min: 1, max: 12 }),
    isProtected: fc.boolean(),
    decision,
    message: fc.option(hostileText(2000)),
    portalUrl: fc.option(
      fc.oneof(fc.webUrl({ validSchemes: ['https'] }), fc.constant('https://security.microsoft.com/action-center/history')),
    ),
  })
  .map(({ ids, requester, decision: made, message, portalUrl, details, asset, ...rest }) => {
    const free = anAction({ status: rest.status });
    return anAction({
      ...rest,
      ...(details === undefined ? {} : { details }),
      ...(asset === undefined ? {} : { asset }),
      investigationId: ids,
      incidentId: ids,
      alertId: ids,
      requestedBy: { kind: 'person', name: requester, upn: requester.slice(0, 320) },
      decision: free.decision === null ? null : made,
      outcome: free.outcome === null ? null : anOutcome({ status: free.outcome.status, message, portalUrl }),
    });
  });

const longUrl = (path: string) =>
  fc.integer({ min: 0, max: 3300 }).map((length) => `https://security.microsoft.com/${path}/${'a%22'.repeat(length / 4)}`);

export const hostileContext: fc.Arbitrary<CardContext> = fc.record({
  now: fc.constant(testNow),
  huntUrl: fc.option(longUrl('v2/advanced-hunting')),
  portal: fc.record({
    actionCenter: fc.constant('https://security.microsoft.com/action-center/pending'),
    incident: longUrl('incidents'),
    alert: longUrl('alerts'),
    investigation: longUrl('airinvestigation'),
    device: longUrl('machines/v2'),
    email: longUrl('emailentityV2'),
  }),
  runHere: fc.boolean(),
  evidence: fc.constantFrom<BlastRadius | null>(null, {
    of: 'file',
    days: 30,
    devices: 14,
    firstSeen: '2026-11-03T10:00:00Z',
    lastSeen: '2026-11-20T10:00:00Z',
  }),
  backend: fc.constantFrom('defender', 'simulator', 'consumer'),
  globalAdministratorMayDecide: fc.boolean(),
});

export const plainContext: CardContext = {
  now: testNow,
  huntUrl: 'https://security.microsoft.com/v2/advanced-hunting?query=H4sIAAAA&timeRangeId=week',
  portal: {
    actionCenter: 'https://security.microsoft.com/action-center/pending',
    incident: 'https://security.microsoft.com/incidents/812',
    investigation: 'https://security.microsoft.com/airinvestigation',
  },
  backend: 'simulator',
  globalAdministratorMayDecide: true,
};

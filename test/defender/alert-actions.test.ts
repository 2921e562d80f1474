/** What the evidence of an alert and a machine action become. */
import { describe, expect, it } from 'vitest';
import { readAlert } from '../../src/defender/alert-actions.ts';
import { doesSame, readMachineAction } from '../../src/defender/foreign-actions.ts';
import { storable } from '../../src/defender/storable.ts';
import {
  alertOf,
  cluster,
  device,
  file,
  guid,
  type InventedEvidence,
  mailbox,
  message,
  processOf,
  registryKey,
  unheardOf,
  url,
} from '../features/invented-alerts.ts';
import { anAction } from '../setup/builders.ts';

const tenant = '11111111-2222-4333-8444-555555555555';
const at = Date.parse('2026-11-20T10:00:00Z');
const read = (pieces: InventedEvidence[], fields: object = {}) => {
  const told = readAlert(alertOf(1, at, pieces, fields), tenant);
  if (told === null) throw new Error('the alert cannot be read');
  return told.reading;
};

describe('evidence that waits for approval', () => {
  it.each([
    ['an e-mail cluster', [cluster(1)], 'softDeleteEmail', ['emailCluster']],
    ['an e-mail message', [message(1)], 'softDeleteEmail', ['email']],
    ['a URL', [url()], 'blockUrl', ['url']],
    ['a mailbox', [mailbox()], 'turnOffMailForwarding', ['mailbox']],
    ['a file', [device(1), file(1)], 'stopAndQuarantineFile', ['file', 'device']],
    ['a process', [device(1), processOf(1)], 'killProcess', ['process', 'device']],
    ['a registry key', [device(1), registryKey(1)], 'removeRegistryKey', ['registryKey', 'device']],
  ])('is an action: %s', (_name, pieces, type, entities) => {
    const { pending, passedOver } = read(pieces);
    expect(passedOver).toEqual([]);
    expect(pending.map((one) => [one.type, one.entities.map((entity) => entity.type)])).toEqual([[type, entities]]);
    expect(pending[0]).toMatchObject({ producer: 'defender', alertId: guid(1), incidentId: '801', expiresAt: '2026-11-27T10:00:00.000Z' });
  });

  it.each([
    ['of a kind nobody has heard of', unheardOf(), 'quantumEvidence'],
    ['of a kind that no action is known for', { ...device(1), remediationStatus: 'pendingApproval' }, 'deviceEvidence'],
    [
      'named like what every object has',
      { '@odata.type': '#microsoft.graph.security.constructor', remediationStatus: 'pendingApproval' },
      'constructor',
    ],
    ['without what its kind needs', cluster(1, undefined, { networkMessageIds: [] }), 'mailClusterEvidence'],
    ['with a value of another shape', cluster(1, undefined, { emailCount: 'many' }), 'mailClusterEvidence'],
  ])('is passed over by name: %s', (_name, piece, kind) => {
    expect(read([piece])).toMatchObject({ pending: [], passedOver: [kind] });
  });

  it('is an action also where its text has to be cut in the middle of a character, or is blank: no store would take half of one', () => {
    const long = (length: number) => `${'x'.repeat(length - 1)}\u{1f4e7}`;
    const { pending, passedOver } = read(
      [
        message(1, 'pendingApproval', { subject: long(1000) }),
        message(2, 'pendingApproval', { subject: '  ' }),
        cluster(3, 'pendingApproval', { clusterByValue: long(512) }),
      ],
      { title: long(300), description: long(3000) },
    );
    expect(passedOver).toEqual([]);
    expect(pending).toHaveLength(3);
    expect(JSON.stringify(pending)).not.toMatch(/\\ud[89a-f]/);
  });

  it('has a key that stays the same, whatever else in the alert changes', () => {
    const key = (reading: ReturnType<typeof read>) => reading.pending.map(({ id }) => id);
    const first = key(read([cluster(1), file(2)]));
    expect(new Set(first).size).toBe(2);
    const changed = { title: 'Other', severity: 'high', lastUpdateDateTime: '2026-11-21T10:00:00.1234567Z', status: 'inProgress' };
    expect(key(read([file(2), cluster(1, undefined, { emailCount: 9, verdict: 'suspicious' })], changed)).toSorted()).toEqual(
      first.toSorted(),
    );
    expect(key(read([cluster(3)]))).not.toEqual(key(read([cluster(1)])));
  });

  it('is not shown twice: a message its cluster names, a piece that stands there in two states', () => {
    const covered = message(1, undefined, { networkMessageId: guid(1, 1).toUpperCase() });
    expect(read([cluster(1), covered]).pending.map(({ entities }) => entities[0]?.type)).toEqual(['emailCluster']);
    const twice = read([cluster(1), cluster(1, 'remediated')]);
    expect(twice.pending).toHaveLength(1);
    expect(twice.dealtWith.size).toBe(0);
  });

  it('is dealt with by every status we know, and by no other', () => {
    const dealt = (status: string) => [...read([cluster(1, status)]).dealtWith.values()];
    for (const status of [
      'remediated',
      'prevented',
      'blocked',
      'notFound',
      'declined',
      'unremediated',
      'running',
      'partiallyRemediated',
      'active',
    ])
      expect(dealt(status)).toEqual([status]);
    for (const status of ['none', 'unknownFutureValue', 'teleported', '']) expect(dealt(status)).toEqual([]);
  });

  it('is read only from what is an alert', () => {
    for (const value of [null, 'alert', {}, { ...alertOf(1, at, []), lastUpdateDateTime: 'soon' }])
      expect(readAlert(value, tenant)).toBeNull();
    expect(readAlert({ ...alertOf(1, at, []), evidence: [null, 7, {}] }, tenant)?.reading.pending).toEqual([]);
  });
});

const listed = {
  id: 'b89eb834-4578-496c-8be0-03f004061435',
  type: 'Isolate',
  status: 'InProgress',
  scope: 'Full',
  requestor: 'frank@contoso.example',
  requestorComment: 'Beaconing',
  machineId: '1e5bc9d7e413ddd7902c2932e418702b84d0cc07',
  computerDnsName: 'wks-0042.contoso.example',
  creationDateTimeUtc: '2026-11-21T08:12:18.6570000Z',
  lastUpdateTimeUtc: '2026-11-21T08:13:00.1234567Z',
  relatedFileInfo: null,
};

describe('a machine action', () => {
  it('of a person is in History as theirs, of an app as done through the API', () => {
    const one = readMachineAction(listed);
    expect(one).toMatchObject({
      isOurs: false,
      updatedAt: '2026-11-21T08:13:00.123Z',
      said: { by: 'frank@contoso.example', state: 'InProgress' },
    });
    expect(one?.intake).toMatchObject({
      type: 'isolateDevice',
      source: 'manualDeviceAction',
      requestedBy: { kind: 'person', upn: 'frank@contoso.example' },
    });
    const byApp = readMachineAction({ ...listed, requestor: 'Their SOAR' });
    expect(byApp?.intake).toMatchObject({ source: 'liveResponseAction', requestedBy: { kind: 'application', name: 'Their SOAR' } });
  });

  it('has no half of a character where its text has to be cut', () => {
    const long = (length: number) => `${'x'.repeat(length - 1)}\u{1f4e7}`;
    const change = { status: long(100), requestor: long(256), computerDnsName: long(255), requestorComment: long(3900) };
    const one = readMachineAction({ ...listed, ...change });
    expect(one?.intake).not.toBeNull();
    expect(JSON.stringify(one)).not.toMatch(/\\ud[89a-f]/);
  });

  it('is ours by the comment of our app, never by a comment a person wrote', () => {
    const stamped = { ...listed, requestorComment: '[countersign D-01JD6Q0000000000000000000A] approved by alice@contoso.example' };
    expect(readMachineAction({ ...stamped, requestor: 'Countersign' })?.isOurs).toBe(true);
    expect(readMachineAction(stamped)?.isOurs).toBe(false);
  });

  it('of a type without a name here, or without its file, has no place in History', () => {
    for (const change of [
      { type: 'LiveResponse' },
      { type: 'Teleport' },
      { type: 'toString' },
      { type: 'StopAndQuarantineFile' },
      { machineId: null, computerDnsName: null },
    ])
      expect(readMachineAction({ ...listed, ...change })?.intake).toBeNull();
    expect(readMachineAction({ ...listed, scope: 'UnManagedDevice' })?.intake?.type).toBe('containDevice');
    expect(readMachineAction({ ...listed, creationDateTimeUtc: 'yesterday' })).toBeNull();
  });

  it('answers an open action only where it does just that, afterwards, with success in sight', () => {
    const target = { type: 'device' as const, deviceId: listed.machineId.toUpperCase() };
    const open = anAction({ type: 'isolateDevice', entities: [target], requestedAt: '2026-11-21T08:00:00.000Z' });
    const same = (change: object, action = open) => {
      const one = readMachineAction({ ...listed, ...change });
      return one !== null && doesSame(action, one);
    };
    expect(same({})).toBe(true);
    for (const change of [
      { status: 'Failed' },
      { status: 'Cancelled' },
      { status: 'TimeOut' },
      { type: 'Unisolate' },
      { machineId: 'd'.repeat(40) },
      { creationDateTimeUtc: '2026-11-21T07:59:59Z' },
    ])
      expect(same(change)).toBe(false);
    const two = anAction({ ...open, entities: [target, { type: 'device', deviceId: 'd'.repeat(40) }] });
    expect(same({}, two)).toBe(false);
  });

  it('on a file answers for that file alone', () => {
    const sha1 = 'f'.repeat(40);
    const entities = [
      { type: 'device' as const, deviceId: listed.machineId },
      { type: 'file' as const, sha1 },
    ];
    const open = anAction({ type: 'stopAndQuarantineFile', entities, requestedAt: '2026-11-21T08:00:00.000Z' });
    const quarantined = (fileIdentifier: string) => ({
      ...listed,
      type: 'StopAndQuarantineFile',
      relatedFileInfo: { fileIdentifier, fileIdentifierType: 'Sha1' },
    });
    const answers = (hash: string) => {
      const one = readMachineAction(quarantined(hash));
      return one !== null && doesSame(open, one);
    };
    expect(answers(sha1.toUpperCase())).toBe(true);
    expect(answers('e'.repeat(40))).toBe(false);
  });
});

it('takes out of what comes in only what no store takes', () => {
  const deep = JSON.parse(`${'['.repeat(60)}1${']'.repeat(60)}`);
  expect(storable({ a: 'x\u0000y\ud800z', b: [1, null, true, 'ok'] })).toEqual({ a: 'x\uFFFDy\uFFFDz', b: [1, null, true, 'ok'] });
  expect(JSON.stringify(storable(deep))).toContain('null');
});

import { describe, expect, test } from 'vitest';
import { ActionType } from '../../src/action-center/action.ts';
import { catalogue } from '../../src/action-center/catalogue.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import { huntQuery, isTooOldToHunt } from '../../src/action-center/hunt.ts';
import { mostRowsOf } from '../../src/action-center/hunt-queries.ts';

const now = new Date('2026-11-21T09:00:00Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const deviceId = '1e5bc9d7e413ddd7902c2932e418702b84d0cc07';
const guid = (at: number) => `73ca4154-58d8-43d0-a890-${String(at).padStart(12, '0')}`;

const subjects = {
  device: { type: 'device', deviceId, name: 'wks-0042.contoso.example' },
  file: { type: 'file', sha1: '3395856ce81f2b7382dee72602f798b642f14140' },
  process: { type: 'process', processId: 4242, fileName: 'evil.exe' },
  registryKey: { type: 'registryKey', key: 'HKLM\\Software\\Evil' },
  service: { type: 'service', name: 'evilsvc' },
  driver: { type: 'driver', name: 'evil.sys' },
  scheduledTask: { type: 'scheduledTask', name: 'EvilTask' },
  user: { type: 'user', upn: 'kim@contoso.example' },
  mailbox: { type: 'mailbox', address: 'kim@contoso.example' },
  email: { type: 'email', networkMessageId: guid(1), recipient: 'kim@contoso.example' },
  emailCluster: { type: 'emailCluster', name: 'Invoice', networkMessageIds: [guid(1), guid(2), guid(3)] },
  url: { type: 'url', url: 'https://evil.example/pay?x=1' },
  ip: { type: 'ip', ip: '192.0.2.77' },
} as const satisfies Record<Entity['type'], unknown>;
const everything = Object.values(subjects) as unknown as Entity[];

const hunt = (type: ActionType, entities: Entity[], requestedAt = ago(1)) => huntQuery({ type, entities, requestedAt }, now);
const queryFor = (type: ActionType, entities: Entity[]) => hunt(type, entities)?.query ?? '';

describe('the entity hunted for', () => {
  test.each(ActionType.options)('%s: the one the action acts on, among all others', (type) => {
    expect(hunt(type, everything)?.entityType).toBe(catalogue[type].entityTypes[0]);
  });

  test('is whatever there is when the best one is missing', () => {
    expect(hunt('stopAndQuarantineFile', [subjects.device])?.entityType).toBe('device');
  });

  test('is never one with a wrong shape', () => {
    const forged = { type: 'file', sha256: '" or 1 == 1' } as Entity;
    expect(hunt('stopAndQuarantineFile', [forged])).toBeNull();
    expect(hunt('stopAndQuarantineFile', [forged, subjects.device])?.entityType).toBe('device');
    expect(hunt('killProcess', [{ ...subjects.process, processId: '4 or true' } as unknown as Entity])).toBeNull();
  });
});

describe('age', () => {
  test('an action older than 30 days is not hunted for', () => {
    expect(hunt('isolateDevice', [subjects.device], ago(30 * 24))).not.toBeNull();
    expect(hunt('isolateDevice', [subjects.device], ago(30 * 24 + 1))).toBeNull();
    expect(isTooOldToHunt(ago(31 * 24), now)).toBe(true);
  });

  test('a time that cannot be read counts as too old', () => {
    expect(hunt('isolateDevice', [subjects.device], 'yesterday')).toBeNull();
  });

  test.each([
    ['isolateDevice', subjects.device, 0, 'day'],
    ['isolateDevice', subjects.device, 6 * 24, 'week'],
    ['isolateDevice', subjects.device, 7 * 24, 'month'],
    ['blockUrl', subjects.url, 0, 'week'],
    ['blockUrl', subjects.url, 1, 'month'],
    ['softDeleteEmail', subjects.email, 0, 'month'],
  ] as const)('%s: the time range covers what the query asks for', (type, entity, hours, range) => {
    expect(hunt(type, [entity], ago(hours))?.range).toBe(range);
  });
});

describe('devices', () => {
  test('are asked for by id when it is known, else by name', () => {
    expect(queryFor('isolateDevice', [subjects.device])).toContain(`let ids = dynamic(["${deviceId}"]);`);
    expect(queryFor('isolateDevice', [subjects.device])).not.toContain('DeviceName');
    expect(queryFor('isolateDevice', [{ type: 'device', name: 'wks-1' }])).toContain('DeviceName in~ (names)');
  });

  test('are all asked for', () => {
    const query = queryFor('isolateDevice', [subjects.device, { type: 'device', name: 'wks-1' }]);
    expect(query).toContain('(DeviceId in~ (ids) or DeviceName in~ (names))');
  });

  test.each(['process', 'registryKey', 'service', 'driver', 'scheduledTask'] as const)(
    '%s: its own, else the one of its action, else any',
    (type) => {
      const subject = subjects[type] as Entity;
      const actionType = ActionType.options.find((of) => catalogue[of].entityTypes[0] === type) ?? 'killProcess';
      expect(queryFor(actionType, [subject])).not.toMatch(/DeviceId in|DeviceName in/);
      expect(queryFor(actionType, [subject, subjects.device])).toContain(deviceId);
      const own = { ...subject, deviceName: 'own-1' } as Entity;
      expect(queryFor(actionType, [own, subjects.device])).toContain('"own-1"');
      expect(queryFor(actionType, [own, subjects.device])).not.toContain(deviceId);
    },
  );
});

describe('queries', () => {
  test.each(Object.entries(subjects))('about a %s ask for a number of rows that is known', (_, subject) => {
    expect([100, 200, 500]).toContain(mostRowsOf(queryFor('isolateDevice', [subject as unknown as Entity])));
  });

  test('a file is asked for by SHA-256 when it is known, in attachments too', () => {
    const sha256 = '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f';
    const query = queryFor('stopAndQuarantineFile', [{ ...subjects.file, sha256 }]);
    expect(query).toContain('EmailAttachmentInfo');
    expect(query).not.toContain('SHA1');
    expect(queryFor('stopAndQuarantineFile', [subjects.file])).not.toMatch(/SHA256|EmailAttachmentInfo/);
  });

  test('a user without a sign-in name is asked for by id', () => {
    const query = queryFor('disableUser', [{ type: 'user', entraId: guid(9) }]);
    expect(query).toContain(`let oid = "${guid(9)}";`);
    expect(query).toContain('let upn = "";');
  });

  test('one message is shown everywhere, several in one list, each once', () => {
    expect(queryFor('softDeleteEmail', [subjects.email])).toContain('UrlClickEvents');
    const several = queryFor('softDeleteEmail', [subjects.email, { ...subjects.email, networkMessageId: guid(7) }, subjects.email]);
    expect(several).toContain(`let ids = dynamic(["${guid(1)}", "${guid(7)}"]);`);
  });

  test('a large cluster is asked for in part', () => {
    const networkMessageIds = Array.from({ length: 1000 }, (_, at) => guid(at));
    const query = queryFor('softDeleteEmail', [{ ...subjects.emailCluster, networkMessageIds }]);
    expect(query.match(/73ca4154/g)).toHaveLength(50);
  });

  test.each([
    ['HKLM\\Software\\Evil', 'HKEY_LOCAL_MACHINE\\\\Software\\\\Evil'],
    ['hkcu:\\Run', 'HKEY_CURRENT_USER\\\\Run'],
    ['HKEY_LOCAL_MACHINE\\Run', 'HKEY_LOCAL_MACHINE\\\\Run'],
    ['HKXX\\Run', 'HKXX\\\\Run'],
  ])('the registry key %s is written as Defender records it', (key, written) => {
    expect(queryFor('removeRegistryKey', [{ type: 'registryKey', key }])).toContain(`let key = "${written}";`);
  });

  test('a link is asked for by its beginning and its host', () => {
    const query = queryFor('blockUrl', [subjects.url]);
    expect(query).toContain('let u = "https://evil.example/pay?x=1";');
    expect(query).toContain('let d = "evil.example";');
  });

  test('look around the time of the event', () => {
    expect(queryFor('isolateDevice', [subjects.device])).toContain('let t = datetime(2026-11-21T08:00:00.000Z);\nlet tFrom = t - 1h;');
  });
});

import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/action-center/catalogue.ts';
import { Entity, entityTypes } from '../../src/action-center/entity.ts';

const hex = (length: number) => 'ab'.repeat(length / 2);
const guid = '3f1d7c1e-52b0-4a44-9a53-08dd6f0d2f10';

const valid: Record<string, Record<string, unknown>[]> = {
  device: [
    { deviceId: hex(40) },
    { name: 'wks-1' },
    { deviceId: hex(40).toUpperCase(), name: 'wks-1', group: 'Workstations', osPlatform: 'Windows11' },
  ],
  file: [{ sha256: hex(64) }, { sha1: hex(40) }, { sha1: hex(40), name: 'a.exe', path: 'C:\\Temp' }],
  process: [
    { processId: 0, fileName: 'a.exe' },
    { processId: 4242, fileName: 'a.exe', commandLine: 'a.exe -x', deviceName: 'wks-1' },
  ],
  registryKey: [{ key: 'HKEY_LOCAL_MACHINE\\Software\\Run' }, { key: 'HKCU\\Run', valueName: 'Updater', deviceId: hex(40) }],
  service: [{ name: 'evilsvc' }],
  driver: [{ name: 'evil.sys', sha1: hex(40) }],
  scheduledTask: [{ name: '\\Task' }],
  user: [{ entraId: guid }, { upn: 'kim@contoso.example' }, { upn: 'kim@contoso.example', sid: 'S-1-5-21-1', displayName: 'Kim' }],
  mailbox: [{ address: 'kim@contoso.example' }],
  email: [{ networkMessageId: guid, recipient: 'kim@contoso.example' }],
  emailCluster: [{ name: 'Subject: x', networkMessageIds: [guid] }],
  url: [{ url: 'https://phish.example/a?b=c' }, { url: 'http://phish.example' }],
  ip: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }],
};

const invalid: [type: string, what: string, keys: Record<string, unknown>, path: string][] = [
  ['device', 'neither id nor name', { group: 'Workstations' }, 'deviceId'],
  ['device', 'an id that is too short', { deviceId: hex(38) }, 'deviceId'],
  ['device', 'an empty name', { name: '  ' }, 'name'],
  ['file', 'no hash', { name: 'a.exe' }, 'sha256'],
  ['file', 'a hash of the wrong length', { sha256: hex(40) }, 'sha256'],
  ['file', 'a hash that is none', { sha1: 'zz'.repeat(20) }, 'sha1'],
  ['process', 'no process id', { fileName: 'a.exe' }, 'processId'],
  ['process', 'a negative process id', { processId: -1, fileName: 'a.exe' }, 'processId'],
  ['process', 'half a process id', { processId: 1.5, fileName: 'a.exe' }, 'processId'],
  ['registryKey', 'no key', { valueName: 'x' }, 'key'],
  ['service', 'no name', {}, 'name'],
  ['driver', 'no name', {}, 'name'],
  ['scheduledTask', 'no name', {}, 'name'],
  ['user', 'neither id nor name', { displayName: 'Kim' }, 'entraId'],
  ['user', 'an id that is no GUID', { entraId: 'kim' }, 'entraId'],
  ['mailbox', 'no address', {}, 'address'],
  ['email', 'no recipient', { networkMessageId: guid }, 'recipient'],
  ['email', 'no message id', { recipient: 'kim@contoso.example' }, 'networkMessageId'],
  ['emailCluster', 'no messages', { name: 'x', networkMessageIds: [] }, 'networkMessageIds'],
  ['url', 'a scheme that browsers run', { url: 'javascript:alert(1)' }, 'url'],
  ['url', 'no scheme', { url: 'phish.example' }, 'url'],
  ['ip', 'a name instead of an address', { ip: 'phish.example' }, 'ip'],
  ['ip', 'an address with too large a number', { ip: '192.0.2.256' }, 'ip'],
];

describe('an entity', () => {
  it('has examples of every type here', () => {
    expect(Object.keys(valid).sort()).toEqual([...entityTypes].sort());
  });

  it.each(Object.entries(valid).flatMap(([type, rows]) => rows.map((keys) => [type, keys] as const)))(
    'of type %s is found by %j',
    (type, keys) => {
      expect(Entity.safeParse({ type, ...keys }).error?.issues).toBeUndefined();
    },
  );

  it.each(invalid)('of type %s with %s is refused at the field', (type, _what, keys, path) => {
    const parsed = Entity.safeParse({ type, ...keys });
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it.each(Object.keys(valid))('of type %s with an unknown key is refused', (type) => {
    expect(Entity.safeParse({ type, ...valid[type]?.[0], colour: 'red' }).success).toBe(false);
  });

  it('of an unknown type is refused at its type', () => {
    expect(Entity.safeParse({ type: 'toaster' }).error?.issues[0]?.path).toEqual(['type']);
  });

  it('of every type is what some action acts on or comes along with', () => {
    const acted = new Set(Object.values(catalogue).flatMap((row) => row.entityTypes));
    expect(entityTypes.filter((type) => !acted.has(type))).toEqual([]);
  });
});

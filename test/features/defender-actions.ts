/** One valid action of every type, each on things of its own, for tests against the simulated Defender. */
import { createHash } from 'node:crypto';
import type { ActionType } from '../../src/action-center/action.ts';
import { catalogue } from '../../src/action-center/catalogue.ts';
import type { Entity } from '../../src/action-center/entity.ts';

export const hex = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);
export const guid = (text: string): string => {
  const all = hex(text, 32);
  return `${all.slice(0, 8)}-${all.slice(8, 12)}-4${all.slice(13, 16)}-8${all.slice(17, 20)}-${all.slice(20)}`;
};
export const deviceNamed = (name: string): Entity & { type: 'device' } => ({
  type: 'device',
  deviceId: hex(`device ${name}`, 40),
  name: `${name}.contoso.example`,
  group: 'Workstations',
});
export const mailTo = (name: string): Entity & { type: 'email' } => ({
  type: 'email',
  networkMessageId: guid(`message to ${name}`),
  recipient: `${name}@contoso.example`,
});

/** `who`: the member of the tenant whom an action on an account is about. */
function entitiesFor(type: ActionType, who: { id: string; upn: string }): Entity[] {
  const device = deviceNamed(`wks-${type}`.toLowerCase());
  const { deviceId } = device;
  const entities: Record<Entity['type'], Entity> = {
    device,
    file: { type: 'file', sha1: hex(`file ${type}`, 40), name: 'invoice.exe' },
    process: { type: 'process', processId: 4711, fileName: 'invoice.exe', ...(deviceId === undefined ? {} : { deviceId }) },
    registryKey: { type: 'registryKey', key: 'HKEY_LOCAL_MACHINE\\Software\\Run' },
    service: { type: 'service', name: 'evilsvc' },
    driver: { type: 'driver', name: 'evil.sys' },
    scheduledTask: { type: 'scheduledTask', name: 'evil' },
    user: { type: 'user', entraId: who.id, upn: who.upn },
    mailbox: { type: 'mailbox', address: who.upn },
    email: mailTo(`kim-${type}`.toLowerCase()),
    emailCluster: { type: 'emailCluster', name: 'Invoice', networkMessageIds: [guid(`cluster ${type}`)] },
    url: { type: 'url', url: `https://evil.example/${type}` },
    ip: { type: 'ip', ip: '203.0.113.7' },
  };
  const row = catalogue[type];
  const own = row.entityTypes.includes('email') ? 'email' : (row.entityTypes[0] ?? 'device');
  return own === 'device' || row.workload !== 'device' ? [entities[own]] : [device, entities[own]];
}

let count = 0;
export function actionOfType(type: ActionType, who: { id: string; upn: string }, over: object = {}): object {
  count += 1;
  const source = catalogue[type].workload === 'email' ? 'manualEmailAction' : 'manualDeviceAction';
  const id = `defender-${type}-${String(count).padStart(4, '0')}`;
  return { id, producer: 'sentinel', type, source, severity: 'high', title: `Case ${id}`, entities: entitiesFor(type, who), ...over };
}

/** Invented identifiers: stable, well formed, and of nothing that exists. */
import { createHash } from 'node:crypto';

const hex = (seed: string, length: number): string =>
  createHash('sha256').update(`countersign demo ${seed}`).digest('hex').slice(0, length);

const sha256Of = (name: string): string => hex(`sha256 ${name}`, 64);
export const sha1Of = (name: string): string => hex(`sha1 ${name}`, 40);
const deviceIdOf = (name: string): string => hex(`device ${name}`, 40);

function guidOf(name: string): string {
  const digits = hex(`guid ${name}`, 32);
  return [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `a${digits.slice(17, 20)}`, digits.slice(20)].join('-');
}

type Invented = { type: string; [key: string]: unknown };

export function workstation(number: string): Invented {
  const name = `wks-${number}.contoso.example`;
  return { type: 'device', deviceId: deviceIdOf(name), name, group: 'Workstations', osPlatform: 'Windows11' };
}

export function server(role: string): Invented {
  const name = `${role}.contoso.example`;
  return { type: 'device', deviceId: deviceIdOf(name), name, group: 'Servers', osPlatform: 'WindowsServer2025' };
}

/** What sits on a device names it by these two keys. */
export const on = (device: Invented): Record<string, unknown> => ({ deviceId: device['deviceId'], deviceName: device['name'] });

export const file = (name: string, path: string): Invented => ({ type: 'file', sha256: sha256Of(name), sha1: sha1Of(name), name, path });

export function user(first: string, last: string): Invented {
  const upn = `${first}.${last}@contoso.example`.toLowerCase();
  return { type: 'user', entraId: guidOf(upn), upn, displayName: `${first} ${last}` };
}

export function email(subject: string, sender: string, recipient: string): Invented {
  return { type: 'email', networkMessageId: guidOf(`${subject} ${recipient}`), recipient, subject, sender };
}

export function cluster(name: string, count: number): Invented {
  const networkMessageIds = Array.from({ length: count }, (_, index) => guidOf(`${name} ${index}`));
  return { type: 'emailCluster', name, networkMessageIds, count };
}

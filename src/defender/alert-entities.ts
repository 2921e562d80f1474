/** Which action type stands behind a piece of evidence that waits for approval, and what it acts on. A row for each kind that is understood. */
import { z } from 'zod';
import type { ActionSource, ActionType } from '../action-center/action.ts';
import type { Evidence } from './ingest-payloads.ts';
import { cutText } from './storable.ts';

const text = z.string().max(8000).nullish();
const FileDetails = z.object({ fileName: text, filePath: text, sha1: text, sha256: text }).nullish();
const Fields = z.object({
  mdeDeviceId: text,
  deviceDnsName: text,
  rbacGroupName: text,
  osPlatform: text,
  fileDetails: FileDetails,
  imageFile: FileDetails,
  processId: z.number().nullish(),
  processCommandLine: text,
  processCreationDateTime: text,
  registryHive: text,
  registryKey: text,
  registryValueName: text,
  networkMessageId: text,
  recipientEmailAddress: text,
  subject: text,
  p1Sender: z.object({ emailAddress: text }).nullish(),
  p2Sender: z.object({ emailAddress: text }).nullish(),
  clusterBy: text,
  clusterByValue: text,
  emailCount: z.number().nullish(),
  networkMessageIds: z.array(z.string().max(64)).max(100_000).nullish(),
  urn: text,
  url: text,
  primaryAddress: text,
  displayName: text,
});
type Fields = z.infer<typeof Fields>;

/** Devices an alert tells of, by their Defender id. */
export type Devices = ReadonlyMap<string, object>;
/** `natural` names this piece of evidence within its alert, whatever else in it changes. */
export type Reading = { entities: object[]; natural: unknown[]; asset: string | null; investigation: string | null };
export type EvidenceRow = { type: ActionType; source: ActionSource; read(fields: Fields, devices: Devices): Reading };

/** An executor acts on messages one by one; what is beyond this many is not named. */
const maxMessages = 1000;

const given = (fields: Record<string, unknown>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== ''));
const nonEmpty = (value: string | null | undefined): string | null => (value === undefined || value === '' ? null : value);
/** Undefined where nothing is told: an entity takes no empty value, and must not be lost over a blank subject. */
const cut = (value: string | null | undefined, length: number): string | undefined => cutText(value?.trim() ?? '', length) || undefined;

const deviceOf = (id: string | null | undefined, devices: Devices): object[] =>
  nonEmpty(id) === null ? [] : [devices.get(String(id)) ?? { type: 'device', deviceId: id }];
const nameOf = (id: string | null | undefined, devices: Devices): string | null => {
  const device = devices.get(String(id));
  return device !== undefined && 'name' in device ? String(device.name) : nonEmpty(id);
};

const onDevice = { source: 'automatedDeviceAction' } as const;
const onMail = { source: 'automatedEmailAction' } as const;

const registry: EvidenceRow = {
  type: 'removeRegistryKey',
  ...onDevice,
  read: (one, devices) => {
    const key = cutText([one.registryHive, one.registryKey].filter(Boolean).join('\\'), 1024);
    const entity = given({ type: 'registryKey', key, valueName: cut(one.registryValueName, 512), deviceId: one.mdeDeviceId });
    const natural = [one.registryHive, one.registryKey, one.registryValueName, one.mdeDeviceId];
    return {
      entities: [entity, ...deviceOf(one.mdeDeviceId, devices)],
      natural,
      asset: nameOf(one.mdeDeviceId, devices),
      investigation: null,
    };
  },
};

/** By the last part of the evidence's `@odata.type`. */
const evidenceRows: Readonly<Record<string, EvidenceRow>> = {
  mailClusterEvidence: {
    type: 'softDeleteEmail',
    ...onMail,
    read: (one) => {
      const name = cut(one.clusterByValue, 512) ?? cut(one.clusterBy, 512) ?? 'cluster';
      const ids = [...new Set((one.networkMessageIds ?? []).map((id) => id.toLowerCase()))].sort().slice(0, maxMessages);
      const count = one.emailCount !== null && one.emailCount !== undefined && one.emailCount > 0 ? Math.trunc(one.emailCount) : undefined;
      const entity = given({ type: 'emailCluster', name, networkMessageIds: ids, count });
      const investigation = cut(one.urn, 256) ?? null;
      return { entities: [entity], natural: [one.urn, one.clusterBy, one.clusterByValue], asset: name, investigation };
    },
  },
  analyzedMessageEvidence: {
    type: 'softDeleteEmail',
    ...onMail,
    read: (one) => {
      const sender = cut(one.p2Sender?.emailAddress, 320) ?? cut(one.p1Sender?.emailAddress, 320);
      const { networkMessageId, recipientEmailAddress: recipient } = one;
      const entity = given({ type: 'email', networkMessageId, recipient, subject: cut(one.subject, 1000), sender });
      const natural = [networkMessageId?.toLowerCase(), recipient?.toLowerCase()];
      return { entities: [entity], natural, asset: nonEmpty(recipient), investigation: cut(one.urn, 256) ?? null };
    },
  },
  urlEvidence: {
    type: 'blockUrl',
    ...onMail,
    read: ({ url }) => ({ entities: [given({ type: 'url', url })], natural: [url], asset: cut(url, 512) ?? null, investigation: null }),
  },
  mailboxEvidence: {
    type: 'turnOffMailForwarding',
    ...onMail,
    read: ({ primaryAddress, displayName }) => ({
      entities: [given({ type: 'mailbox', address: primaryAddress, displayName: cut(displayName, 256) })],
      natural: [primaryAddress?.toLowerCase()],
      asset: cut(primaryAddress, 512) ?? null,
      investigation: null,
    }),
  },
  fileEvidence: {
    type: 'stopAndQuarantineFile',
    ...onDevice,
    read: ({ fileDetails: file, mdeDeviceId }, devices) => ({
      entities: [
        given({ type: 'file', sha256: file?.sha256, sha1: file?.sha1, name: cut(file?.fileName, 512), path: cut(file?.filePath, 1024) }),
        ...deviceOf(mdeDeviceId, devices),
      ],
      natural: [(file?.sha1 ?? file?.sha256)?.toLowerCase(), mdeDeviceId?.toLowerCase()],
      asset: nameOf(mdeDeviceId, devices),
      investigation: null,
    }),
  },
  processEvidence: {
    type: 'killProcess',
    ...onDevice,
    read: (one, devices) => {
      const { processId, mdeDeviceId: deviceId, imageFile: image } = one;
      const about = { fileName: cut(image?.fileName, 512), commandLine: cut(one.processCommandLine, 4096), sha1: image?.sha1 };
      return {
        entities: [given({ type: 'process', processId, ...about, deviceId }), ...deviceOf(deviceId, devices)],
        natural: [processId, one.processCreationDateTime, deviceId?.toLowerCase()],
        asset: nameOf(deviceId, devices),
        investigation: null,
      };
    },
  },
  registryKeyEvidence: registry,
  registryValueEvidence: registry,
};

export const kindOf = (evidence: Evidence): string => evidence['@odata.type'].split('.').at(-1)?.replace(/^#/, '').slice(0, 100) ?? '';

/** Null: a kind that is not understood, or one that lacks what its kind must have. */
export function readEvidence(evidence: Evidence, devices: Devices): (Reading & { row: EvidenceRow }) | null {
  const row = Object.hasOwn(evidenceRows, kindOf(evidence)) ? evidenceRows[kindOf(evidence)] : undefined;
  const fields = Fields.safeParse(evidence);
  return row === undefined || !fields.success ? null : { ...row.read(fields.data, devices), row };
}

/** As an entity, with what only its own evidence tells. */
export function devicesIn(evidence: readonly Evidence[]): Devices {
  const devices = new Map<string, object>();
  for (const one of evidence) {
    const { data } = Fields.safeParse(one);
    if (kindOf(one) !== 'deviceEvidence' || data === undefined || !data.mdeDeviceId) continue;
    const { mdeDeviceId: deviceId, deviceDnsName, rbacGroupName, osPlatform } = data;
    const about = { name: cut(deviceDnsName, 255), group: cut(rbacGroupName, 255), osPlatform: cut(osPlatform, 64) };
    devices.set(deviceId, given({ type: 'device', deviceId, ...about }));
  }
  return devices;
}

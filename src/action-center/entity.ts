/** Entities: what a remediation action acts on. Each type names the keys without which it cannot be found in Defender. */
import { z } from 'zod';

const text = (max: number) => z.string().trim().min(1).max(max);
const hex = (length: number, name: string) =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${length}}$`), `must be ${length} hex digits (${name})`);
const deviceId = hex(40, 'Defender device id');
const sha1 = hex(40, 'SHA-1');
const sha256 = hex(64, 'SHA-256');
const deviceRef = { deviceId: deviceId.optional(), deviceName: text(255).optional() };

/** Refuses the entity when none of `keys` is there; the error sits on the first of them. */
function needsOneOf<T extends z.ZodObject>(schema: T, keys: [string, ...string[]]) {
  return schema.superRefine((value: Record<string, unknown>, ctx) => {
    if (keys.some((key) => value[key] !== undefined)) return;
    ctx.addIssue({ code: 'custom', path: [keys[0]], message: `needs ${keys.join(' or ')}` });
  });
}

const DeviceEntity = needsOneOf(
  z.strictObject({
    type: z.literal('device'),
    deviceId: deviceId.optional(),
    name: text(255).optional(),
    group: text(255).optional(),
    osPlatform: text(64).optional(),
  }),
  ['deviceId', 'name'],
);
const FileEntity = needsOneOf(
  z.strictObject({
    type: z.literal('file'),
    sha256: sha256.optional(),
    sha1: sha1.optional(),
    name: text(512).optional(),
    path: text(1024).optional(),
  }),
  ['sha256', 'sha1'],
);
const ProcessEntity = z.strictObject({
  type: z.literal('process'),
  processId: z.int().min(0).max(4_294_967_295),
  fileName: text(512),
  commandLine: text(4096).optional(),
  sha1: sha1.optional(),
  ...deviceRef,
});
const RegistryKeyEntity = z.strictObject({
  type: z.literal('registryKey'),
  key: text(1024),
  valueName: text(512).optional(),
  ...deviceRef,
});
const ServiceEntity = z.strictObject({ type: z.literal('service'), name: text(256), ...deviceRef });
const DriverEntity = z.strictObject({ type: z.literal('driver'), name: text(512), sha1: sha1.optional(), ...deviceRef });
const ScheduledTaskEntity = z.strictObject({ type: z.literal('scheduledTask'), name: text(512), ...deviceRef });
const UserEntity = needsOneOf(
  z.strictObject({
    type: z.literal('user'),
    entraId: z.guid().optional(),
    upn: text(320).optional(),
    sid: text(190).optional(),
    displayName: text(256).optional(),
  }),
  ['entraId', 'upn'],
);
const MailboxEntity = z.strictObject({ type: z.literal('mailbox'), address: text(320), displayName: text(256).optional() });
const EmailEntity = z.strictObject({
  type: z.literal('email'),
  networkMessageId: z.guid(),
  recipient: text(320),
  subject: text(1000).optional(),
  sender: text(320).optional(),
  receivedAt: z.iso.datetime({ offset: true }).optional(),
});
const EmailClusterEntity = z.strictObject({
  type: z.literal('emailCluster'),
  name: text(512),
  /** The messages of the cluster; an executor acts on these one by one. */
  networkMessageIds: z.array(z.guid()).min(1).max(1000),
  count: z.int().min(1).optional(),
});
const UrlEntity = z.strictObject({ type: z.literal('url'), url: z.url({ protocol: /^https?$/ }).max(2048) });
const IpEntity = z.strictObject({ type: z.literal('ip'), ip: z.union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address') });

export const Entity = z.discriminatedUnion('type', [
  DeviceEntity,
  FileEntity,
  ProcessEntity,
  RegistryKeyEntity,
  ServiceEntity,
  DriverEntity,
  ScheduledTaskEntity,
  UserEntity,
  MailboxEntity,
  EmailEntity,
  EmailClusterEntity,
  UrlEntity,
  IpEntity,
]);
export type Entity = z.infer<typeof Entity>;
export type EntityType = Entity['type'];
export const entityTypes = Entity.options.map((option) => option.shape.type.value) as EntityType[];

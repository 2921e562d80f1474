/**
 * The Advanced hunting query for each entity. Tables and columns are Defender's; all values stand in `let` lines at the top. `to` is a KQL
 * keyword, hence `tFrom` and `tTo`. Hunting data is kept for 30 days.
 */
import type { Entity } from './entity.ts';
import { kqlDatetime, kqlString, kqlStrings } from './kql.ts';

type Of<Type extends Entity['type']> = Entity & { type: Type };

/** What an entity's device is known by; several devices when the action names several. */
export type DeviceRefs = { ids: string[]; names: string[] };

/** How much may go into one query: a link has a length limit, and what is cut here still finds the most important rows. */
export type HuntLimits = {
  /** Messages or devices asked for. */
  values: number;
  /** Length of a value that is compared by its beginning (URL, registry key). */
  prefix: number;
};

const during = 'Timestamp between (tFrom .. tTo)';
const newest = (rows: number) => `| sort by Timestamp desc\n| take ${rows}`;

/** So many rows a query of ours asks for at most: whoever gets as many knows that there may be more. */
export const mostRowsOf = (query: string): number => Number(/\| take (\d+)$/.exec(query)?.[1] ?? Number.POSITIVE_INFINITY);

/** Around the event: what happened shortly before and after it. */
function around(event: Date, hours: number): string {
  return `let t = ${kqlDatetime(event)};\nlet tFrom = t - ${hours}h;\nlet tTo = t + ${hours}h;\n`;
}

function union(...branches: string[]): string {
  return `union withsource=SourceTable\n${branches.map((branch) => `  (${branch})`).join(',\n')}\n${newest(200)}`;
}

/** `let` lines, and the time condition narrowed to the devices (by nothing, when nobody said which device it was). */
function onDevice(refs: DeviceRefs, limits: HuntLimits): { lets: string; where: string } {
  const ids = refs.ids.slice(0, limits.values);
  const names = refs.names.slice(0, limits.values - ids.length);
  const idsLet = ids.length > 0 ? `let ids = ${kqlStrings(ids)};\n` : '';
  const namesLet = names.length > 0 ? `let names = ${kqlStrings(names)};\n` : '';
  const conditions = [idsLet && 'DeviceId in~ (ids)', namesLet && 'DeviceName in~ (names)'].filter((condition) => condition !== '');
  const where = conditions.length > 1 ? `(${conditions.join(' or ')})` : (conditions[0] ?? '');
  return { lets: idsLet + namesLet, where: where ? `${during} and ${where}` : during };
}

export function deviceQuery(refs: DeviceRefs, event: Date, limits: HuntLimits): string {
  const { lets, where } = onDevice(refs, limits);
  return `${around(event, 1)}${lets}search in (DeviceProcessEvents, DeviceNetworkEvents, DeviceFileEvents, DeviceRegistryEvents, DeviceLogonEvents, DeviceImageLoadEvents, DeviceEvents)
  ${where}
${newest(100)}`;
}

export function fileQuery(file: Of<'file'>, event: Date): string {
  const column = file.sha256 === undefined ? 'SHA1' : 'SHA256';
  const both = `where ${during} | where ${column} =~ h or InitiatingProcess${column} =~ h`;
  // Attachments are known by SHA-256 only.
  const attachments = column === 'SHA256' ? [`EmailAttachmentInfo | where ${during} | where SHA256 =~ h`] : [];
  return `${around(event, 24)}let h = ${kqlString(file.sha256 ?? file.sha1 ?? '')};
${union(
  `DeviceFileEvents | ${both}`,
  `DeviceProcessEvents | ${both}`,
  `DeviceImageLoadEvents | where ${during} | where ${column} =~ h`,
  `DeviceNetworkEvents | where ${during} | where InitiatingProcess${column} =~ h`,
  ...attachments,
)}`;
}

export function processQuery(process: Of<'process'>, refs: DeviceRefs, event: Date, limits: HuntLimits): string {
  const { lets, where } = onDevice(refs, limits);
  return `${around(event, 1)}${lets}let pid = ${Math.trunc(process.processId)};
let image = ${kqlString(process.fileName)};
DeviceProcessEvents
| where ${where}
| where (ProcessId == pid and FileName =~ image) or (InitiatingProcessId == pid and InitiatingProcessFileName =~ image)
| project Timestamp, DeviceName, FileName, FolderPath, ProcessId, ProcessCommandLine, SHA1, AccountName, InitiatingProcessFileName, InitiatingProcessCommandLine
| sort by Timestamp asc
| take 200`;
}

const hives: Record<string, string> = {
  HKLM: 'HKEY_LOCAL_MACHINE',
  HKCU: 'HKEY_CURRENT_USER',
  HKCR: 'HKEY_CLASSES_ROOT',
  HKU: 'HKEY_USERS',
  HKCC: 'HKEY_CURRENT_CONFIG',
};

/** Defender records the long hive names; people and tools write the short ones. */
const withLongHive = (key: string) =>
  key.replace(/^(HK[A-Z]{1,2}):?(?=\\)/i, (written, hive: string) => hives[hive.toUpperCase()] ?? written);

export function registryKeyQuery(entity: Of<'registryKey'>, refs: DeviceRefs, event: Date, limits: HuntLimits): string {
  const { lets, where } = onDevice(refs, limits);
  return `${around(event, 24)}${lets}let key = ${kqlString(withLongHive(entity.key), limits.prefix)};
DeviceRegistryEvents
| where ${where}
| where RegistryKey startswith key or PreviousRegistryKey startswith key
| project Timestamp, DeviceName, ActionType, RegistryKey, RegistryValueName, RegistryValueData, PreviousRegistryValueData, InitiatingProcessFileName, InitiatingProcessCommandLine
${newest(200)}`;
}

export function serviceQuery(service: Of<'service'>, refs: DeviceRefs, event: Date, limits: HuntLimits): string {
  const { lets, where } = onDevice(refs, limits);
  return `${around(event, 24)}${lets}let svc = ${kqlString(service.name)};
${union(
  `DeviceEvents | where ${where} and ActionType == "ServiceInstalled" | where tostring(AdditionalFields) has svc`,
  `DeviceRegistryEvents | where ${where} | where RegistryKey has @"\\Services\\" and RegistryKey has svc`,
  `DeviceProcessEvents | where ${where} | where ProcessCommandLine has svc`,
)}`;
}

export function driverQuery(driver: Of<'driver'>, refs: DeviceRefs, event: Date, limits: HuntLimits): string {
  const { lets, where } = onDevice(refs, limits);
  return `${around(event, 24)}${lets}let drv = ${kqlString(driver.name)};
let h = ${kqlString(driver.sha1 ?? '')};
DeviceEvents
| where ${where} and ActionType == "DriverLoad"
| where FileName =~ drv or (isnotempty(h) and SHA1 =~ h)
| project Timestamp, DeviceName, FileName, FolderPath, SHA1, InitiatingProcessFileName, AdditionalFields
${newest(200)}`;
}

export function scheduledTaskQuery(task: Of<'scheduledTask'>, refs: DeviceRefs, event: Date, limits: HuntLimits): string {
  const { lets, where } = onDevice(refs, limits);
  return `${around(event, 24)}${lets}let task = ${kqlString(task.name)};
DeviceEvents
| where ${where}
| where ActionType in ("ScheduledTaskCreated", "ScheduledTaskUpdated", "ScheduledTaskDeleted", "ScheduledTaskEnabled", "ScheduledTaskDisabled")
| where tostring(AdditionalFields) has task
| project Timestamp, DeviceName, ActionType, AdditionalFields, InitiatingProcessFileName, InitiatingProcessCommandLine, InitiatingProcessAccountName
${newest(200)}`;
}

export function userQuery(user: Of<'user'>, event: Date): string {
  const who = '(isnotempty(upn) and AccountUpn =~ upn) or (isnotempty(oid) and AccountObjectId =~ oid)';
  return `${around(event, 12)}let upn = ${kqlString(user.upn ?? '')};
let oid = ${kqlString(user.entraId ?? '')};
${union(
  `EntraIdSignInEvents | where ${during} | where ${who}`,
  `IdentityLogonEvents | where ${during} | where ${who}`,
  `IdentityDirectoryEvents | where ${during} | where ${who} or (isnotempty(upn) and TargetAccountUpn =~ upn)`,
  `CloudAppEvents | where ${during} | where isnotempty(oid) and AccountObjectId =~ oid`,
  `DeviceProcessEvents | where ${during} | where ${who}`,
)}`;
}

/** One message, wherever it shows. It may have arrived long before anybody asked for the action, so the whole month is searched. */
export function emailQuery(networkMessageId: string): string {
  const tables = ['EmailEvents', 'EmailAttachmentInfo', 'EmailUrlInfo', 'EmailPostDeliveryEvents', 'UrlClickEvents'];
  return `let id = ${kqlString(networkMessageId)};
${union(...tables.map((table) => `${table} | where Timestamp > ago(30d) and NetworkMessageId == id`))}`;
}

export function emailsQuery(networkMessageIds: readonly string[], limits: HuntLimits): string {
  return `let ids = ${kqlStrings(networkMessageIds.slice(0, limits.values))};
EmailEvents
| where Timestamp > ago(30d) and NetworkMessageId in (ids)
| join kind=leftouter (EmailPostDeliveryEvents | where Timestamp > ago(30d) and NetworkMessageId in (ids) | summarize arg_max(Timestamp, Action, ActionType, ActionResult) by NetworkMessageId, RecipientEmailAddress) on NetworkMessageId, RecipientEmailAddress
| project Timestamp, NetworkMessageId, Subject, SenderFromAddress, SenderIPv4, RecipientEmailAddress, DeliveryAction, DeliveryLocation, ThreatTypes, Action, ActionType, ActionResult
${newest(500)}`;
}

export function mailboxQuery(mailbox: Of<'mailbox'>, event: Date): string {
  return `${around(event, 168)}let addr = ${kqlString(mailbox.address)};
EmailEvents
| where ${during} and RecipientEmailAddress =~ addr
| where isnotempty(ThreatTypes)
| project Timestamp, NetworkMessageId, Subject, SenderFromAddress, DeliveryAction, DeliveryLocation, ThreatTypes
${newest(200)}`;
}

export function urlQuery(entity: Of<'url'>, event: Date, limits: HuntLimits): string {
  return `${around(event, 168)}let u = ${kqlString(entity.url, limits.prefix)};
let d = ${kqlString(new URL(entity.url).hostname)};
${union(
  `EmailUrlInfo | where ${during} | where Url startswith u or UrlDomain =~ d`,
  `UrlClickEvents | where ${during} | where Url startswith u or Url has d`,
  `DeviceNetworkEvents | where ${during} | where RemoteUrl has d`,
  `DeviceEvents | where ${during} | where RemoteUrl has d`,
)}`;
}

export function ipQuery(entity: Of<'ip'>, event: Date): string {
  return `${around(event, 168)}let ip = ${kqlString(entity.ip)};
${union(
  `DeviceNetworkEvents | where ${during} | where RemoteIP == ip or LocalIP == ip`,
  `DeviceLogonEvents | where ${during} | where RemoteIP == ip`,
  `EntraIdSignInEvents | where ${during} | where IPAddress == ip`,
  `EmailEvents | where ${during} | where SenderIPv4 == ip or SenderIPv6 == ip`,
  `CloudAppEvents | where ${during} | where IPAddress == ip`,
)}`;
}

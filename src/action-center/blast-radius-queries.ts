/** The queries that count how far something has spread: one workload each, one row back, all values in `let` lines at the top. */
import type { BlastRadius } from './blast-radius.ts';
import type { Entity } from './entity.ts';
import { kqlString, kqlStrings } from './kql.ts';

export type BlastRadiusAsk = { of: BlastRadius['of']; query: string; facts: { days: number; atLeast: boolean } };

const month = 30;
const week = 7;
/** Ids in one query. */
const mostValues = 500;
const mostPrefix = 2000;

/** Null: of this nothing can be counted. */
export function blastRadiusQuery(best: Entity, all: readonly Entity[]): BlastRadiusAsk | null {
  switch (best.type) {
    case 'file':
      return ask('file', month, fileQuery(best.sha256 === undefined ? 'SHA1' : 'SHA256', best.sha256 ?? best.sha1 ?? ''));
    case 'process':
      return best.sha1 === undefined ? null : ask('file', month, fileQuery('SHA1', best.sha1));
    case 'driver':
      return best.sha1 === undefined ? null : ask('file', month, fileQuery('SHA1', best.sha1));
    case 'email':
    case 'emailCluster':
      return messagesAsk(all);
    case 'mailbox':
      return ask('mailbox', week, mailboxQuery(best.address));
    case 'url':
      return ask('url', month, urlQuery(best.url));
    case 'ip':
      return ask('ip', month, ipQuery(best.ip));
    case 'device':
      return deviceAsk(all);
    case 'user':
      return ask('user', week, userQuery(best.upn ?? '', best.entraId ?? ''));
    case 'registryKey':
    case 'service':
    case 'scheduledTask':
      return null;
  }
}

const ask = (of: BlastRadius['of'], days: number, query: string, atLeast = false): BlastRadiusAsk => ({
  of,
  query,
  facts: { days, atLeast },
});
const since = (days: number): string => `Timestamp > ago(${days}d)`;

/** Exact: each device is one row before they are counted. */
function fileQuery(column: 'SHA1' | 'SHA256', hash: string): string {
  const seenIn = (table: string) => `  (${table} | where ${since(month)} and ${column} =~ h | project Timestamp, DeviceId)`;
  return `let h = ${kqlString(hash)};
union
${['DeviceFileEvents', 'DeviceProcessEvents', 'DeviceImageLoadEvents'].map(seenIn).join(',\n')}
| summarize First = min(Timestamp), Last = max(Timestamp) by DeviceId
| summarize Devices = count(), FirstSeen = min(First), LastSeen = max(Last)`;
}

function messagesAsk(all: readonly Entity[]): BlastRadiusAsk {
  const named = all.flatMap((entity) => {
    if (entity.type === 'email') return [entity.networkMessageId];
    return entity.type === 'emailCluster' ? entity.networkMessageIds : [];
  });
  const ids = [...new Set(named.map((id) => id.toLowerCase()))];
  // A cluster may be larger than the messages it names.
  const isPart = all.some((entity) => entity.type === 'emailCluster' && (entity.count ?? 0) > entity.networkMessageIds.length);
  const query = `let ids = ${kqlStrings(ids.slice(0, mostValues))};
EmailEvents
| where ${since(month)} and NetworkMessageId in~ (ids)
| summarize Messages = count(), Recipients = dcount(RecipientEmailAddress), Delivered = countif(DeliveryAction =~ "Delivered")`;
  return ask('messages', month, query, isPart || ids.length > mostValues);
}

function mailboxQuery(address: string): string {
  return `let addr = ${kqlString(address)};
EmailEvents
| where ${since(week)} and RecipientEmailAddress =~ addr
| summarize Messages = count(), Threats = countif(isnotempty(ThreatTypes))`;
}

function urlQuery(url: string): string {
  return `let u = ${kqlString(url, mostPrefix)};
union
  (EmailUrlInfo | where ${since(month)} and Url startswith u | project Message = NetworkMessageId, Person = "", Kind = "mail"),
  (UrlClickEvents | where ${since(month)} and Url startswith u | project Message = "", Person = AccountUpn, Kind = "click")
| summarize Messages = dcountif(Message, Kind == "mail"), Clicks = countif(Kind == "click"), People = dcountif(Person, Kind == "click")`;
}

function ipQuery(ip: string): string {
  return `let ip = ${kqlString(ip)};
DeviceNetworkEvents
| where ${since(month)} and RemoteIP == ip
| summarize Devices = dcount(DeviceId), Connections = count()`;
}

function deviceAsk(all: readonly Entity[]): BlastRadiusAsk {
  const devices = all.flatMap((entity) => (entity.type === 'device' ? [entity] : []));
  const ids = devices.flatMap(({ deviceId }) => deviceId ?? []);
  const names = devices.flatMap(({ deviceId, name }) => (deviceId === undefined && name !== undefined ? [name] : []));
  const query = `let ids = ${kqlStrings(ids.slice(0, mostValues))};
let names = ${kqlStrings(names.slice(0, mostValues))};
DeviceLogonEvents
| where ${since(week)} and (DeviceId in~ (ids) or DeviceName in~ (names))
| summarize People = dcount(AccountSid), SignIns = count()`;
  return ask('device', week, query, ids.length > mostValues || names.length > mostValues);
}

function userQuery(upn: string, entraId: string): string {
  return `let upn = ${kqlString(upn)};
let oid = ${kqlString(entraId)};
EntraIdSignInEvents
| where ${since(week)}
| where (isnotempty(upn) and AccountUpn =~ upn) or (isnotempty(oid) and AccountObjectId =~ oid)
| summarize SignIns = count(), Addresses = dcount(IPAddress)`;
}

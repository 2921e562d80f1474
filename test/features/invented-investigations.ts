/** Automated investigations as audit records, as hunting and the Office 365 feed hand them out. Invented. */
import type { HuntingRow } from '../../sandbox/defender/hunting.ts';
import { guid } from './invented-alerts.ts';

export const urn = (number: number): string => `urn:ZappedUrlInvestigation:${number}`;

type Action = { ActionId: string; ActionType: string; ActionStatus: string; ApprovedBy: string | null; Entities: object[] } & Record<
  string,
  unknown
>;

export const airCluster = (number: number, ids: readonly number[] = [1, 2]): object => ({
  Type: 'MailCluster',
  NetworkMessageIds: ids.map((kind) => guid(number, kind).toUpperCase()),
  MailCount: ids.length,
  Query: `( (Subject:"Invoice ${number}") )`,
});
export const airMessage = (number: number, kind = 3): object => ({
  Type: 'mail-message',
  NetworkMessageId: guid(number, kind),
  Recipient: 'kim@contoso.example',
  Sender: 'pay@evil.example',
  Subject: `Invoice ${number}`,
  ReceivedDate: '2026-11-20T09:59:00',
});
export const airUrl = (url: string): object => ({ Type: 'url', Url: url });

export const softDelete = (number: number, entities: object[], more: Partial<Action> = {}): Action => ({
  ActionId: `act-${number}`,
  ActionType: 'Soft delete emails',
  ActionStatus: 'Pending',
  ApprovedBy: null,
  Entities: entities,
  RelatedAlertIds: [guid(number)],
  ...more,
});

export const zoneless = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

/** `at`: when it last changed. Lists are JSON within JSON, and times leave their zone out, as in real records. */
export function investigationOf(number: number, at: number, actions: readonly Action[], more: object = {}): Record<string, unknown> {
  return {
    Id: guid(number, 9),
    RecordType: 64,
    Operation: 'AirInvestigationData',
    CreationTime: zoneless(at),
    InvestigationId: urn(number),
    InvestigationName: `Mail with malicious urls is zapped ${number}`,
    InvestigationType: 'ZappedUrlInvestigation',
    StartTimeUtc: zoneless(at - 60_000),
    LastUpdateTimeUtc: zoneless(at),
    Status: 'Pending Action',
    DeeplinkURL: `https://security.microsoft.com/mtp-investigation/${urn(number)}?tid=11111111-2222-4333-8444-555555555555`,
    Actions: JSON.stringify(actions),
    ...more,
  };
}

export const inHunting = (record: Record<string, unknown>, isText = false): HuntingRow => ({
  Timestamp: `${String(record['LastUpdateTimeUtc'])}.1234567Z`,
  ActionType: 'AirInvestigationData',
  RawEventData: isText ? JSON.stringify(record) : record,
});

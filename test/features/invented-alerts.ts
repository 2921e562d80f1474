/** Alerts as the simulated Graph hands them out, with evidence of each kind that the reference shows. Invented. */
import type { SimulatedAlert } from '../../sandbox/defender/alerts.ts';

export type InventedEvidence = SimulatedAlert['evidence'][number];

export const guid = (number: number, kind = 0): string =>
  `fa8ee4b4-${String(kind).padStart(4, '0')}-4000-8000-${String(number).padStart(12, '0')}`;
const deviceId = (number: number): string => number.toString(16).padStart(40, 'd');

const evidence = (type: string, fields: object, remediationStatus = 'pendingApproval'): InventedEvidence => ({
  '@odata.type': `#microsoft.graph.security.${type}`,
  createdDateTime: null,
  verdict: 'malicious',
  remediationStatus,
  remediationStatusDetails: null,
  roles: [],
  detailedRoles: [],
  tags: [],
  ...fields,
});

export const cluster = (number: number, status?: string, fields: object = {}): InventedEvidence =>
  evidence(
    'mailClusterEvidence',
    {
      clusterBy: 'Subject;P2SenderDomain;ContentType',
      clusterByValue: `Invoice ${number};evil.example;1`,
      emailCount: 2,
      networkMessageIds: [guid(number, 1), guid(number, 2)],
      query: '( (Subject:"Invoice") )',
      urn: `urn:ZappedUrlInvestigation:${number}`,
      ...fields,
    },
    status,
  );
export const message = (number: number, status?: string, fields: object = {}): InventedEvidence =>
  evidence(
    'analyzedMessageEvidence',
    {
      networkMessageId: guid(number, 3),
      recipientEmailAddress: 'kim@contoso.example',
      subject: `Invoice ${number}`,
      p1Sender: { emailAddress: 'pay@evil.example' },
      ...fields,
    },
    status,
  );
export const device = (number: number): InventedEvidence =>
  evidence(
    'deviceEvidence',
    {
      mdeDeviceId: deviceId(number),
      deviceDnsName: `wks-${number}.contoso.example`,
      rbacGroupName: 'Workstations',
      osPlatform: 'Windows11',
    },
    'none',
  );
export const file = (number: number, status?: string): InventedEvidence =>
  evidence(
    'fileEvidence',
    {
      mdeDeviceId: deviceId(number),
      fileDetails: { fileName: 'invoice.exe', filePath: 'C:\\Users\\kim', sha1: number.toString(16).padStart(40, 'f') },
    },
    status,
  );
export const processOf = (number: number, status?: string): InventedEvidence =>
  evidence(
    'processEvidence',
    { mdeDeviceId: deviceId(number), processId: 4242, processCommandLine: 'invoice.exe /quiet', imageFile: { fileName: 'invoice.exe' } },
    status,
  );
export const registryKey = (number: number): InventedEvidence =>
  evidence('registryKeyEvidence', {
    mdeDeviceId: deviceId(number),
    registryHive: 'HKEY_LOCAL_MACHINE',
    registryKey: 'SOFTWARE\\Evil\\Run',
  });
export const mailbox = (): InventedEvidence =>
  evidence('mailboxEvidence', { primaryAddress: 'kim@contoso.example', displayName: 'Kim Kern' });
export const url = (): InventedEvidence => evidence('urlEvidence', { url: 'https://evil.example/pay' });
export const unheardOf = (): InventedEvidence => evidence('quantumEvidence', { spin: 'up' });

export function alertOf(number: number, at: number, pieces: InventedEvidence[], fields: object = {}): SimulatedAlert {
  const time = new Date(at).toISOString();
  return {
    id: guid(number),
    title: `Email messages removed after delivery (${number})`,
    description: 'Messages with a malicious URL were delivered.',
    severity: 'medium',
    status: 'new',
    serviceSource: 'microsoftDefenderForOffice365',
    detectionSource: 'microsoftDefenderForOffice365',
    incidentId: String(800 + number),
    createdDateTime: time,
    lastUpdateDateTime: time,
    evidence: pieces,
    ...fields,
  };
}

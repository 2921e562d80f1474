/** Invented actions of two years, as many as wanted, always the same: few types make up most of them, some are one in ten thousand. */
import type { ActionSource, ActionStatus, ActionType, Decision, Severity } from '../../src/action-center/action.ts';
import { EntraId } from '../../src/action-center/action.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import type { DecisionWord } from '../../src/action-center/history.ts';

/** Mulberry32: numbers from 0 to 1 that depend on the seed alone. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Weighted<T> = readonly (readonly [T, number])[];
function picker<T>(weighted: Weighted<T>): (random: () => number) => T {
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  return (random) => {
    let left = random() * total;
    for (const [value, weight] of weighted) {
      left -= weight;
      if (left < 0) return value;
    }
    return (weighted[0] as readonly [T, number])[0];
  };
}

/** Of 10,000 each. */
const types = picker<ActionType>([
  ['stopAndQuarantineFile', 3400],
  ['softDeleteEmail', 2400],
  ['isolateDevice', 900],
  ['runAntivirusScan', 800],
  ['collectInvestigationPackage', 500],
  ['blockUrl', 400],
  ['moveEmailToJunk', 300],
  ['killProcess', 250],
  ['disableUser', 200],
  ['releaseIsolation', 200],
  ['removeScheduledTask', 150],
  ['removeRegistryKey', 120],
  ['stopService', 100],
  ['quarantineEmail', 80],
  ['revokeSessions', 70],
  ['resetUserPassword', 50],
  ['containUser', 30],
  ['disableDriver', 20],
  ['hardDeleteEmail', 15],
  ['confirmUserCompromised', 10],
  ['offboardMachine', 4],
  ['containIp', 1],
]);
const emailTypes = new Set<ActionType>(['softDeleteEmail', 'moveEmailToJunk', 'quarantineEmail', 'hardDeleteEmail']);
const userTypes = new Set<ActionType>(['disableUser', 'revokeSessions', 'resetUserPassword', 'containUser', 'confirmUserCompromised']);
const deviceSources = picker<ActionSource>([
  ['automatedDeviceAction', 80],
  ['manualDeviceAction', 14],
  ['advancedHuntingAction', 4],
  ['manualLiveResponseAction', 1.5],
  ['liveResponseAction', 0.5],
]);
const emailSources = picker<ActionSource>([
  ['automatedEmailAction', 90],
  ['explorerAction', 6],
  ['manualEmailAction', 4],
]);
const severities = picker<Severity>([
  ['medium', 55],
  ['high', 25],
  ['low', 15],
  ['informational', 5],
]);
const endings = picker<ActionStatus>([
  ['completed', 700],
  ['rejected', 80],
  ['expired', 60],
  ['failed', 50],
  ['partiallyCompleted', 30],
  ['timedOut', 20],
  ['undone', 15],
  ['decidedElsewhere', 14],
  ['superseded', 10],
  ['cancelled', 1],
]);
const platforms = picker<Decision['platform']>([
  ['slack', 700],
  ['teams', 290],
  ['cli', 10],
]);

const first = ['Alice', 'Boris', 'Chiara', 'David', 'Elif', 'Farid', 'Greta', 'Hugo'];
const last = ['Adams', 'Brandt', 'Costa', 'Dvorak', 'Eriksen'];
export const people = first.flatMap((given, index) =>
  last.map((family, other) => ({
    entraId: EntraId.parse(`7f0c0000-0000-4000-8000-${String(index * 5 + other).padStart(12, '0')}`),
    displayName: `${given} ${family}`,
    upn: `${given}.${family}@contoso.example`.toLowerCase(),
    rolesUsed: ['SecurityAdministrator' as const],
  })),
);
const threats = ['Wacatac.B!ml', 'Emotet.RPX', 'AgentTesla!MTB', 'Qakbot.PAK', 'Cobaltstrike.A', 'Raccoon.EC', 'Lumma.GTH', 'Ursnif.V'];
const files = ['invoice', 'report', 'setup', 'update', 'scan', 'resume', 'order', 'statement'];
const words: Record<Decision['verb'], DecisionWord> = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' };
export const conversations = { device: 'C0DEVICE', email: 'C0EMAIL', identity: 'C0IDENTITY', servers: 'C0SERVERS' };

export const daysCovered = 730;
export const benchNow = '2026-11-21T12:00:00.000Z';

const hex = (random: () => number, length: number): string =>
  Array.from({ length: Math.ceil(length / 8) }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  )
    .join('')
    .slice(0, length);

function subject(type: ActionType, random: () => number): { entities: Entity[]; asset: string; title: string } {
  const user = Math.floor(random() ** 2 * 60_000);
  const device = `wks-${String(Math.floor(random() ** 2 * 120_000)).padStart(6, '0')}`;
  const mail = `user${user}@contoso.example`;
  if (emailTypes.has(type)) {
    const entities: Entity[] = [
      { type: 'email', networkMessageId: `${hex(random, 8)}-0000-4000-8000-${hex(random, 12)}`, recipient: mail, subject: 'Your parcel' },
      { type: 'mailbox', address: mail },
    ];
    return { entities, asset: mail, title: `Messages of a campaign in the mailbox ${mail}` };
  }
  if (userTypes.has(type)) return { entities: [{ type: 'user', upn: mail }], asset: mail, title: `Suspicious sign-in of ${mail}` };
  const named: Entity = { type: 'device', name: `${device}.contoso.example` };
  if (type !== 'stopAndQuarantineFile') return { entities: [named], asset: device, title: `Suspicious activity on ${device}` };
  const name = `${files[Math.floor(random() * files.length)]}-${Math.floor(random() * 5000)}.exe`;
  return { entities: [named, { type: 'file', sha1: hex(random, 40), name }], asset: device, title: `Quarantine ${name} on ${device}` };
}

const verbs: Partial<Record<ActionStatus, Decision['verb']>> = { rejected: 'reject', undone: 'undo', cancelled: 'cancel' };
const undecided = new Set<ActionStatus>(['pending', 'awaitingSecondApproval', 'expired', 'superseded', 'decidedElsewhere']);

function decisionOf(status: ActionStatus, id: string, at: string, random: () => number): Decision | null {
  if (undecided.has(status)) return null;
  const { rolesUsed, ...person } = people[Math.floor(random() ** 1.5 * people.length)] ?? (people[0] as (typeof people)[number]);
  const verb = verbs[status] ?? 'approve';
  return {
    decisionId: `D-${id}`,
    verb,
    actor: { ...person, rolesUsed },
    platform: platforms(random),
    comment: null,
    decidedAt: at,
    scopeDigest: '',
  };
}

/** The action number `index` of `rows`; the higher the later. The last half percent are still open. */
export function historyAction(index: number, rows: number) {
  const random = randomFrom(index * 7919 + 17);
  const type = types(random);
  const isEmail = emailTypes.has(type);
  const status = index > rows * 0.995 ? (random() < 0.9 ? 'pending' : 'awaitingSecondApproval') : endings(random);
  const updatedAt = new Date(Date.parse(benchNow) - ((rows - index) / rows) * daysCovered * 86_400_000).toISOString();
  const id = `A-${String(index).padStart(10, '0')}`;
  const decision = decisionOf(status, id, updatedAt, random);
  const isUser = userTypes.has(type);
  const home = isEmail
    ? conversations.email
    : isUser
      ? conversations.identity
      : random() < 0.02
        ? conversations.servers
        : conversations.device;
  const found = threats[Math.floor(random() ** 2 * threats.length)];
  return {
    ...subject(type, random),
    id,
    type,
    source: isEmail ? emailSources(random) : deviceSources(random),
    severity: severities(random),
    details: `Trojan:Win32/${found} found by automated investigation`,
    investigationId: String(50_000 + Math.floor(index / 6)),
    status,
    decision,
    word: decision
      ? words[decision.verb]
      : status === 'pending' || status === 'awaitingSecondApproval'
        ? ('none' as const)
        : ('automation' as const),
    updatedAt,
    places: [{ platform: 'slack' as const, conversation: home }],
  };
}
export type HistoryAction = ReturnType<typeof historyAction>;

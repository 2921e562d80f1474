/** What the actions of an automated investigation are in our words: which waits for a yes, which waits no more. */
import { createHash } from 'node:crypto';
import type { ActionType } from '../action-center/action.ts';
import { parseSubmission } from '../action-center/announce.ts';
import { catalogue } from '../action-center/catalogue.ts';
import type { Intake } from '../action-center/intake.ts';
import type { Elsewhere } from '../action-center/transitions.ts';
import { type AirAction, type AirEntity, type AirRecord, listIn, plain, textIn, timeIn } from './air-records.ts';
import { producer } from './alert-actions.ts';
import { clusterCut, foundByInvestigation, foundWaiting, namelessInvestigation } from './ingest-words.ts';

/** As Microsoft's pages and records spell them, see `plain`. */
const types: Readonly<Record<string, ActionType>> = {
  softdeleteemail: 'softDeleteEmail',
  softdeleteemails: 'softDeleteEmail',
  softdeleteemailmessages: 'softDeleteEmail',
  softdeleteemailclusters: 'softDeleteEmail',
  softdeleteemailmessagesorclusters: 'softDeleteEmail',
  harddeleteemail: 'hardDeleteEmail',
  harddeleteemails: 'hardDeleteEmail',
  movetojunk: 'moveEmailToJunk',
  movetodeleteditems: 'moveEmailToDeletedItems',
  blockurl: 'blockUrl',
  blockurltimeofclick: 'blockUrl',
  turnoffexternalmailforwarding: 'turnOffMailForwarding',
  turnoffmailforwarding: 'turnOffMailForwarding',
  quarantineemail: 'quarantineEmail',
  quarantineemails: 'quarantineEmail',
  quarantineattachment: 'quarantineAttachment',
  quarantineemailattachment: 'quarantineAttachment',
};

const waiting = new Set(['pending', 'pendingapproval', 'pendingaction', 'waitingforapproval']);
/** Somebody, or something, has said yes or no. What we do not know is not taken for either. */
const dealtWith = new Set([
  ...['running', 'inprogress', 'queued', 'waitingonresource', 'completed', 'succeeded', 'partiallycompleted', 'remediated', 'failed'],
  ...['declined', 'rejected', 'cancelled', 'canceled', 'skipped', 'timedout', 'expired', 'undone'],
]);
/** Of an investigation: whatever still waits in its record waits no more. */
const over = new Set(['nothreatsfound', 'remediated', 'terminatedbysystem', 'terminatedbythrottling', 'terminatedbyuser']);

/** `standing` null: a status that is new to us. `intake` null: a type that has no name here, or nothing it could act on. */
export type AirReading = {
  key: string;
  type: string;
  status: string;
  standing: 'waiting' | 'dealtWith' | null;
  intake: Intake | null;
  said: Elsewhere;
  at: string;
};
export type AirSettings = {
  /** Of Entra: part of the keys. */
  entraTenantId: string;
  /** A page elsewhere is not linked. */
  portalUrl: string;
  /** Names of action types beside those we know, see `plain`. */
  moreTypes: Readonly<Record<string, ActionType>>;
};

const prefix = 'air-';
export const isAirKey = (key: string): boolean => key.startsWith(prefix);

const lifeMs = 7 * 86_400_000;
const maxMessages = 1000;
const maxEntities = 100;
const maxRevision = 1_000_000;

export const readAirActions = (record: AirRecord, settings: AirSettings): AirReading[] =>
  withoutCovered(record.actions.map((action) => readingOf(record, action, settings)));

function readingOf(record: AirRecord, action: AirAction, settings: AirSettings): AirReading {
  const name = plain(action.type);
  const type = Object.hasOwn(settings.moreTypes, name) ? settings.moreTypes[name] : Object.hasOwn(types, name) ? types[name] : undefined;
  const key = keyOf(record, action, settings.entraTenantId);
  const reference = { investigationId: record.investigationId, ...(action.id === null ? {} : { actionId: action.id.slice(0, 200) }) };
  const standing = standingOf(record, action);
  const state = standing === 'dealtWith' && waiting.has(plain(action.status)) ? record.status : action.status;
  return {
    key,
    type: action.type.slice(0, 100),
    status: action.status.slice(0, 100),
    standing,
    intake: type === undefined ? null : intakeOf({ record, action, type, key }, settings),
    said: { state: state.slice(0, 100), by: action.by, reference },
    at: record.at,
  };
}

function standingOf({ status }: AirRecord, action: AirAction): AirReading['standing'] {
  const own = plain(action.status);
  if (waiting.has(own)) return over.has(plain(status)) ? 'dealtWith' : 'waiting';
  return dealtWith.has(own) ? 'dealtWith' : null;
}

/** By its id in its investigation; where it has none, by what it is. */
function keyOf({ investigationId }: AirRecord, { id, type, entities }: AirAction, tenantId: string): string {
  const named = id ?? [plain(type), entities.map(({ kind, fields }) => [kind, textIn(fields, 'networkmessageid', 'query', 'url', 'upn')])];
  const text = JSON.stringify([tenantId, investigationId.toLowerCase(), named]);
  return `${prefix}${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}

type Draft = { record: AirRecord; action: AirAction; type: ActionType; key: string };

function intakeOf({ record, action, type, key }: Draft, { portalUrl }: AirSettings): Intake | null {
  const accepted: readonly string[] = catalogue[type].entityTypes;
  const entities = action.entities.flatMap((one) => entityOf(one) ?? []).filter((one) => accepted.includes(one.type));
  const requestedAt = action.startedAt ?? record.startedAt ?? record.at;
  const asset = entities.map(assetOf).find((one) => one !== undefined);
  const [alertId] = action.alertIds;
  const parsed = parseSubmission({
    id: key,
    producer,
    type,
    source: 'automatedEmailAction',
    severity: 'medium',
    title: (record.name ?? namelessInvestigation).slice(0, 300),
    details: [foundWaiting, foundByInvestigation, ...entities.flatMap(cutOf), ...listCutOf(entities)].join('\n'),
    ...(asset === undefined ? {} : { asset: asset.slice(0, 512) }),
    entities: entities.slice(0, maxEntities),
    parameters: isInPortal(record.link, portalUrl) ? { investigationUrl: record.link } : {},
    investigationId: record.investigationId,
    ...(alertId === undefined ? {} : { alertId: alertId.slice(0, 256) }),
    requestedBy: { kind: 'automation', name: 'Microsoft Defender' },
    requestedAt,
    expiresAt: new Date(Date.parse(requestedAt) + lifeMs).toISOString(),
    revision: revisionOf(requestedAt, record.at),
  });
  return 'intake' in parsed ? parsed.intake : null;
}

/** Records come in any order: the later one of an investigation is the newer revision, to the second. */
const revisionOf = (from: string, at: string): number =>
  Math.min(maxRevision, Math.max(1, 1 + Math.floor((Date.parse(at) - Date.parse(from)) / 1000)));

const isInPortal = (link: string | null, portalUrl: string): boolean =>
  link !== null && link.length <= 2000 && URL.parse(link)?.origin === new URL(portalUrl).origin;

type Found = { type: string; networkMessageIds?: string[]; count?: number } & Record<string, unknown>;

const given = (fields: Record<string, unknown>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== ''));
const found = (type: string, fields: Record<string, unknown>): Found => ({ type, ...given(fields) });

/** Null: a kind that no action here acts on. */
function entityOf({ kind, fields }: AirEntity): Found | null {
  const text = (max: number, ...names: string[]) => textIn(fields, ...names)?.slice(0, max);
  switch (kind) {
    case 'mailmessage':
      return found('email', {
        networkMessageId: text(64, 'networkmessageid')?.toLowerCase(),
        recipient: text(320, 'recipient'),
        subject: text(1000, 'subject'),
        sender: text(320, 'p2sender', 'sender', 'p1sender'),
        receivedAt: timeIn(fields, 'receiveddate', 'receiveddatetime'),
      });
    case 'mailcluster':
      return clusterOf(fields, text(512, 'query', 'source', 'clustergroup') ?? 'cluster');
    case 'url':
      return found('url', { url: text(2048, 'url') });
    case 'mailbox':
      return found('mailbox', { address: text(320, 'mailboxprimaryaddress', 'upn'), displayName: text(256, 'displayname') });
    default:
      return null;
  }
}

function clusterOf(fields: AirEntity['fields'], name: string): Found {
  const ids = listIn(fields, 'networkmessageids').flatMap((id) => (typeof id === 'string' ? [id.toLowerCase()] : []));
  const count = Math.trunc(Number(textIn(fields, 'mailcount') ?? 0));
  const networkMessageIds = [...new Set(ids)].sort().slice(0, maxMessages);
  return found('emailCluster', { name, networkMessageIds, count: count > 0 ? count : undefined });
}

function cutOf({ networkMessageIds = [], count = 0 }: Found): string[] {
  return networkMessageIds.length > 0 && count > networkMessageIds.length ? [clusterCut(networkMessageIds.length, count)] : [];
}

const listCutOf = (entities: readonly Found[]): string[] =>
  entities.length > maxEntities ? [clusterCut(maxEntities, entities.length)] : [];

function assetOf({ type, name, recipient, url, address }: Found): string | undefined {
  const named = { emailCluster: name, email: recipient, url, mailbox: address }[type];
  return typeof named === 'string' && named !== '' ? named : undefined;
}

/** A message that a waiting cluster of the same investigation names has no card of its own. */
function withoutCovered(readings: AirReading[]): AirReading[] {
  const entitiesOf = ({ standing, intake }: AirReading) => (standing === 'waiting' ? (intake?.entities ?? []) : []);
  const named = readings.flatMap((one) =>
    entitiesOf(one).flatMap((entity) => (entity.type === 'emailCluster' ? entity.networkMessageIds : [])),
  );
  const covered = new Set(named);
  const isCovered = (one: AirReading): boolean => {
    const entities = entitiesOf(one);
    return entities.length > 0 && entities.every((entity) => entity.type === 'email' && covered.has(entity.networkMessageId));
  };
  return readings.filter((one) => !isCovered(one));
}

/** Go hunt: the Advanced hunting query that shows what is known about the thing an action acts on. */
import { catalogue } from './catalogue.ts';
import { Entity, type EntityType } from './entity.ts';
import {
  type DeviceRefs,
  deviceQuery,
  driverQuery,
  emailQuery,
  emailsQuery,
  fileQuery,
  type HuntLimits,
  ipQuery,
  mailboxQuery,
  processQuery,
  registryKeyQuery,
  scheduledTaskQuery,
  serviceQuery,
  urlQuery,
  userQuery,
} from './hunt-queries.ts';
import type { RemediationAction } from './intake.ts';

export type HuntRange = 'day' | 'week' | 'month';
export type Hunt = { query: string; range: HuntRange; entityType: EntityType };
export type HuntedAction = Pick<RemediationAction, 'type' | 'entities' | 'requestedAt'>;

/** How long Defender keeps hunting data. */
const huntableDays = 30;
const day = 86_400_000;

/** The most a query asks for; who has less room hands in less. */
export const fullHunt: HuntLimits = { values: 50, prefix: 2000 };

/** Whether Defender still holds data of that time. A time that cannot be read counts as too old. */
export function isTooOldToHunt(requestedAt: string, now: Date): boolean {
  return !(now.getTime() - Date.parse(requestedAt) <= huntableDays * day);
}

/** The query for the entity that says most about this action type; null when Defender no longer holds the data, or no entity has a usable shape. */
export function huntQuery(action: HuntedAction, now: Date, limits: HuntLimits = fullHunt): Hunt | null {
  if (isTooOldToHunt(action.requestedAt, now)) return null;
  const entities = wellFormed(action.entities);
  const best = mostTelling(action, entities);
  if (best === undefined) return null;
  const event = new Date(action.requestedAt);
  return { query: queryFor(best, entities, event, limits), range: rangeFor(best.type, event, now), entityType: best.type };
}

/** Whatever wrote this record: only what has the shape of its type goes into a query. */
export const wellFormed = (entities: readonly Entity[]): Entity[] => entities.flatMap((entity) => Entity.safeParse(entity).data ?? []);

/** The entity that says most about what this type of action does. */
export function mostTelling(action: Pick<HuntedAction, 'type'>, entities: readonly Entity[]): Entity | undefined {
  for (const type of catalogue[action.type].entityTypes) {
    const match = entities.find((entity) => entity.type === type);
    if (match) return match;
  }
  return entities[0];
}

function queryFor(entity: Entity, all: readonly Entity[], event: Date, limits: HuntLimits): string {
  switch (entity.type) {
    case 'device':
      return deviceQuery(devicesOf(all), event, limits);
    case 'file':
      return fileQuery(entity, event);
    case 'process':
      return processQuery(entity, deviceOf(entity, all), event, limits);
    case 'registryKey':
      return registryKeyQuery(entity, deviceOf(entity, all), event, limits);
    case 'service':
      return serviceQuery(entity, deviceOf(entity, all), event, limits);
    case 'driver':
      return driverQuery(entity, deviceOf(entity, all), event, limits);
    case 'scheduledTask':
      return scheduledTaskQuery(entity, deviceOf(entity, all), event, limits);
    case 'user':
      return userQuery(entity, event);
    case 'mailbox':
      return mailboxQuery(entity, event);
    case 'email':
    case 'emailCluster':
      return messagesQuery(all, limits);
    case 'url':
      return urlQuery(entity, event, limits);
    case 'ip':
      return ipQuery(entity, event);
  }
}

/** Every message the action names, whether one by one or as a cluster. */
function messagesQuery(all: readonly Entity[], limits: HuntLimits): string {
  const named = all.flatMap((entity) => {
    if (entity.type === 'email') return [entity.networkMessageId];
    return entity.type === 'emailCluster' ? entity.networkMessageIds : [];
  });
  const ids = [...new Set(named.map((id) => id.toLowerCase()))];
  const [first] = ids;
  return ids.length === 1 && first !== undefined ? emailQuery(first) : emailsQuery(ids, limits);
}

function devicesOf(all: readonly Entity[]): DeviceRefs {
  const refs: DeviceRefs = { ids: [], names: [] };
  for (const entity of all) {
    if (entity.type !== 'device') continue;
    if (entity.deviceId !== undefined) refs.ids.push(entity.deviceId);
    else if (entity.name !== undefined) refs.names.push(entity.name);
  }
  return refs;
}

/** The entity's own device, else the devices of the same action, else none: then the query asks about every device. */
function deviceOf(entity: { deviceId?: string | undefined; deviceName?: string | undefined }, all: readonly Entity[]): DeviceRefs {
  if (entity.deviceId !== undefined) return { ids: [entity.deviceId], names: [] };
  if (entity.deviceName !== undefined) return { ids: [], names: [entity.deviceName] };
  return devicesOf(all);
}

/** What the portal's time picker shows. The query's own time condition is what counts; it reaches a week back for these types, a month for mail. */
function rangeFor(type: EntityType, event: Date, now: Date): HuntRange {
  if (type === 'email' || type === 'emailCluster') return 'month';
  const reachesBack = type === 'mailbox' || type === 'url' || type === 'ip' ? 7 : 1;
  const days = (now.getTime() - event.getTime()) / day + reachesBack;
  if (days <= 1) return 'day';
  return days <= 7 ? 'week' : 'month';
}

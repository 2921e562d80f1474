/** What an action acts on, as a person reads it: each entity with the values it can be told apart by, and a short name for headings. */
import { catalogue, entityLabels } from '../action-center/catalogue.ts';
import type { Entity } from '../action-center/entity.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { andMoreText, messageCountText, messageIdsText, placeTexts, valueText } from './evidence-words.ts';
import { disarm, exact, foreign, indicator, type Line, type Part, showText, time } from './show.ts';

/** One entity: what it is, then what identifies it. */
export type Evidence = { label: string; values: Line[] };

export function evidenceOf(entity: Entity): Evidence {
  return { label: entityLabels[entity.type], values: identifyingValues(entity) };
}

const named = (name: Parameters<typeof valueText>[0], value: Part | undefined): Line[] =>
  value === undefined ? [] : [valueText(name, value)];
const maybe = (draw: (value: string) => Part, value: string | undefined): Part | undefined =>
  value === undefined ? undefined : draw(value);
const first = (...values: (string | undefined)[]): Line[] => {
  const value = values.find((candidate) => candidate !== undefined);
  return value === undefined ? [] : [[exact(value)]];
};
const onDevice = (entity: { deviceId?: string | undefined; deviceName?: string | undefined }): Line[] => [
  ...named('onDevice', maybe(exact, entity.deviceName)),
  ...named('deviceId', maybe(exact, entity.deviceId)),
];

function identifyingValues(entity: Entity): Line[] {
  switch (entity.type) {
    case 'device':
      return [
        ...first(entity.name),
        ...named('id', maybe(exact, entity.deviceId)),
        ...named('group', maybe(foreign, entity.group)),
        ...named('runs', maybe(foreign, entity.osPlatform)),
      ];
    case 'file':
      return [
        ...first(entity.name),
        ...named('in', maybe(exact, entity.path)),
        ...named('sha256', maybe(exact, entity.sha256)),
        ...named('sha1', maybe(exact, entity.sha1)),
      ];
    case 'process':
      return [
        [exact(entity.fileName)],
        ...named('processId', exact(String(entity.processId))),
        ...named('commandLine', maybe(exact, entity.commandLine)),
        ...named('sha1', maybe(exact, entity.sha1)),
        ...onDevice(entity),
      ];
    case 'registryKey':
      return [[exact(entity.key)], ...named('value', maybe(exact, entity.valueName)), ...onDevice(entity)];
    case 'service':
    case 'scheduledTask':
      return [[exact(entity.name)], ...onDevice(entity)];
    case 'driver':
      return [[exact(entity.name)], ...named('sha1', maybe(exact, entity.sha1)), ...onDevice(entity)];
    default:
      return identifyingValuesOfMailAndPeople(entity);
  }
}

type MailOrPerson = Extract<Entity, { type: 'user' | 'mailbox' | 'email' | 'emailCluster' | 'url' | 'ip' }>;

function identifyingValuesOfMailAndPeople(entity: MailOrPerson): Line[] {
  switch (entity.type) {
    case 'user':
      return [
        ...first(entity.upn),
        ...named('name', maybe(foreign, entity.displayName)),
        ...named('entraId', maybe(exact, entity.entraId)),
        ...named('sid', maybe(exact, entity.sid)),
      ];
    case 'mailbox':
      return [[exact(entity.address)], ...named('name', maybe(foreign, entity.displayName))];
    case 'email':
      return [
        ...named('to', exact(entity.recipient)),
        ...named('subject', maybe(foreign, entity.subject)),
        ...named('from', maybe(indicator, entity.sender)),
        ...named('messageId', exact(entity.networkMessageId)),
        ...named('received', maybe(time, entity.receivedAt)),
      ];
    case 'emailCluster': {
      const { count = entity.networkMessageIds.length, networkMessageIds } = entity;
      const shown = networkMessageIds.slice(0, 3).join(', ');
      return [[foreign(entity.name)], messageCountText(count), messageIdsText(exact(shown), networkMessageIds.length - 3)];
    }
    case 'url':
      return [[indicator(entity.url)]];
    case 'ip':
      return [[indicator(entity.ip)]];
  }
}

/** How people call an entity, without anything that could be followed. */
function nameOf(entity: Entity): string {
  switch (entity.type) {
    case 'device':
      return entity.name ?? entity.deviceId ?? '';
    case 'file':
      return entity.name ?? entity.sha256 ?? entity.sha1 ?? '';
    case 'process':
      return entity.fileName;
    case 'registryKey':
      return entity.key;
    case 'user':
      return entity.upn ?? entity.displayName ?? entity.entraId ?? '';
    case 'mailbox':
      return entity.address;
    case 'email':
      return entity.subject ?? entity.networkMessageId;
    case 'url':
    case 'ip':
      return indicator(entity.type === 'url' ? entity.url : entity.ip).text;
    default:
      return entity.name;
  }
}

type Named = Pick<RemediationAction, 'type' | 'entities' | 'asset'>;

/**
 * What the action is about, in a few words: `invoice.exe on WKS-0042`. The thing that is acted on comes from the entities, because they are what
 * the backend is handed; the producer's own name for the asset is added, so that a difference between the two is seen.
 */
export function subjectOf(action: Named, max = 90): string {
  const { entityTypes, workload } = catalogue[action.type];
  const main = entityTypes.flatMap((type) => action.entities.find((entity) => entity.type === type) ?? []).at(0) ?? action.entities[0];
  if (main === undefined) return showText(disarm(action.asset ?? ''), max);
  const others = action.entities.filter((entity) => entity.type === main.type).length - 1;
  const more = andMoreText(others);
  const place = placeOf(action, main, workload === 'email' ? placeTexts.inMailbox : placeTexts.onDevice);
  const name = action.asset !== undefined && isShortFor(action.asset, nameOf(main)) ? action.asset : nameOf(main);
  const room = Math.max(24, Math.floor((max - more.length) / (place === '' ? 1 : 2)));
  return `${showText(disarm(name), room)}${more}${showText(disarm(place), room)}`;
}

/** `WKS-0042` for `wks-0042.contoso.example`. */
const isShortFor = (asset: string, name: string) => `${name.toLowerCase()}.`.startsWith(`${asset.toLowerCase()}.`);

function placeOf(action: Named, main: Entity, at: (place: string) => string): string {
  const { asset } = action;
  if (asset !== undefined) {
    if (isShortFor(asset, nameOf(main))) return '';
    return main.type === 'device' ? placeTexts.reportedAs(asset) : at(asset);
  }
  if (main.type === 'email') return placeTexts.inMailbox(main.recipient);
  const device = action.entities.find((entity) => entity.type === 'device');
  if (device !== undefined && main.type !== 'device') return placeTexts.onDevice(nameOf(device));
  return 'deviceName' in main && main.deviceName !== undefined ? placeTexts.onDevice(main.deviceName) : '';
}

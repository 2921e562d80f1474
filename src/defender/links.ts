/** Links into the Defender portal. Values go in through URL and encodeURIComponent only. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Entity } from '../action-center/entity.ts';
import { fullHunt, type HuntedAction, type HuntRange, huntQuery } from '../action-center/hunt.ts';
import type { RemediationAction } from '../action-center/intake.ts';

export type Portal = {
  portalUrl: string;
  /** Selects the tenant for people who work in several. */
  tenantId?: string | undefined;
  /** Where one investigation is shown, with `{id}` in place of its id. Microsoft documents no pattern; without one the list is opened. */
  investigationUrlTemplate?: string | undefined;
  /** False: the page of a message is left out; Microsoft does not document its address. */
  emailPage?: boolean | undefined;
};

/** Slack refuses a button whose URL is longer. */
export const maxLinkLength = 3000;

/** Tried in turn until the link fits: a message id does not compress, so fewer of them; a long URL or key is asked for by its beginning. */
const tighter = [
  fullHunt,
  { values: 25, prefix: 1000 },
  { values: 10, prefix: 500 },
  { values: 3, prefix: 250 },
  { values: 1, prefix: 100 },
];

/** Advanced hunting with the query filled in. The portal's own encoding: gzip over UTF-16LE, base64url without padding. */
export function huntingUrl(query: string, { portalUrl, tenantId, range }: Portal & { range: HuntRange }): string {
  const encoded = gzipSync(Buffer.from(query, 'utf16le'), { level: 9 }).toString('base64url');
  return portalLink(portalUrl, '/v2/advanced-hunting', { query: encoded, timeRangeId: range, tid: tenantId });
}

/** The query of a hunting link. Throws when there is none. */
export function decodeHuntingUrl(url: string): string {
  const encoded = new URL(url).searchParams.get('query');
  if (encoded === null) throw new TypeError('the link holds no query');
  return gunzipSync(Buffer.from(encoded, 'base64url'), { maxOutputLength: 1 << 20 }).toString('utf16le');
}

/** Go hunt for this action, never longer than `maxLinkLength`; null when there is nothing (left) to hunt for. */
export function huntLink(action: HuntedAction, portal: Portal & { now: Date }): string | null {
  for (const limits of tighter) {
    const hunt = huntQuery(action, portal.now, limits);
    if (hunt === null) return null;
    const link = huntingUrl(hunt.query, { ...portal, range: hunt.range });
    if (link.length <= maxLinkLength) return link;
  }
  return null;
}

type LinkedType = 'device' | 'file' | 'user' | 'ip' | 'url' | 'email';
export type PortalLinks = { actionCenter: string } & Partial<Record<'investigation' | 'incident' | 'alert' | LinkedType, string>>;
export type LinkedAction = Pick<RemediationAction, 'status' | 'entities' | 'requestedAt'> &
  Partial<Pick<RemediationAction, 'investigationId' | 'incidentId' | 'alertId' | 'parameters'>>;

/** Where this action and what it acts on are shown in Defender: the first linkable entity of each type. */
export function portalLinks(action: LinkedAction, portal: Portal): PortalLinks {
  const tab = action.status === 'pending' || action.status === 'awaitingSecondApproval' ? 'pending' : 'history';
  const links: PortalLinks = { actionCenter: portalLink(portal.portalUrl, `/action-center/${tab}`, { tid: portal.tenantId }) };
  const add = (name: keyof PortalLinks, link: string | null) => {
    if (link !== null && link.length <= maxLinkLength) links[name] ??= link;
  };
  add('investigation', givenLink(action.parameters?.['investigationUrl'], portal));
  if (action.investigationId !== undefined) add('investigation', investigationLink(action.investigationId, portal));
  if (action.incidentId !== undefined) add('incident', pageLink(portal, '/incidents/', action.incidentId));
  if (action.alertId !== undefined) add('alert', pageLink(portal, '/alerts/', action.alertId));
  for (const entity of action.entities) {
    if (isLinked(entity) && (entity.type !== 'email' || portal.emailPage !== false))
      add(entity.type, entityLink(entity, action.requestedAt, portal));
  }
  return links;
}

type LinkedEntity = Extract<Entity, { type: LinkedType }>;
const linkedTypes: ReadonlySet<string> = new Set<LinkedType>(['device', 'file', 'user', 'ip', 'url', 'email']);
const isLinked = (entity: Entity): entity is LinkedEntity => linkedTypes.has(entity.type);

function entityLink(entity: LinkedEntity, requestedAt: string, portal: Portal): string | null {
  const query = (path: string, values: Record<string, string | undefined>) =>
    portalLink(portal.portalUrl, path, { ...values, tid: portal.tenantId });
  switch (entity.type) {
    case 'device':
      return entity.deviceId === undefined ? null : pageLink(portal, '/machines/v2/', entity.deviceId, '/overview');
    case 'file': {
      const hash = entity.sha1 ?? entity.sha256;
      return hash === undefined ? null : pageLink(portal, '/file/', hash, '/');
    }
    case 'user':
      return entity.entraId === undefined ? null : query('/user', { aad: entity.entraId, upn: entity.upn, tab: 'overview' });
    case 'ip':
      return pageLink(portal, '/ip/', entity.ip, '/overview');
    case 'url':
      return query('/url/overview', { url: entity.url });
    case 'email':
      return query('/emailentityV2', {
        id: entity.networkMessageId,
        recipient: entity.recipient,
        ...mailWindow(entity.receivedAt, requestedAt),
      });
  }
}

/** The email page searches a span of time: around the arrival when it is known, else the month before the action was asked for. */
function mailWindow(receivedAt: string | undefined, requestedAt: string): Record<'startTime' | 'endTime', string> | undefined {
  const day = 86_400_000;
  const at = Date.parse(receivedAt ?? requestedAt);
  if (Number.isNaN(at)) return undefined;
  const startsBefore = receivedAt === undefined ? 30 * day : day;
  return { startTime: new Date(at - startsBefore).toISOString(), endTime: new Date(at + day).toISOString() };
}

/** The page Defender itself names. Never one of another place: whoever submits an action writes its parameters. */
function givenLink(value: unknown, { portalUrl }: Portal): string | null {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url === null || url.origin !== new URL(portalUrl).origin || url.username !== '' || url.password !== '' ? null : url.toString();
}

function investigationLink(id: string, portal: Portal): string | null {
  const template = portal.investigationUrlTemplate;
  if (template === undefined) return portalLink(portal.portalUrl, '/airinvestigation', { tid: portal.tenantId });
  const segment = pathSegment(id);
  return segment === null
    ? null
    : portalLink(
        portal.portalUrl,
        template.replaceAll('{id}', () => segment),
        { tid: portal.tenantId },
      );
}

function pageLink(portal: Portal, before: string, id: string, after = ''): string | null {
  const segment = pathSegment(id);
  return segment === null ? null : portalLink(portal.portalUrl, `${before}${segment}${after}`, { tid: portal.tenantId });
}

/** URL drops `.` and `..` segments however they are written, so such an id has no page. */
function pathSegment(id: string): string | null {
  return id === '.' || id === '..' ? null : encodeURIComponent(id.toWellFormed());
}

function portalLink(portalUrl: string, path: string, values: Record<string, string | undefined>): string {
  const url = new URL(path, portalUrl);
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url.toString();
}

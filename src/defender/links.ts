/** Links into the Defender portal. Values go in through URL and encodeURIComponent only. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Entity } from '../action-center/entity.ts';
import { fullHunt, type HuntedAction, type HuntRange, huntQuery } from '../action-center/hunt.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';

export type Portal = {
  portalUrl: string;
  /** Selects the tenant for people who work in several. */
  tenantId?: string | undefined;
  /** Where one investigation is shown, with `{id}` in place of its id. Microsoft documents no pattern; without one the list is opened. */
  investigationUrlTemplate?: string | undefined;
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

export type PortalLinks = { actionCenter: string } & Partial<Record<'investigation' | 'incident' | 'alert' | LinkedEntity['type'], string>>;

type LinkedEntity = Extract<Entity, { type: 'device' | 'file' | 'user' | 'ip' | 'url' | 'email' }>;
type LinkedAction = Pick<RemediationAction, 'status' | 'entities' | 'requestedAt'> &
  Partial<Pick<RemediationAction, 'investigationId' | 'incidentId' | 'alertId'>>;

/** Where this action and what it acts on are shown in Defender: the first entity of each type. */
export function portalLinks(action: LinkedAction, portal: Portal): PortalLinks {
  const { portalUrl, tenantId: tid } = portal;
  const tab = action.status === 'pending' || action.status === 'awaitingSecondApproval' ? 'pending' : 'history';
  const links: PortalLinks = { actionCenter: portalLink(portalUrl, `/action-center/${tab}`, { tid }) };
  const add = (name: keyof PortalLinks, link: string | null) => {
    if (link !== null) links[name] ??= link;
  };
  if (action.investigationId !== undefined) add('investigation', investigationLink(action.investigationId, portal));
  if (action.incidentId !== undefined) add('incident', pageLink(portal, '/incidents/', action.incidentId));
  if (action.alertId !== undefined) add('alert', pageLink(portal, '/alerts/', action.alertId));
  for (const entity of action.entities) {
    const link = entityLink(entity, action.requestedAt, portal);
    if (link !== null) add(entity.type as LinkedEntity['type'], link);
  }
  return links;
}

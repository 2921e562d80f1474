/**
 * Who may speak to the bot, beyond the signature that botbuilder checks. botbuilder by itself lets through activities without a service URL,
 * emulator tokens for any service URL, and every tenant there is; and it takes the person in the body at its word, so these decide who may approve.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { requestKey } from '../request.ts';
import { type Arrival, Inbound, withoutThread } from './activity.ts';
import { clouds } from './clouds.ts';
import type { TeamsSettings } from './settings.ts';

/** Why a request is refused; what the audit record says. */
export type GuardRefusal =
  | 'no-token'
  | 'token-not-readable'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'expired-token'
  | 'signature'
  | 'not-an-activity'
  | 'wrong-channel'
  | 'no-service-url'
  | 'foreign-service-url'
  | 'no-tenant'
  | 'foreign-tenant'
  | 'no-conversation'
  | 'no-person';

export type Claims = { iss: string | null; serviceUrl: string | null };

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const skewSeconds = 300;

const Payload = z.object({ iss: z.string(), aud: z.string(), exp: z.number(), serviceurl: z.string().nullish() });

/**
 * Looks at a token before its signature is checked: whatever is refused here would be refused later too, or slip through one of the gaps. Saves
 * asking other issuers' key services on behalf of whoever sends such a token.
 */
export function judgeToken(header: string | undefined, settings: TeamsSettings, nowMs: number): GuardRefusal | null {
  if (header === undefined || header.trim() === '') return 'no-token';
  const payload = payloadOf(header);
  if (payload === null) return 'token-not-readable';
  if (payload.iss !== clouds[settings.cloud].issuer) return 'wrong-issuer';
  if (payload.aud.toLowerCase() !== settings.appId) return 'wrong-audience';
  return payload.exp + skewSeconds < nowMs / 1000 ? 'expired-token' : null;
}

/** botbuilder asks other key services, and accepts other tokens, for some channels; none of them is ours. */
export const judgeChannel = (body: object): GuardRefusal | null =>
  'channelId' in body && body.channelId === 'msteams' ? null : 'wrong-channel';

function payloadOf(header: string): z.infer<typeof Payload> | null {
  const [, body] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(header) ?? [];
  if (body === undefined) return null;
  try {
    return Payload.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))).data ?? null;
  } catch {
    return null; // refused as not readable
  }
}

/** `claims` null: nobody proves who they are, which only an emulator on this machine may (`insecureLoopback`). */
export function judgeActivity(
  body: unknown,
  claims: Claims | null,
  settings: TeamsSettings,
  receivedAt: number,
): { refusal: GuardRefusal } | { arrival: Arrival } {
  const parsed = Inbound.safeParse(body);
  if (!parsed.success) return { refusal: 'not-an-activity' };
  const activity = parsed.data;
  const refusal = (claims === null ? null : claimsRefusal(activity, claims, settings)) ?? placeRefusal(activity, settings);
  if (refusal !== null) return { refusal };
  const person = personOf(activity);
  // Events about the app itself name whoever caused them, or nobody; nothing is decided by them.
  if (person === null && ['invoke', 'message'].includes(activity.type)) return { refusal: 'no-person' };
  const thread = activity.conversation?.id ?? '';
  if (thread === '') return { refusal: 'no-conversation' };
  return {
    arrival: {
      activity,
      serviceUrl: activity.serviceUrl ?? '',
      conversation: withoutThread(thread),
      thread,
      organisation: tenantsOf(activity)[0] ?? '',
      person,
      requestKey: requestKey(`${thread}\n${activity.id ?? randomUUID()}\n${activity.from?.id ?? ''}`),
      receivedAt,
    },
  };
}

function claimsRefusal(activity: Inbound, claims: Claims, settings: TeamsSettings): GuardRefusal | null {
  if (claims.iss !== clouds[settings.cloud].issuer) return 'wrong-issuer';
  if (!claims.serviceUrl || claims.serviceUrl !== activity.serviceUrl) return 'no-service-url';
  return activity.channelId === 'msteams' ? null : 'wrong-channel';
}

function placeRefusal(activity: Inbound, settings: TeamsSettings): GuardRefusal | null {
  const url = URL.parse(activity.serviceUrl ?? '');
  if (url === null) return 'no-service-url';
  if (!isAllowedHost(url, settings)) return 'foreign-service-url';
  const tenants = tenantsOf(activity);
  const [tenant] = tenants;
  if (tenant === undefined) return 'no-tenant';
  return tenants.every((other) => other === tenant) && settings.allowedTenants.includes(tenant) ? null : 'foreign-tenant';
}

function isAllowedHost(url: URL, { cloud, serviceUrls }: TeamsSettings): boolean {
  if (url.username !== '' || url.password !== '') return false;
  if (serviceUrls.some((allowed) => URL.parse(allowed)?.origin === url.origin)) return true;
  return url.protocol === 'https:' && url.port === '' && clouds[cloud].hosts.includes(url.hostname);
}

/** Every tenant the activity names. */
function tenantsOf({ conversation, channelData }: Inbound): string[] {
  return [conversation?.tenantId, channelData?.tenant?.id].flatMap((tenant) => (tenant ? [tenant.toLowerCase()] : []));
}

function personOf({ from }: Inbound): Arrival['person'] {
  const entraId = from?.aadObjectId ?? '';
  return from && guid.test(entraId) ? { id: from.id, entraId: entraId.toLowerCase() } : null;
}

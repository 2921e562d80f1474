/** How the bot proves itself to Teams and how Teams proves itself to the bot, in botbuilder's words. */
import { setTimeout as delay } from 'node:timers/promises';
import { CloudAdapter, ConfigurationBotFrameworkAuthentication, ConfigurationServiceClientCredentialFactory } from 'botbuilder';
import { z } from 'zod';
import { ConfigError } from '../../action-center/errors.ts';
import { clouds } from './clouds.ts';
import type { TeamsSettings } from './settings.ts';

export type Authentication = ConfigurationBotFrameworkAuthentication;

/** Throws ConfigError for credentials that cannot be used as they are. */
export function openAuthentication(settings: TeamsSettings): Authentication {
  const { appId, appPassword, appTenantId, appType, cloud, loginUrl, openIdUrl } = settings;
  const { channelService, issuer } = clouds[cloud];
  const app = {
    MicrosoftAppId: appId,
    MicrosoftAppPassword: appPassword,
    ...(appId === '' ? {} : { MicrosoftAppType: appType, MicrosoftAppTenantId: appTenantId }),
  };
  const standIn = loginUrl !== null && openIdUrl !== null;
  const urls = standIn
    ? {
        ValidateAuthority: false,
        ToChannelFromBotLoginUrl: loginUrl,
        ToChannelFromBotOAuthScope: issuer,
        ToBotFromChannelTokenIssuer: issuer,
        OAuthUrl: loginUrl,
        ToBotFromChannelOpenIdMetadataUrl: openIdUrl,
        ToBotFromEmulatorOpenIdMetadataUrl: openIdUrl,
        CallerId: 'urn:botframework:azure',
      }
    : { ChannelService: channelService };
  try {
    const factory = standIn ? new StandInCredentials(app, settings, loginUrl) : new ConfigurationServiceClientCredentialFactory(app);
    return new ConfigurationBotFrameworkAuthentication({ ...app, ...urls }, factory);
  } catch (error) {
    throw new ConfigError([`MICROSOFT_APP_ID: these credentials cannot be used (${error instanceof Error ? error.message : 'unknown'})`]);
  }
}

type Credentials = Awaited<ReturnType<ConfigurationServiceClientCredentialFactory['createCredentials']>>;
type Token = { value: string; until: number };

const tokenDeadlineMs = 5000;
/** A token is renewed this long before its end. */
const earlyMs = 300_000;
const TokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });

/** MSAL wants https and Microsoft's own authorities; a stand-in has neither. */
class StandInCredentials extends ConfigurationServiceClientCredentialFactory {
  readonly #credentials: Credentials;

  constructor(app: Record<string, string>, settings: TeamsSettings, loginUrl: string) {
    super(app);
    const token = tokenSource(settings, loginUrl);
    const credentials = {
      appId: settings.appId,
      getToken: token,
      signRequest: async (request: { headers: { set(name: string, value: string): void } }) => {
        request.headers.set('authorization', `Bearer ${await token()}`);
        return request;
      },
    };
    this.#credentials = credentials as unknown as Credentials;
  }

  override async createCredentials(): Promise<Credentials> {
    return this.#credentials;
  }
}

/** One request at a time, however many want a token. */
function tokenSource(settings: TeamsSettings, loginUrl: string): () => Promise<string> {
  let known: Token | null = null;
  let asking: Promise<Token> | null = null;
  return async () => {
    if (known && known.until > Date.now()) return known.value;
    asking ??= fetchToken(settings, loginUrl).finally(() => {
      asking = null;
    });
    known = await asking;
    return known.value;
  };
}

async function fetchToken({ appId, appPassword, appTenantId, cloud }: TeamsSettings, loginUrl: string): Promise<Token> {
  const response = await fetch(`${loginUrl.replace(/\/+$/, '')}/${encodeURIComponent(appTenantId)}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: appId,
      client_secret: appPassword,
      scope: `${clouds[cloud].issuer}/.default`,
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(tokenDeadlineMs),
  });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`the login service answered ${response.status}`);
  const { access_token, expires_in } = TokenAnswer.parse(body);
  return { value: access_token, until: Date.now() + Math.max(1000, expires_in * 1000 - earlyMs) };
}

/** What a stuck login service must not hold up. */
export async function withinTokenDeadline<T>(work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = delay(tokenDeadlineMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error('the login service did not answer in time');
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}

type Authenticated = Awaited<ReturnType<Authentication['authenticateRequest']>>;
type Turn = Parameters<CloudAdapter['processActivityDirect']>[2];
type Incoming = Parameters<CloudAdapter['processActivityDirect']>[1];

/** A turn answers its own request and nothing else; what we send goes through connector.ts. So the clients that each turn would build stay unbuilt. */
const noClient = async (): Promise<never> => ({}) as never;
const withoutClients = (authentication: Authentication): Authentication =>
  Object.create(authentication, { createUserTokenClient: { value: noClient } });

/** botbuilder's adapter from the point on where a request is authenticated and guarded; what it would write to the response is handed out. */
export class Turns extends CloudAdapter {
  constructor(authentication: Authentication) {
    super(withoutClients(authentication));
  }

  take(authenticated: Authenticated, activity: Incoming, turn: Turn): Promise<{ status: number; body?: unknown } | undefined> {
    return this.processActivity({ ...authenticated, connectorFactory: { create: noClient } } as Authenticated, activity, turn);
  }
}

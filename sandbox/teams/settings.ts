import type { TeamsOptions, TeamsWorld } from './types.ts';

/** The environment variables of a bot that lives in this simulated Teams. */
export function settingsFor(
  world: Pick<TeamsWorld, 'serviceUrl' | 'loginUrl' | 'openIdMetadataUrl'>,
  { appId, appPassword, tenantId }: Pick<TeamsOptions, 'appId' | 'appPassword' | 'tenantId'>,
): Record<string, string> {
  return {
    MICROSOFT_APP_ID: appId,
    MICROSOFT_APP_PASSWORD: appPassword,
    MICROSOFT_APP_TENANT_ID: tenantId,
    MICROSOFT_APP_TYPE: 'SingleTenant',
    TEAMS_SERVICE_URLS: world.serviceUrl,
    TEAMS_LOGIN_URL: world.loginUrl,
    TEAMS_OPENID_URL: world.openIdMetadataUrl,
  };
}

import type { EntraWorld } from './types.ts';

/** The environment variables of a bot that asks this simulated Entra who people are. */
export function settingsFor(
  world: Pick<EntraWorld, 'authorityUrl' | 'graphUrl'>,
  { tenantId, clientId, secret }: { tenantId: string; clientId: string; secret: string },
): Record<string, string> {
  return {
    DIRECTORY: 'graph',
    ENTRA_TENANT_ID: tenantId,
    ENTRA_CLIENT_ID: clientId,
    ENTRA_CLIENT_SECRET: secret,
    ENTRA_AUTHORITY_URL: world.authorityUrl,
    GRAPH_URL: world.graphUrl,
  };
}

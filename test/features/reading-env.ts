/** What a bot is given that reads Defender: the simulated tenant, the app that may read, and no limit that a test would wait for. */
import { entraTenant } from './people.ts';

type Reads = { app: { clientId: string; secret: string }; entra: { authorityUrl: string; graphUrl: string }; defender: { url: string } };

export const readingEnv = ({ app, entra, defender }: Reads): Record<string, string> => ({
  INGEST: 'defender',
  ENTRA_TENANT_ID: entraTenant,
  ENTRA_CLIENT_ID: app.clientId,
  ENTRA_CLIENT_SECRET: app.secret,
  ENTRA_AUTHORITY_URL: entra.authorityUrl,
  GRAPH_URL: entra.graphUrl,
  DEFENDER_API_URL: defender.url,
  DEFENDER_CALLS_PER_MINUTE: '6000',
});

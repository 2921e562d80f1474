/** What Teams needs to know of its deployment, as configuration hands it in. */
import type { Cloud } from './clouds.ts';

export type TeamsSettings = {
  /** A GUID; empty only with `insecureLoopback`. */
  appId: string;
  /** Empty with a managed identity. */
  appPassword: string;
  appType: 'SingleTenant' | 'UserAssignedMSI';
  /** Where the app is registered. */
  appTenantId: string;
  cloud: Cloud;
  /** Entra tenants whose people may write to the bot. */
  allowedTenants: readonly string[];
  /** Origins beside the cloud's own that activities may name as the place to answer to; the first stands in for the cloud's own. */
  serviceUrls: readonly string[];
  /** Where tokens and keys come from when it is not Microsoft's own: a stand-in. */
  loginUrl: string | null;
  openIdUrl: string | null;
  /** Nobody proves who they are. Only for an emulator on this machine. */
  insecureLoopback: boolean;
};

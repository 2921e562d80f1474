// The words of the simulated Entra: the login service, its sign-in page, and the parts of Microsoft Graph that answer who somebody is.

import type { SimulatedAlert } from '../defender/alerts.ts';
import type { HuntingTenant } from '../defender/hunting.ts';

export type EntraOptions = {
  port?: number;
  tenantId: string;
  /** The app that reads the directory; its permissions decide what Graph answers it. */
  apps: EntraApp[];
  people: EntraPerson[];
  groups?: EntraGroup[];
  now?: () => number;
  /** Copies of mail that hunting knows of, for what asks who got a message. */
  delivered?: { id: string; recipient: string }[];
  /** How long hunting data takes to show what was done. */
  huntingDelayMs?: number;
  random?: () => number;
  /** Unified RBAC (beta); left out: the tenant has none (400, as v1.0 answers). */
  defenderRoles?: DefenderRole[];
  /** What Advanced hunting finds; left out: nothing. */
  hunting?: HuntingTenant;
};

export type EntraApp = {
  clientId: string;
  secret?: string;
  /** SHA-256 thumbprint (base64url) and public key (PEM) of a certificate the app may prove itself with. */
  certificate?: { thumbprint: string; publicKey: string };
  /** Application permissions; left out: all that are needed. */
  permissions?: string[];
  /** Where a sign-in may return to. */
  redirectUris?: string[];
};

export type EntraPerson = {
  id: string;
  userPrincipalName: string;
  displayName: string;
  mail: string | null;
  proxyAddresses?: string[];
  userType: 'Member' | 'Guest';
  accountEnabled: boolean;
  /** Active directory roles by template id, over the whole tenant. */
  roles?: string[];
  /** Active, but for one administrative unit only. */
  unitRoles?: string[];
  /** Eligible in PIM, not active. */
  eligibleRoles?: string[];
  groups?: string[];
  /** For the sign-in page: a home tenant other than ours. */
  homeTenantId?: string;
  /** Kept in Active Directory: synchronised from there. */
  onPremises?: { sid: string; isEnabled?: boolean };
  riskState?: string;
  sessionsValidFrom?: string;
};

/** One copy of one message that was asked to be moved. `name` is what the caller called it. */
export type MailMove = { id: string; recipient: string; bulkId: string; name: string; action: string; result: string; at: number };
/** Something done to an account. */
export type EntraDeed = { what: string; person: string; at: number };

export type EntraGroup = {
  id: string;
  displayName: string /** Groups this one is in. */;
  memberOf?: string[] /** Role-assignable: roles every member holds. */;
  roles?: string[];
};
export type DefenderRole = { id: string; displayName: string; actions: string[]; principals: string[]; scopes: string[] };

export type EntraRoute =
  | 'token'
  | 'user'
  | 'users'
  | 'checkMemberObjects'
  | 'transitiveMemberOf'
  | 'roleAssignmentScheduleInstances'
  | 'transitiveRoleAssignments'
  | 'roleEligibilityScheduleInstances'
  | 'defenderRoles'
  | 'hunting'
  | 'changeUser'
  | 'revokeSignInSessions'
  | 'riskyUsers'
  | 'identityAccounts'
  | 'invokeAction'
  | 'remediateMail'
  | 'alerts'
  | 'subscriptions'
  | 'authorize'
  | 'openid'
  | 'keys';
export type EntraCall = { route: EntraRoute; method: string; path: string; body: unknown; at: number; status: number };

/**
 * `empty` answers well-formed and without content; `garbage` is a 200 that is no JSON. With `lostAnswer` and `http500After` it was done, and the
 * caller does not learn it.
 */
export type EntraFault = {
  route?: EntraRoute;
  kind: 'throttle' | 'http500' | 'http503' | 'http403' | 'garbage' | 'empty' | 'hang' | 'slow' | 'reset' | 'lostAnswer' | 'http500After';
  retryAfterSeconds?: number;
  ms?: number;
  /** How many calls meet it; left out: all, until the faults are cleared. */
  times?: number;
  /** How likely a call meets it; left out: it does. */
  chance?: number;
};

/** `tid` is another tenant's own token, its issuer included, unless `iss` is named too. */
export type IdTokenSpoil = {
  tid?: string;
  nonce?: string;
  authTimeSecondsAgo?: number;
  key?: 'foreign';
  aud?: string;
  iss?: string;
  expiresInSeconds?: number;
};

export type Subscription = {
  id: string;
  changeType: string;
  notificationUrl: string;
  lifecycleNotificationUrl: string;
  resource: string;
  clientState: string | null;
  expirationDateTime: string;
};
/** Left out: the right secret, an ordinary change, once. */
export type Notice = { clientState?: string; lifecycleEvent?: string; times?: number };

/** What a person's browser holds between two requests. */
export type Visit = { status: number; location: string | null; body: string };

export type EntraWorld = {
  url: string;
  /** Tokens: `<authorityUrl>/<tenantId>/oauth2/v2.0/token`; sign-in at `.../authorize`, metadata at `<authorityUrl>/<tenantId>/v2.0/.well-known/openid-configuration`. */
  authorityUrl: string;
  /** `<graphUrl>/v1.0/...` and `<graphUrl>/beta/...`. */
  graphUrl: string;
  person(id: string): EntraPerson;
  /** Changes somebody from now on; also for the tokens that are out. */
  change(id: string, changes: Partial<EntraPerson>): void;
  remove(id: string): void;
  /**
   * The person signs in at an authorize URL and is sent back; answers the redirect. Options spoil the id token that will be handed out:
   * another tenant, another nonce, an old sign-in, a foreign key.
   */
  signIn(authorizeUrl: string, person: string, spoil?: IdTokenSpoil): Promise<Visit>;
  faults: { add(fault: EntraFault): void; clear(): void };
  /** What a token is worth, for APIs of other hosts. */
  holderOf(token: string): { audience: string; permissions: readonly string[] | null; until: number } | undefined;
  /** Adds an alert, or puts it in the place of the one with its id. */
  setAlert(alert: SimulatedAlert): void;
  /** Graph's subscriptions as they stand; what is put in or out here is so from now on. */
  subscriptions: Map<string, Subscription>;
  /** Tells every subscriber of a change; answers what each of them answered. */
  notify(notice?: Notice): Promise<number[]>;
  mail: MailMove[];
  /** From now on copies of this recipient cannot be moved; hunting says why. Null: they can again. */
  failMail(recipient: string, result: string | null): void;
  deeds: EntraDeed[];
  calls: EntraCall[];
  problems: string[];
  close(): Promise<void>;
};

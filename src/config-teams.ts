/** The part of the environment that is about Teams. Reads nothing by itself: config.ts hands the variables in. */
import { z } from 'zod';

export type Variable = { name: string; default: string | null; description: string; secret?: true };

/** Null in `Config`: Teams is off. */
export type TeamsConfig = {
  appId: string;
  appPassword: string;
  appType: 'SingleTenant' | 'UserAssignedMSI';
  appTenantId: string;
  cloud: 'global' | 'gcc' | 'gcchigh' | 'dod';
  allowedTenants: string[];
  serviceUrls: string[];
  loginUrl: string | null;
  openIdUrl: string | null;
  insecureLoopback: boolean;
};

export const teamsVariables: readonly Variable[] = [
  { name: 'MICROSOFT_APP_ID', default: null, description: "the bot's app id (a GUID): turns Teams on" },
  { name: 'MICROSOFT_APP_PASSWORD', default: null, description: "the app's client secret; none with a managed identity", secret: true },
  { name: 'MICROSOFT_APP_TENANT_ID', default: null, description: 'the Entra tenant in which the app is registered' },
  { name: 'MICROSOFT_APP_TYPE', default: 'SingleTenant', description: 'SingleTenant or UserAssignedMSI (managed identity)' },
  { name: 'TEAMS_ALLOWED_TENANTS', default: null, description: "tenants whose people may write to the bot; unset: the app's own" },
  { name: 'TEAMS_SERVICE_URLS', default: null, description: "places to answer to beside the cloud's own, comma separated" },
  { name: 'TEAMS_LOGIN_URL', default: null, description: "where the bot's tokens come from, when it is not Microsoft" },
  { name: 'TEAMS_OPENID_URL', default: null, description: 'the OpenID metadata that proves what comes in, when it is not Microsoft' },
  {
    name: 'TEAMS_INSECURE_LOOPBACK',
    default: 'false',
    description: 'true: no app id and no proof of anything, for an emulator on this machine',
  },
];

export const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);

const isSafeUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
};
const safeUrl = z.string().refine(isSafeUrl, 'must be an https:// URL (http:// only on this machine)');
const guid = (what: string) => z.guid(`must be ${what} (a GUID)`).transform((value) => value.toLowerCase());
const listOf = (one: z.ZodType<string, string>) =>
  z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(one).min(1).max(20));

export const TeamsEnvironment = z.object({
  MICROSOFT_APP_ID: guid('the app id of the bot').optional(),
  MICROSOFT_APP_PASSWORD: z.string().optional(),
  MICROSOFT_APP_TENANT_ID: guid('a tenant id').optional(),
  MICROSOFT_APP_TYPE: z.enum(['SingleTenant', 'UserAssignedMSI'], 'must be one of SingleTenant, UserAssignedMSI').default('SingleTenant'),
  TEAMS_ALLOWED_TENANTS: listOf(guid('tenant ids')).optional(),
  TEAMS_SERVICE_URLS: listOf(safeUrl).optional(),
  TEAMS_LOGIN_URL: safeUrl.optional(),
  TEAMS_OPENID_URL: safeUrl.optional(),
  TEAMS_INSECURE_LOOPBACK: z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(false),
});
type TeamsEnvironment = z.infer<typeof TeamsEnvironment>;
type Values = Partial<Record<string, string>>;

/** Somebody meant to turn Teams on; whether all of it is there is asked separately. */
export const teamsIsOn = (values: Values, given: ReadonlySet<string>): boolean =>
  given.has('MICROSOFT_APP_ID') || given.has('MICROSOFT_APP_PASSWORD') || values['TEAMS_INSECURE_LOOPBACK'] === 'true';

/** What is missing or does not go together. `given` also holds what was set and cannot be read. */
export function missingFromTeams(values: Values, given: ReadonlySet<string>): string[] {
  const isInsecure = values['TEAMS_INSECURE_LOOPBACK'] === 'true';
  const problems = isInsecure ? insecureProblems(values, given) : given.has('MICROSOFT_APP_ID') ? appProblems(values, given) : [];
  if (!isInsecure && !given.has('MICROSOFT_APP_ID') && given.has('MICROSOFT_APP_PASSWORD')) {
    problems.push('MICROSOFT_APP_ID: is needed as well when Teams is on');
  }
  if (given.has('TEAMS_LOGIN_URL') !== given.has('TEAMS_OPENID_URL')) {
    problems.push('TEAMS_LOGIN_URL and TEAMS_OPENID_URL: a stand-in for Microsoft needs both');
  }
  return problems;
}

function appProblems(values: Values, given: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const isManaged = values['MICROSOFT_APP_TYPE'] === 'UserAssignedMSI';
  if (!given.has('MICROSOFT_APP_TENANT_ID')) problems.push('MICROSOFT_APP_TENANT_ID: is needed: the tenant in which the app is registered');
  if (isManaged && given.has('MICROSOFT_APP_PASSWORD'))
    problems.push('MICROSOFT_APP_PASSWORD: a managed identity (UserAssignedMSI) has none');
  if (!isManaged && !given.has('MICROSOFT_APP_PASSWORD')) {
    problems.push("MICROSOFT_APP_PASSWORD: is needed: the app's client secret (or MICROSOFT_APP_TYPE=UserAssignedMSI without one)");
  }
  return problems;
}

function insecureProblems(values: Values, given: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  if (given.has('MICROSOFT_APP_ID')) problems.push('TEAMS_INSECURE_LOOPBACK: is only for an empty MICROSOFT_APP_ID; unset one of the two');
  if (!isLoopback(values['HOST'] ?? '0.0.0.0')) {
    problems.push('TEAMS_INSECURE_LOOPBACK: needs HOST=127.0.0.1; otherwise anybody who reaches the port could approve');
  }
  if (!given.has('TEAMS_ALLOWED_TENANTS') && !given.has('MICROSOFT_APP_TENANT_ID')) {
    problems.push('TEAMS_ALLOWED_TENANTS: is needed: the tenant id that the emulator sends');
  }
  if (!given.has('TEAMS_SERVICE_URLS')) problems.push('TEAMS_SERVICE_URLS: is needed: where the emulator takes answers');
  return problems;
}

export function teamsConfig(env: TeamsEnvironment & { CLOUD: TeamsConfig['cloud'] }): TeamsConfig | null {
  const { MICROSOFT_APP_ID: appId = '', MICROSOFT_APP_TENANT_ID: appTenantId = '' } = env;
  if (appId === '' && !env.TEAMS_INSECURE_LOOPBACK) return null;
  return {
    appId,
    appPassword: env.MICROSOFT_APP_PASSWORD ?? '',
    appType: env.MICROSOFT_APP_TYPE,
    appTenantId,
    cloud: env.CLOUD,
    allowedTenants: env.TEAMS_ALLOWED_TENANTS ?? [appTenantId],
    serviceUrls: env.TEAMS_SERVICE_URLS ?? [],
    loginUrl: env.TEAMS_LOGIN_URL ?? null,
    openIdUrl: env.TEAMS_OPENID_URL ?? null,
    insecureLoopback: env.TEAMS_INSECURE_LOOPBACK,
  };
}

/** What is allowed and should be known. */
export function teamsWarnings(env: TeamsEnvironment): string[] {
  const warnings: string[] = [];
  if (env.TEAMS_INSECURE_LOOPBACK) {
    warnings.push(
      'TEAMS_INSECURE_LOOPBACK: NOBODY PROVES WHO THEY ARE on /api/messages; everybody on this machine can approve in anybody’s name. For an emulator only',
    );
  }
  if (env.TEAMS_OPENID_URL !== undefined) {
    warnings.push('TEAMS_OPENID_URL: whoever answers there decides who may press; it is not Microsoft');
  }
  if (env.MICROSOFT_APP_ID !== undefined && env.TEAMS_ALLOWED_TENANTS?.some((tenant) => tenant !== env.MICROSOFT_APP_TENANT_ID)) {
    warnings.push('TEAMS_ALLOWED_TENANTS: people of other tenants may write to the bot; the directory decides whom of them it knows');
  }
  return warnings;
}

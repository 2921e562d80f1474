/** The part of the environment that is about Entra and Microsoft Graph. Reads no variable by itself: config.ts hands them in; reads the files they name. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { missingFromApp } from './config-app.ts';
import { isLoopback, type Variable } from './config-teams.ts';

export type Cloud = 'global' | 'gcc' | 'gcchigh' | 'dod';

/** Null in `Config`: the directory is a file. */
export type EntraConfig = {
  tenantId: string;
  clientId: string;
  /** Certificate and key in PEM. */
  credential: { kind: 'secret'; secret: string } | { kind: 'certificate'; certificate: string; key: string };
  authorityUrl: string;
  graphUrl: string;
  searchAndPurgeGroups: string[];
  activeRemediationGroups: string[];
  exchangeSecurityAdministratorGroups: string[];
  /** Null: device groups are not told apart. */
  deviceGroups: Record<string, string[]> | null;
  /** Null: Unified RBAC is not asked. */
  unified: { emailMetadataAction: string | null; emailAdvancedAction: string | null } | null;
  /** Null: no Slack account is linked by a file. */
  slackLinksFile: string | null;
  /** How long a link that somebody made by signing in counts. */
  linkValidDays: number;
};

export const entraVariables: readonly Variable[] = [
  { name: 'ENTRA_TENANT_ID', default: null, description: 'the tenant whose directory is asked (a GUID)' },
  { name: 'ENTRA_CLIENT_ID', default: null, description: 'the app that reads the directory (a GUID)' },
  { name: 'ENTRA_CLIENT_SECRET', default: null, description: "that app's secret, unless it has a certificate", secret: true },
  { name: 'ENTRA_CLIENT_CERTIFICATE_FILE', default: null, description: "that app's certificate (PEM), instead of a secret" },
  { name: 'ENTRA_CLIENT_KEY_FILE', default: null, description: "the certificate's private key (PEM)" },
  { name: 'ENTRA_AUTHORITY_URL', default: null, description: "the login service; unset: the cloud's own" },
  { name: 'GRAPH_URL', default: null, description: "Microsoft Graph; unset: the cloud's own" },
  { name: 'SEARCH_AND_PURGE_GROUP_IDS', default: null, description: 'groups whose members hold Search and Purge' },
  { name: 'ACTIVE_REMEDIATION_GROUP_IDS', default: null, description: 'groups whose members hold Active remediation actions' },
  {
    name: 'EXCHANGE_SECURITY_ADMINISTRATOR_GROUP_IDS',
    default: null,
    description: 'groups that stand for the Email & collaboration role group Security Administrator',
  },
  { name: 'DEVICE_GROUP_MAP', default: null, description: 'who may act on which device group (JSON); unset: everybody on all' },
  { name: 'ENTRA_URBAC', default: 'false', description: 'true: roles of Defender Unified RBAC count too (beta)' },
  { name: 'URBAC_EMAIL_METADATA_ACTION', default: null, description: "Unified RBAC's string for metadata (read) of e-mail" },
  { name: 'URBAC_EMAIL_ADVANCED_ACTION', default: null, description: "Unified RBAC's string for advanced actions (manage) on e-mail" },
  { name: 'SLACK_LINKS_FILE', default: null, description: 'which Slack account is which person (JSON), with DIRECTORY=graph' },
  { name: 'LINK_VALID_DAYS', default: '90', description: 'how long a Slack account stays connected after /actions link, 1 to 365' },
];

const maxGroups = 20;
const maxFileBytes = 1024 * 1024;
const dayMs = 86_400_000;
const expiresSoonMs = 30 * dayMs;

const isSafeUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
};
export const baseUrl = z
  .string()
  .refine(isSafeUrl, 'must be an https:// URL (http:// only on this machine)')
  .transform((value) => value.replace(/\/+$/, ''));
export const guid = (what: string) => z.guid(`must be ${what} (a GUID)`).transform((value) => value.toLowerCase());
const groups = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim()))
  .pipe(z.array(guid('group ids, comma separated')).max(maxGroups, `holds more than ${maxGroups} groups`));
const unifiedAction = z.string().regex(/^microsoft\.xdr(\/[\w.-]+)+$/i, 'must be an action of Unified RBAC (microsoft.xdr/...)');

const badDays = 'must be a whole number of days, 1 to 365';

export const EntraEnvironment = z.object({
  ENTRA_TENANT_ID: guid('a tenant id').optional(),
  ENTRA_CLIENT_ID: guid('an app id').optional(),
  ENTRA_CLIENT_SECRET: z.string().optional(),
  ENTRA_CLIENT_CERTIFICATE_FILE: z.string().optional(),
  ENTRA_CLIENT_KEY_FILE: z.string().optional(),
  ENTRA_AUTHORITY_URL: baseUrl.optional(),
  GRAPH_URL: baseUrl.optional(),
  SEARCH_AND_PURGE_GROUP_IDS: groups.default([]),
  ACTIVE_REMEDIATION_GROUP_IDS: groups.default([]),
  EXCHANGE_SECURITY_ADMINISTRATOR_GROUP_IDS: groups.default([]),
  DEVICE_GROUP_MAP: z.string().optional(),
  ENTRA_URBAC: z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(false),
  URBAC_EMAIL_METADATA_ACTION: unifiedAction.optional(),
  URBAC_EMAIL_ADVANCED_ACTION: unifiedAction.optional(),
  SLACK_LINKS_FILE: z.string().optional(),
  LINK_VALID_DAYS: z
    .string()
    .regex(/^\d{1,3}$/, badDays)
    .transform(Number)
    .refine((days) => days >= 1 && days <= 365, badDays)
    .default(90),
});
type EntraEnvironment = z.infer<typeof EntraEnvironment>;

const DeviceGroupMap = z.record(z.string().trim().min(1).max(255), z.array(guid('a group id')).max(maxGroups));

const commercial = { authorityUrl: 'https://login.microsoftonline.com', graphUrl: 'https://graph.microsoft.com' };
export const clouds: Record<Cloud, { authorityUrl: string; graphUrl: string }> = {
  global: commercial,
  gcc: commercial,
  gcchigh: { authorityUrl: 'https://login.microsoftonline.us', graphUrl: 'https://graph.microsoft.us' },
  dod: { authorityUrl: 'https://login.microsoftonline.us', graphUrl: 'https://dod-graph.microsoft.us' },
};

/** What is missing for DIRECTORY=graph or does not go together. `given` also holds what was set and cannot be read. */
export const missingFromEntra = (given: ReadonlySet<string>): string[] =>
  missingFromApp(given, {
    prefix: 'ENTRA',
    because: 'DIRECTORY=graph',
    tenant: 'the tenant whose people decide',
    app: 'the app that reads the directory; see docs/setup-entra.md',
  });

/** Problems come back as text, each beginning with its variable and never with what a file holds. */
export type EntraRead = { entra: EntraConfig; problems: string[]; warnings: string[] };

export function readEntra(env: EntraEnvironment & { CLOUD: Cloud }): EntraRead {
  const problems: string[] = [];
  const warnings: string[] = [];
  const { ENTRA_CLIENT_CERTIFICATE_FILE: certificateFile, ENTRA_CLIENT_KEY_FILE: keyFile } = env;
  let credential: EntraConfig['credential'] = { kind: 'secret', secret: env.ENTRA_CLIENT_SECRET ?? '' };
  if (certificateFile !== undefined && keyFile !== undefined)
    credential = readCertificate('ENTRA_CLIENT', { certificateFile, keyFile }, problems, warnings);
  const deviceGroups = env.DEVICE_GROUP_MAP === undefined ? null : readDeviceGroups(env.DEVICE_GROUP_MAP, problems);
  const entra: EntraConfig = {
    tenantId: env.ENTRA_TENANT_ID ?? '',
    clientId: env.ENTRA_CLIENT_ID ?? '',
    credential,
    authorityUrl: env.ENTRA_AUTHORITY_URL ?? clouds[env.CLOUD].authorityUrl,
    graphUrl: env.GRAPH_URL ?? clouds[env.CLOUD].graphUrl,
    searchAndPurgeGroups: env.SEARCH_AND_PURGE_GROUP_IDS,
    activeRemediationGroups: env.ACTIVE_REMEDIATION_GROUP_IDS,
    exchangeSecurityAdministratorGroups: env.EXCHANGE_SECURITY_ADMINISTRATOR_GROUP_IDS,
    deviceGroups,
    unified: env.ENTRA_URBAC
      ? {
          emailMetadataAction: env.URBAC_EMAIL_METADATA_ACTION?.toLowerCase() ?? null,
          emailAdvancedAction: env.URBAC_EMAIL_ADVANCED_ACTION?.toLowerCase() ?? null,
        }
      : null,
    slackLinksFile: env.SLACK_LINKS_FILE ?? null,
    linkValidDays: env.LINK_VALID_DAYS,
  };
  return { entra, problems, warnings: [...warnings, ...warningsAbout(env)] };
}

/** `name` begins the names of the variables: `<name>_CERTIFICATE_FILE` and `<name>_KEY_FILE`. */
export function readCertificate(
  name: string,
  { certificateFile, keyFile }: { certificateFile: string; keyFile: string },
  problems: string[],
  warnings: string[],
): EntraConfig['credential'] {
  const [ofCertificate, ofKey] = [`${name}_CERTIFICATE_FILE`, `${name}_KEY_FILE`];
  const certificate = readText(ofCertificate, certificateFile, problems);
  const key = readText(ofKey, keyFile, problems);
  const parsed = attempt(() => new X509Certificate(certificate));
  const privateKey = attempt(() => createPrivateKey(key));
  if (certificate !== '' && !parsed) problems.push(`${ofCertificate}: the file it names holds no certificate in PEM`);
  if (key !== '' && privateKey?.asymmetricKeyType !== 'rsa') {
    problems.push(`${ofKey}: the file it names holds no RSA private key in PEM without a password`);
  } else if (parsed && privateKey && !parsed.checkPrivateKey(privateKey)) {
    problems.push(`${ofKey}: is not the key of the certificate in ${ofCertificate}`);
  }
  const leftMs = parsed ? Date.parse(parsed.validTo) - Date.now() : Number.POSITIVE_INFINITY;
  if (leftMs < expiresSoonMs) warnings.push(`${ofCertificate}: the certificate ends in ${Math.floor(leftMs / dayMs)} days`);
  return { kind: 'certificate', certificate, key };
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}

function readText(name: string, file: string, problems: string[]): string {
  try {
    if (statSync(file).size > maxFileBytes) throw new Error('it is too large');
    const text = readFileSync(file, 'utf8').trim();
    if (text === '') problems.push(`${name}: the file it names is empty`);
    return text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is too large';
    problems.push(`${name}: the file it names cannot be read (${code})`);
    return '';
  }
}

function readDeviceGroups(file: string, problems: string[]): EntraConfig['deviceGroups'] {
  const text = readText('DEVICE_GROUP_MAP', file, problems);
  if (text === '') return {};
  const json = attempt(() => JSON.parse(text) as unknown);
  const parsed = DeviceGroupMap.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = json === null ? 'is not JSON' : `${issue?.path.join('.') || 'the file'}: ${issue?.message}`;
  problems.push(`DEVICE_GROUP_MAP: ${where}`);
  return {};
}

/** What is allowed and should be known. */
function warningsAbout(env: EntraEnvironment & { CLOUD: Cloud }): string[] {
  const warnings: string[] = [];
  const replaced = { ENTRA_AUTHORITY_URL: env.ENTRA_AUTHORITY_URL, GRAPH_URL: env.GRAPH_URL };
  for (const [name, url] of Object.entries(replaced)) {
    const own = Object.values(clouds).flatMap(({ authorityUrl, graphUrl }) => [authorityUrl, graphUrl]);
    if (url !== undefined && !own.includes(url))
      warnings.push(`${name}: whoever answers there decides who may decide; it is not Microsoft`);
  }
  if (env.ENTRA_URBAC) warnings.push('ENTRA_URBAC: rests on a beta interface of Microsoft Graph, which may change without notice');
  if (!env.ENTRA_URBAC && (env.URBAC_EMAIL_ADVANCED_ACTION ?? env.URBAC_EMAIL_METADATA_ACTION) !== undefined) {
    warnings.push('URBAC_EMAIL_ADVANCED_ACTION: does nothing without ENTRA_URBAC=true');
  }
  return warnings;
}

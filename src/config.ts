/** The environment, read once. The only file that reads process.env; reports every bad variable at once and never echoes a value. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from './action-center/errors.ts';
import {
  DefenderEnvironment,
  defenderVariables,
  type ExecutorConfig,
  idleExecutorVariables,
  missingFromDefender,
  readExecutor,
} from './config-defender.ts';
import { type Cloud, type EntraConfig, EntraEnvironment, entraVariables, missingFromEntra, readEntra } from './config-entra.ts';
import { codeOf, readSecret } from './config-files.ts';
import {
  type IngestConfig,
  IngestEnvironment,
  idleReaderVariables,
  ingestConfig,
  ingestVariables,
  missingFromIngest,
} from './config-ingest.ts';
import { type OnCallConfig, OnCallEnvironment, onCallFrom, onCallTrouble } from './config-on-call.ts';
import {
  isLoopback,
  missingFromTeams,
  type TeamsConfig,
  TeamsEnvironment,
  teamsConfig,
  teamsIsOn,
  teamsVariables,
  teamsWarnings,
  type Variable,
} from './config-teams.ts';
import { host, oneOf, PortalPath, PublicUrl, port, rows, Secrets, SigningKey, startsWith, urlOf, yesNo } from './config-values.ts';

/**
 * What is about to run. A worker needs no chat platform, a direct submission no directory, a submission over HTTP only a secret, a look at
 * the audit record only the record. */
export type Needs = 'bot' | 'worker' | 'store' | 'client' | 'record';

export type Config = {
  port: number;
  host: string;
  /** Where browsers reach the public port, without a slash at the end; null: nothing is served to them. */
  publicUrl: string | null;
  /** Rows that may leave in one export. */
  exportMaxRows: number;
  /** Null: no metrics and no queue counts are served. */
  adminPort: number | null;
  adminHost: string;
  logLevel: string;
  /** Null: the embedded database under `dataDir`. */
  databaseUrl: string | null;
  dataDir: string;
  /** Null: the queues live in the same database as the record. */
  redisUrl: string | null;
  /** Empty only when nothing that was asked for needs it; the same goes for `directoryFile`. */
  policyFile: string;
  directoryFile: string;
  /** Null: people and roles come from `directoryFile`. */
  entra: EntraConfig | null;
  identityMode: 'linked' | 'email';
  globalAdministratorMayDecide: boolean;
  backend: 'consumer' | 'simulator' | 'defender';
  cloud: Cloud;
  /** Null: this process carries nothing out in Defender. */
  executor: ExecutorConfig | null;
  /** Null: this process reads nothing from Defender. */
  ingest: IngestConfig | null;
  /** Empty: the HTTP intake refuses everybody. */
  intakeSecrets: string[];
  tenantId: string;
  /** A private Ed25519 key (PEM); null: seals of the audit record are not signed. */
  auditSigningKey: string | null;
  /** Null: the audit record is kept for ever. */
  auditRetentionDays: number | null;
  portalUrl: string;
  portalTenantId: string | null;
  /** Pages of the portal whose addresses Microsoft does not document. */
  portalPages: { investigation: string | null; email: boolean };
  /** Null: off. Exactly one of `signingSecret` (HTTP) and `appToken` (Socket Mode) is there. */
  slack: { botToken: string; signingSecret: string | null; appToken: string | null; apiUrl: string | null } | null;
  /** Null: off. */
  teams: TeamsConfig | null;
  /** The chat platforms this deployment has, also where this process is no bot; empty when the environment does not say. */
  platforms: ('slack' | 'teams')[];
  /** Who says who is on call; null: nobody. */
  onCall: OnCallConfig | null;
  warnings: string[];
};

/** Every variable this version acts on. `.env.example` explains each at length; a test holds the two together. */
export const configVariables: readonly Variable[] = [
  { name: 'PORT', default: '3000', description: 'the one public port' },
  { name: 'HOST', default: '0.0.0.0', description: 'the address the public port listens on' },
  { name: 'PUBLIC_URL', default: null, description: 'where browsers reach the public port; signing in and links to exports need it' },
  { name: 'EXPORT_MAX_ROWS', default: '1000000', description: 'rows that may leave in one export' },
  { name: 'ADMIN_PORT', default: null, description: 'serves /metrics and /queues; unset: not served' },
  { name: 'ADMIN_HOST', default: '127.0.0.1', description: 'the address the admin port listens on' },
  { name: 'LOG_LEVEL', default: 'info', description: 'fatal, error, warn, info, debug, trace or silent' },
  { name: 'DATABASE_URL', default: null, description: 'PostgreSQL, the record; unset: embedded under DATA_DIR', secret: true },
  { name: 'DATA_DIR', default: '.data', description: 'where the embedded database lives' },
  { name: 'REDIS_URL', default: null, description: 'Redis, the queues; unset: queues in the database', secret: true },
  { name: 'POLICY_FILE', default: null, description: 'routes, approvals, protected assets (YAML)' },
  { name: 'ON_CALL_FILE', default: null, description: 'who is on call now (JSON), for reminders' },
  { name: 'ON_CALL_URL', default: null, description: 'a webhook that is asked who is on call, instead of the file' },
  { name: 'ON_CALL_SECRET', default: null, description: 'signs the questions to ON_CALL_URL', secret: true },
  { name: 'TENANT_ID', default: 'default', description: 'names the rows of this deployment in the record' },
  { name: 'AUDIT_SIGNING_KEY', default: null, description: 'private Ed25519 key (PEM) that signs the audit record', secret: true },
  { name: 'AUDIT_RETENTION_DAYS', default: null, description: 'days the audit record is kept, 30 or more; unset: for ever' },
  { name: 'SLACK_BOT_TOKEN', default: null, description: "the app's bot token, xoxb-...", secret: true },
  { name: 'SLACK_SIGNING_SECRET', default: null, description: 'verifies what Slack posts to /slack/events', secret: true },
  { name: 'SLACK_APP_TOKEN', default: null, description: 'app-level token, xapp-...: Socket Mode instead of HTTP', secret: true },
  { name: 'SLACK_API_URL', default: null, description: "where Slack's Web API is, when it is not Slack's own" },
  ...teamsVariables,
  { name: 'DIRECTORY', default: 'file', description: 'where people and roles come from: file or graph' },
  { name: 'DIRECTORY_FILE', default: null, description: 'the embedded directory (JSON), with DIRECTORY=file' },
  ...entraVariables,
  { name: 'IDENTITY_MODE', default: 'linked', description: 'how a Slack account becomes a person: linked or email' },
  { name: 'GLOBAL_ADMIN_MAY_DECIDE', default: 'true', description: 'whether the role Global Administrator carries decisions' },
  { name: 'BACKEND', default: null, description: 'who carries decisions out: defender, consumer or simulator' },
  ...defenderVariables,
  ...ingestVariables,
  { name: 'INTAKE_SECRETS', default: null, description: 'secrets of the producers on /v1/actions, comma separated', secret: true },
  {
    name: 'CLOUD',
    default: 'global',
    description: 'global, gcc, gcchigh or dod: which Defender portal is linked and which Teams is spoken to',
  },
  { name: 'PORTAL_URL', default: null, description: "the Defender portal; unset: the cloud's own" },
  { name: 'PORTAL_TENANT_ID', default: null, description: 'Entra tenant id that portal links select' },
  {
    name: 'INVESTIGATION_URL_TEMPLATE',
    default: null,
    description: 'path of one investigation in the portal, with {id} for its id; unset: the list',
  },
  { name: 'EMAIL_ENTITY_LINKS', default: 'true', description: 'whether cards link to the page of a message in the portal' },
];

const portals = {
  global: 'https://security.microsoft.com',
  gcc: 'https://security.microsoft.com',
  gcchigh: 'https://security.microsoft.us',
  dod: 'https://security.apps.mil',
};

const badRetention = 'must be a whole number of days, 30 or more';

const Environment = z.object({
  PORT: port.default(3000),
  HOST: host.default('0.0.0.0'),
  PUBLIC_URL: PublicUrl.optional(),
  EXPORT_MAX_ROWS: rows.default(1_000_000),
  ADMIN_PORT: port.optional(),
  ADMIN_HOST: host.default('127.0.0.1'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_URL: urlOf(/^postgres(ql)?$/, 'postgres://').optional(),
  DATA_DIR: z.string().default('.data'),
  REDIS_URL: urlOf(/^rediss?$/, 'redis:// or rediss://').optional(),
  POLICY_FILE: z.string().default(''),
  TENANT_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .default('default'),
  AUDIT_SIGNING_KEY: SigningKey.optional(),
  AUDIT_RETENTION_DAYS: z
    .string()
    .regex(/^\d{1,5}$/, badRetention)
    .transform(Number)
    .refine((days) => days >= 30, badRetention)
    .optional(),
  SLACK_BOT_TOKEN: startsWith(['xoxb-', 'xoxe.xoxb-'], 'a bot token').optional(),
  SLACK_SIGNING_SECRET: z.string().optional(),
  SLACK_APP_TOKEN: startsWith(['xapp-'], 'an app-level token').optional(),
  SLACK_API_URL: urlOf(/^https?$/, 'https:// or http://').optional(),
  DIRECTORY: oneOf(['file', 'graph']).default('file'),
  DIRECTORY_FILE: z.string().default(''),
  IDENTITY_MODE: oneOf(['linked', 'email']).default('linked'),
  GLOBAL_ADMIN_MAY_DECIDE: yesNo.default(true),
  BACKEND: oneOf(['consumer', 'simulator', 'defender']).default('consumer'),
  INTAKE_SECRETS: Secrets.default([]),
  CLOUD: oneOf(['global', 'gcc', 'gcchigh', 'dod']).default('global'),
  PORTAL_URL: urlOf(/^https$/, 'https://').optional(),
  PORTAL_TENANT_ID: z.guid('must be a tenant id (a GUID)').optional(),
  INVESTIGATION_URL_TEMPLATE: PortalPath.optional(),
  EMAIL_ENTITY_LINKS: yesNo.default(true),
  ...TeamsEnvironment.shape,
  ...EntraEnvironment.shape,
  ...DefenderEnvironment.shape,
  ...OnCallEnvironment.shape,
  ...IngestEnvironment.shape,
});
type Environment = z.infer<typeof Environment>;

/** The environment plus `.env` in the working directory, where there is one. What is really set wins. */
export function loadEnvironment(file = '.env'): NodeJS.ProcessEnv {
  if (existsSync(file)) {
    try {
      process.loadEnvFile(file);
    } catch (error) {
      throw new ConfigError([`${file}: cannot be read (${codeOf(error)})`]);
    }
  }
  return process.env;
}

/** `executes`: whether this process carries decisions out. */
type Purpose = { needs?: Needs; executes?: boolean };

/** Throws ConfigError with every problem there is, each starting with the variable's name. */
export function readConfig(
  env: Record<string, string | undefined>,
  { needs = 'bot', executes = needs === 'worker' }: Purpose = {},
): Config {
  const { values, given, problems } = gather(env);
  const parsed = Environment.safeParse(values);
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  problems.push(...missing(values, given, needs), ...portClash(values), ...onCallTrouble(given));
  if (needs === 'bot') problems.push(...missingFromTeams(values, given), ...missingFromIngest(values, given));
  const isExecutor = executes && values['BACKEND'] === 'defender';
  if (isExecutor) problems.push(...missingFromDefender(given));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const config = configFrom(parsed.data, { needs, values, given });
  const idle = needs === 'bot' ? idleExecutorVariables(given, isExecutor, parsed.data.BACKEND) : [];
  const reads = { graph: asksGraph(parsed.data, needs), ingest: needs === 'bot' && parsed.data.INGEST === 'defender' };
  const { entra, ingest, executor, warnings } = withFiles(parsed.data, reads, isExecutor);
  return { ...config, entra, ingest, executor, warnings: [...config.warnings, ...warnings, ...idle] };
}

type WithFiles = Pick<Config, 'entra' | 'ingest' | 'executor' | 'warnings'>;

/** Files are read only where everything that names them could be read. */
function withFiles(env: Environment, asks: { graph: boolean; ingest: boolean }, isExecutor: boolean): WithFiles {
  const reader = asks.graph || asks.ingest ? readEntra(env) : null;
  const executor = isExecutor ? readExecutor(env) : null;
  const problems = [...(reader?.problems ?? []), ...(executor?.problems ?? [])];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    entra: asks.graph && reader ? reader.entra : null,
    ingest: asks.ingest && reader ? ingestConfig(env, reader.entra) : null,
    executor: executor?.executor ?? null,
    warnings: [...(reader?.warnings ?? []), ...(executor?.warnings ?? [])],
  };
}

type Values = Partial<Record<string, string>>;
/** `given`: what was set, readable or not; what cannot be read is not reported as missing as well. */
type Gathered = { values: Values; given: Set<string>; problems: string[] };

/** Empty counts as unset. A secret may be in a file that `<NAME>_FILE` names. */
function gather(env: Record<string, string | undefined>): Gathered {
  const trimmed = Object.entries(env).map(([name, value]) => [name, value?.trim() ?? ''] as const);
  const values: Values = Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
  const given = new Set(Object.keys(values));
  const problems: string[] = [];
  for (const { name } of configVariables.filter(({ secret }) => secret)) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    if (given.has(name)) {
      problems.push(`${name}_FILE: ${name} is set as well; set one of the two`);
      continue;
    }
    given.add(name);
    const { text, trouble } = readSecret(file);
    if (trouble === undefined) values[name] = text;
    else problems.push(`${name}_FILE: ${trouble}`);
  }
  return { values, given, problems };
}

/** Unset variables that what is about to run cannot do without. */
function missing(values: Values, given: Set<string>, needs: Needs): string[] {
  const problems: string[] = [];
  const need = (name: string, why: string): void => {
    if (!given.has(name)) problems.push(`${name}: ${why}`);
  };
  if (needs === 'record') return problems;
  if (needs === 'client') {
    need('INTAKE_SECRETS', 'is needed to sign what is submitted to a running bot');
    return problems;
  }
  need('POLICY_FILE', 'is needed: it says where cards go and how many people must approve; policy.yaml is an example');
  if (needs === 'store') return problems;
  if (values['DIRECTORY'] === 'graph') problems.push(...missingFromEntra(given));
  else need('DIRECTORY_FILE', 'is needed: without a directory nobody may decide; docs/examples/directory.json is an example');
  need(
    'BACKEND',
    'is needed: defender (decisions are carried out there), consumer (your own process does) or simulator (it is only pretended)',
  );
  return needs === 'bot' ? [...problems, ...missingFromChat(values, given)] : problems;
}

function missingFromChat(values: Values, given: Set<string>): string[] {
  if (slackIsOn(given)) return missingFromSlack(given);
  return teamsIsOn(values, given)
    ? []
    : ['SLACK_BOT_TOKEN: no chat platform is on; set it and SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN), or MICROSOFT_APP_ID for Teams'];
}

const asksGraph = ({ DIRECTORY }: Environment, needs: Needs): boolean => DIRECTORY === 'graph' && (needs === 'bot' || needs === 'worker');

const slackIsOn = (given: Set<string>): boolean =>
  ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_APP_TOKEN'].some((name) => given.has(name));

function missingFromSlack(given: Set<string>): string[] {
  const problems: string[] = [];
  if (!given.has('SLACK_BOT_TOKEN')) problems.push('SLACK_BOT_TOKEN: is needed as well when Slack is on');
  if (!given.has('SLACK_SIGNING_SECRET') && !given.has('SLACK_APP_TOKEN')) {
    problems.push('SLACK_SIGNING_SECRET: is needed when Slack posts over HTTP; for Socket Mode set SLACK_APP_TOKEN instead');
  }
  return problems;
}

function portClash(values: Values): string[] {
  const admin = values['ADMIN_PORT'];
  const clash = admin !== undefined && Number(admin) !== 0 && Number(admin) === Number(values['PORT'] ?? 3000);
  return clash ? ['ADMIN_PORT: is the same as PORT; metrics and queue counts must not be public'] : [];
}

function configFrom(env: Environment, { needs, values, given }: { needs: Needs; values: Values; given: Set<string> }): Config {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken = null } = env;
  const signingSecret = appToken === null ? (env.SLACK_SIGNING_SECRET ?? null) : null;
  const apiUrl = env.SLACK_API_URL ?? null;
  return {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL ?? null,
    exportMaxRows: env.EXPORT_MAX_ROWS,
    adminPort: env.ADMIN_PORT ?? null,
    adminHost: env.ADMIN_HOST,
    logLevel: env.LOG_LEVEL,
    databaseUrl: env.DATABASE_URL ?? null,
    dataDir: env.DATA_DIR,
    redisUrl: env.REDIS_URL ?? null,
    policyFile: env.POLICY_FILE,
    directoryFile: env.DIRECTORY_FILE,
    entra: null,
    identityMode: env.IDENTITY_MODE,
    globalAdministratorMayDecide: env.GLOBAL_ADMIN_MAY_DECIDE,
    backend: env.BACKEND,
    cloud: env.CLOUD,
    executor: null,
    ingest: null,
    intakeSecrets: env.INTAKE_SECRETS,
    tenantId: env.TENANT_ID,
    ...auditFrom(env),
    ...portalFrom(env),
    slack: needs === 'bot' && botToken !== undefined ? { botToken, signingSecret, appToken, apiUrl } : null,
    teams: needs === 'bot' ? teamsConfig(env) : null,
    platforms: platformsOf(values, given),
    onCall: onCallFrom(env),
    warnings: needs === 'bot' || needs === 'worker' ? warningsAbout(env, needs, given) : [],
  };
}

const portalFrom = (env: Environment): Pick<Config, 'portalUrl' | 'portalTenantId' | 'portalPages'> => ({
  portalUrl: env.PORTAL_URL ?? portals[env.CLOUD],
  portalTenantId: env.PORTAL_TENANT_ID ?? null,
  portalPages: { investigation: env.INVESTIGATION_URL_TEMPLATE ?? null, email: env.EMAIL_ENTITY_LINKS },
});

const auditFrom = (env: Environment): Pick<Config, 'auditSigningKey' | 'auditRetentionDays'> => ({
  auditSigningKey: env.AUDIT_SIGNING_KEY ?? null,
  auditRetentionDays: env.AUDIT_RETENTION_DAYS ?? null,
});

const platformsOf = (values: Values, given: Set<string>): Config['platforms'] => [
  ...(slackIsOn(given) ? (['slack'] as const) : []),
  ...(teamsIsOn(values, given) ? (['teams'] as const) : []),
];

/** What is allowed and should be known. */
function warningsAbout(env: Environment, needs: Needs, given: Set<string>): string[] {
  const warnings: string[] = [];
  warnings.push(...idleReaderVariables(env, given));
  if (env.BACKEND === 'simulator') warnings.push('BACKEND: simulator carries nothing out; outcomes are invented');
  if (needs === 'worker') return warnings;
  if (env.INTAKE_SECRETS.length === 0) warnings.push('INTAKE_SECRETS: is not set; /v1/actions answers 401 to everybody');
  if (env.IDENTITY_MODE === 'email') {
    warnings.push("IDENTITY_MODE: email trusts the workspace's administrators with everybody's identity; see .env.example");
  }
  const isLinkless = env.SLACK_LINKS_FILE === undefined && env.PUBLIC_URL === undefined;
  if (env.DIRECTORY === 'graph' && env.IDENTITY_MODE === 'linked' && slackIsOn(given) && isLinkless) {
    warnings.push('SLACK_LINKS_FILE: is not set, nor is PUBLIC_URL; nobody in Slack can be linked to a person, so nobody there may decide');
  }
  if (env.SLACK_APP_TOKEN !== undefined && env.SLACK_SIGNING_SECRET !== undefined) {
    warnings.push('SLACK_APP_TOKEN: is set beside SLACK_SIGNING_SECRET; Socket Mode is used, and nothing is accepted over HTTP');
  }
  if (env.SLACK_API_URL !== undefined && sendsTokenInClear(env.SLACK_API_URL)) {
    warnings.push('SLACK_API_URL: is not https, the bot token travels unencrypted');
  }
  warnings.push(...teamsWarnings(env));
  if (env.ADMIN_PORT !== undefined && !isLoopback(env.ADMIN_HOST)) {
    warnings.push('ADMIN_HOST: is not loopback; whoever reaches it reads metrics and queue counts without a password');
  }
  return warnings;
}

const sendsTokenInClear = (url: string): boolean => url.startsWith('http:') && !isLoopback(new URL(url).hostname);

/**
 * The part of the environment that is about carrying decisions out in Defender. Only what carries out (`worker`, `start`) reads the executor's
 * credentials: the process that people's presses reach never holds them.
 */
import { z } from 'zod';
import { missingFromApp } from './config-app.ts';
import { baseUrl, type Cloud, clouds, type EntraConfig, guid, readCertificate } from './config-entra.ts';
import type { Variable } from './config-teams.ts';

/** Null in `Config`: this process carries nothing out in Defender. */
export type ExecutorConfig = {
  tenantId: string;
  clientId: string;
  credential: EntraConfig['credential'];
  authorityUrl: string;
  graphUrl: string;
  defenderUrl: string;
  /** Whom tokens for the Defender API are for; the same whichever of its regional addresses is used. */
  defenderAudience: string;
  callsPerMinute: number;
};

export const defenderVariables: readonly Variable[] = [
  { name: 'DEFENDER_API_URL', default: null, description: "the Defender API, with BACKEND=defender; unset: the cloud's own" },
  { name: 'DEFENDER_CALLS_PER_MINUTE', default: '100', description: 'calls a minute this deployment may make to each API of Defender' },
  { name: 'DEFENDER_LIVE_RESPONSE', default: 'off', description: 'off: no script is ever run on a device' },
  { name: 'EXECUTOR_CLIENT_ID', default: null, description: 'the app that carries decisions out (a GUID), with BACKEND=defender' },
  { name: 'EXECUTOR_CLIENT_SECRET', default: null, description: "that app's secret, unless it has a certificate", secret: true },
  { name: 'EXECUTOR_CLIENT_CERTIFICATE_FILE', default: null, description: "that app's certificate (PEM), instead of a secret" },
  { name: 'EXECUTOR_CLIENT_KEY_FILE', default: null, description: "the certificate's private key (PEM)" },
];

const maxCallsPerMinute = 6000;
const minCallsPerMinute = 5;
const badCalls = `must be a whole number, ${minCallsPerMinute} to ${maxCallsPerMinute}`;

export const DefenderEnvironment = z.object({
  DEFENDER_API_URL: baseUrl.optional(),
  DEFENDER_CALLS_PER_MINUTE: z
    .string()
    .regex(/^\d{1,4}$/, badCalls)
    .transform(Number)
    .refine((calls) => calls >= minCallsPerMinute && calls <= maxCallsPerMinute, badCalls)
    .default(100),
  DEFENDER_LIVE_RESPONSE: z
    .literal('off', 'must be off: this version runs no scripts on devices; such actions are decided in Defender')
    .default('off'),
  EXECUTOR_CLIENT_ID: guid('an app id').optional(),
  EXECUTOR_CLIENT_SECRET: z.string().optional(),
  EXECUTOR_CLIENT_CERTIFICATE_FILE: z.string().optional(),
  EXECUTOR_CLIENT_KEY_FILE: z.string().optional(),
});
type DefenderEnvironment = z.infer<typeof DefenderEnvironment>;

const commercial = 'https://api.securitycenter.microsoft.com';
const government = 'https://api-gov.securitycenter.microsoft.us';
export const defenderApis: Record<Cloud, { url: string; audience: string }> = {
  global: { url: 'https://api.security.microsoft.com', audience: commercial },
  gcc: { url: 'https://api-gcc.securitycenter.microsoft.us', audience: 'https://api-gcc.securitycenter.microsoft.us' },
  gcchigh: { url: government, audience: government },
  dod: { url: government, audience: government },
};

/** Microsoft offers Graph's remediation of mail in its commercial clouds alone. */
export const hasMailRemediation = (cloud: Cloud): boolean => cloud === 'global' || cloud === 'gcc';

/** What is missing to carry decisions out. `given` also holds what was set and cannot be read. */
export const missingFromDefender = (given: ReadonlySet<string>): string[] =>
  missingFromApp(given, {
    prefix: 'EXECUTOR',
    because: 'BACKEND=defender',
    tenant: 'the tenant in which decisions are carried out',
    app: 'the app that carries decisions out; see docs/defender.md',
  });

type Asked = DefenderEnvironment & {
  CLOUD: Cloud;
  ENTRA_TENANT_ID?: string | undefined;
  ENTRA_CLIENT_ID?: string | undefined;
  ENTRA_AUTHORITY_URL?: string | undefined;
  GRAPH_URL?: string | undefined;
};

export type ExecutorRead = { executor: ExecutorConfig; problems: string[]; warnings: string[] };

export function readExecutor(env: Asked): ExecutorRead {
  const problems: string[] = [];
  const warnings: string[] = [];
  const { EXECUTOR_CLIENT_CERTIFICATE_FILE: certificateFile, EXECUTOR_CLIENT_KEY_FILE: keyFile } = env;
  const files = certificateFile === undefined || keyFile === undefined ? null : { certificateFile, keyFile };
  const executor: ExecutorConfig = {
    tenantId: env.ENTRA_TENANT_ID ?? '',
    clientId: env.EXECUTOR_CLIENT_ID ?? '',
    credential:
      files === null
        ? { kind: 'secret', secret: env.EXECUTOR_CLIENT_SECRET ?? '' }
        : readCertificate('EXECUTOR_CLIENT', files, problems, warnings),
    authorityUrl: env.ENTRA_AUTHORITY_URL ?? clouds[env.CLOUD].authorityUrl,
    graphUrl: env.GRAPH_URL ?? clouds[env.CLOUD].graphUrl,
    defenderUrl: env.DEFENDER_API_URL ?? defenderApis[env.CLOUD].url,
    defenderAudience: defenderApis[env.CLOUD].audience,
    callsPerMinute: env.DEFENDER_CALLS_PER_MINUTE,
  };
  if (env.ENTRA_CLIENT_ID !== undefined && env.ENTRA_CLIENT_ID === env.EXECUTOR_CLIENT_ID) {
    warnings.push('EXECUTOR_CLIENT_ID: is the app that reads the directory as well; two apps keep write permissions away from the bot');
  }
  if (!hasMailRemediation(env.CLOUD)) {
    warnings.push(`CLOUD: Microsoft offers no API for mail in ${env.CLOUD}; e-mail actions have to be decided in Defender there`);
  }
  return { executor, problems, warnings };
}

/** Which variables a chat process does not look at: those of another backend, and those that only the worker should have. */
export function idleExecutorVariables(given: ReadonlySet<string>, isExecutor: boolean, backend: string): string[] {
  if (isExecutor) return [];
  const set = defenderVariables.filter(({ name }) => given.has(name) || given.has(`${name}_FILE`));
  if (backend !== 'defender')
    return set.filter((one) => one.default === null).map(({ name }) => `${name}: is set, but BACKEND=${backend} does nothing with it`);
  return set
    .filter(({ name }) => name.startsWith('EXECUTOR_'))
    .map(({ name }) => `${name}: is set, but the bot does not read it; give it to the worker alone`);
}

/** The part of the environment that is about reading Defender: with the app that reads the directory, never with the executor's. */
import { z } from 'zod';
import { missingFromApp } from './config-app.ts';
import { defenderApis } from './config-defender.ts';
import { type Cloud, type EntraConfig, entraVariables } from './config-entra.ts';
import { type FeedsConfig, FeedsEnvironment, feedsConfig, feedsVariables, idleFeedVariables } from './config-feeds.ts';
import type { Variable } from './config-teams.ts';

/** Null in `Config`: this process reads nothing from Defender. */
export type IngestConfig = Pick<EntraConfig, 'tenantId' | 'clientId' | 'credential' | 'authorityUrl' | 'graphUrl'> &
  FeedsConfig & {
    defenderUrl: string;
    defenderAudience: string;
    callsPerMinute: number;
    /** How far the first start looks back. */
    days: number;
  };

export const ingestVariables: readonly Variable[] = [
  { name: 'INGEST', default: 'off', description: 'defender: what waits there comes in by itself; off: it does not' },
  { name: 'INGEST_DAYS', default: '30', description: 'how many days the first start looks back, 1 to 180' },
  ...feedsVariables,
];

const badDays = 'must be a whole number of days, 1 to 180';

export const IngestEnvironment = z.object({
  INGEST: z.enum(['off', 'defender'], 'must be off or defender').default('off'),
  INGEST_DAYS: z
    .string()
    .regex(/^\d{1,3}$/, badDays)
    .transform(Number)
    .refine((days) => days >= 1 && days <= 180, badDays)
    .default(30),
  ...FeedsEnvironment.shape,
});

/** What is missing with INGEST=defender where people do not come from Entra. `given` also holds what was set and cannot be read. */
export function missingFromIngest(values: Partial<Record<string, string>>, given: ReadonlySet<string>): string[] {
  if (values['INGEST'] !== 'defender' || values['DIRECTORY'] === 'graph') return [];
  return missingFromApp(given, {
    prefix: 'ENTRA',
    because: 'INGEST=defender',
    tenant: 'the tenant whose alerts are read',
    app: 'the app that reads; see docs/ingest.md',
  });
}

type Asked = z.infer<typeof IngestEnvironment> & { CLOUD: Cloud; DEFENDER_API_URL?: string | undefined; DEFENDER_CALLS_PER_MINUTE: number };

export function ingestConfig(env: Asked, { tenantId, clientId, credential, authorityUrl, graphUrl }: EntraConfig): IngestConfig {
  const { url, audience } = defenderApis[env.CLOUD];
  return {
    ...{ tenantId, clientId, credential, authorityUrl, graphUrl },
    defenderUrl: env.DEFENDER_API_URL ?? url,
    defenderAudience: audience,
    callsPerMinute: env.DEFENDER_CALLS_PER_MINUTE,
    days: env.INGEST_DAYS,
    ...feedsConfig(env),
  };
}

/** Also needed to carry decisions out in Defender, wherever people come from. */
const executorsToo = ['ENTRA_TENANT_ID', 'ENTRA_AUTHORITY_URL', 'GRAPH_URL'];
const isReaders = (name: string): boolean => name === 'GRAPH_URL' || (name.startsWith('ENTRA_') && name !== 'ENTRA_URBAC');

/** What is set and does nothing here: about reading Defender, and about Entra although people come from a file and nothing else asks for it. */
export function idleReaderVariables(
  env: Parameters<typeof idleFeedVariables>[0] & Parameters<typeof idleEntraVariables>[0],
  given: ReadonlySet<string>,
): string[] {
  return [...idleFeedVariables(env), ...idleEntraVariables(env, given)];
}

function idleEntraVariables(env: { DIRECTORY: string; BACKEND: string; INGEST: string }, given: ReadonlySet<string>): string[] {
  if (env.DIRECTORY !== 'file') return [];
  const isUsed = (name: string): boolean =>
    ['ENTRA_URBAC', 'LINK_VALID_DAYS'].includes(name) ||
    (env.INGEST === 'defender' && isReaders(name)) ||
    (env.BACKEND === 'defender' && executorsToo.includes(name));
  const idle = entraVariables.filter(({ name }) => given.has(name) && !isUsed(name));
  return idle.map(({ name }) => `${name}: is set, but DIRECTORY=file does nothing with it`);
}

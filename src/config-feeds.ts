/** The part of the environment that is about what else tells of pending work in Defender, beside alerts. All of it is off unless asked for. */
import { z } from 'zod';
import { baseUrl, type Cloud } from './config-entra.ts';
import type { Variable } from './config-teams.ts';
import { PublicUrl, secret } from './config-values.ts';

/** Null: that way is off. */
export type FeedsConfig = {
  /** `moreTypes`: action type by the name that investigations give it. */
  air: { hunting: { everyMs: number } | null; moreTypes: Record<string, FedType> };
  office365: { url: string; audience: string } | null;
  /** `secret` null: made of the reading app's own. */
  notifications: { url: string; resource: string; secret: string | null } | null;
};

/** What an investigation can propose. Checked here because nothing of the product is known where the environment is read. */
const fedTypes = [
  'softDeleteEmail',
  'hardDeleteEmail',
  'moveEmailToJunk',
  'moveEmailToDeletedItems',
  'quarantineEmail',
  'quarantineAttachment',
  'blockUrl',
  'turnOffMailForwarding',
] as const;
type FedType = (typeof fedTypes)[number];

export const feedsVariables: readonly Variable[] = [
  { name: 'INGEST_AIR_HUNTING', default: 'off', description: 'on: automated investigations are read by hunting too, with INGEST=defender' },
  { name: 'INGEST_AIR_HUNTING_MINUTES', default: '15', description: 'minutes between two such looks, 5 to 1440' },
  { name: 'INGEST_AIR_TYPES', default: null, description: 'names of actions of investigations beside those we know: Name=type, ...' },
  { name: 'INGEST_OFFICE365', default: 'off', description: 'on: automated investigations are read from the Office 365 feed too' },
  { name: 'OFFICE365_URL', default: null, description: "the Office 365 Management Activity API; unset: the cloud's own" },
  { name: 'OFFICE365_AUDIENCE', default: null, description: "whom tokens for it are for; unset: the cloud's own address" },
  {
    name: 'INGEST_NOTIFICATIONS_URL',
    default: null,
    description: 'where Graph reaches /v1/notifications: alerts are then looked at when they change',
  },
  {
    name: 'INGEST_NOTIFICATIONS_SECRET',
    default: null,
    description: "what Graph has to know; unset: made of the app's own secret",
    secret: true,
  },
  { name: 'INGEST_NOTIFICATIONS_RESOURCE', default: 'security/alerts_v2', description: 'what Graph is asked to watch' },
];

const badMinutes = 'must be a whole number of minutes, 5 to 1440';
const badTypes = `must be pairs Name=type, comma separated, each type one of ${fedTypes.join(', ')}`;
/** Graph keeps no longer one. */
const maxSecret = 128;
const onOff = z.enum(['off', 'on'], 'must be on or off').default('off');

/** Names are compared without case, spaces and signs. */
const pairOf = (pair: string): [string, string] => {
  const [name = '', type = ''] = pair.split('=').map((part) => part.trim());
  return [name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''), type];
};

const pairsIn = (text: string): [string, string][] => text.split(',').map(pairOf);
const isFedType = (type: string): boolean => (fedTypes as readonly string[]).includes(type);

export const FeedsEnvironment = z.object({
  INGEST_AIR_HUNTING: onOff,
  INGEST_AIR_HUNTING_MINUTES: z
    .string()
    .regex(/^\d{1,4}$/, badMinutes)
    .transform(Number)
    .refine((minutes) => minutes >= 5 && minutes <= 1440, badMinutes)
    .default(15),
  INGEST_AIR_TYPES: z
    .string()
    .max(4000, badTypes)
    .refine((text) => pairsIn(text).every(([name, type]) => name !== '' && isFedType(type)), badTypes)
    .transform((text) => Object.fromEntries(pairsIn(text)) as Record<string, FedType>)
    .default({}),
  INGEST_OFFICE365: onOff,
  OFFICE365_URL: baseUrl.optional(),
  OFFICE365_AUDIENCE: baseUrl.optional(),
  INGEST_NOTIFICATIONS_URL: PublicUrl.refine(
    (url) => url.endsWith('/v1/notifications'),
    'must end in /v1/notifications, which the public port answers',
  ).optional(),
  INGEST_NOTIFICATIONS_SECRET: secret.max(maxSecret, `has more than ${maxSecret} characters`).optional(),
  INGEST_NOTIFICATIONS_RESOURCE: z
    .string()
    .regex(/^\/?security\/[\w/]{1,100}$/, 'must be a resource below security/')
    .default('security/alerts_v2'),
});
type FeedsEnvironment = z.infer<typeof FeedsEnvironment> & { CLOUD: Cloud };

const feeds: Record<Cloud, string> = {
  global: 'https://manage.office.com',
  gcc: 'https://manage-gcc.office.com',
  gcchigh: 'https://manage.office365.us',
  dod: 'https://manage.protection.apps.mil',
};

export const feedsConfig = (env: FeedsEnvironment): FeedsConfig => ({
  air: {
    hunting: env.INGEST_AIR_HUNTING === 'on' ? { everyMs: env.INGEST_AIR_HUNTING_MINUTES * 60_000 } : null,
    moreTypes: env.INGEST_AIR_TYPES,
  },
  office365:
    env.INGEST_OFFICE365 === 'on'
      ? { url: env.OFFICE365_URL ?? feeds[env.CLOUD], audience: env.OFFICE365_AUDIENCE ?? feeds[env.CLOUD] }
      : null,
  notifications:
    env.INGEST_NOTIFICATIONS_URL === undefined
      ? null
      : {
          url: env.INGEST_NOTIFICATIONS_URL,
          resource: env.INGEST_NOTIFICATIONS_RESOURCE,
          secret: env.INGEST_NOTIFICATIONS_SECRET ?? null,
        },
});

type Switches = { INGEST: string } & Partial<
  Pick<FeedsEnvironment, 'INGEST_AIR_HUNTING' | 'INGEST_OFFICE365' | 'INGEST_NOTIFICATIONS_URL'>
>;

/** What is switched on although nothing is read from Defender. */
export function idleFeedVariables({ INGEST, INGEST_AIR_HUNTING, INGEST_OFFICE365, INGEST_NOTIFICATIONS_URL }: Switches): string[] {
  if (INGEST === 'defender') return [];
  const on = {
    INGEST_AIR_HUNTING: INGEST_AIR_HUNTING === 'on',
    INGEST_OFFICE365: INGEST_OFFICE365 === 'on',
    INGEST_NOTIFICATIONS_URL: INGEST_NOTIFICATIONS_URL !== undefined,
  };
  return Object.entries(on).flatMap(([name, isOn]) => (isOn ? [`${name}: is set, but INGEST=${INGEST} does nothing with it`] : []));
}

/** A directory by Graph against the simulated Entra, over real HTTP, with a clock of its own. */
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraGroup, EntraOptions, EntraPerson, EntraRoute, EntraWorld } from '../../sandbox/entra/types.ts';
import { EntraId } from '../../src/action-center/action.ts';
import type { DecidingDirectory } from '../../src/action-center/decide.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import type { PersonClaim } from '../../src/action-center/ports.ts';
import { type GraphSettings, graphDirectory } from '../../src/identity/graph.ts';
import { noSlackLinks, type SlackLinks } from '../../src/identity/slack-links.ts';
import { openLog } from '../../src/log.ts';
import { type GraphFront, startGraphFront } from './graph-front.ts';

export const tenantId = '11111111-2222-4333-8444-555555555555';
export const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'the-apps-secret-for-tests' };
const team = 'T000000001';

export const roleIds = {
  GlobalAdministrator: '62e90394-69f5-4237-9190-012177145e10',
  SecurityAdministrator: '194ae4cb-b126-40b2-bd5b-6091b380977d',
  SecurityOperator: '5f2222b1-57c3-48ba-8ad5-d4759f1fde6f',
  SecurityReader: '5d6b6bb7-de71-4623-b4af-96380a352509',
  GlobalReader: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
};
const groupId = (number: number): string => `66666666-7777-4888-8999-0000000000${String(number).padStart(2, '0')}`;
export const group = {
  purgers: groupId(1),
  responders: groupId(2),
  mailAdmins: groupId(3),
  workstations: groupId(4),
  everyDevice: groupId(5),
  /** In `purgers`, by way of `middle`. */
  inner: groupId(6),
  middle: groupId(7),
  /** Role-assignable: its members are Security Administrators. */
  admins: groupId(8),
  other: groupId(9),
};
const groups: EntraGroup[] = Object.entries(group).map(([displayName, id]) => ({ id, displayName }));
const memberOf: Record<string, string[]> = { [group.inner]: [group.middle], [group.middle]: [group.purgers] };

let count = 0;
export function entraPerson(name: string, more: Partial<EntraPerson> = {}): EntraPerson {
  count += 1;
  return {
    id: `7f0c1c1e-52a4-4b0e-9a53-${String(count).padStart(12, '0')}`,
    userPrincipalName: `${name}@contoso.example`,
    displayName: `${name} of Contoso`,
    mail: `${name}@contoso.example`,
    userType: 'Member',
    accountEnabled: true,
    ...more,
  };
}

export type Rig = {
  entra: EntraWorld;
  front: GraphFront;
  clock: { now: number };
  log: { level: string; text: string; line: string }[];
  directory: DecidingDirectory;
  /** Another one on the same Entra. */
  open(changes?: Partial<GraphSettings>): DecidingDirectory;
  /** How often the simulated Entra was asked for this. */
  asked(route: EntraRoute): number;
  close(): Promise<void>;
};

export async function openRig(
  people: EntraPerson[],
  changes: Partial<GraphSettings> = {},
  world: Partial<EntraOptions> = {},
): Promise<Rig> {
  const entra = await startEntra({
    tenantId,
    apps: [app],
    people,
    groups: groups.map((one) => ({
      ...one,
      ...(memberOf[one.id] ? { memberOf: memberOf[one.id] ?? [] } : {}),
      ...(one.id === group.admins ? { roles: [roleIds.SecurityAdministrator] } : {}),
    })),
    ...world,
  });
  const front = await startGraphFront(entra.graphUrl);
  const clock = { now: 0 };
  const log: Rig['log'] = [];
  const write = (line: string): void => {
    const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: { message: string } };
    log.push({ level: levels[level] ?? String(level), text: `${msg} ${err?.message ?? ''}`, line });
  };
  const settings: GraphSettings = {
    tenantId,
    clientId: app.clientId,
    credential: { kind: 'secret', secret: app.secret },
    authorityUrl: entra.authorityUrl,
    graphUrl: front.url,
    identityMode: 'linked',
    groups: {
      searchAndPurge: [group.purgers],
      activeRemediation: [group.responders],
      exchangeSecurityAdministrator: [group.mailAdmins],
      devices: null,
    },
    unified: null,
    links: noSlackLinks,
    ...changes,
  };
  const open = (more: Partial<GraphSettings> = {}) =>
    graphDirectory({ ...settings, ...more }, { log: openLog('debug', { write }), now: () => clock.now });
  return {
    entra,
    front,
    clock,
    log,
    directory: open(),
    open,
    asked: (route) => entra.calls.filter((call) => call.route === route).length,
    close: async () => {
      await front.close();
      await entra.close();
    },
  };
}

const levels: Record<number, string> = { 30: 'info', 40: 'warn', 50: 'error' };

export const cached = { fresh: false };
export const fresh = { fresh: true };
export const teamsClaim = (person: EntraPerson, tenant = tenantId): PersonClaim => ({
  platform: 'teams',
  tenantId: tenant,
  entraId: person.id,
});
export const slackClaim = (userId: string, email: string | null = null): PersonClaim => ({
  platform: 'slack',
  teamId: team,
  userId,
  email,
});

export const linksTo = (accounts: Record<string, EntraPerson>): SlackLinks => ({
  peopleOf: async ({ teamId, userId }) => (teamId === team && accounts[userId] ? [EntraId.parse(accounts[userId].id)] : []),
  isLinked: async (teamId, entraId) => teamId === team && Object.values(accounts).some(({ id }) => id === entraId),
});

/** The roles, or why there are none: a refusal's kind, or `no answer`. */
export async function told(directory: DecidingDirectory, claim: PersonClaim, options = cached): Promise<string> {
  try {
    const answer = await directory.personFor(claim, options);
    return answer.ok ? answer.value.roles.join(' ') : answer.refusal.kind;
  } catch (error) {
    if (error instanceof UpstreamError && error.service === 'directory') return 'no answer';
    throw error;
  }
}

/** The invented people as Entra has them, and the settings that make a deployment ask Entra who they are. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HuntingTenant } from '../../sandbox/defender/hunting.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import { settingsFor } from '../../sandbox/entra/settings.ts';
import type { EntraPerson, EntraWorld } from '../../sandbox/entra/types.ts';
import { type DirectoryPerson, entraTenant } from './people.ts';

export const roleIds: Record<string, string> = {
  GlobalAdministrator: '62e90394-69f5-4237-9190-012177145e10',
  SecurityAdministrator: '194ae4cb-b126-40b2-bd5b-6091b380977d',
  SecurityOperator: '5f2222b1-57c3-48ba-8ad5-d4759f1fde6f',
  SecurityReader: '5d6b6bb7-de71-4623-b4af-96380a352509',
  GlobalReader: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
};
const group = (number: number): string => `66666666-7777-4888-8999-00000000000${number}`;
const groupIds: Record<string, string> = {
  SearchAndPurge: group(1),
  ActiveRemediationActions: group(2),
  '*': group(3),
  Workstations: group(4),
};
const app = {
  clientId: '0a0a0a0a-1111-4222-8333-444444444444',
  secret: 'entra-client-secret-for-tests',
  /** Of an address on this machine the port does not count. */
  redirectUris: ['http://127.0.0.1/link/callback'],
};

const known = (ids: Record<string, string>, names: readonly string[]): string[] => names.flatMap((name) => ids[name] ?? []);

const inEntra = (one: DirectoryPerson): EntraPerson => ({
  id: one.entraId,
  userPrincipalName: one.upn,
  displayName: one.displayName,
  mail: one.email,
  userType: one.userType,
  accountEnabled: one.enabled,
  roles: known(roleIds, one.roles),
  groups: known(groupIds, [...one.roles, ...one.deviceGroups]),
});

export type GraphWorld = { entra: EntraWorld; env: Record<string, string>; close(): Promise<void> };

export async function graphWorld(people: DirectoryPerson[], hunting?: HuntingTenant, permissions?: string[]): Promise<GraphWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-graph-'));
  const groups = Object.entries(groupIds).map(([displayName, id]) => ({ id, displayName }));
  const entra = await startEntra({
    tenantId: entraTenant,
    apps: [{ ...app, ...(permissions ? { permissions } : {}) }],
    people: people.map(inEntra),
    groups,
    ...(hunting ? { hunting } : {}),
  });
  const links = people.flatMap(({ slack, entraId }) => slack.map((account) => ({ ...account, entraId })));
  const files = { links: join(folder, 'links.json'), devices: join(folder, 'devices.json') };
  await writeFile(files.links, JSON.stringify({ links }));
  await writeFile(files.devices, JSON.stringify({ '*': known(groupIds, ['*']), Workstations: known(groupIds, ['Workstations']) }));
  return {
    entra,
    env: {
      DIRECTORY_FILE: '',
      ...settingsFor(entra, { ...app, tenantId: entraTenant }),
      SEARCH_AND_PURGE_GROUP_IDS: group(1),
      ACTIVE_REMEDIATION_GROUP_IDS: group(2),
      DEVICE_GROUP_MAP: files.devices,
      SLACK_LINKS_FILE: files.links,
    },
    close: async () => {
      await entra.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

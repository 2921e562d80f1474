/** Which application permission opens what, so that `countersign doctor` can name what is missing. The calls themselves name the same ones. */
import type { ActionType } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
import { userPermissions } from './identity.ts';
import type { ApiName } from './limits.ts';
import { machineCalls, type Route, routes, type UserCall } from './routes.ts';

/** One of `anyOf` is enough; the first is the one to grant. `isOptional`: the product does without it, or people leave it out on purpose. */
export type Need = { feature: string; api: ApiName; anyOf: readonly [string, ...string[]]; isOptional?: true };

const directory = 'Directory.Read.All';
const people = 'Directory: who somebody is';
const reading = 'Reading Defender';

export const directoryNeeds = (hasUnified: boolean): Need[] => [
  { feature: people, api: 'graph', anyOf: ['User.Read.All', directory] },
  { feature: 'Directory: groups', api: 'graph', anyOf: ['GroupMember.Read.All', 'Group.Read.All', directory] },
  { feature: 'Directory: roles', api: 'graph', anyOf: ['RoleManagement.Read.Directory', 'RoleManagement.Read.All', directory] },
  ...(hasUnified
    ? [
        {
          feature: 'Directory: Unified RBAC',
          api: 'graph',
          anyOf: ['RoleManagement.Read.Defender', 'RoleManagement.Read.All'],
        } satisfies Need,
      ]
    : []),
];

/** What tells of pending work beside alerts, each where it is on. */
export type Feeds = { airHunting: boolean; notifications: boolean; office365: boolean };

export const feedNeeds = ({ airHunting, notifications, office365 }: Feeds): Need[] => [
  ...(airHunting ? [need('investigations by hunting', 'graph', 'ThreatHunting.Read.All')] : []),
  ...(notifications ? [need('change notifications', 'graph', 'SecurityAlert.Read.All')] : []),
  ...(office365 ? [need('investigations by the Office 365 feed', 'office365', 'ActivityFeed.Read')] : []),
];
const need = (what: string, api: ApiName, permission: string): Need => ({ feature: `${reading}: ${what}`, api, anyOf: [permission] });

export const ingestNeeds: readonly Need[] = [
  { feature: `${reading}: alerts`, api: 'graph', anyOf: ['SecurityAlert.Read.All', 'SecurityAlert.ReadWrite.All'] },
  { feature: `${reading}: device actions`, api: 'defender', anyOf: ['Machine.Read.All', 'Machine.ReadWrite.All'] },
];

/** What cards and threads can tell beside the action itself. */
export const huntingNeeds: readonly Need[] = [
  { feature: 'Run here and evidence: hunting', api: 'graph', anyOf: ['ThreatHunting.Read.All'], isOptional: true },
];

const following: Need = {
  feature: 'Carrying out: following device actions',
  api: 'defender',
  anyOf: ['Machine.Read.All', 'Machine.ReadWrite.All'],
};
const confirming: Need = { feature: 'Carrying out: confirming e-mail', api: 'graph', anyOf: ['ThreatHunting.Read.All'] };
const fileLookUp: Need = { feature: 'Carrying out: files known by SHA-256', api: 'defender', anyOf: ['File.Read.All'], isOptional: true };

/** Taken from what each type is routed to, so that a new route is asked for here as well. */
export const executorNeeds = ({ movesMail }: { movesMail: boolean }): Need[] => [
  following,
  ...(movesMail ? [confirming] : []),
  fileLookUp,
  ...(Object.keys(routes) as ActionType[]).flatMap((type) => {
    const route = routes[type];
    if (route === undefined || (route.kind === 'mail' && !movesMail)) return [];
    return needsOf(`Carrying out: ${catalogue[type].label}`, route);
  }),
];

function needsOf(feature: string, route: Route): Need[] {
  switch (route.kind) {
    case 'machine': {
      const call = route.call ?? route.undo;
      if (call === null) return [];
      const need: Need = { feature, api: 'defender', anyOf: [machineCalls[call].permission] };
      // It cannot be taken back, so many leave it out on purpose.
      return [call === 'offboard' ? { ...need, isOptional: true } : need];
    }
    case 'mail':
      return [{ feature, api: 'graph', anyOf: ['SecurityAnalyzedMessage.ReadWrite.All'] }];
    case 'url':
      return [{ feature, api: 'defender', anyOf: ['Ti.ReadWrite', 'Ti.ReadWrite.All'] }];
    case 'user':
      return userNeeds(feature, route.call);
  }
}

function userNeeds(feature: string, call: UserCall | null): Need[] {
  if (call === null) return [];
  const graph = (permission: string): Need => ({ feature, api: 'graph', anyOf: [permission] });
  const looks = call === 'disable' || call === 'enable' ? [graph(userPermissions.read)] : [];
  if (call === 'resetPassword') return [graph(userPermissions.onPremises), graph(userPermissions.accounts)];
  return [graph(userPermissions[call]), ...looks];
}

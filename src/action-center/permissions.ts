/**
 * Who may decide what: the role table of Microsoft's Action center pages, as data. Pure; the directory hands the person's roles in, fresh at
 * every click and again when the decision is spent. The readings where the pages leave room are in docs/decisions/001-who-may-decide.md.
 */
import { type ActionType, type Actor, Role, type Verb, type Workload } from './action.ts';
import { catalogue } from './catalogue.ts';
import type { Entity } from './entity.ts';

/** Roles that are sufficient when held together. */
type Combination = readonly Role[];

/** Least privileged first: the first satisfied combination is the one that is recorded as used. */
const decideTable: Record<Workload, readonly Combination[]> = {
  device: [['ActiveRemediationActions'], ['UrbacResponseManage'], ['SecurityAdministrator'], ['GlobalAdministrator']],
  email: [
    ['UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage'],
    // The Email & collaboration role group does not open the Action center by itself; a directory role has to.
    ['ExchangeSecurityAdministrator', 'SearchAndPurge', 'SecurityReader'],
    ['ExchangeSecurityAdministrator', 'SearchAndPurge', 'GlobalReader'],
    ['ExchangeSecurityAdministrator', 'SearchAndPurge', 'SecurityOperator'],
    ['SecurityAdministrator', 'SearchAndPurge'],
    ['GlobalAdministrator'],
  ],
  identity: [['UrbacResponseManage'], ['SecurityAdministrator'], ['GlobalAdministrator']],
};

const undoTable: Record<Workload, readonly Combination[]> = {
  device: [['SecurityAdministrator'], ['GlobalAdministrator']],
  email: [['SecurityAdministrator', 'SearchAndPurge'], ['GlobalAdministrator']],
  identity: [['SecurityAdministrator'], ['GlobalAdministrator']],
};

const undoExceptions: Partial<Record<ActionType, readonly Combination[]>> = { containUser: [['GlobalAdministrator']] };

/** Any one of these opens History. */
export const historyRoles: readonly Role[] = [
  'SecurityReader',
  'GlobalReader',
  'SecurityOperator',
  'SecurityAdministrator',
  'GlobalAdministrator',
];

/** The names these roles and permissions have in Microsoft's portals. */
export const roleLabels: Record<Role, string> = {
  GlobalAdministrator: 'Global Administrator',
  SecurityAdministrator: 'Security Administrator',
  SecurityOperator: 'Security Operator',
  SecurityReader: 'Security Reader',
  GlobalReader: 'Global Reader',
  ActiveRemediationActions: 'Active remediation actions',
  SearchAndPurge: 'Search and Purge',
  UrbacResponseManage: 'Response (manage)',
  UrbacEmailMetadataRead: 'Email & collaboration metadata (read)',
  UrbacEmailAdvancedActionsManage: 'Email & collaboration advanced actions (manage)',
  ExchangeSecurityAdministrator: 'Security Administrator (Email & collaboration role group)',
};

export type Permission =
  | { allowed: true; rolesUsed: Role[] }
  | {
      allowed: false;
      /** What the person still lacks for each sufficient combination: fewest first, Global Administrator last. Empty when roles are not what is missing, or nothing helps. */
      missing: Role[][];
      /** The device group the person may not act on, or `unknown` when a device's group was not told. */
      deviceGroup?: string;
    };

export type PermissionSettings = { globalAdministratorMayDecide: boolean };

/** Whether this person may do `verb` to this action. Roles and device groups must both allow it. */
export function mayDecide(
  actor: Pick<Actor, 'roles' | 'deviceGroups'>,
  action: { type: ActionType; entities: readonly Entity[] },
  verb: Verb,
  settings: PermissionSettings,
): Permission {
  const combinations = combinationsFor(action.type, verb, settings);
  const satisfied = combinations.find((combination) => combination.every((role) => actor.roles.includes(role)));
  const deviceGroup = catalogue[action.type].workload === 'device' ? closedDeviceGroup(actor.deviceGroups, action.entities) : undefined;
  if (satisfied && deviceGroup === undefined) return { allowed: true, rolesUsed: [...satisfied] };
  const missing = satisfied ? [] : missingFrom(combinations, actor.roles);
  return deviceGroup === undefined ? { allowed: false, missing } : { allowed: false, missing, deviceGroup };
}

export function mayViewHistory(actor: Pick<Actor, 'roles'>): boolean {
  return historyRoles.some((role) => actor.roles.includes(role));
}

function combinationsFor(type: ActionType, verb: Verb, settings: PermissionSettings): readonly Combination[] {
  const { workload } = catalogue[type];
  const combinations = verb === 'undo' ? (undoExceptions[type] ?? undoTable[workload]) : decideTable[workload];
  if (settings.globalAdministratorMayDecide) return combinations;
  return combinations.filter((combination) => !combination.includes('GlobalAdministrator'));
}

/** Fewest first; Global Administrator goes last because nobody should be advised to become one. */
function missingFrom(combinations: readonly Combination[], held: readonly Role[]): Role[][] {
  const rank = (roles: Role[]) => roles.length + (roles.includes('GlobalAdministrator') ? Role.options.length : 0);
  return combinations.map((combination) => combination.filter((role) => !held.includes(role))).sort((a, b) => rank(a) - rank(b));
}

/**
 * The first device group that is closed to this person. Whoever may not act on every device needs the group of every device named, and at
 * least one device named: an action whose devices are not told could reach any of them.
 */
function closedDeviceGroup(open: readonly string[], entities: readonly Entity[]): string | undefined {
  if (open.includes('*')) return undefined;
  const devices = entities.filter((entity) => entity.type === 'device');
  if (devices.length === 0) return 'unknown';
  for (const { group } of devices) {
    if (group === undefined) return 'unknown';
    if (!open.includes(group)) return group;
  }
  return entities.every((entity) => isOnOneOf(entity, devices)) ? undefined : 'unknown';
}

/** A process, service, ... may name a device of its own; that device must be one whose group was told. */
function isOnOneOf(entity: Entity, devices: readonly (Entity & { type: 'device' })[]): boolean {
  if (!('deviceId' in entity || 'deviceName' in entity) || entity.type === 'device') return true;
  const { deviceId, deviceName } = entity;
  return devices.some((device) =>
    deviceId !== undefined && device.deviceId !== undefined ? same(deviceId, device.deviceId) : same(deviceName, device.name),
  );
}

const same = (a: string | undefined, b: string | undefined) => a !== undefined && a.toLowerCase() === b?.toLowerCase();

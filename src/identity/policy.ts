/** The policy of the deployment (`POLICY_FILE`): where cards go, how many people must approve, which assets nobody touches alone. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Platform } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
import type { DigestPlan } from '../action-center/digest.ts';
import type { Entity } from '../action-center/entity.ts';
import { ConfigError } from '../action-center/errors.ts';
import type { NormalisedIntake } from '../action-center/intake.ts';
import type { CardTarget, Policy } from '../action-center/ports.ts';
import type { ReminderPolicy } from '../action-center/reminders.ts';
import { canonicalJson } from '../action-center/scope.ts';
import { digestPlans } from './digest-plans.ts';
import { folded, matchesGlob } from './glob.ts';
import type { Match, PolicyFile, Route } from './policy-file.ts';
import { type Located, type PolicyProblem, parsePolicy } from './policy-parse.ts';
import { asksOnCall, type DelegationRules, delegationRulesOf, reminderPlaces, reminderPolicyOf, spanMs } from './policy-reminders.ts';

export type LoadedPolicy = Policy & {
  /** What the file says and this version does not act upon. */
  readonly warnings: string[];
  /** Where operators hear of alarms. */
  readonly alarmTargets: CardTarget[];
  /** Who gets a digest when. */
  readonly digestPlans: DigestPlan[];
  /** Whether an answer to a look-up may be put into a conversation. */
  readonly historyInChannel: 'never' | 'readersOnly' | 'everyone';
  /** Null: nobody is reminded of anything. */
  readonly reminders: ReminderPolicy | null;
  /** Whether somebody has to say who is on call. */
  readonly asksOnCall: boolean;
  /** Null: nobody may name a stand-in. */
  readonly delegation: DelegationRules | null;
  /** Every conversation that some route, `alarms`, `reminders` or a digest names. */
  conversations(platform: Platform): string[];
};

const maxBytes = 1024 * 1024;

/**
 * `on`: the chat platforms that are on; left out, all of them.
 * Throws ConfigError with the place of everything that is wrong.
 */
export function loadPolicy(path: string, on: readonly Platform[] = Platform.options): LoadedPolicy {
  const { problems, policy } = checkPolicy(path, on);
  if (policy === null) throw new ConfigError(problems.map((problem) => `POLICY_FILE: ${problemText(problem)}`));
  return policy;
}

/** `line 4, column 5: routes.0.slack: ...`, as far as the place is known. */
export function problemText({ line, column, path, message }: PolicyProblem): string {
  const place = line === null ? '' : `line ${line}, column ${column}: `;
  return `${place}${path === '' ? '' : `${path}: `}${message}`;
}

/** Everything that is wrong with a policy file, with its place; the policy only when nothing is. Throws ConfigError for a file that cannot be read. */
export function checkPolicy(
  path: string,
  on: readonly Platform[] = Platform.options,
): { problems: PolicyProblem[]; policy: LoadedPolicy | null } {
  const parsed = parsePolicy(readPolicy(path));
  if ('problems' in parsed) return { problems: parsed.problems, policy: null };
  const problems = unreachableRoutes(parsed, on);
  return problems.length > 0 ? { problems, policy: null } : { problems, policy: policyOf(parsed.file, on) };
}

/** Accepted, the actions of such a route would wait where nobody sees them. */
function unreachableRoutes({ file, placeOf }: Located, on: readonly Platform[]): PolicyProblem[] {
  const wanted = on.map((platform) => platformNames[platform]).join(' or ');
  return file.routes.flatMap((route, index) => {
    if (targetsOf(route, on).length > 0) return [];
    const path = ['routes', index];
    return [{ ...placeOf(path), path: path.join('.'), message: `names no conversation in ${wanted}, and no other chat platform is on` }];
  });
}

/** And no person: those are `U...` in Slack, an Entra id in Teams. */
const isConversation = (place: string): boolean => /^([CGD]|19:|a:)/.test(place);

function conversationsIn({ routes, alarms, reminders, digests }: PolicyFile, platform: Platform): string[] {
  const places = [...routes, ...(alarms ? [alarms] : []), ...reminderPlaces(reminders), ...(digests ?? [])];
  return [...new Set(places.flatMap((place) => place[platform]).filter(isConversation))];
}

const platformNames: Record<Platform, string> = { slack: 'Slack', teams: 'Teams' };

function readPolicy(path: string): string {
  if (path === '') throw new ConfigError(['POLICY_FILE: is not set']);
  try {
    if (statSync(path).size > maxBytes) throw new ConfigError([`POLICY_FILE: is larger than ${maxBytes} bytes`]);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError([`POLICY_FILE: ${path} cannot be read (${reason})`]);
  }
}

function policyOf(file: PolicyFile, on: readonly Platform[]): LoadedPolicy {
  const { routes, approvals, protected: guarded, reasons, barred, stepUp, alarms } = file;
  // Rules about deciding only: a card that moves to another channel is still the card that was shown. A rule nobody wrote does not count.
  const version = createHash('sha256')
    .update(canonicalJson({ approvals, protected: guarded, reasons, barred, stepUp }))
    .digest('hex')
    .slice(0, 16);
  return {
    version,
    warnings: warningsAbout(file, on),
    historyInChannel: file.visibility?.historyInChannel ?? 'never',
    digestPlans: digestPlans(file.digests ?? [], on),
    alarmTargets: alarms === undefined ? [] : targetsOf(alarms, on),
    conversations: (platform) => (on.includes(platform) ? conversationsIn(file, platform) : []),
    reminders: reminderPolicyOf(file.reminders, {
      fits: (match, action) => fits(match, action) === 'yes',
      targetsOf: (places) => targetsOf(places, on),
    }),
    asksOnCall: asksOnCall(file.reminders),
    delegation: delegationRulesOf(file.delegation),
    routesFor: (action) => {
      const route = routes.find(({ match }) => match === undefined || fits(match, action) === 'yes');
      return route ? targetsOf(route, on) : [];
    },
    // The strictest rule counts. What cannot be told apart counts as matching: leaving a name out must not make deciding easier.
    approvalsNeeded: (action) => {
      const needed = approvals.filter(({ match }) => fits(match, action) !== 'no').map((rule) => rule.needed);
      return Math.max(1, ...needed);
    },
    isProtected: (action) => guarded.some(({ match }) => fits(match, action) !== 'no'),
    reasonNeeded: (action, verb) =>
      verb === 'reject' || (reasons ?? []).some(({ match, verbs }) => verbs.includes(verb) && fits(match, action) !== 'no'),
    barred: (action) => {
      const rule = (barred ?? []).find(({ match }) => fits(match, action) !== 'no');
      return rule === undefined ? null : { because: rule.because ?? null };
    },
    freshSignIn: freshSignInOf(file),
  };
}

const usualFreshnessMs = 600_000;

/** Said nothing: a sign-in of the last 10 minutes, where something is protected. */
function freshSignInOf({ stepUp, protected: guarded }: PolicyFile): Policy['freshSignIn'] {
  if (stepUp === 'off') return null;
  if (stepUp === undefined) return guarded.length > 0 ? { withinMs: usualFreshnessMs, isSaid: false } : null;
  return { withinMs: spanMs(stepUp.within), isSaid: true };
}

/** A platform that is off is left out: nobody would post there, and the cards would pile up. */
const targetsOf = (route: Pick<Route, Platform>, on: readonly Platform[]): CardTarget[] =>
  on.flatMap((platform) => [...new Set(route[platform])].map((conversation) => ({ platform, conversation })));

function warningsAbout(file: PolicyFile, on: readonly Platform[]): string[] {
  const warnings: string[] = [];
  for (const platform of Platform.options.filter((one) => !on.includes(one))) {
    const places = file.routes.flatMap((route, index) => (route[platform].length > 0 ? [`routes.${index}.${platform}`] : []));
    (file.digests ?? []).forEach((digest, index) => {
      if (digest[platform].length > 0) places.push(`digests.${index}.${platform}`);
    });
    if ((file.alarms?.[platform] ?? []).length > 0) places.push(`alarms.${platform}`);
    if (reminderPlaces(file.reminders).some((one) => one[platform].length > 0)) places.push(`reminders: ${platform}`);
    for (const place of places) warnings.push(`POLICY_FILE: ${place}: ${platformNames[platform]} is off; nothing is posted there`);
  }
  return warnings;
}

/** `unknown`: the action says too little to tell. */
type Fit = 'yes' | 'no' | 'unknown';

/** Every key must fit, with any one of its values. */
function fits(match: Match, action: NormalisedIntake): Fit {
  const among = <T>(wanted: T[] | undefined, value: T): Fit => (wanted === undefined || wanted.includes(value) ? 'yes' : 'no');
  const answers = [
    among(match.workload, catalogue[action.type].workload),
    among(match.type, action.type),
    among(match.source, action.source),
    among(match.severity, action.severity),
    anyOf(match.device, namesOf(action), matchesGlob),
    anyOf(match.group, groupsOf(action), (wanted, group) => folded(wanted) === folded(group)),
  ];
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

/** Names that the action gives, and null for every device whose name it leaves out. */
type Names = (string | null)[];

function anyOf(wanted: string[] | undefined, names: Names, matches: (wanted: string, name: string) => boolean): Fit {
  if (wanted === undefined) return 'yes';
  if (names.some((name) => name !== null && wanted.some((one) => matches(one, name)))) return 'yes';
  return names.includes(null) ? 'unknown' : 'no';
}

/** Every device named anywhere in the action: in full, and by its first label, so that `dc-??` also finds dc-01.contoso.example. */
function namesOf({ type, entities, asset }: NormalisedIntake): Names {
  const devices = entities.map(deviceOf);
  // A process may name its device by the id of one that is listed with its name.
  const nameOf = new Map(devices.flatMap(({ id, name }) => (id !== undefined && name !== undefined ? [[id, name] as const] : [])));
  const names = devices.flatMap(({ id, name }): Names => {
    if (name !== undefined) return [name];
    return id === undefined ? [] : [nameOf.get(id) ?? null];
  });
  if (asset !== undefined && catalogue[type].workload === 'device') names.push(asset);
  return names.flatMap((name): Names => (name === null ? [null] : [name, name.split('.', 1)[0] ?? name]));
}

function deviceOf(entity: Entity): { id?: string | undefined; name?: string | undefined } {
  if (entity.type === 'device') return { id: entity.deviceId?.toLowerCase(), name: entity.name };
  return 'deviceId' in entity || 'deviceName' in entity ? { id: entity.deviceId?.toLowerCase(), name: entity.deviceName } : {};
}

const groupsOf = ({ entities }: NormalisedIntake): Names =>
  entities.flatMap((entity) => (entity.type === 'device' ? [entity.group ?? null] : []));

/** Every sentence and label among the facts of a card: who decided, what is needed, where it came from, where to look. */
import type { ActionType, Decision, OutcomeStatus, Role, Severity, Verb } from '../action-center/action.ts';
import { catalogue, severityLabels, sourceLabels } from '../action-center/catalogue.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import { roleLabels } from '../action-center/permissions.ts';
import { andMoreText } from './evidence-words.ts';
import { disarm, exact, foreign, type Line, listed, time, words } from './show.ts';
import { outcomeText, platformLabels, rolesText, usualCombinations } from './words.ts';

export const factLabels = {
  severity: 'Severity',
  source: 'Source',
  requestedBy: 'Requested by',
  reversible: 'Can it be undone',
  decideBefore: 'Decide before',
  needs: 'Needs',
  approvedSoFar: 'Approved so far',
  deadlineWas: 'Deadline was',
  newerAction: 'Newer action',
  rolesUsed: 'Roles used',
  reason: 'Reason',
  outcome: 'Outcome',
  moreAboutIt: 'More about it',
  parameters: 'Parameters',
} as const;

export const severityText = (severity: Severity): Line => [words(severityLabels[severity])];

export const sourceText = ({ source, producer }: Pick<RemediationAction, 'source' | 'producer'>): Line => [
  words(`${sourceLabels[source]}, submitted by `),
  foreign(producer, 128),
];

export function requestedByText({ requestedBy, requestedAt }: Pick<RemediationAction, 'requestedBy' | 'requestedAt'>): Line {
  const account = requestedBy.upn === undefined ? [] : [words(' ('), exact(requestedBy.upn), words(')')];
  return [foreign(requestedBy.name), ...account, words(', '), time(requestedAt)];
}

type Needs = { needed: number; combinations: readonly Role[][] | null; isProtected: boolean };

/** `combinations`: the roles that open it, any one of them; null when it takes no role. */
export function needsText({ needed, combinations, isProtected }: Needs): Line {
  const roles = combinations === null ? 'no role' : rolesText(usualCombinations(combinations));
  const people = needed === 1 ? 'one person with' : `${needed} different people, each with`;
  return [words(`approval by ${people} ${roles}${isProtected ? ' (the asset is protected)' : ''}`)];
}

const approvalsMost = 5;

export function approvalsText(approvals: readonly Decision[]): Line {
  const shown = approvals.slice(0, approvalsMost).flatMap((approval, index): Line => {
    const separator = index === 0 ? [] : [words('; ')];
    return [...separator, foreign(approval.actor.displayName, 100), words(', '), time(approval.decidedAt)];
  });
  return approvals.length > approvalsMost ? [...shown, words(andMoreText(approvals.length - approvalsMost))] : shown;
}

/** What the approvals are called beside the decision that counts. */
export function othersLabel(decision: Decision | null): string {
  if (decision === null) return 'Approvals until then';
  return decision.verb === 'undo' ? 'Approved by' : 'Also approved by';
}

export function decidedByLabel(verb: Verb, isUndone: boolean): string {
  const undo = isUndone ? 'Undone by' : 'Undo asked for by';
  return { approve: 'Approved by', reject: 'Rejected by', undo, cancel: 'Cancelled by' }[verb];
}

export const decidedByText = ({ actor, platform, decidedAt }: Decision): Line => [
  foreign(actor.displayName, 100),
  words(' ('),
  exact(actor.upn),
  words(`) in ${platformLabels[platform]}, `),
  time(decidedAt),
];

export function rolesUsedText(roles: readonly Role[]): Line {
  const labels = roles.map((role) => roleLabels[role]);
  return [words(listed(labels, 'and') || 'none recorded')];
}

/** `message`: what the backend reported. */
export function outcomeFactText({ status, at, message }: { status: OutcomeStatus; at: string; message: string | null }, verb?: Verb): Line {
  const report = message === null || message === '' ? [] : [words(': '), foreign(message, 600)];
  return [words(`${outcomeText(status, verb)} `), time(at), ...report];
}

export const portalLink = (url: string): Line => [{ kind: 'link', text: 'Open in Defender', url }];

const parametersMost = 20;

export function parametersText(entries: readonly [name: string, content: string][]): Line {
  const value = entries.slice(0, parametersMost).flatMap(([name, content], index): Line => {
    const separator = index === 0 ? [] : [words(', ')];
    return [...separator, exact(name, 64), words(' = '), exact(disarm(content))];
  });
  return entries.length > parametersMost ? [...value, words(andMoreText(entries.length - parametersMost))] : value;
}

type Reversal = { kind: 'final' | 'in-portal' | 'by-hand' | 'here' } | { kind: 'opposite'; type: ActionType };

export function reversalText(reversal: Reversal): Line {
  switch (reversal.kind) {
    case 'final':
      return [words('no, its effect is final')];
    case 'opposite':
      return [words(`yes, with the opposite action “${catalogue[reversal.type].label}”`)];
    case 'in-portal':
      return [words('yes, in the Defender portal')];
    case 'by-hand':
      return [words('yes, by hand')];
    case 'here':
      return [words('yes')];
  }
}

/** Records in the portal that have an id. */
export const recordLabels = { incident: 'Incident', alert: 'Alert', investigation: 'Investigation' } as const;

export const recordText = (id: string, url: string | undefined): Line => [
  exact(id, 128),
  ...(url === undefined ? [] : [words(', '), { kind: 'link' as const, text: 'open in Defender', url }]),
];

/** Pages in the portal, in the order of the line of links. */
export const pageLabels = {
  device: 'Device',
  file: 'File',
  user: 'User',
  email: 'E-mail',
  url: 'Address',
  ip: 'IP address',
  actionCenter: 'Action center',
} as const;

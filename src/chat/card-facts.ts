/** The facts on a card: who decided, what is needed, where it came from, where to look. Pure. */
import type { ActionStatus, Decision, Outcome, Verb } from '../action-center/action.ts';
import { catalogue, severityLabels, sourceLabels } from '../action-center/catalogue.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import { mayDecide, roleLabels } from '../action-center/permissions.ts';
import type { CardContext, EntityPage, Fact } from './card.ts';
import { blastRadiusLine, linksLabel, seenLabel } from './hunt-words.ts';
import { disarm, exact, foreign, type Line, listed, time, words } from './show.ts';
import { outcomeText, platformLabels, rolesText, usualCombinations } from './words.ts';

/** Most important first: a renderer without room leaves out the last ones. */
export function factsOf(action: RemediationAction, context: CardContext): Fact[] {
  const { requestedBy } = action;
  const asker = requestedBy.upn === undefined ? [] : [words(' ('), exact(requestedBy.upn), words(')')];
  return [
    ...closedFacts(action, context),
    ...(isOpen(action) ? openFacts(action, context) : []),
    ...(context.evidence ? [{ label: seenLabel, value: blastRadiusLine(context.evidence) }] : []),
    { label: 'Severity', value: [words(severityLabels[action.severity])] },
    { label: 'Source', value: [words(`${sourceLabels[action.source]}, submitted by `), foreign(action.producer, 128)] },
    { label: 'Requested by', value: [foreign(requestedBy.name), ...asker, words(', '), time(action.requestedAt)] },
    ...parameterFacts(action),
    { label: 'Can it be undone', value: [words(undoText(action))] },
    ...linkFacts(action, context),
    ...pageFacts(context),
  ];
}

function openFacts(action: RemediationAction, context: CardContext): Fact[] {
  const combinations = mayDecide({ roles: [], deviceGroups: ['*'] }, action, 'approve', context);
  const needs = combinations.allowed ? 'no role' : rolesText(usualCombinations(combinations.missing));
  const people = action.needed === 1 ? 'one person with' : `${action.needed} different people, each with`;
  const because = action.isProtected ? ' (the asset is protected)' : '';
  return [
    { label: 'Decide before', value: [time(action.expiresAt)] },
    { label: 'Needs', value: [words(`approval by ${people} ${needs}${because}`)] },
    ...(action.approvals.length === 0 ? [] : [{ label: 'Approved so far', value: approvalsLine(action.approvals) }]),
  ];
}

function approvalsLine(approvals: readonly Decision[]): Line {
  const shown = approvals.slice(0, 5).flatMap((approval, index): Line => {
    const separator = index === 0 ? [] : [words('; ')];
    return [...separator, foreign(approval.actor.displayName, 100), words(', '), time(approval.decidedAt)];
  });
  return approvals.length > 5 ? [...shown, words(` and ${approvals.length - 5} more`)] : shown;
}

/** Who decided, when, with which roles and why; then what became of it. */
function closedFacts(action: RemediationAction, context: CardContext): Fact[] {
  if (isOpen(action)) return [];
  const { decision } = action;
  const others = action.approvals.filter((approval) => approval.decisionId !== decision?.decisionId);
  const othersLabel = decision === null ? 'Approvals until then' : decision.verb === 'undo' ? 'Approved by' : 'Also approved by';
  return [
    ...(decision === null ? [] : decisionFacts(decision, action.status)),
    ...(others.length === 0 ? [] : [{ label: othersLabel, value: approvalsLine(others) }]),
    ...(action.status === 'expired' ? [{ label: 'Deadline was', value: [time(action.expiresAt)] }] : []),
    ...(action.outcome === null || action.status === 'undoQueued' ? [] : outcomeFacts(action.outcome, decision?.verb, context)),
    ...(action.supersededBy === undefined ? [] : [{ label: 'Newer action', value: [exact(action.supersededBy, 64)] }]),
  ];
}

function decisionFacts({ actor, platform, decidedAt, comment, verb }: Decision, status: ActionStatus): Fact[] {
  const undo = status === 'undone' ? 'Undone by' : 'Undo asked for by';
  const label = { approve: 'Approved by', reject: 'Rejected by', undo, cancel: 'Cancelled by' }[verb];
  const account = [words(' ('), exact(actor.upn), words(')')];
  const roles = listed(
    actor.rolesUsed.map((role) => roleLabels[role]),
    'and',
  );
  return [
    { label, value: [foreign(actor.displayName, 100), ...account, words(` in ${platformLabels[platform]}, `), time(decidedAt)] },
    { label: 'Roles used', value: [words(roles || 'none recorded')] },
    ...(comment === null ? [] : [{ label: 'Reason', value: [foreign(comment, 600)] }]),
  ];
}

function outcomeFacts({ status, at, message, portalUrl }: Outcome, verb: Verb | undefined, context: CardContext): Fact[] {
  const report = message === null || message === '' ? [] : [words(': '), foreign(message, 600)];
  return [
    { label: 'Outcome', value: [words(`${outcomeText(status, verb)} `), time(at), ...report] },
    ...(portalUrl ? [{ label: 'More about it', value: outcomeLink(portalUrl, context) }] : []),
  ];
}

/** A backend may hand in any address; only one in the portal itself becomes a link. */
function outcomeLink(url: string, { portal }: CardContext): Line {
  const isPortal = URL.canParse(url) && new URL(url).origin === new URL(portal.actionCenter).origin;
  return isPortal ? [{ kind: 'link', text: 'Open in Defender', url }] : [exact(disarm(url))];
}

/** They are part of what is decided, so they are shown. */
function parameterFacts(action: RemediationAction): Fact[] {
  const entries = Object.entries(action.parameters);
  if (entries.length === 0) return [];
  const value = entries.slice(0, 20).flatMap(([name, content], index): Line => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    return [words(index === 0 ? '' : ', '), exact(name, 64), words(' = '), exact(disarm(text))];
  });
  if (entries.length > 20) value.push(words(` and ${entries.length - 20} more`));
  return [{ label: 'Parameters', value: value.filter((part) => part.kind !== 'words' || part.text !== '') }];
}

function undoText(action: RemediationAction): string {
  const row = catalogue[action.type];
  if (!row.reversible) return 'no, its effect is final';
  if (row.undoType !== null) return `yes, with the opposite action “${catalogue[row.undoType].label}”`;
  if (row.undo === 'portal' || row.undoInPortal) return 'yes, in the Defender portal';
  return row.undo === 'none' ? 'yes, by hand' : 'yes';
}

function linkFacts(action: RemediationAction, { portal }: CardContext): Fact[] {
  const links: [string, string | undefined, string | undefined][] = [
    ['Incident', action.incidentId, portal.incident],
    ['Alert', action.alertId, portal.alert],
    ['Investigation', action.investigationId, portal.investigation],
  ];
  return links.flatMap(([label, id, url]) => {
    if (id === undefined) return [];
    const open: Line = url === undefined ? [] : [words(', '), { kind: 'link', text: 'open in Defender', url }];
    return [{ label, value: [exact(id, 128), ...open] }];
  });
}

const pageLabels: Record<EntityPage, string> = {
  device: 'Device',
  file: 'File',
  user: 'User',
  email: 'E-mail',
  url: 'Address',
  ip: 'IP address',
};

/** All pages in one line. */
function pageFacts({ portal }: CardContext): Fact[] {
  const pages: [string, string | undefined][] = [
    ...(Object.keys(pageLabels) as EntityPage[]).map((page): [string, string | undefined] => [pageLabels[page], portal[page]]),
    ['Action center', portal.actionCenter],
  ];
  const links = pages.flatMap(([text, url]): Line => (url === undefined ? [] : [{ kind: 'link', text, url }]));
  return [
    { label: linksLabel, onlyLinks: true, value: links.flatMap((link, index): Line => (index === 0 ? [link] : [words(' · '), link])) },
  ];
}

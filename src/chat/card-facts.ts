/** The facts on a card: who decided, what is needed, where it came from, where to look. Pure. */
import type { ActionStatus, Decision, Outcome, Verb } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import { mayDecide } from '../action-center/permissions.ts';
import type { CardContext, Fact } from './card.ts';
import * as say from './fact-words.ts';
import { blastRadiusLine, linksLabel, seenLabel } from './hunt-words.ts';
import { disarm, exact, foreign, type Line, time, words } from './show.ts';

const { factLabels: labels } = say;

/** Most important first: a renderer without room leaves out the last ones. */
export function factsOf(action: RemediationAction, context: CardContext): Fact[] {
  return [
    ...closedFacts(action, context),
    ...(isOpen(action) ? openFacts(action, context) : []),
    ...(context.evidence ? [{ label: seenLabel, value: blastRadiusLine(context.evidence) }] : []),
    { label: labels.severity, value: say.severityText(action.severity) },
    { label: labels.source, value: say.sourceText(action) },
    { label: labels.requestedBy, value: say.requestedByText(action) },
    ...parameterFacts(action),
    { label: labels.reversible, value: say.reversalText(reversalOf(action)) },
    ...recordFacts(action, context),
    pageFact(context),
  ];
}

function openFacts(action: RemediationAction, context: CardContext): Fact[] {
  const asked = mayDecide({ roles: [], deviceGroups: ['*'] }, action, 'approve', context);
  const { needed, isProtected } = action;
  return [
    { label: labels.decideBefore, value: [time(action.expiresAt)] },
    { label: labels.needs, value: say.needsText({ needed, combinations: asked.allowed ? null : asked.missing, isProtected }) },
    ...(action.approvals.length === 0 ? [] : [{ label: labels.approvedSoFar, value: say.approvalsText(action.approvals) }]),
  ];
}

/** Who decided, when, with which roles and why; then what became of it. */
function closedFacts(action: RemediationAction, context: CardContext): Fact[] {
  if (isOpen(action)) return [];
  const { decision } = action;
  const others = action.approvals.filter((approval) => approval.decisionId !== decision?.decisionId);
  return [
    ...(decision === null ? [] : decisionFacts(decision, action.status)),
    ...(others.length === 0 ? [] : [{ label: say.othersLabel(decision), value: say.approvalsText(others) }]),
    ...(action.status === 'expired' ? [{ label: labels.deadlineWas, value: [time(action.expiresAt)] }] : []),
    ...(action.outcome === null || action.status === 'undoQueued' ? [] : outcomeFacts(action.outcome, decision?.verb, context)),
    ...(action.supersededBy === undefined ? [] : [{ label: labels.newerAction, value: [exact(action.supersededBy, 64)] }]),
  ];
}

function decisionFacts(decision: Decision, status: ActionStatus): Fact[] {
  const { actor, comment, verb } = decision;
  return [
    { label: say.decidedByLabel(verb, status === 'undone'), value: say.decidedByText(decision) },
    { label: labels.rolesUsed, value: say.rolesUsedText(actor.rolesUsed) },
    ...(comment === null ? [] : [{ label: labels.reason, value: [foreign(comment, 600)] }]),
  ];
}

function outcomeFacts(outcome: Outcome, verb: Verb | undefined, context: CardContext): Fact[] {
  const { portalUrl } = outcome;
  return [
    { label: labels.outcome, value: say.outcomeFactText(outcome, verb) },
    ...(portalUrl ? [{ label: labels.moreAboutIt, value: outcomeLink(portalUrl, context) }] : []),
  ];
}

/** A backend may hand in any address; only one in the portal itself becomes a link. */
function outcomeLink(url: string, { portal }: CardContext): Line {
  const isPortal = URL.canParse(url) && new URL(url).origin === new URL(portal.actionCenter).origin;
  return isPortal ? say.portalLink(url) : [exact(disarm(url))];
}

/** They are part of what is decided, so they are shown. */
function parameterFacts({ parameters }: RemediationAction): Fact[] {
  const entries = Object.entries(parameters).map(([name, content]): [string, string] => [
    name,
    typeof content === 'string' ? content : JSON.stringify(content),
  ]);
  return entries.length === 0 ? [] : [{ label: labels.parameters, value: say.parametersText(entries) }];
}

function reversalOf(action: RemediationAction): Parameters<typeof say.reversalText>[0] {
  const row = catalogue[action.type];
  if (!row.reversible) return { kind: 'final' };
  if (row.undoType !== null) return { kind: 'opposite', type: row.undoType };
  if (row.undo === 'portal' || row.undoInPortal) return { kind: 'in-portal' };
  return { kind: row.undo === 'none' ? 'by-hand' : 'here' };
}

function recordFacts(action: RemediationAction, { portal }: CardContext): Fact[] {
  const { incident, alert, investigation } = say.recordLabels;
  const records: [string, string | undefined, string | undefined][] = [
    [incident, action.incidentId, portal.incident],
    [alert, action.alertId, portal.alert],
    [investigation, action.investigationId, portal.investigation],
  ];
  return records.flatMap(([label, id, url]) => (id === undefined ? [] : [{ label, value: say.recordText(id, url) }]));
}

/** All pages in one line. */
function pageFact({ portal }: CardContext): Fact {
  const pages = Object.keys(say.pageLabels) as (keyof typeof say.pageLabels)[];
  const links = pages.flatMap((page): Line => {
    const url = portal[page];
    return url === undefined ? [] : [{ kind: 'link', text: say.pageLabels[page], url }];
  });
  return { label: linksLabel, onlyLinks: true, value: links.flatMap((link, index): Line => (index === 0 ? [link] : [words(' · '), link])) };
}

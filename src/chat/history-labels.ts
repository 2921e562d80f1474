/** The portal's own words for what History can be asked: names in commands, labels in answers and menus. */

import type { ActionType } from '../action-center/action.ts';
import { catalogue, entityLabels, severityLabels, sourceLabels, statusLabels } from '../action-center/catalogue.ts';
import type { Column, DecisionWord, HistoryFilters, Period, Tab } from '../action-center/history.ts';
import { platformLabels } from './words.ts';

export const tabLabels: Record<Tab, string> = { history: 'History', pending: 'Pending actions' };

export const periodLabels: Record<Period, string> = { day: 'Past day', week: 'Past week', '30d': 'Past 30 days', '6m': 'Past 6 months' };
export const anyPeriod = 'any';
export const anyPeriodLabel = 'Any time';

export const columnLabels: Record<Column, string> = {
  updated: 'Action update time',
  investigation: 'Investigation ID',
  approval: 'Approval ID',
  type: 'Action type',
  details: 'Details',
  entity: 'Entity type',
  asset: 'Asset',
  decision: 'Decision',
  by: 'Decided by',
  source: 'Action source',
  status: 'Status',
};

export const decisionLabels: Record<DecisionWord, string> = {
  approved: 'Approved',
  rejected: 'Rejected',
  undone: 'Undone',
  cancelled: 'Cancelled',
  automation: 'Automation',
  none: 'Not decided yet',
};

const typeLabels = Object.fromEntries(Object.entries(catalogue).map(([type, { label }]) => [type, label])) as Record<ActionType, string>;

/** Filters whose values are known: what each is called, and the label of every value. */
export type ChoiceFilter = Exclude<keyof HistoryFilters, 'asset' | 'by' | 'investigation' | 'text'>;
export const choiceLabels: Record<ChoiceFilter, Readonly<Record<string, string>>> = {
  type: typeLabels,
  source: sourceLabels,
  severity: severityLabels,
  status: statusLabels,
  entity: entityLabels,
  decision: decisionLabels,
  platform: platformLabels,
};
export const isChoice = (filter: keyof HistoryFilters): filter is ChoiceFilter => Object.hasOwn(choiceLabels, filter);

export const filterLabels: Record<Exclude<keyof HistoryFilters, 'text'>, string> = {
  type: 'Action type',
  source: 'Action source',
  severity: 'Severity',
  status: 'Status',
  entity: 'Entity type',
  asset: 'Asset',
  decision: 'Decision',
  by: 'Decided by',
  investigation: 'Investigation ID',
  platform: 'Decided in',
};

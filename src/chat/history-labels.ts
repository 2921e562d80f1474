/** The portal's own words for what History can be asked: names in commands, labels in answers and menus. */

import type { ActionType } from '../action-center/action.ts';
import { catalogue, entityLabels, severityLabels, sourceLabels, statusLabels } from '../action-center/catalogue.ts';
import { decisionLabels, eventLabels, type HistoryFilters, type Period, type Tab } from '../action-center/history.ts';
import { platformLabels } from './words.ts';

export const tabLabels: Record<Tab, string> = { history: 'History', pending: 'Pending actions' };

export const periodLabels: Record<Period, string> = { day: 'Past day', week: 'Past week', '30d': 'Past 30 days', '6m': 'Past 6 months' };
export const anyPeriod = 'any';
export const anyPeriodLabel = 'Any time';

const typeLabels = Object.fromEntries(Object.entries(catalogue).map(([type, { label }]) => [type, label])) as Record<ActionType, string>;

/** Filters whose value is an instant. */
export type MomentFilter = 'from' | 'to' | 'expires';
export const isMoment = (filter: string): filter is MomentFilter => filter === 'from' || filter === 'to' || filter === 'expires';

/** Filters whose values are known: what each is called, and the label of every value. */
export type ChoiceFilter = Exclude<keyof HistoryFilters, 'asset' | 'by' | 'investigation' | 'text' | MomentFilter>;
export const choiceLabels: Record<ChoiceFilter, Readonly<Record<string, string>>> = {
  type: typeLabels,
  source: sourceLabels,
  severity: severityLabels,
  status: statusLabels,
  entity: entityLabels,
  decision: decisionLabels,
  platform: platformLabels,
  event: eventLabels,
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
  event: 'What happened',
  from: 'From',
  to: 'Until',
  expires: 'Deadline before',
};

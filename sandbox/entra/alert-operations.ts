// The list of alerts, joined to Graph.

import { ALERT_FILTERS, alertFor, alertsWait, readsUnknown } from '../defender/alerts.ts';
import { fits, readFilter } from '../defender/filter.ts';
import { badRequest, failure, type HttpAnswer } from './answers.ts';
import type { Operation, Question } from './graph-operations.ts';
import { pageOf } from './query.ts';

export const alertOperations: readonly Operation[] = [
  {
    route: 'alerts',
    verb: 'GET',
    versions: ['v1.0'],
    path: /^\/security\/alerts_v2$/,
    options: ['$filter', '$top', '$skiptoken', '$count'],
    needs: () => [['SecurityAlert.Read.All', 'SecurityAlert.ReadWrite.All']],
    run: listAlerts,
  },
];

/** In no order that anybody could rely on. */
function listAlerts({ state, query, url, headers }: Question): HttpAnswer {
  const wait = alertsWait(state.alertCalls, state.now());
  if (wait > 0) return { ...failure(429, 'TooManyRequests'), headers: { 'Retry-After': String(wait) } };
  const comparisons = query.filter === null ? [] : readFilter(query.filter, ALERT_FILTERS);
  if (comparisons === undefined) return badRequest(`Invalid filter clause: '${query.filter}'.`);
  const knowsUnknown = readsUnknown(headers['prefer']);
  const rows = [...state.alerts.values()].filter((alert) => fits(alert, comparisons)).map((alert) => alertFor(alert, knowsUnknown));
  return pageOf(rows, query, { url, context: 'security/alerts_v2' });
}

// Automated investigations in hunting data: the newest record of each in a stretch of time, the oldest of them first.

import type { HuntingRow } from './hunting.ts';
import type { Found } from './kql.ts';

const datetimeIn = (query: string, name: string): number | undefined => {
  const [, text] = new RegExp(`^let ${name} = datetime\\(([^)]+)\\);$`, 'm').exec(query) ?? [];
  return text === undefined ? undefined : Date.parse(text);
};

export const asksInvestigations = (query: string): boolean => query.includes('"AirInvestigationData"');

/** Undefined parts of the question are refused, never passed over. */
export function newestInvestigations(query: string, rows: readonly HuntingRow[]): Found {
  const since = datetimeIn(query, 'since');
  const until = datetimeIn(query, 'until') ?? Number.POSITIVE_INFINITY;
  const [, limit] = /\| top (\d+) by Timestamp asc$/.exec(query) ?? [];
  if (since === undefined || Number.isNaN(since) || Number.isNaN(until) || limit === undefined)
    return { error: 'Syntax error: the stretch of time or the limit is missing.' };
  const newest = new Map<string, HuntingRow>();
  for (const row of rows) {
    const at = Date.parse(String(row['Timestamp']));
    const record: unknown = typeof row['RawEventData'] === 'string' ? JSON.parse(row['RawEventData']) : row['RawEventData'];
    const id = String((record as Record<string, unknown>)['InvestigationId'] ?? '');
    if (row['ActionType'] !== 'AirInvestigationData' || at < since || at >= until || id === '') continue;
    const known = newest.get(id);
    if (known === undefined || Date.parse(String(known['Timestamp'])) <= at)
      newest.set(id, { Timestamp: row['Timestamp'], InvestigationId: id, Record: record });
  }
  const told = [...newest.values()]
    .toSorted((a, b) => String(a['Timestamp']).localeCompare(String(b['Timestamp'])))
    .slice(0, Number(limit));
  const columns = [
    { name: 'Timestamp', type: 'DateTime' },
    { name: 'InvestigationId', type: 'String' },
    { name: 'Record', type: 'Object' },
  ];
  return { columns, rows: told };
}

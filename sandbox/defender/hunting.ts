// Advanced hunting as Graph answers it: seeded tables, the tenant's limits, and enough KQL for queries whose values stand in `let` lines.
// https://learn.microsoft.com/graph/api/security-security-runhuntingquery

import { badRequest, type HttpAnswer } from '../entra/answers.ts';
import { isObject } from '../entra/values.ts';
import { runKql } from './kql.ts';

export type HuntingRow = Record<string, unknown>;
/** How the next queries end instead of being answered. */
export type HuntingMood = 'time-out' | 'quota' | 'no-table' | 'odd-types';

/** May be changed while the world runs. */
export type HuntingTenant = {
  tables: Record<string, HuntingRow[]>;
  moods?: HuntingMood[];
  /** Calls a minute; Defender grants 45 at least. */
  callsPerMinute?: number;
};

export type HuntingState = { tenant: HuntingTenant; calls: number[] };

const MINUTE_MS = 60_000;
const CALLS_PER_MINUTE = 45;
const ROWS_MAX = 100_000;
const QUERY_MAX = 100_000;

export const createHunting = (tenant: HuntingTenant = { tables: {} }): HuntingState => ({ tenant, calls: [] });

export function answerHunt(state: HuntingState, body: unknown, now: number): HttpAnswer {
  state.calls = state.calls.filter((at) => at > now - MINUTE_MS);
  if (state.calls.length >= (state.tenant.callsPerMinute ?? CALLS_PER_MINUTE)) {
    return busy(Math.ceil(((state.calls[0] ?? now) + MINUTE_MS - now) / 1000), 'You have sent too many requests. Try again later.');
  }
  state.calls.push(now);
  const query = isObject(body) ? (body['Query'] ?? body['query']) : undefined;
  const timespan = isObject(body) ? (body['Timespan'] ?? body['timespan']) : undefined;
  if (typeof query !== 'string' || query.trim() === '') return badRequest('The query is empty.');
  if (query.length > QUERY_MAX) return badRequest('The query is too long.');
  if (timespan !== undefined && !/^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?)?$/.test(String(timespan))) return badRequest('Invalid timespan.');
  const mood = state.tenant.moods?.shift();
  return mood === undefined ? answered(runKql(query, state.tenant.tables)) : inMood(mood);
}

function answered(found: ReturnType<typeof runKql>): HttpAnswer {
  if ('error' in found) return badRequest(found.error);
  const results = found.rows.slice(0, ROWS_MAX);
  return { status: 200, body: { schema: found.columns, results } };
}

function inMood(mood: HuntingMood): HttpAnswer {
  switch (mood) {
    case 'time-out':
      return badRequest('Query execution has exceeded the allowed time limit. Optimize the query or narrow its timespan.');
    case 'quota':
      return busy(120, 'CPU quota exceeded. It is renewed every 15 minutes.');
    case 'no-table':
      return badRequest("'where' operator: Failed to resolve table or column expression named 'EntraIdSignInEvents'");
    case 'odd-types':
      return {
        status: 200,
        body: {
          schema: [
            { name: 'Timestamp', type: 'DateTime' },
            { name: 'Shape', type: 'GeoPolygon' },
            { name: 'Big', type: 'Decimal' },
            { name: 'Flag', type: 'SByte' },
          ],
          results: [
            { Timestamp: '2026-11-20T10:00:00.1234567Z', Shape: { points: [[1, 2]] }, Big: 12.5, Flag: true, NotInTheSchema: 1 },
            {},
          ],
        },
      };
  }
}

const busy = (seconds: number, message: string): HttpAnswer => ({
  status: 429,
  body: { error: { code: 'TooManyRequests', message } },
  headers: { 'Retry-After': String(seconds) },
});

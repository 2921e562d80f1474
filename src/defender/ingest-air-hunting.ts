/** The source of investigations by Advanced hunting: what Defender for Cloud Apps keeps of them in CloudAppEvents. */
import { HuntError, type Hunting } from '../action-center/hunting.ts';
import { airQuery } from './air-query.ts';
import { DefenderError } from './api.ts';
import type { Source } from './ingest.ts';
import { huntingLacksTable, huntingTrouble } from './ingest-words.ts';
import { type AirDeps, takeAir } from './take-air.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Paths are our own: the stretch of time and how many investigations at once. */
const baseUrl = 'hunting:';
/** Records come into hunting minutes to hours after they were made. */
const overlapMs = 6 * hourMs;
const queryMs = 60_000;
const pauseMs = 60_000;

export function airHuntingSource(hunting: Pick<Hunting, 'run'>, deps: AirDeps): Source {
  return {
    name: 'airHunting',
    api: 'graph',
    permission: 'ThreatHunting.Read.All',
    overlapMs,
    ledBy: 'alerts',
    // Nothing waits longer than that.
    reachMs: 7 * dayMs,
    callMs: queryMs,
    baseUrl,
    pageSize: 500,
    first: (from, until, size) => `/${from}/${until ?? ''}/${size}`,
    after: () => null,
    page: async (path, signal) => {
      const [, from = '', until = '', size = ''] = path.split('/');
      const limit = Number(size);
      const query = airQuery({ since: new Date(from), until: until === '' ? null : new Date(until), limit });
      const rows = await rowsOf(hunting, query, signal);
      const last = rows.length < limit ? null : nextFrom(from, rows.at(-1)?.['Timestamp']);
      return { value: rows, '@odata.nextLink': last === null ? null : `${baseUrl}/${last}/${until}/${limit}` };
    },
    take: async (values, signal) => {
      const rows = values as readonly Record<string, unknown>[];
      const counts = await takeAir(
        deps,
        rows.map((row) => row['Record']),
        signal,
      );
      const times = rows.flatMap((row) => timeOf(row['Timestamp']) ?? []);
      return { newest: times.toSorted().at(-1) ?? null, counts };
    },
  };
}

function timeOf(value: unknown): string | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** From the last one on, once more with it: others may have its time. Always forward, lest a page be asked for again and again. */
function nextFrom(from: string, last: unknown): string {
  const at = timeOf(last) ?? from;
  return at > from ? at : new Date(Date.parse(from) + 1).toISOString();
}

async function rowsOf(hunting: Pick<Hunting, 'run'>, query: string, signal: AbortSignal): Promise<Record<string, unknown>[]> {
  try {
    const { columns, rows } = await hunting.run(query, { timespan: 'P8D', for: 'background' }, signal);
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
  } catch (error) {
    throw error instanceof HuntError ? asDefenderError(error) : error;
  }
}

/** In the terms in which reading a source knows what to do about it. */
function asDefenderError({ trouble, message, retryAfterMs, cause }: HuntError): DefenderError {
  const facts = { mayHaveWorked: false, retryable: true, cause };
  switch (trouble) {
    case 'busy':
      return new DefenderError(message, { ...facts, status: 429, retryAfterMs: retryAfterMs ?? pauseMs });
    case 'not-allowed':
      return new DefenderError(message, { ...facts, retryable: false, status: 403 });
    case 'not-taken':
      return new DefenderError(huntingLacksTable, { ...facts, retryable: false, status: 400 });
    default:
      return new DefenderError(huntingTrouble(message), facts);
  }
}

// Indicators: https://learn.microsoft.com/defender-endpoint/api/indicator

import { type Answer, badRequest, notFound } from './answers.ts';
import { fits, readFilter } from './filter.ts';
import type { DefenderState } from './state.ts';
import type { IndicatorRecord } from './types.ts';

const ACTIONS = ['Warn', 'Block', 'Audit', 'BlockAndRemediate', 'Allowed'];
const TYPES = ['FileSha1', 'FileSha256', 'FileMd5', 'CertificateThumbprint', 'IpAddress', 'DomainName', 'Url'];
const FIELDS = ['indicatorValue', 'indicatorType', 'title', 'action'];

export function listIndicators({ indicators }: DefenderState, params: URLSearchParams): Answer {
  const filter = params.get('$filter');
  const comparisons = filter === null ? [] : readFilter(filter, FIELDS);
  if (comparisons === undefined) return badRequest('Invalid query options', 'ODataError');
  return { status: 200, body: { value: [...indicators.values()].filter((one) => fits(one, comparisons)) } };
}

/** The same value again changes what is there. */
export function submitIndicator(state: DefenderState, body: Record<string, unknown>): Answer {
  const { indicatorValue, indicatorType, action, title, description } = body;
  const texts = [indicatorValue, indicatorType, action, title, description];
  if (!texts.every((one) => typeof one === 'string' && one !== ''))
    return badRequest('A required field is missing', 'MissingRequiredParameter');
  if (!ACTIONS.includes(String(action)) || !TYPES.includes(String(indicatorType)))
    return badRequest('Unknown action or type', 'InvalidInput');
  if (indicatorType === 'Url' && !URL.canParse(String(indicatorValue))) return badRequest('Not a URL', 'InvalidUrl');
  return { status: 200, body: keepIndicator(state, body as Omit<IndicatorRecord, 'id'>) };
}

let lastId = 990;

export function keepIndicator({ indicators }: DefenderState, told: Omit<IndicatorRecord, 'id'>): IndicatorRecord {
  const before = [...indicators.values()].find(({ indicatorValue }) => indicatorValue === told.indicatorValue);
  lastId += 1;
  const { indicatorValue, indicatorType, action, title, description } = told;
  const kept = { id: before?.id ?? String(lastId), indicatorValue, indicatorType, action, title, description };
  indicators.set(kept.id, kept);
  return kept;
}

export function deleteIndicator({ indicators }: DefenderState, id: string): Answer {
  return indicators.delete(id) ? { status: 204 } : notFound(`Indicator ${id}`);
}

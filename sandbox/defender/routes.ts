// Which path is what, and which permission opens it: one of each list is enough.

import { type Answer, badRequest, notFound } from './answers.ts';
import { fits, readFilter } from './filter.ts';
import { deleteIndicator, listIndicators, submitIndicator } from './indicators.ts';
import { ANY_ACTION, cancelAction, KINDS, listActions, readAction, startAction } from './machine-actions.ts';
import type { DefenderState } from './state.ts';
import type { DefenderRoute } from './types.ts';

export type Call = { route: DefenderRoute; permissions: readonly string[]; run: () => Answer };
type Request = { method: string; url: URL; body: Record<string, unknown> };

const READ = ['Machine.Read.All', 'Machine.ReadWrite.All'];
const INDICATORS = ['Ti.ReadWrite', 'Ti.ReadWrite.All'];

/** Undefined: there is nothing at this path. */
export function callOf(state: DefenderState, { method, url, body }: Request): Call | undefined {
  const path = url.pathname.replace(/^\/api\/v1\.0\//, '/api/');
  const [, area = '', id = '', rest = ''] = /^\/api\/(\w+)(?:\/([^/]+))?(?:\/(\w+))?$/.exec(path) ?? [];
  const params = url.searchParams;
  switch (`${method} ${area}${id === '' ? '' : '/*'}${rest === '' ? '' : '/*'}`) {
    case 'POST machines/*/*': {
      const kind = KINDS[rest];
      return kind && { route: 'machineAction', permissions: [kind.permission], run: () => startAction(state, id, rest, body) };
    }
    case 'POST machineactions/*/*':
      return rest === 'cancel' ? { route: 'cancel', permissions: ANY_ACTION, run: () => cancelAction(state, id, body) } : undefined;
    case 'GET machineactions':
      return { route: 'machineActions', permissions: READ, run: () => listActions(state, params) };
    case 'GET machineactions/*':
      return { route: 'machineActions', permissions: READ, run: () => readAction(state, id) };
    case 'GET machines':
      return { route: 'machines', permissions: READ, run: () => listMachines(state, params) };
    case 'GET files/*':
      return { route: 'files', permissions: ['File.Read.All'], run: () => readFile(state, id) };
    case 'GET indicators':
      return { route: 'indicators', permissions: INDICATORS, run: () => listIndicators(state, params) };
    case 'POST indicators':
      return { route: 'indicators', permissions: INDICATORS, run: () => submitIndicator(state, body) };
    case 'DELETE indicators/*':
      return { route: 'indicators', permissions: INDICATORS, run: () => deleteIndicator(state, id) };
    default:
      return undefined;
  }
}

function listMachines({ devices }: DefenderState, params: URLSearchParams): Answer {
  const comparisons = readFilter(params.get('$filter') ?? '', ['computerDnsName', 'id']);
  if (comparisons === undefined) return badRequest('Invalid query options', 'ODataError');
  const value = [...devices.values()].map(({ id, name }) => ({ id, computerDnsName: name })).filter((row) => fits(row, comparisons));
  return { status: 200, body: { value } };
}

function readFile({ options }: DefenderState, hash: string): Answer {
  const sha1 = options.files?.[hash.toLowerCase()];
  return sha1 === undefined ? notFound(`File ${hash}`) : { status: 200, body: { sha1, sha256: hash.toLowerCase() } };
}

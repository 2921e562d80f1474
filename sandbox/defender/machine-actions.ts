// Actions on devices: https://learn.microsoft.com/defender-endpoint/api/machineaction

import { type Answer, badRequest, inProgress, notFound } from './answers.ts';
import { fits, readFilter } from './filter.ts';
import { addAction, type DefenderState, deviceOf, isEnd, recordOf } from './state.ts';
import type { MachineRecord } from './types.ts';

type Kind = { type: string; permission: string; isolation?: true; scan?: true; file?: true };
const COLLECT: Kind = { type: 'CollectInvestigationPackage', permission: 'Machine.CollectForensics' };

/** By the last part of the path. */
export const KINDS: Record<string, Kind> = {
  isolate: { type: 'Isolate', permission: 'Machine.Isolate', isolation: true },
  unisolate: { type: 'Unisolate', permission: 'Machine.Isolate' },
  restrictCodeExecution: { type: 'RestrictCodeExecution', permission: 'Machine.RestrictExecution' },
  unrestrictCodeExecution: { type: 'UnrestrictCodeExecution', permission: 'Machine.RestrictExecution' },
  runAntiVirusScan: { type: 'RunAntiVirusScan', permission: 'Machine.Scan', scan: true },
  StopAndQuarantineFile: { type: 'StopAndQuarantineFile', permission: 'Machine.StopAndQuarantine', file: true },
  collectInvestigationPackage: COLLECT,
  offboard: { type: 'Offboard', permission: 'Machine.Offboard' },
};
export const ANY_ACTION = [...new Set(Object.values(KINDS).map(({ permission }) => permission))];

const FIELDS = ['id', 'status', 'machineId', 'type', 'requestor', 'creationDateTimeUtc'];
const TOP_MAX = 10_000;

/** Keys are case-sensitive; `Comment` has to be there. */
export function startAction(state: DefenderState, machineId: string, name: string, body: Record<string, unknown>): Answer {
  const kind = KINDS[name];
  const device = deviceOf(state, machineId);
  if (kind === undefined) return badRequest(`There is no action ${name}`);
  if (device === undefined) return notFound(`Machine ${machineId}`);
  const trouble = bodyTrouble(kind, body);
  if (trouble !== null) return badRequest(trouble, 'MissingRequiredParameter');
  const file = kind.file === true ? String(body['Sha1']).toLowerCase() : null;
  const running = [...state.actions.values()].some(
    (one) => one.machineId === device.id && one.type === kind.type && one.file === file && !isEnd(recordOf(state, one).status),
  );
  if (running) return inProgress();
  const scope = kind.isolation === true ? String(body['IsolationType']) : kind.scan === true ? String(body['ScanType']) : null;
  const made = addAction(state, {
    type: kind.type,
    machineId: device.id,
    requestor: 'Countersign',
    comment: String(body['Comment']),
    scope,
    file,
  });
  return { status: 201, body: shown(made) };
}

function bodyTrouble({ isolation, scan, file }: Kind, body: Record<string, unknown>): string | null {
  const comment = body['Comment'];
  if (typeof comment !== 'string' || comment === '') return 'Comment is required';
  if (isolation === true && !['Full', 'Selective', 'UnManagedDevice'].includes(String(body['IsolationType'])))
    return 'IsolationType is required';
  if (scan === true && !['Quick', 'Full'].includes(String(body['ScanType']))) return 'ScanType is required';
  return file === true && !/^[0-9a-f]{40}$/i.test(String(body['Sha1'])) ? 'Sha1 is not a SHA-1' : null;
}

export function cancelAction(state: DefenderState, id: string, body: Record<string, unknown>): Answer {
  const action = state.actions.get(id);
  if (action === undefined) return notFound(`Machine action ${id}`);
  if (typeof body['Comment'] !== 'string') return badRequest('Comment is required', 'MissingRequiredParameter');
  if (isEnd(recordOf(state, action).status)) return notFound(`A machine action ${id} that is not final`);
  action.cancelled = { at: state.now(), comment: body['Comment'] };
  return { status: 200, body: shown(recordOf(state, action)) };
}

export function readAction(state: DefenderState, id: string): Answer {
  const action = state.actions.get(id);
  return action === undefined ? notFound(`Machine action ${id}`) : { status: 200, body: shown(recordOf(state, action)) };
}

export function listActions(state: DefenderState, params: URLSearchParams): Answer {
  const filter = params.get('$filter');
  const comparisons = filter === null ? [] : readFilter(filter, FIELDS);
  const [top, skip] = [Number(params.get('$top') ?? TOP_MAX), Number(params.get('$skip') ?? 0)];
  const known = [...params.keys()].every((key) => ['$filter', '$top', '$skip'].includes(key));
  if (comparisons === undefined || !known || !(top > 0 && top <= TOP_MAX) || !(skip >= 0))
    return badRequest('Invalid query options', 'ODataError');
  const rows = [...state.actions.values()].reverse().map((one) => shown(recordOf(state, one)));
  const value = rows.filter((row) => fits(row, comparisons)).slice(skip, skip + top);
  return { status: 200, body: { '@odata.context': '$metadata#MachineActions', value } };
}

/** Seven digits of fractions, as Microsoft's clocks have. */
const time = (ms: number): string => new Date(ms).toISOString().replace('Z', '0000Z');

/** Some answers call the time of the last change by its other name. */
function shown(record: MachineRecord): Record<string, unknown> {
  const { id, type, requestor, comment, scope, file, machineId, computerDnsName, createdAt, cancelled, status } = record;
  const updated = id.charCodeAt(0) % 2 === 0 ? 'lastUpdateDateTimeUtc' : 'lastUpdateTimeUtc';
  return {
    id,
    type,
    title: null,
    requestor,
    requestorComment: comment,
    status,
    machineId,
    computerDnsName,
    creationDateTimeUtc: time(createdAt),
    [updated]: time(cancelled?.at ?? createdAt),
    scope,
    relatedFileInfo: file === null ? null : { fileIdentifier: file, fileIdentifierType: 'Sha1' },
    cancellationRequestor: cancelled === null ? null : 'Countersign',
    cancellationComment: cancelled?.comment ?? null,
    cancellationDateTimeUtc: cancelled === null ? null : time(cancelled.at),
    errorHResult: 0,
    troubleshootInfo: null,
  };
}

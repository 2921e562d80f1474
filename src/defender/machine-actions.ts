/** Actions on devices. They may take three days, until the device comes online. Defender runs one of a kind at a time on each device. */
import type { Part } from '../action-center/parts.ts';
import { type Api, type ApiCall, DefenderError, filtered, quoted, readAnswer } from './api.ts';
import type { Driver, RequestOf, Standing, Work } from './driver.ts';
import { attached, cancelledText, machineFailed, noSha1, noSuchDevice, offlineTooLong } from './outcome-words.ts';
import { FileFacts, MachineAction, MachineActions, Machines } from './payloads.ts';
import { machineCalls } from './routes.ts';
import { cutText } from './storable.ts';

type Request = RequestOf<'machine'>;

/** Clocks differ: what was created so long before we began may be ours. */
const clockMs = 120_000;
/** From so many on one list is cheaper than a call for each. */
const listFrom = 3;
const pageSize = 1000;
const maxPages = 5;
const readAll = 'Machine.Read.All';

export function machineDriver(api: Api): Driver<Request> {
  const ask = (part: Part, signal: AbortSignal, call: Omit<ApiCall, 'api'>) =>
    api.ask({ api: 'defender', decisionId: part.decisionId, ...call }, signal);
  const read = (part: Part, path: string, signal: AbortSignal, permission = readAll) =>
    ask(part, signal, { method: 'GET', path, permission, urgency: 'decision' });

  const machineId = async ({ part, request }: Work<Request>, signal: AbortSignal): Promise<string> => {
    const { id, name } = request.device;
    if (id !== undefined) return id.toLowerCase();
    const path = filtered('/api/machines', `computerDnsName eq ${quoted((name ?? '').toLowerCase())}`);
    const found = readAnswer(Machines, await read(part, path, signal)).value;
    const [only] = found;
    if (only === undefined || found.length > 1) throw permanent(noSuchDevice(found.length));
    return only.id;
  };
  const sha1 = async ({ part, request }: Work<Request>, signal: AbortSignal): Promise<string | null> => {
    const { file } = request;
    if (file === undefined || file.sha1 !== undefined) return file?.sha1?.toLowerCase() ?? null;
    try {
      const answer = await read(part, `/api/files/${encodeURIComponent(file.sha256 ?? '')}`, signal, 'File.Read.All');
      return readAnswer(FileFacts, answer).sha1.toLowerCase();
    } catch (error) {
      throw error instanceof DefenderError && error.status === 404 ? permanent(noSha1) : error;
    }
  };

  /** Every action of this kind on this device that may be of this part, the newest first. */
  const candidates = async ({ part, request }: Work<Request>, id: string, since: number, signal: AbortSignal): Promise<MachineAction[]> => {
    const { type } = machineCalls[request.call];
    const from = new Date(since).toISOString();
    const filter = `machineId eq ${quoted(id)} and type eq ${quoted(type)} and creationDateTimeUtc ge ${from}`;
    const answer = await read(part, filtered('/api/machineactions', filter, '&$top=100'), signal);
    return readAnswer(MachineActions, answer).value.sort((a, b) => Date.parse(b.creationDateTimeUtc) - Date.parse(a.creationDateTimeUtc));
  };

  const running = async (work: Work<Request>, id: string, hash: string | null, signal: AbortSignal): Promise<Standing | null> => {
    const found = await candidates(work, id, Date.now() - offlineMs, signal);
    const same = found.find((one) => !isEnd(one) && isSameFile(one, hash));
    return same === undefined ? null : { ...standingOf(same), message: attached };
  };

  return {
    call: async (work, signal) => {
      const { part, request } = work;
      const [id, hash] = [await machineId(work, signal), await sha1(work, signal)];
      const { path, permission, body } = machineCalls[request.call];
      const sent = { Comment: request.comment, ...body, ...(hash === null ? {} : { Sha1: hash }) };
      const call = { method: 'POST' as const, path: `/api/machines/${id}/${path}`, body: sent, permission, urgency: 'decision' as const };
      try {
        return standingOf(readAnswer(MachineAction, await ask(part, signal, call)));
      } catch (error) {
        const other = isInProgress(error) ? await running(work, id, hash, signal) : null;
        if (other === null) throw error;
        return other;
      }
    },
    find: async (work, signal) => {
      const since = Date.parse(work.part.calledAt ?? new Date().toISOString()) - clockMs;
      const [id, hash] = [await machineId(work, signal), await sha1(work, signal)];
      const mark = `[countersign ${work.part.decisionId}]`;
      const found = await candidates(work, id, since, signal);
      const ours = found.find((one) => one.requestorComment?.includes(mark) && isSameFile(one, hash));
      return ours === undefined ? 'absent' : standingOf(ours);
    },
    look: async (works, signal) => {
      const ids = [...new Set(works.map(({ part }) => idOf(part)))];
      const found = ids.length < listFrom ? await oneByOne(api, ids, signal) : await listed(api, works, signal);
      const byId = new Map(found.map((one) => [one.id, one]));
      const news = works.map(({ part }) => [part, byId.get(idOf(part))] as const);
      return new Map(news.flatMap(([part, one]) => (one === undefined ? [] : [[part, standingOf(one)] as const])));
    },
    cancel: (work, comment, signal) => cancelAction(api, work, comment, signal),
  };
}

async function cancelAction(api: Api, { part, request }: Work<Request>, comment: string, signal: AbortSignal): Promise<Standing | null> {
  const { permission } = machineCalls[request.call];
  const path = `/api/machineactions/${encodeURIComponent(idOf(part))}/cancel`;
  const call = { api: 'defender' as const, method: 'POST' as const, path, body: { Comment: comment }, permission };
  try {
    const answer = await api.ask({ ...call, urgency: 'decision', decisionId: part.decisionId }, signal);
    // It was taken; what cannot be read is seen by looking at it.
    const { data: action } = MachineAction.safeParse(answer.body);
    return action === undefined ? null : standingOf(action);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof DefenderError) || (error.status !== 404 && error.status !== 400)) throw error;
    return null;
  }
}

const idOf = ({ external }: Part): string => external?.['machineActionId'] ?? '';

/** Defender tries for so long to reach a device. */
const offlineMs = 3 * 86_400_000;

/** `isSome`: there is news already. Where no more can be asked for just now, the news there is comes first. */
async function oneByOne(api: Api, ids: readonly string[], signal: AbortSignal, isSome = false): Promise<MachineAction[]> {
  const found: MachineAction[] = [];
  for (const id of ids) {
    const path = `/api/machineactions/${encodeURIComponent(id)}`;
    const call = { api: 'defender' as const, method: 'GET' as const, path, permission: readAll, urgency: 'poll' as const };
    // One that is not to be seen (yet) is no news about the others.
    const answer = await api.ask(call, signal).catch((error: unknown) => {
      if (error instanceof DefenderError && error.status === 404) return null;
      if (error instanceof DefenderError && error.retryable && (isSome || found.length > 0)) return 'no more';
      throw error;
    });
    if (answer === 'no more') break;
    if (answer !== null) found.push(readAnswer(MachineAction, answer));
  }
  return found;
}

/** There is no filter by several ids, so everything since the oldest of them is read, as far as that goes; what is behind it is asked for by id. */
async function listed(api: Api, works: readonly Work<Request>[], signal: AbortSignal): Promise<MachineAction[]> {
  const wanted = new Set(works.map(({ part }) => idOf(part)));
  const began = works.map(({ part }) => Date.parse(part.external?.['createdAt'] ?? part.calledAt ?? ''));
  const since = new Date(Math.min(...began.filter((ms) => !Number.isNaN(ms)), Date.now()) - clockMs).toISOString();
  const found: MachineAction[] = [];
  for (let page = 0; page < maxPages && wanted.size > 0; page += 1) {
    const path = filtered('/api/machineactions', `creationDateTimeUtc ge ${since}`, `&$top=${pageSize}&$skip=${page * pageSize}`);
    const answer = await api.ask({ api: 'defender', method: 'GET', path, permission: readAll, urgency: 'poll' }, signal);
    const { value, rows } = readAnswer(MachineActions, answer);
    found.push(...value.filter(({ id }) => wanted.delete(id)));
    if (rows < pageSize) break;
  }
  return [...found, ...(await oneByOne(api, [...wanted], signal, found.length > 0))];
}

const permanent = (message: string): DefenderError => new DefenderError(message, { retryable: false, mayHaveWorked: false });

/** A 400 whose text says so; its code differs between actions. */
function isInProgress(error: unknown): boolean {
  if (!(error instanceof DefenderError) || error.status !== 400) return false;
  return error.code === 'ActiveRequestAlreadyExists' || /already (in progress|exists)|pending machine action/i.test(error.message);
}

const isSameFile = ({ relatedFileInfo }: MachineAction, hash: string | null): boolean =>
  hash === null || relatedFileInfo?.fileIdentifier.toLowerCase() === hash;

const ends: Record<string, Standing['state']> = { Succeeded: 'succeeded', Failed: 'failed', TimeOut: 'timedOut', Cancelled: 'cancelled' };
const isEnd = ({ status }: MachineAction): boolean => Object.hasOwn(ends, status);

/** A status that is new to us is none of the ends we know: it is looked at again. */
function standingOf(action: MachineAction): Standing {
  const state = ends[action.status] ?? 'submitted';
  const external = { machineActionId: action.id.slice(0, 100), createdAt: new Date(action.creationDateTimeUtc).toISOString() };
  return { state, external, ...(state === 'submitted' ? {} : { message: whyOf(action, state) }) };
}

function whyOf({ cancellationComment, troubleshootInfo }: MachineAction, state: Standing['state']): string | null {
  if (state === 'cancelled') return cancelledText(cancellationComment == null ? null : cutText(cancellationComment, 300));
  if (state === 'timedOut') return offlineTooLong;
  return state === 'failed' ? (troubleshootInfo == null ? machineFailed : cutText(troubleshootInfo, 300)) : null;
}

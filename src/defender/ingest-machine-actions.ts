/** The source of what was done elsewhere: machine actions by the time they were created. */
import { type CloseDeps, closeElsewhere, fileElsewhere } from '../action-center/elsewhere.ts';
import type { IngestStore } from '../action-center/ingest-ports.ts';
import type { Log } from '../action-center/ports.ts';
import { filtered } from './api.ts';
import { doesSame, type ForeignAction, readMachineAction } from './foreign-actions.ts';
import type { Source, Taken } from './ingest.ts';

export type ForeignDeps = {
  defenderUrl: string;
  filing: Parameters<typeof fileElsewhere>[0];
  marks: Pick<IngestStore, 'openOnDevices'>;
  closing: CloseDeps;
  log: Log;
};

const minuteMs = 60_000;
const path = '/api/machineactions';
const pageSize = 500;
/** So many open actions on the devices of one page are compared. */
const comparedMost = 500;
/** So many are stored at the same time: few enough to leave the store to people's presses. */
const atOnce = 4;

export function machineActionSource(deps: ForeignDeps): Source {
  return {
    name: 'machineActions',
    api: 'defender',
    permission: 'Machine.Read.All',
    overlapMs: 15 * minuteMs,
    baseUrl: deps.defenderUrl,
    pageSize,
    first: (from, until, size) => {
      const filter = `creationDateTimeUtc ge ${from}${until === null ? '' : ` and creationDateTimeUtc lt ${until}`}`;
      return filtered(path, filter, `&$top=${size}&$skip=0`);
    },
    after: (asked, count) => nextBySkip(asked, count),
    take: (values, signal) => takeForeign(deps, values, signal),
  };
}

/** New ones come first there, so what moves between two pages is read twice and never missed. */
function nextBySkip(asked: string, count: number): string | null {
  const [, top = '0', skip = '0'] = /&\$top=(\d+)&\$skip=(\d+)$/.exec(asked) ?? [];
  if (count < Number(top) || count === 0) return null;
  return asked.replace(/\d+$/, String(Number(skip) + count));
}

const fileOne = async ({ filing }: ForeignDeps, { intake, said, updatedAt }: ForeignAction): Promise<string> =>
  intake === null ? 'passedOver' : fileElsewhere(filing, intake, { ...said, at: updatedAt });

async function takeForeign(deps: ForeignDeps, values: readonly unknown[], signal: AbortSignal): Promise<Taken> {
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  const read = values.flatMap((value) => readMachineAction(value) ?? []);
  count('machineActions', read.length);
  if (read.length < values.length) {
    count('unreadable', values.length - read.length);
    deps.log.warn({ count: values.length - read.length }, 'device actions that cannot be read were passed over; Defender shows them');
  }
  const foreign = read.filter(({ isOurs }) => !isOurs);
  count('ours', read.length - foreign.length);
  for (let from = 0; from < foreign.length; from += atOnce) {
    signal.throwIfAborted();
    const some = foreign.slice(from, from + atOnce);
    for (const what of await Promise.all(some.map((one) => fileOne(deps, one)))) count(what);
  }
  const types = [...new Set(foreign.flatMap(({ intake, type }) => (intake === null ? [type] : [])))].slice(0, 20);
  if (types.length > 0) deps.log.info({ types }, 'machine actions of types that have no name here were passed over; Defender shows them');
  count('decidedElsewhere', await closeSame(deps, foreign));
  const newest = read.map(({ at }) => at).reduce<string | null>((latest, at) => (latest === null || at > latest ? at : latest), null);
  return { newest, counts };
}

async function closeSame({ marks, closing }: ForeignDeps, foreign: readonly ForeignAction[]): Promise<number> {
  const done = foreign.filter(({ intake, cameToNothing }) => intake !== null && !cameToNothing);
  const types = [...new Set(done.flatMap(({ intake }) => intake?.type ?? []))];
  const devices = done.flatMap(
    ({ intake }) => intake?.entities.flatMap((one) => (one.type === 'device' ? (one.deviceId ?? []) : [])) ?? [],
  );
  let closed = 0;
  for (const action of await marks.openOnDevices(types, [...new Set(devices)], comparedMost)) {
    const same = done.find((one) => doesSame(action, one));
    if (same !== undefined && (await closeElsewhere(closing, action, same.said))) closed += 1;
  }
  return closed;
}

/**
 * The source of investigations by the Office 365 Management Activity API: audit records in blobs, listed by the time they were made available. A blob
 * is not in the order of what happened, and may be listed again. https://learn.microsoft.com/office/office-365-management-api/
 */
import { z } from 'zod';
import type { Log } from '../action-center/ports.ts';
import { type Api, type ApiCall, DefenderError, readAnswer } from './api.ts';
import type { Source } from './ingest.ts';
import type { Page } from './ingest-payloads.ts';
import { type AirDeps, takeAir } from './take-air.ts';

export type FeedSettings = { url: string; entraTenantId: string };
type Deps = AirDeps & { api: Api; feed: FeedSettings };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const permission = 'ActivityFeed.Read';
const contentType = 'Audit.General';
/** AirInvestigation, AirManualInvestigation, AirAdminActionInvestigation. */
const recordTypes = new Set(['64', '86', '89']);
const atOnce = 4;
/** So many blobs are looked at before how far it is, is kept. */
const blobsPerStep = 20;
const stepMs = 60_000;
const rememberedMost = 20_000;
const blobMs = 15_000;
/** So many times a blob is asked for before it is left out, so that one that is broken holds up nothing for ever. */
const patience = 3;
/** So long it may be Microsoft that is out of order, and not the blob. */
const outageMs = 2 * hourMs;

const text = z.string().min(1).max(8000);
const Listed = z.array(z.object({ contentUri: text, contentId: text, contentCreated: text })).max(100_000);
type Blob = { id: string; created: string; records: unknown[] };

export function office365Source(deps: Deps): Source {
  const { api, feed, log } = deps;
  const publisher = `PublisherIdentifier=${feed.entraTenantId}`;
  const root = `/api/v1.0/${feed.entraTenantId}/activity/feed/subscriptions`;
  const content = openContent(deps, publisher);
  const subscription = openSubscription(api, log, `${root}/start?contentType=${contentType}&${publisher}`);
  return {
    name: 'office365',
    api: 'office365',
    permission,
    overlapMs: hourMs,
    ledBy: 'alerts',
    windowMs: dayMs,
    reachMs: 7 * dayMs - hourMs,
    callMs: stepMs,
    baseUrl: feed.url,
    pageSize: blobsPerStep,
    first: (from, until, size) => {
      const window = `&startTime=${zoneless(from)}&endTime=${zoneless(until ?? new Date(deps.now()).toISOString())}`;
      return placeOf(`${root}/content?contentType=${contentType}&${publisher}${window}`, 0, size);
    },
    after: () => null,
    page: async (path, signal) => {
      await subscription.start(signal);
      return subscription.watched(() => content.page(path, signal));
    },
    take: async (values, signal) => {
      const blobs = values as readonly Blob[];
      const counts = await takeAir(
        deps,
        blobs.flatMap(({ records }) => records),
        signal,
      );
      content.remember(blobs);
      const newest = blobs.map(({ created }) => created).toSorted();
      return { newest: newest.at(-1) ?? null, counts: { ...counts, blobs: blobs.length } };
    },
  };
}

/** The API knows UTC only, and no zone. */
const zoneless = (time: string): string => time.slice(0, 19);

/** Which list, and from which of its blobs on: a step ends in the middle of a long list and goes on there. */
const placeOf = (list: string, offset: number, size: number): string => `${list}#${offset}/${size}`;

function placeIn(path: string): { list: string; offset: number; size: number } {
  const [list = '', place = ''] = path.split('#');
  const [offset, size] = place.split('/').map(Number);
  return { list, offset: offset ?? 0, size: size ?? blobsPerStep };
}

const call = (method: ApiCall['method'], path: string, withinMs = stepMs): ApiCall => ({
  api: 'office365',
  method,
  path,
  permission,
  urgency: 'poll',
  withinMs,
});

/** AF20024: it was started before. */
const alreadyStarted = 'AF20024';
/** There is none, or somebody has stopped it. */
const notStarted = new Set(['AF20022', 'AF20023']);

/** Started once a process; starting it again does nothing. */
function openSubscription(api: Api, log: Log, path: string) {
  let isStarted = false;
  const ask = async (signal: AbortSignal): Promise<void> => {
    try {
      await api.ask(call('POST', path), signal);
      log.info('the Office 365 feed was asked for; Microsoft may take up to 12 hours until the first of it comes');
    } catch (error) {
      if (!(error instanceof DefenderError) || error.code !== alreadyStarted) throw error;
    }
  };
  return {
    start: async (signal: AbortSignal): Promise<void> => {
      if (!isStarted) await ask(signal);
      isStarted = true;
    },
    /** Starts it again next time where the answer says that it is gone. */
    watched: async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof DefenderError && notStarted.has(error.code ?? '')) isStarted = false;
        throw error;
      }
    },
  };
}

function openContent({ api, feed, log, now }: Deps, publisher: string) {
  /** What was stored already, by this process; another one recognises it by its keys. */
  const stored = new Set<string>();
  const failures = new Map<string, { count: number; since: number }>();
  const pathOf = (uri: string): string | null => (uri.startsWith(`${feed.url}/`) ? uri.slice(feed.url.length) : null);

  const leftOut = (id: string, why: string): unknown[] => {
    failures.delete(id);
    log.warn({ contentId: id.slice(0, 200), why }, 'a part of the Office 365 feed was left out');
    return [];
  };

  /** What cannot be had any more, or not as often as it is asked for, is left out. */
  const afterFailure = (id: string, error: unknown, signal: AbortSignal): unknown[] => {
    // Not this one's fault: there was no time left, or too much was asked for.
    if (!(error instanceof DefenderError) || error.status === 429 || signal.aborted) throw error;
    if (error.status === 404 || error.status === 410) return leftOut(id, 'it is not there any more');
    const { count, since } = failures.get(id) ?? { count: 0, since: now().getTime() };
    const isItsOwn = error.status !== null && error.status < 500;
    if (count + 1 >= patience && (isItsOwn || now().getTime() - since >= outageMs)) return leftOut(id, error.message);
    if (failures.size < rememberedMost) failures.set(id, { count: count + 1, since });
    throw error;
  };

  const recordsOf = async ({ contentUri, contentId: id }: z.infer<typeof Listed>[number], signal: AbortSignal): Promise<unknown[]> => {
    if (stored.has(id)) return [];
    // The token goes where it points.
    const path = pathOf(contentUri);
    if (path === null) return leftOut(id, 'its address is not one of the feed');
    const withPublisher = path.includes('?') ? path : `${path}?${publisher}`;
    try {
      const records = readAnswer(z.array(z.unknown()).max(100_000), await api.ask(call('GET', withPublisher, blobMs), signal));
      failures.delete(id);
      return records.filter(isInvestigation);
    } catch (error) {
      return afterFailure(id, error, signal);
    }
  };

  return {
    page: async (path: string, signal: AbortSignal): Promise<Page> => {
      const { list, offset, size } = placeIn(path);
      const answer = await api.ask(call('GET', list), signal);
      const listed = readAnswer(Listed, answer);
      const some = oncePerBlob(listed.slice(offset, offset + size));
      const value: Blob[] = [];
      for (let from = 0; from < some.length; from += atOnce) {
        const few = some.slice(from, from + atOnce);
        const records = await Promise.all(few.map((one) => recordsOf(one, signal)));
        value.push(...few.map((one, index) => ({ id: one.contentId, created: timeOf(one.contentCreated), records: records[index] ?? [] })));
      }
      if (offset + size < listed.length) return { value, '@odata.nextLink': `${feed.url}${placeOf(list, offset + size, size)}` };
      const next = answer.nextPageUri ?? null;
      return { value, '@odata.nextLink': next === null ? null : placeOf(next, 0, size) };
    },
    remember: (blobs: readonly Blob[]): void => {
      for (const { id } of blobs) stored.add(id);
      for (const id of stored) {
        if (stored.size <= rememberedMost) break;
        stored.delete(id);
      }
    },
  };
}

const oncePerBlob = (listed: z.infer<typeof Listed>) => [...new Map(listed.map((one) => [one.contentId, one])).values()];

const isInvestigation = (record: unknown): boolean =>
  typeof record === 'object' && record !== null && 'RecordType' in record && recordTypes.has(String(record.RecordType));

/** Of no time: it counts for nothing. */
function timeOf(value: string): string {
  const at = Date.parse(/z$/i.test(value) ? value : `${value}Z`);
  return new Date(Number.isNaN(at) ? 0 : at).toISOString();
}

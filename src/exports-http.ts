/**
 * `GET /v1/exports/:name`: what a link in chat leads to. The name is a bearer secret of a few minutes; the person it was given to is looked up anew,
 * and the rows are read as they are sent, so that any bot can answer and nothing lies on a disk. Whatever is wrong is a 404, and in the record.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UpstreamError } from './action-center/errors.ts';
import {
  type ExportDeps,
  exportedText,
  fileNameOf,
  mayStillRead,
  newTally,
  type WaitingExport,
  type WaitingExports,
} from './action-center/export.ts';
import type { Log } from './action-center/ports.ts';

export type ExportsDoorDeps = ExportDeps & { waiting: WaitingExports; log: Log };
export type ExportsDoor = {
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** Downloads break off, so that nobody takes half a file for a whole one. */
  stop(): void;
};

const root = '/v1/exports/';
/** Each keeps one of the record's ten connections until it is fetched; so do the exports that chat makes. The rest is for those who decide. */
const mostAtOnce = 4;
/** Nobody reads any more. */
const idleMs = 60_000;
const longestMs = 1_800_000;
const contentTypes = { csv: 'text/csv; charset=utf-8; header=present', jsonl: 'application/x-ndjson; charset=utf-8' } as const;
const guarded = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'accept-ranges': 'none',
  'referrer-policy': 'no-referrer',
};

export function openExportsDoor(deps: ExportsDoorDeps): ExportsDoor {
  const stopping = new AbortController();
  let running = 0;
  return {
    handle: async (req, res) => {
      const refusal = refusalOf(req) ?? (running >= mostAtOnce ? busy : null);
      if (refusal !== null) return answer(res, refusal);
      running += 1;
      try {
        await serve(deps, stopping.signal, req, res);
      } finally {
        running -= 1;
      }
    },
    stop: () => stopping.abort(),
  };
}

type Refusal = { status: number; code: string; message: string; headers?: Record<string, string> };
const busy: Refusal = {
  status: 503,
  code: 'busy',
  message: 'Many exports are being fetched. Try again in a minute.',
  headers: { 'retry-after': '60' },
};
const unavailable: Refusal = {
  status: 503,
  code: 'unavailable',
  message: 'The record did not answer. Try again in a minute.',
  headers: { 'retry-after': '60' },
};
const notFound: Refusal = {
  status: 404,
  code: 'not-found',
  message: 'There is no such export: the link is over, was used, or is not yours any more. Ask for the export again in chat.',
};

/** Before the name is looked at: neither a look ahead nor a piece of a file uses up one of its few fetches. */
function refusalOf({ method, headers }: IncomingMessage): Refusal | null {
  if (method !== 'GET')
    return { status: 405, code: 'method-not-allowed', message: 'An export is fetched with GET.', headers: { allow: 'GET' } };
  if (headers.range !== undefined)
    return {
      status: 416,
      code: 'no-ranges',
      message: 'An export is written while it is fetched, so it cannot be fetched in pieces. Fetch it from its beginning.',
    };
  const isAhead = [headers['purpose'], headers['sec-purpose'], headers['x-moz']].some((one) => /prefetch|preview/i.test(String(one ?? '')));
  return isAhead ? { status: 403, code: 'no-prefetch', message: 'An export is not fetched ahead.' } : null;
}

function answer(res: ServerResponse, { status, code, message, headers }: Refusal): void {
  res.writeHead(status, { ...guarded, 'content-type': 'application/json; charset=utf-8', ...headers });
  res.end(JSON.stringify({ error: { code, message } }));
}

async function serve(deps: ExportsDoorDeps, stopping: AbortSignal, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const name = ((req.url ?? '').split('?', 1)[0] ?? '').slice(root.length);
  try {
    const waiting = await deps.waiting.take(name, deps.now().toISOString());
    if (waiting === null) return answer(res, await refused(deps, null, 'export-over'));
    const reader = await mayStillRead(deps, waiting.entraId);
    if (!reader.ok) {
      await deps.waiting.giveBack(name);
      return answer(res, await refused(deps, waiting, reader.refusal.kind));
    }
    await send(deps, stopping, { name, waiting, res });
  } catch (error) {
    if (!(error instanceof UpstreamError) || res.headersSent) throw error;
    deps.log.error({ service: error.service, err: error }, 'an export could not be fetched');
    answer(res, unavailable);
  }
}

async function refused({ store, now }: ExportsDoorDeps, waiting: WaitingExport | null, refusal: string): Promise<Refusal> {
  const data = { refusal, verb: 'export', platform: waiting?.platform ?? null, way: 'link' };
  await store.note(null, { kind: 'refused', at: now().toISOString(), actorId: waiting?.entraId ?? null, data });
  return notFound;
}

async function send(
  deps: ExportsDoorDeps,
  stopping: AbortSignal,
  { name, waiting, res }: { name: string; waiting: WaitingExport; res: ServerResponse },
): Promise<void> {
  const { order, entraId, platform } = waiting;
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(longestMs)]);
  const taker = { actorId: entraId, by: `link:${entraId}`, way: 'link', platform } as const;
  const tally = newTally(order);
  res.setTimeout(idleMs, () => res.destroy());
  res.writeHead(200, {
    ...guarded,
    'content-type': contentTypes[order.format],
    'content-disposition': `attachment; filename="${fileNameOf(order)}"`,
    'content-security-policy': "default-src 'none'; sandbox",
  });
  try {
    const text = exportedText(deps, order, { taker, tally, signal });
    await pipeline(Readable.from(text, { highWaterMark: 2 }), res, { signal });
  } catch (error) {
    // The connection is cut: a browser then knows that the file is not whole.
    res.destroy();
    await deps.waiting.giveBack(name);
    deps.log.warn({ rows: tally.rows, reason: error instanceof Error ? error.message : 'unknown' }, 'a download of an export broke off');
  }
}

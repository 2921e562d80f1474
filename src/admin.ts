/** The admin port: `GET /metrics` for a scraper, `GET /queues` for a person. It asks for no password and belongs on loopback. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from './action-center/ports.ts';
import { within } from './identity/within.ts';
import type { Metrics } from './metrics.ts';

export type AdminDeps = {
  metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Counts by queue and state. */
  queues: () => Promise<unknown>;
  log: Pick<Log, 'error'>;
  deadlineMs?: number;
};

type Answer = { status: number; type: string; text: string; allow?: string };

const jsonType = 'application/json; charset=utf-8';
const answerWith = (status: number, body: unknown): Answer => ({ status, type: jsonType, text: `${JSON.stringify(body)}\n` });

export function adminServer(deps: AdminDeps): Server {
  return createServer({ headersTimeout: 5000, requestTimeout: 10_000, maxHeaderSize: 8192 }, (req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    answerTo(req, path, deps).then(
      (answer) => send(res, answer),
      (error: unknown) => {
        deps.log.error({ err: error, path }, 'the admin port could not answer');
        send(res, answerWith(500, { error: { code: 'internal' } }));
      },
    );
  });
}

async function answerTo({ method }: IncomingMessage, path: string, deps: AdminDeps): Promise<Answer> {
  if (path !== '/metrics' && path !== '/queues') return answerWith(404, { error: { code: 'not-found' } });
  if (method !== 'GET' && method !== 'HEAD') return { ...answerWith(405, { error: { code: 'method-not-allowed' } }), allow: 'GET, HEAD' };
  if (path === '/metrics') return { status: 200, type: deps.metrics.contentType, text: await deps.metrics.text() };
  // A Redis that hangs must not pile up requests here.
  return answerWith(200, await within(deps.deadlineMs ?? 5000, deps.queues()));
}

function send(res: ServerResponse, { status, type, text, allow }: Answer): void {
  res.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(allow ? { allow } : {}),
  });
  res.end(text);
}

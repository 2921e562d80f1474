/** The one public port: a plain dispatcher. Everything that is not a known way in is a 404; nothing is served that decides by GET. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from './log.ts';

export type Ways = {
  slack: ((req: IncomingMessage, res: ServerResponse) => void) | null;
  intake: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** What is missing to be ready; empty when nothing is. */
  ready: () => Promise<string[]>;
};

export type Dispatcher = { server: Server /** From now on /readyz says no, so that no new work is sent here. */; drain(): void };

const json = (res: ServerResponse, status: number, body: unknown): void => {
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  res.end(JSON.stringify(body));
};

export function dispatcher(ways: Ways, log: Log): Dispatcher {
  let draining = false;

  const route = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/slack/events' && ways.slack) {
      if (req.method === 'POST') return ways.slack(req, res);
      res.setHeader('allow', 'POST');
      return json(res, 405, { error: { code: 'method-not-allowed' } });
    }
    if (path === '/v1/actions' || path.startsWith('/v1/actions/')) return ways.intake(req, res);
    if (path === '/healthz' || path === '/readyz') return probe(path, req, res);
    return json(res, 404, { error: { code: 'not-found' } });
  };

  const probe = async (path: string, req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('allow', 'GET, HEAD');
      return json(res, 405, { error: { code: 'method-not-allowed' } });
    }
    if (path === '/healthz') return json(res, 200, { status: 'ok' });
    const missing = draining ? ['stopping'] : await ways.ready();
    return json(res, missing.length === 0 ? 200 : 503, { status: missing.length === 0 ? 'ready' : 'not-ready', missing });
  };

  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 },
    (req, res) => {
      route(req, res).catch((error: unknown) => {
        log.error({ err: error, path: (req.url ?? '').split('?', 1)[0] }, 'a request failed');
        if (res.headersSent) res.destroy();
        else json(res, 500, { error: { code: 'internal' } });
      });
    },
  );
  return {
    server,
    drain: () => {
      draining = true;
    },
  };
}

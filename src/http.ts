/** The one public port: a plain dispatcher. Everything that is not a known way in is a 404; nothing is served that decides by GET. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from './log.ts';

export type Ways = {
  /** What the chat platforms post to, by path. */
  chat: Readonly<Partial<Record<string, (req: IncomingMessage, res: ServerResponse) => void>>>;
  intake: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Browsers that sign in, below /link/; null where nobody is asked to. */
  signIn: ((req: IncomingMessage, res: ServerResponse) => Promise<void>) | null;
  /** Exports that are fetched by a link; null where none are given out. */
  exports: ((req: IncomingMessage, res: ServerResponse) => Promise<void>) | null;
  /** Graph's change notifications; null where nobody asked for them. */
  notifications: ((req: IncomingMessage, res: ServerResponse) => Promise<void>) | null;
  /** What does not answer. Without the store nothing can be decided; without the queue decisions are recorded and wait. */
  ailing: () => Promise<('store' | 'queue')[]>;
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

function wayBelow({ intake, signIn, exports, notifications }: Ways, path: string): Ways['signIn'] {
  if (path === '/v1/notifications') return notifications;
  if (path === '/v1/actions' || path.startsWith('/v1/actions/')) return intake;
  if (path.startsWith('/v1/exports/')) return exports;
  return path.startsWith('/link/') ? signIn : null;
}

export function dispatcher(ways: Ways, log: Log): Dispatcher {
  let draining = false;

  const route = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    const chat = Object.hasOwn(ways.chat, path) ? ways.chat[path] : undefined;
    if (chat) {
      if (req.method === 'POST') return chat(req, res);
      res.setHeader('allow', 'POST');
      return json(res, 405, { error: { code: 'method-not-allowed' } });
    }
    const way = wayBelow(ways, path);
    if (way !== null) return way(req, res);
    if (path === '/healthz' || path === '/readyz') return probe(path, req, res);
    return json(res, 404, { error: { code: 'not-found' } });
  };

  const probe = async (path: string, req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('allow', 'GET, HEAD');
      return json(res, 405, { error: { code: 'method-not-allowed' } });
    }
    if (path === '/healthz') return json(res, 200, { status: 'ok' });
    if (draining) return json(res, 503, { status: 'stopping', ailing: [] });
    const ailing = await ways.ailing();
    // A queue that is away is no reason to send presses elsewhere: every bot would be out, and no press could be recorded at all.
    const ready = !ailing.includes('store');
    return json(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not-ready', ailing });
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

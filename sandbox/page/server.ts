/** The page's own web server: the built page, the stream of states, and what a person does on it. Loopback only. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { openBroadcast } from './broadcast.ts';
import { isLoopbackHost, isSameOrigin, securityHeaders } from './guard.ts';
import { BadRequest, readBody } from './requests.ts';
import type { Answer, PageState } from './state.ts';

/** What a POST to this path does. A thrown error reaches the page as its message. */
export type Deeds = Record<string, (body: Record<string, unknown>) => Promise<Answer>>;

export type PageServer = { url: string; changed(): void; stop(): Promise<void> };

type BuiltFile = { name: string; bytes: Buffer };

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export async function startPage(options: { port: number; assets: string; read: () => PageState; deeds: Deeds }): Promise<PageServer> {
  const files = await loadFiles(options.assets);
  const broadcast = openBroadcast(options.read);
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // Only a broken connection gets here; there is nobody left to tell.
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.requestTimeout = 30_000;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (!isLoopbackHost(request.headers.host, request.socket.localPort ?? 0)) return sayError(response, 421, 'open this page as 127.0.0.1');
    const path = (request.url ?? '/').split('?', 1).join('');
    if (request.method === 'POST') return act(options.deeds[path], request, response);
    if (request.method === 'GET') return path === '/events' ? broadcast.join(response) : sayFile(response, files.get(path));
    sayError(response, 405, 'GET or POST');
  }

  const url = await listen(server, options.port);
  return {
    url,
    changed: broadcast.changed,
    stop: async () => {
      broadcast.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function act(deed: Deeds[string] | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!deed) return sayError(response, 404, 'there is nothing here');
  if (!isSameOrigin(request.headers)) return sayError(response, 403, 'only the page itself may do that');
  try {
    sayJson(response, 200, await deed(await readBody(request)));
  } catch (error) {
    if (error instanceof BadRequest) return sayError(response, error.status, error.message);
    sayError(response, 502, error instanceof Error ? error.message : String(error));
  }
}

function sayFile(response: ServerResponse, file: BuiltFile | undefined): void {
  if (!file) {
    sayError(response, 404, 'there is nothing here');
    return;
  }
  response.writeHead(200, { 'content-type': contentTypes[extname(file.name)] ?? 'application/octet-stream', 'cache-control': 'no-cache' });
  response.end(file.bytes);
}

function sayJson(response: ServerResponse, status: number, body: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

const sayError = (response: ServerResponse, status: number, error: string): void => sayJson(response, status, { ok: false, error });

/** A handful of built files, read once: no request ever becomes a path. */
async function loadFiles(folder: string): Promise<Map<string, BuiltFile>> {
  const files = new Map<string, BuiltFile>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const file = { name: entry.name, bytes: await readFile(path) };
    files.set(path.slice(folder.length).replaceAll('\\', '/').replace('/index.html', '/'), file);
  }
  return files;
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken; choose another with --port`) : error),
    );
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error');
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
  });
}

/**
 * A door in front of the simulated Graph, over real HTTP: counts what comes in, and can spoil whole answers or change the parts of a batch. What is
 * wrong with single questions is the simulated Graph's own business.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Spoilt = { status: number; headers?: Record<string, string>; body: string };
export type Part = { id: string; status: number; headers: Record<string, string>; body: unknown };
export type GraphFront = {
  /** What GRAPH_URL is set to. */
  url: string;
  /** Calls that came in, e.g. `POST /beta/$batch`. */
  calls: string[];
  /** How many questions were inside each batch. */
  sizes: number[];
  /** The next calls are answered with these instead. */
  spoil(...answers: Spoilt[]): void;
  /** Changes the parts of every batch before they go out. */
  tamper: ((parts: Part[]) => Part[]) | null;
  close(): Promise<void>;
};

export async function startGraphFront(graphUrl: string): Promise<GraphFront> {
  const spoilt: Spoilt[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/';
    const isBatch = path.endsWith('/$batch');
    front.calls.push(`${request.method} ${path.split('?')[0]}`);
    const body = await textOf(request);
    if (isBatch) front.sizes.push((JSON.parse(body) as { requests: unknown[] }).requests.length);
    const instead = spoilt.shift();
    if (instead) return void response.writeHead(instead.status, instead.headers).end(instead.body);
    const headers = headersOf(request.headers, ['authorization', 'content-type', 'consistencylevel']);
    const told = await fetch(`${graphUrl}${path}`, { method: request.method ?? 'GET', headers, ...(body === '' ? {} : { body }) });
    const text = (await told.text()).replaceAll(graphUrl, url);
    response.writeHead(told.status, headersOf(Object.fromEntries(told.headers), ['content-type', 'retry-after']));
    response.end(isBatch && front.tamper ? tampered(text, front.tamper) : text);
  };

  const front: GraphFront = {
    url,
    calls: [],
    sizes: [],
    spoil: (...answers) => void spoilt.push(...answers),
    tamper: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return front;
}

function tampered(text: string, change: (parts: Part[]) => Part[]): string {
  const { responses } = JSON.parse(text) as { responses: Part[] };
  return JSON.stringify({ responses: change(responses) });
}

function headersOf(headers: Record<string, string | string[] | undefined>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

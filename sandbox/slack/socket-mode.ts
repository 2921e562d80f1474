// Slack's side of Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject } from './rules.ts';
import { addProblem, type SlackState } from './state.ts';
import { ACK_TIMEOUT_MS } from './tickets.ts';
import type { Ack, ApiAnswer } from './types.ts';

const CONNECTIONS_MAX = 10;
const HOST = 'applink-1';
const TICKETS_MAX = 100;
/** Clients give a silent server up after 30 s. */
const PING_EVERY_MS = 10_000;

export type SocketMode = {
  openConnection(): ApiAnswer;
  connections(): number;
  send(kind: string, payload: unknown): Promise<Ack>;
  disconnect(reason: string): void;
  cut(): void;
  close(): void;
};

export function startSocketMode(state: SlackState, server: Server): SocketMode {
  const wss = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const waiting = new Map<string, (payload: unknown) => void>();
  let turn = 0;

  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ticket = new URL(req.url ?? '/', 'http://slack').searchParams.get('ticket') ?? '';
    if (!tickets.delete(ticket)) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'); // each URL opens one connection
    wss.handleUpgrade(req, socket, head, (ws) => welcome(state, ws, wss.clients.size, settle));
  });

  const settle = (text: string): void => {
    const envelope = parse(text);
    const answer = isObject(envelope) ? envelope : {};
    const waiter = waiting.get(String(answer['envelope_id']));
    if (waiter === undefined) addProblem(state, 'Socket Mode: an ack that names no open envelope');
    else waiter(answer['payload']);
  };

  const open = (): WebSocket[] => [...wss.clients].filter((ws) => ws.readyState === ws.OPEN);
  const send: SocketMode['send'] = (type, payload) => {
    const started = performance.now();
    const id = randomUUID();
    const sockets = open();
    turn += 1;
    return new Promise((resolve) => {
      const finish = (status: number, body: unknown, timedOut: boolean): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve({ status, body, ms: performance.now() - started, timedOut });
      };
      const timer = setTimeout(() => finish(0, undefined, true), ACK_TIMEOUT_MS);
      waiting.set(id, (body) => finish(200, body, false));
      // Each payload goes to one of the connections only.
      sockets[turn % sockets.length]?.send(
        JSON.stringify({
          envelope_id: id,
          type,
          payload,
          accepts_response_payload: type !== 'events_api',
          retry_attempt: 0,
          retry_reason: '',
        }),
      );
    });
  };

  return {
    openConnection() {
      if (tickets.size >= TICKETS_MAX) tickets.clear();
      const ticket = randomUUID();
      tickets.add(ticket);
      return { ok: true, url: `${state.origin.replace('http', 'ws')}/link/?ticket=${ticket}&app_id=${state.app.id}` };
    },
    connections: () => open().length,
    send,
    disconnect: (reason) => {
      for (const ws of open()) letGo(ws, reason);
    },
    cut: () => {
      for (const ws of wss.clients) ws.terminate();
    },
    close: () => {
      for (const ws of wss.clients) ws.terminate();
      wss.close();
    },
  };
}

function welcome(state: SlackState, ws: WebSocket, connections: number, settle: (text: string) => void): void {
  ws.on('error', (error) => addProblem(state, `Socket Mode: ${error.message}`));
  if (connections > CONNECTIONS_MAX) {
    letGo(ws, 'too_many_websockets');
    return;
  }
  const ping = setInterval(() => ws.ping(), PING_EVERY_MS);
  ws.on('close', () => clearInterval(ping));
  ws.on('message', (data) => settle(String(data)));
  const debug = { host: HOST, started: new Date(state.now()).toISOString(), build_number: 1, approximate_connection_time: 18_060 };
  ws.send(JSON.stringify({ type: 'hello', num_connections: connections, connection_info: { app_id: state.app.id }, debug_info: debug }));
}

/** A warning announces the end; the other reasons are the end. */
function letGo(ws: WebSocket, reason: string): void {
  ws.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: HOST } }));
  if (reason !== 'warning') ws.close(1000);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// A Slack workspace on this machine that keeps Slack's rules. It shares no code with the bot, so that the two cannot share a mistake.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { click, clickInHome, clickInView } from './clicks.ts';
import { command, openHome, sendEvent } from './commands.ts';
import { signedRequest, transmit } from './deliver.ts';
import { failRequest, handleRequest } from './http.ts';
import { closeView, submit } from './modals.ts';
import { type SocketMode, startSocketMode } from './socket-mode.ts';
import { createState, isReply, type SlackState } from './state.ts';
import type { SlackOptions, SlackWorld } from './types.ts';
import { stackOf } from './view-methods.ts';

/** Starts a workspace with one app installed; `close` ends everything it started. */
export async function startSlack(options: SlackOptions): Promise<SlackWorld> {
  const state = createState(options);
  const server = createServer();
  const sockets = startSocketMode(state, server);
  server.on(
    'request',
    (req, res) => void handleRequest(state, sockets, req, res).catch((error: unknown) => failRequest(state, res, error)),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { ...windows(state), ...doors(state, sockets), close: () => close(state, server, sockets) };
}

/** What a person or a test sees. Copies: what was read stays as it was. */
function windows(state: SlackState) {
  const { calls, problems, recorded, events } = state;
  const faults = { add: state.faults.add, clear: state.faults.clear };
  return {
    url: state.origin,
    apiUrl: `${state.origin}/api/`,
    calls,
    problems,
    recorded,
    faults,
    on: events.on,
    next: events.next,
    messages: (channel: string) => structuredClone((state.channels.get(channel)?.messages ?? []).filter((it) => !isReply(it))),
    thread: (channel: string, ts: string) =>
      structuredClone((state.channels.get(channel)?.messages ?? []).filter((it) => it.thread_ts === ts && isReply(it))),
    ephemerals: (userId: string) => structuredClone(state.ephemerals.get(userId) ?? []),
    home: (userId: string) => structuredClone(state.homes.get(userId)),
    filesOf: (userId: string) =>
      [...state.channels.values()].filter((it) => it.dmWith === userId).flatMap((it) => it.messages.flatMap(({ files }) => files ?? [])),
    file: (id: string) => state.files.get(id),
    view: (userId: string) => structuredClone(stackOf(state, userId).at(-1)),
  };
}

/** What a person can do, and what a test can send by hand. */
function doors(state: SlackState, sockets: SocketMode): Omit<SlackWorld, keyof ReturnType<typeof windows> | 'close'> {
  const someUrl = (url: string | undefined): string => {
    const chosen = url ?? state.requestUrls[0];
    if (chosen === undefined) throw new Error('No request URL is set');
    return chosen;
  };
  return {
    requestUrls: state.requestUrls,
    setRequestUrls: (urls) => void state.requestUrls.splice(0, state.requestUrls.length, ...urls),
    click: (p) => click(state, sockets, p),
    openHome: (p) => openHome(state, sockets, p),
    clickInHome: (p) => clickInHome(state, sockets, p),
    clickInView: (p) => clickInView(state, sockets, p),
    submit: (p) => submit(state, sockets, p),
    closeView: (p) => closeView(state, sockets, p),
    command: (p) => command(state, sockets, p),
    event: (event, p = {}) => sendEvent(state, sockets, event, p),
    replay: (recorded) => transmit(state, recorded),
    send: ({ url, ...request }) => transmit(state, signedRequest(state, { ...request, url: someUrl(url) })),
    socketMode: { connections: sockets.connections, disconnect: sockets.disconnect, cut: sockets.cut },
  };
}

async function close(state: SlackState, server: Server, sockets: SocketMode): Promise<void> {
  state.closing.abort();
  state.events.close();
  sockets.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

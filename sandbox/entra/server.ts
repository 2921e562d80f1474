// Microsoft Entra ID and the directory part of Graph on this machine, with their rules. It shares no code with the bot, so that the two
// cannot share a mistake.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failRequest, handleRequest } from './http.ts';
import { authorityUrlOf, changePerson, createState, type EntraState, graphUrlOf, personOf } from './state.ts';
import { notify } from './subscription-operations.ts';
import type { EntraOptions, EntraWorld } from './types.ts';
import { signIn } from './visit.ts';

/** Longer than clients keep idle connections, so that it is never the server that closes one a request is already on. */
const KEEP_ALIVE_MS = 65_000;

/** Starts one tenant with its people; `close` ends everything it started. */
export async function startEntra(options: EntraOptions): Promise<EntraWorld> {
  const state = createState(options);
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (req, res) => void handleRequest(state, req, res).catch((error: unknown) => failRequest(state, req, res, error)),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: state.origin,
    authorityUrl: authorityUrlOf(state),
    graphUrl: graphUrlOf(state),
    // A copy: what was read stays as it was.
    person: (id) => structuredClone(personOf(state, id)),
    change: (id, changes) => changePerson(state, id, changes),
    remove: (id) => void state.people.delete(personOf(state, id).id.toLowerCase()),
    signIn: (authorizeUrl, person, spoil) => signIn(state, authorizeUrl, person, spoil),
    faults: { add: state.faults.add, clear: state.faults.clear },
    setAlert: (alert) => void state.alerts.set(alert.id, structuredClone(alert)),
    subscriptions: state.subscriptions,
    notify: (notice = {}) => notify(state, notice),
    holderOf: (token) => state.tokens.get(token),
    mail: state.mail,
    failMail: (recipient, result) =>
      void (result === null ? state.mailFailures.delete(recipient.toLowerCase()) : state.mailFailures.set(recipient.toLowerCase(), result)),
    deeds: state.deeds,
    calls: state.calls,
    problems: state.problems,
    close: () => close(state, server),
  };
}

async function close(state: EntraState, server: Server): Promise<void> {
  state.closing.abort();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

// Microsoft Teams on this machine, with the Bot Connector's rules. It shares no code with the bot, so that the two cannot share a mistake.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { activityOf } from './activities.ts';
import { requestFor, transmit } from './deliver.ts';
import { answerOffer, filesOf, offersTo } from './file-answers.ts';
import { failRequest, handleRequest } from './http.ts';
import { setDialog } from './invoke-answers.ts';
import { ISSUER } from './keys.ts';
import { press, submitDialog } from './press.ts';
import { deleteChannel, install, uninstall } from './roster.ts';
import { say } from './say.ts';
import { cardShownTo, conversationOf, createState, personOf, removeMessage, serviceUrlOf, type TeamsState } from './state.ts';
import type { PrivateMessage, TeamsOptions, TeamsWorld } from './types.ts';
import { refreshForWatchers, watch } from './watch.ts';

/** Longer than clients keep idle connections, so that it is never the server that closes one a request is already on. */
const KEEP_ALIVE_MS = 65_000;
/** https://learn.microsoft.com/microsoftteams/platform/agents-in-teams/targeted-messages */
const TARGETED_LIVES_MS = 24 * 3_600_000;

/** Starts an organisation with one bot; `close` ends everything it started. */
export async function startTeams(options: TeamsOptions): Promise<TeamsWorld> {
  const state = createState(options);
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (req, res) => void handleRequest(state, req, res).catch((error: unknown) => failRequest(state, req, res, error)),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const event of ['message', 'thread', 'update'] as const) state.events.on(event, (message) => refreshForWatchers(state, message));
  return { ...windows(state), ...doors(state), close: () => close(state, server) };
}

/** What a person or a test sees. Copies: what was read stays as it was. */
function windows(state: TeamsState) {
  const { calls, problems, slow, recorded, events, messagesUrls } = state;
  const messagesIn = (id: string) => [...(state.conversations.get(id)?.messages.values() ?? [])];
  return {
    url: state.origin,
    serviceUrl: serviceUrlOf(state),
    loginUrl: `${state.origin}/login`,
    openIdMetadataUrl: `${state.origin}/v1/.well-known/openidconfiguration`,
    issuer: ISSUER,
    messagesUrls,
    calls,
    problems,
    slow,
    recorded,
    faults: { add: state.faults.add, clear: state.faults.clear },
    on: events.on,
    next: events.next,
    messages: (id: string) => structuredClone(messagesIn(id).filter((it) => it.parentId === null)),
    thread: (id: string, messageId: string) => structuredClone(messagesIn(id).filter((it) => it.parentId === messageId)),
    privateMessages: (person: string) => structuredClone((state.privates.get(person) ?? []).filter((it) => !isOver(state, it))),
    shownTo: (person: string, id: string, messageId: string) => structuredClone(cardShownTo(state, person, id, messageId)),
    dialog: (person: string) => structuredClone(state.dialogs.get(person) ?? null),
  };
}

const isOver = (state: TeamsState, { via, at }: PrivateMessage): boolean => via === 'targeted' && state.now() - at > TARGETED_LIVES_MS;

/** What a person can do, and what a test can send by hand. */
function doors(state: TeamsState): Omit<TeamsWorld, keyof ReturnType<typeof windows> | 'close'> {
  return {
    setMessagesUrls: (urls) => void state.messagesUrls.splice(0, state.messagesUrls.length, ...urls),
    install: (id, by) => install(state, id, by),
    uninstall: (id, by) => uninstall(state, id, by),
    deleteChannel: (id, by) => deleteChannel(state, id, by),
    deleteMessage: (id, messageId) => {
      const message = conversationOf(state, id).messages.get(messageId);
      if (message === undefined) throw new Error(`No message ${messageId} in ${id}`);
      removeMessage(state, message);
    },
    press: (p) => press(state, p),
    submitDialog: (p) => submitDialog(state, p),
    closeDialog: (person) => setDialog(state, person, null),
    say: (p) => say(state, p),
    answerOffer: (p) => answerOffer(state, p),
    offersTo: (person) => structuredClone(offersTo(state, person)),
    filesOf: (person) => filesOf(state, person),
    watch: (person, id) => watch(state, person, id),
    token: (claims) => state.keys.mint(claims),
    activity: ({ person, conversation, type, ...fields }) => ({
      ...activityOf(state, type, personOf(state, person), { conversation: conversationOf(state, conversation) }),
      ...fields,
    }),
    send: async ({ activity, token, url, headers }) => {
      const to = url ?? state.messagesUrls[0];
      if (to === undefined) throw new Error('The bot has no messages URL');
      const body = typeof activity === 'string' ? activity : JSON.stringify(activity);
      return transmit(state, await requestFor(state, { url: to, body, activity, token, headers }));
    },
    replay: (recorded) => transmit(state, recorded),
  };
}

async function close(state: TeamsState, server: Server): Promise<void> {
  state.closing.abort();
  state.events.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

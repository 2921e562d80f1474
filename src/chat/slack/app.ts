/** Slack, joined together: Bolt for the protocol, the guard in front of it, and our surface, people and clicks behind it. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, HTTPReceiver, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import type { BackendName } from '../../action-center/catalogue.ts';
import { ConfigError } from '../../action-center/errors.ts';
import type { AskingPerson } from '../../action-center/identify.ts';
import type { Log } from '../../action-center/ports.ts';
import type { AnswerCommand } from '../commands.ts';
import type { HuntJobs } from '../hunt-jobs.ts';
import type { ManyFlows } from '../many.ts';
import type { Flows } from '../press.ts';
import { requestKey } from '../request.ts';
import { seenLately } from '../seen.ts';
import type { Surface } from '../surface.ts';
import { newTroubleId } from '../trouble-id.ts';
import { privateAnswers } from './answers.ts';
import { type ChannelCheck, channelCheck } from './channels.ts';
import { type ClickDeps, type Interaction, onPress, onSubmit } from './clicks.ts';
import { clientOptions, quietLogger, slackClient } from './client.ts';
import { type CommandDeps, onSlashCommand } from './commands.ts';
import { fileSender } from './files.ts';
import { type Arrival, type Guard, slackGuard } from './guard.ts';
import { type HistoryPressDeps, isHistoryPress, onHistoryPress } from './history-presses.ts';
import { type HuntPressDeps, isHuntPress, onHuntPress } from './hunt-presses.ts';
import { type SlackInbox, slackInbox } from './inbox.ts';
import { peopleDeadlineMs, slackPeople } from './people.ts';
import { pictureUploads } from './pictures.ts';
import { type LinkTo, permalinks } from './render-inbox.ts';
import { type Account, connectSocket, whoAmI } from './start.ts';
import { slackSurface } from './surface.ts';

export type SlackDeps = {
  botToken: string;
  /** Verifies what Slack posts over HTTP. */
  signingSecret?: string | null | undefined;
  /** Given: Socket Mode instead of HTTP. */
  appToken?: string | null | undefined;
  apiUrl?: string | null | undefined;
  identityMode: 'linked' | 'email';
  /** Where cards may go; looked at once at the start. */
  channels?: readonly string[];
  log: Log;
  now: () => number;
  flows: Flows;
  many: ManyFlows;
  backend: BackendName;
  commands: AnswerCommand;
  hunts: Pick<HuntJobs, 'start'>;
  /** Between two publications of one person's Home tab. */
  homeEveryMs?: number | undefined;
  /** How long Slack may be away while we start. */
  startDeadlineMs?: number;
};

export type SlackChat = {
  surface: Surface;
  /** The address of a message, where there is one. */
  linkTo: LinkTo;
  /** Who a card goes to in private; null: it goes to a conversation. */
  personAt(conversation: string): AskingPerson | null;
  teamId: string;
  /** Answers `POST /slack/events`. With Socket Mode nothing is accepted over HTTP. */
  handle(req: IncomingMessage, res: ServerResponse): void;
  inFlight(): number;
  /** Waits for presses that are being answered, at most this long, then disconnects. */
  stop(deadlineMs: number): Promise<void>;
};

const bulkTimeoutMs = 8000;
const interactiveTimeoutMs = 2500;
const startDeadlineMs = 60_000;
/** Envelopes that were acknowledged late come again under the same id (bolt-js #2487). */
const envelopeWindow = { forMs: 600_000, bound: 50_000 };

/** Throws ConfigError for tokens Slack refuses, UpstreamError when Slack cannot be reached in time. */
export async function startSlack(deps: SlackDeps): Promise<SlackChat> {
  const { log, now, botToken } = deps;
  const apiUrl = deps.apiUrl ?? null;
  const client = (timeoutMs: number) => slackClient(botToken, { apiUrl, log, timeoutMs });
  const bulk = client(bulkTimeoutMs);
  const interactive = client(interactiveTimeoutMs);
  const deadline = performance.now() + (deps.startDeadlineMs ?? startDeadlineMs);
  const account = await whoAmI(client(bulkTimeoutMs), { deadline, log });
  const channels = channelCheck({ client: bulk, log, now });
  await channels.warnAboutSharedChannels(deps.channels ?? []);

  const { teamId, enterpriseId, botId } = account;
  const personBehind = slackPeople({ client: client(peopleDeadlineMs), teamId, enterpriseId, identityMode: deps.identityMode, now });
  const tell = privateAnswers({ client: interactive, log });
  const sendFile = fileSender({ client: bulk, apiUrl, log });
  const openView: ClickDeps['openView'] = async (trigger_id, view) => {
    await interactive.views.open({ trigger_id, view });
  };
  const running = new Set<Promise<void>>();
  const transport = openTransport(deps);
  const app = newApp(deps, account, transport.receiver);
  const taken = takingOnce({ running, isRepeat: transport.isRepeat, log });
  const share = sharing(interactive, channels);
  const linkTo = permalinks(account.workspaceUrl);
  const asking = { answer: deps.commands, teamId, personBehind, tell, sendFile, linkTo, log };
  const publishing = client(interactiveTimeoutMs);
  const inbox = slackInbox({
    ...asking,
    everyMs: deps.homeEveryMs,
    openView,
    now,
    publishHome: async (user_id, blocks) => {
      await publishing.views.publish({ user_id, view: { type: 'home', blocks } });
    },
  });
  const clicks = { flows: deps.flows, many: deps.many, backend: deps.backend, teamId, personBehind, tell, openView, log };
  listen(app, { clicks, inbox, history: { ...asking, share }, hunt: { ...asking, hunts: deps.hunts } }, taken);
  listenForCommands(app, asking, taken);
  await app.init();
  if (transport.socket) await connectSocket(transport.socket, { deadline });
  return {
    surface: slackSurface({ client: bulk, teamId, botId, channels, upload: pictureUploads({ client: bulk, apiUrl, log }), now, log }),
    linkTo,
    personAt: (userId) => (/^[UW]/.test(userId) ? personBehind({ userId, teamId: null }) : null),
    teamId,
    handle: transport.handle,
    inFlight: () => running.size,
    stop: async (deadlineMs) => {
      await Promise.all([drained(running, deadlineMs), inbox.stop(deadlineMs)]);
      await transport.socket?.stop();
    },
  };
}

function newApp(deps: SlackDeps, { botId, botUserId }: Account, receiver: Receiver): App {
  const { botToken, log } = deps;
  return new App({
    receiver,
    authorize: async () => ({ botToken, botId, botUserId }),
    deferInitialization: true,
    convoStore: false,
    logger: quietLogger(log),
    clientOptions: clientOptions({ apiUrl: deps.apiUrl ?? null, log, timeoutMs: interactiveTimeoutMs }),
  });
}

type Transport = {
  receiver: Receiver;
  socket: SocketModeReceiver | null;
  handle: SlackChat['handle'];
  /** Told for each request that reached a listener: was it here before? */
  isRepeat: (arrival: Arrival) => boolean;
};

function openTransport(deps: SlackDeps): Transport {
  return deps.appToken ? socketTransport(deps, deps.appToken) : httpTransport(deps);
}

function httpTransport({ signingSecret, log, now }: SlackDeps): Transport {
  if (!signingSecret)
    throw new ConfigError(['SLACK_SIGNING_SECRET: is needed when Slack posts over HTTP; for Socket Mode set SLACK_APP_TOKEN']);
  const guard = slackGuard({ signingSecret, now });
  const receiver = new HTTPReceiver({
    signingSecret,
    logger: quietLogger(log),
    customPropertiesExtractor: (req) => ({ arrival: guard.arrivalOf(req) }),
    unhandledRequestHandler: ({ response }) => {
      log.error('Slack sent something that nothing here answers');
      if (!response.headersSent) response.writeHead(404).end();
    },
    processEventErrorHandler: async ({ error, response }) => {
      log.error({ err: error, troubleId: newTroubleId() }, 'a request from Slack failed');
      if (!response.headersSent) response.writeHead(500).end();
      return true;
    },
  });
  // The guard has remembered the signature already.
  return { receiver, socket: null, handle: handleThrough(guard, receiver, log), isRepeat: () => false };
}

function handleThrough(guard: Guard, receiver: HTTPReceiver, log: Log): SlackChat['handle'] {
  return (req, res) => {
    guard
      .admit(req, res, (admitted) => receiver.requestListener(admitted, res))
      .catch((error: unknown) => {
        log.error({ err: error }, 'a request from Slack failed');
        if (res.headersSent) res.destroy();
        else res.writeHead(500).end();
      });
  };
}

function socketTransport({ log, now, apiUrl }: SlackDeps, appToken: string): Transport {
  const envelopes = seenLately({ ...envelopeWindow, now });
  const settings = clientOptions({ apiUrl: apiUrl ?? null, log, timeoutMs: bulkTimeoutMs });
  const receiver = new SocketModeReceiver({
    appToken,
    logger: quietLogger(log),
    // Reconnecting never ends by itself: what it throws would be an unhandled rejection (node-slack-sdk #2656).
    installerOptions: { clientOptions: { ...settings, retryConfig: { forever: true, factor: 1.3, maxTimeout: 30_000, unref: true } } },
    customPropertiesExtractor: ({ envelope_id }: { envelope_id: string }) => ({
      arrival: { requestKey: requestKey(envelope_id), receivedAt: performance.now() } satisfies Arrival,
    }),
    processEventErrorHandler: async ({ error }) => {
      log.error({ err: error, troubleId: newTroubleId() }, 'an envelope from Slack failed');
      return true;
    },
  });
  const handle: SlackChat['handle'] = (req, res) => {
    req.resume();
    res.writeHead(404).end();
  };
  return { receiver, socket: receiver, handle, isRepeat: ({ requestKey: key }) => !envelopes.first(key) };
}

type Listening = { running: Set<Promise<void>>; isRepeat: Transport['isRepeat']; log: Log };
type Asking<T> = { body: unknown; context: { [key: string]: unknown }; ack: (answer?: T) => Promise<void> };
type Taking = <T>(
  work: (asked: { body: unknown; arrival: Arrival; ack: (answer?: T) => Promise<void> }) => Promise<void>,
) => (asking: Asking<T>) => Promise<void>;

/** Each request once, counted while it is being answered. */
function takingOnce({ running, isRepeat, log }: Listening): Taking {
  return (work) => async (asking) => {
    const arrival = asking.context['arrival'] as Arrival;
    const ack = acknowledging(asking.ack, arrival, log);
    if (isRepeat(arrival)) return ack();
    const done = work({ body: asking.body, arrival, ack });
    running.add(done);
    try {
      await done;
    } finally {
      running.delete(done);
    }
  };
}

type Listeners = { clicks: ClickDeps; inbox: SlackInbox; history: HistoryPressDeps; hunt: HuntPressDeps };

/** One listener for presses and one for dialogs: every further one is asked for every request. */
function listen(app: App, { clicks, inbox, history, hunt }: Listeners, taken: Taking): void {
  const press = taken(async (interaction: Interaction) => {
    if (await inbox.pressed(interaction)) return;
    if (isHuntPress(interaction.body)) return onHuntPress(hunt, interaction);
    if (isHistoryPress(interaction.body)) return onHistoryPress(history, interaction);
    await onPress(clicks, interaction);
    inbox.acted(interaction.body);
  });
  const submit = taken(async (interaction: Interaction) => {
    await onSubmit(clicks, interaction);
    inbox.acted(interaction.body);
  });
  const opened = taken<never>(async (asked) => inbox.opened(asked));
  // Bolt has acknowledged events already.
  app.event('app_home_opened', ({ body, context }) => opened({ body, context, ack: async () => {} }));
  app.action(/^ac\./, ({ body, context, ack }) => press({ body, context, ack: (answer) => ack(answer as never) }));
  app.view(/^ac\./, ({ body, context, ack }) => submit({ body, context, ack: (answer) => ack(answer as never) }));
}

function listenForCommands(app: App, deps: CommandDeps, taken: Taking): void {
  const command = taken<never>((asked) => onSlashCommand(deps, asked));
  app.command('/actions', ({ body, context, ack }) => command({ body, context, ack: () => ack() }));
}

/** A look-up for everybody in the channel; never where another organisation reads along. */
function sharing(client: WebClient, channels: ChannelCheck): HistoryPressDeps['share'] {
  return async (channel, content) => {
    await channels.mustBeOurs(channel);
    await client.chat.postMessage({ channel, ...content, unfurl_links: false, unfurl_media: false });
  };
}

/** Slack may be gone when we answer. The decision stands all the same, and the person is still told. */
function acknowledging<T>(ack: (answer?: T) => Promise<void>, { requestKey: clickId }: Arrival, log: Log): (answer?: T) => Promise<void> {
  return async (answer) => {
    try {
      await ack(answer);
    } catch (error) {
      log.warn({ clickId, err: error }, 'Slack did not take an acknowledgement');
    }
  };
}

async function drained(running: ReadonlySet<Promise<void>>, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (running.size > 0) {
    const left = deadline - performance.now();
    if (left <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, left);
    });
    await Promise.race([Promise.allSettled(running), late]);
    clearTimeout(timer);
  }
}

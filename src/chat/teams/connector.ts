/**
 * Calls to the Bot Connector, through botbuilder's client: one attempt each, with a deadline. Left alone that client waits for ever and sends a
 * message again when its answer was lost.
 */
import { z } from 'zod';
import { SurfaceError } from '../surface.ts';
import { type Authentication, withinTokenDeadline } from './credentials.ts';
import { connectorErrorOf, NotSent } from './surface-errors.ts';

/** What is sent: an activity in the Bot Connector's words. */
export type Message = {
  text?: string;
  summary?: string;
  attachments?: { contentType: string; content: unknown; name?: string; contentUrl?: string }[];
};

export type Connector = {
  /** A new thread in a channel; the id of its first message. */
  createThread(to: { serviceUrl: string; channel: string; organisation: string }, message: Message): Promise<string>;
  /** Into a chat or, with `;messageid=` in the conversation's id, into a thread. */
  post(to: Address, message: Message): Promise<string>;
  update(to: Address, activityId: string, message: Message): Promise<void>;
  remove(to: Address, activityId: string): Promise<void>;
  /** Seen by this person only. botbuilder would drop the mark and make it public, so this one is sent by hand. */
  postTargeted(to: Address & { person: string; asked: string | null }, message: Message): Promise<void>;
  /** A member of this conversation, by the id of either kind; null: nobody of it. */
  member(at: Address, id: string): Promise<{ id: string; entraId: string | null } | null>;
  /** The chat of the bot with this person. */
  openPersonal(to: { serviceUrl: string; organisation: string; person: string }): Promise<string>;
};
export type Address = { serviceUrl: string; conversation: string };

type ConnectorOptions = { authentication: Authentication; appId: string; deadlineMs: number };
type Factory = ReturnType<Authentication['createConnectorFactory']>;
type Client = Awaited<ReturnType<Factory['create']>>;

/** Service URLs that are in use at the same time: a handful. */
const clientBound = 20;
const channelId = 'msteams';
const Created = z.object({ id: z.string().min(1), activityId: z.string().nullish() });
const Member = z.object({ id: z.string().min(1), aadObjectId: z.string().nullish() });
const Posted = z.object({ id: z.string().min(1) });

export function openConnector(options: ConnectorOptions): Connector {
  const clientFor = clients(options);
  const bot = { id: `28:${options.appId}`, name: 'Countersign' };
  const activity = (message: Message) => ({ type: 'message' as const, channelId, from: bot, ...message });

  /** Everything that is not the call itself has failed before anything was sent. */
  const call = async <T>(serviceUrl: string, work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await ready(clientFor, serviceUrl);
    try {
      return await work(client);
    } catch (error) {
      throw connectorErrorOf(error);
    }
  };

  return {
    createThread: ({ serviceUrl, channel, organisation }, message) =>
      call(serviceUrl, async ({ conversations }) => {
        const created = Created.parse(
          plain(
            await conversations.createConversation({
              isGroup: true,
              bot,
              tenantId: organisation,
              activity: activity(message) as never,
              channelData: { channel: { id: channel }, tenant: { id: organisation } },
            } as never),
          ),
        );
        return created.id.split(';messageid=')[1] ?? created.activityId ?? created.id;
      }),
    post: ({ serviceUrl, conversation }, message) =>
      call(serviceUrl, async ({ conversations }) => {
        const sent = await conversations.sendToConversation(conversation, {
          ...activity(message),
          conversation: { id: conversation },
        } as never);
        return Posted.parse(plain(sent)).id;
      }),
    update: ({ serviceUrl, conversation }, activityId, message) =>
      call(serviceUrl, async ({ conversations }) => {
        await conversations.updateActivity(conversation, activityId, {
          ...activity(message),
          id: activityId,
          conversation: { id: conversation },
        } as never);
      }),
    remove: ({ serviceUrl, conversation }, activityId) =>
      call(serviceUrl, async ({ conversations }) => {
        await conversations.deleteActivity(conversation, activityId);
      }),
    postTargeted: ({ serviceUrl, conversation, person, asked }, message) =>
      call(serviceUrl, (client) =>
        sendTargeted(
          client,
          `${trimmed(serviceUrl)}/v3/conversations/${encodeURIComponent(conversation)}/activities?isTargetedActivity=true`,
          {
            ...activity(message),
            recipient: { id: person, isTargeted: true },
            conversation: { id: conversation },
            ...(asked === null ? {} : { entities: [{ type: 'targetedMessageInfo', messageId: asked }] }),
          },
          options.deadlineMs,
        ),
      ),
    member: ({ serviceUrl, conversation }, id) =>
      memberBehind(() => call(serviceUrl, (client) => client.conversations.getConversationMember(conversation, id))),
    openPersonal: ({ serviceUrl, organisation, person }) =>
      call(serviceUrl, async ({ conversations }) => {
        const created = await conversations.createConversation({
          isGroup: false,
          bot,
          tenantId: organisation,
          members: [{ id: person }],
          channelData: { tenant: { id: organisation } },
        } as never);
        return Created.parse(plain(created)).id;
      }),
  };
}

/** A look-up leaves nothing behind: without an answer nothing has happened. */
async function memberBehind(ask: () => Promise<object>): ReturnType<Connector['member']> {
  try {
    const found = Member.parse(plain(await ask()));
    return { id: found.id, entraId: found.aadObjectId ?? null };
  } catch (error) {
    if (!(error instanceof SurfaceError)) throw error;
    if (error.trouble === 'gone' || error.trouble === 'unreachable') return null;
    throw error.trouble === 'unknown' ? new SurfaceError('unavailable', error.message, { cause: error }) : error;
  }
}

/** botbuilder hands out class instances with a `_response` in them. */
const plain = (value: object): object => ({ ...value });
const trimmed = (url: string): string => url.replace(/\/+$/, '');

function clients({ authentication, appId, deadlineMs }: ConnectorOptions): (serviceUrl: string) => Promise<Client> {
  const known = new Map<string, Promise<Client>>();
  return (serviceUrl) => {
    const before = known.get(serviceUrl);
    if (before !== undefined) return before;
    const made = newClient(authentication, { appId, deadlineMs, serviceUrl });
    known.set(serviceUrl, made);
    made.catch(() => known.delete(serviceUrl));
    const [oldest] = known.keys();
    if (known.size > clientBound && oldest !== undefined) known.delete(oldest);
    return made;
  };
}

type Identity = Parameters<Authentication['createConnectorFactory']>[0];

async function newClient(
  authentication: Authentication,
  { appId, deadlineMs, serviceUrl }: { appId: string; deadlineMs: number; serviceUrl: string },
): Promise<Client> {
  const claims = {
    getClaimValue: (type: string) => (type === 'aud' || type === 'appid' ? appId : null),
    claims: [],
    isAuthenticated: true,
  };
  const factory = authentication.createConnectorFactory(claims as unknown as Identity);
  const client = await factory.create(serviceUrl);
  const { pipeline } = (client as unknown as { client: { pipeline: Pipeline } }).client;
  pipeline.removePolicy({ name: 'defaultRetryPolicy' });
  pipeline.addPolicy(
    {
      name: 'deadline',
      sendRequest: (request, next) => {
        request.abortSignal = AbortSignal.timeout(deadlineMs);
        return next(request);
      },
    },
    { phase: 'Retry' },
  );
  return client;
}

type Outgoing = { abortSignal?: AbortSignal };
type Pipeline = {
  removePolicy(policy: { name: string }): unknown;
  addPolicy(
    policy: { name: string; sendRequest(request: Outgoing, next: (request: Outgoing) => Promise<unknown>): Promise<unknown> },
    options: { phase: 'Retry' },
  ): void;
};

type Tokens = { appId?: string; getToken(): Promise<string> };
const tokensOf = (client: Client): Tokens => (client as unknown as { credentials: Tokens }).credentials;
const tokenOf = async (client: Client): Promise<string | null> => {
  const tokens = tokensOf(client);
  return tokens.appId ? withinTokenDeadline(tokens.getToken()) : null;
};

/** A client that has its token: what fails before that was certainly not sent. */
async function ready(clientFor: (serviceUrl: string) => Promise<Client>, serviceUrl: string): Promise<Client> {
  try {
    const client = await clientFor(serviceUrl);
    await tokenOf(client);
    return client;
  } catch (error) {
    throw connectorErrorOf(new NotSent(error));
  }
}

async function sendTargeted(client: Client, url: string, body: object, deadlineMs: number): Promise<void> {
  const token = await tokenOf(client);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(deadlineMs),
  });
  // Read to its end: an answer thrown away would throw its connection away as well.
  const text = await response.text();
  if (!response.ok) throw connectorErrorOf({ statusCode: response.status, response: { headers: response.headers, bodyAsText: text } });
}

// Microsoft's own SDK against the simulation: what botbuilder checks, parses and calls must work unchanged.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Activity,
  CloudAdapter,
  ConfigurationBotFrameworkAuthentication,
  ConfigurationServiceClientCredentialFactory,
  type ConversationParameters,
  type Response,
  type TurnContext,
} from 'botbuilder';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { TeamsWorld } from '../../../sandbox/teams/types.ts';
import {
  ALICE,
  APP_ID,
  APP_PASSWORD,
  at,
  BOB,
  call,
  card,
  execute,
  first,
  post,
  SOC,
  startWorld,
  TENANT,
  tokenFor,
  withCard,
} from './world.ts';

/** MSAL speaks https to Microsoft only, so the token is fetched by hand here; everything else is botbuilder's. */
class SandboxCredentials extends ConfigurationServiceClientCredentialFactory {
  readonly #world: TeamsWorld;

  constructor(world: TeamsWorld) {
    super({ MicrosoftAppId: APP_ID, MicrosoftAppPassword: APP_PASSWORD, MicrosoftAppType: 'SingleTenant', MicrosoftAppTenantId: TENANT });
    this.#world = world;
  }

  override async createCredentials() {
    const getToken = async (): Promise<string> => ((await (await tokenFor(this.#world)).json()) as { access_token: string }).access_token;
    const credentials = {
      appId: APP_ID,
      getToken,
      signRequest: async (request: { headers: Headers }) => {
        request.headers.set('authorization', `Bearer ${await getToken()}`);
        return request;
      },
    };
    return credentials as unknown as Awaited<ReturnType<ConfigurationServiceClientCredentialFactory['createCredentials']>>;
  }
}

function adapterFor(world: TeamsWorld): CloudAdapter {
  const urls = {
    MicrosoftAppId: APP_ID,
    ValidateAuthority: false,
    ToChannelFromBotLoginUrl: world.loginUrl,
    ToChannelFromBotOAuthScope: world.issuer,
    ToBotFromChannelTokenIssuer: world.issuer,
    OAuthUrl: world.loginUrl,
    ToBotFromChannelOpenIdMetadataUrl: world.openIdMetadataUrl,
    ToBotFromEmulatorOpenIdMetadataUrl: world.openIdMetadataUrl,
    CallerId: 'urn:botframework:azure',
  };
  return new CloudAdapter(new ConfigurationBotFrameworkAuthentication(urls, new SandboxCredentials(world)));
}

/** What CloudAdapter wants of Express, and no more. */
function answering(res: ServerResponse): Response {
  const answer = {
    socket: res.socket,
    status: (code: number) => {
      res.statusCode = code;
      return answer;
    },
    header: (name: string, value: string) => {
      res.setHeader(name, value);
      return answer;
    },
    send: (body: unknown) => {
      res.end(typeof body === 'string' ? body : JSON.stringify(body));
      return answer;
    },
    end: () => {
      if (!res.writableEnded) res.end();
      return answer;
    },
  };
  return answer as unknown as Response;
}

async function startAdapter(world: TeamsWorld, turn: (context: TurnContext) => Promise<void>): Promise<CloudAdapter> {
  const adapter = adapterFor(world);
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const request = { method: 'POST', headers: req.headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
    await adapter.process(request as never, answering(res), turn);
  };
  const server = createServer((req, res) => void handle(req, res).catch(() => res.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  world.setMessagesUrls([`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`]);
  return adapter;
}

const answerWith = (context: TurnContext, body: object) =>
  context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } } as Partial<Activity>);

test('an invoke passes botbuilder’s JWT check, is answered, and its message is updated', async () => {
  const teams = await startWorld();
  const decided = card(execute('Undo'));
  await startAdapter(teams, async (context) => {
    const { replyToId } = context.activity;
    await context.updateActivity({ ...withCard(decided), id: replyToId } as Partial<Activity>);
    await answerWith(context, { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'Approved' });
  });
  const messageId = await post(teams);
  const updated = teams.next('update');
  expect(await teams.press({ person: ALICE, conversation: SOC, messageId, button: 'Approve' })).toMatchObject({ status: 200 });
  expect(await updated).toMatchObject({ id: messageId, edits: 1, card: decided });
  expect(teams.privateMessages(ALICE)).toMatchObject([{ via: 'bar', text: 'Approved' }]);
  expect(teams.problems).toEqual([]);
});

test('botbuilder begins a thread, answers in it, and writes to a person', async () => {
  const teams = await startWorld();
  const adapter = await startAdapter(teams, async () => {});
  const begin = (parameters: object, logic: (context: TurnContext) => Promise<void>) =>
    adapter.createConversationAsync(APP_ID, 'msteams', teams.serviceUrl, '', parameters as ConversationParameters, logic);
  let named = '';
  const bot = { id: `28:${APP_ID}`, name: 'Countersign' };
  const channelData = { channel: { id: SOC }, tenant: { id: TENANT } };
  await begin({ isGroup: true, tenantId: TENANT, bot, channelData, activity: withCard(card(execute('Approve'))) }, async (context) => {
    named = context.activity.conversation.id;
    await context.sendActivity('Details');
  });
  const [root] = teams.messages(SOC);
  expect(named).toBe(`${SOC};messageid=${root?.id}`);
  expect(teams.thread(SOC, root?.id ?? '')).toMatchObject([{ text: 'Details', from: 'bot' }]);
  await begin({ isGroup: false, tenantId: TENANT, bot, members: [{ id: BOB }] }, async (context) => {
    await context.sendActivity('Your digest');
  });
  expect(teams.privateMessages(BOB)).toMatchObject([{ via: 'personal', text: 'Your digest' }]);
  expect(teams.problems).toEqual([]);
});

test('botbuilder refuses bad tokens of every kind but those it is known to let through', async () => {
  // botbuilder writes every refusal to the console.
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => quiet.mockRestore());
  const teams = await startWorld();
  let turns = 0;
  await startAdapter(teams, async () => {
    turns += 1;
  });
  const activity = teams.activity({ person: ALICE, conversation: SOC, type: 'message', text: 'hi' });
  const status = async (token: string | null) => (await teams.send({ activity, token })).status;
  expect(await status(await teams.token())).toBe(200);
  expect(await status(null)).toBe(401);
  expect(await status(await teams.token({ aud: 'another' }))).toBe(401);
  expect(await status(await teams.token({ iss: 'https://login.contoso.example' }))).toBe(401);
  expect(await status(await teams.token({ expiresInSeconds: -3600 }))).toBe(401);
  // Its own fault: a signature that does not fit is an error it did not expect.
  expect(await status(await teams.token({ key: 'foreign' }))).toBe(500);
  expect(await status(await teams.token({ serviceurl: 'https://evil.example/' }))).toBe(401);
  expect(turns).toBe(1);
  expect(await status(await teams.token({ issuedBy: 'emulator' }))).toBe(200);
});

test('botbuilder loses the mark of a targeted message, which makes it public', async () => {
  const teams = await startWorld();
  await startAdapter(teams, async (context) => {
    await context.sendActivity({
      type: 'message',
      text: 'secret',
      recipient: { id: ALICE, isTargeted: true },
    } as unknown as Partial<Activity>);
  });
  const root = await post(teams);
  await teams.say({ person: ALICE, conversation: SOC, text: 'help', targeted: true, inThread: root });
  expect(first(teams.thread(SOC, root))).toMatchObject({ text: 'secret' });
  expect(teams.privateMessages(ALICE)).toEqual([]);
});

test('botbuilder’s client shows the code of a refusal', async () => {
  const teams = await startWorld();
  const adapter = await startAdapter(teams, async () => {});
  const messageId = await post(teams);
  await call(teams, 'DELETE', at(SOC, `/activities/${messageId}`));
  const reference = { serviceUrl: teams.serviceUrl, channelId: 'msteams', conversation: { id: SOC }, bot: { id: `28:${APP_ID}` } };
  const update = adapter.continueConversationAsync(APP_ID, reference as never, async (context) => {
    await context.updateActivity({ type: 'message', text: 'a', id: messageId });
  });
  await expect(update).rejects.toMatchObject({ statusCode: 404, code: 'ActivityNotFoundInConversation' });
});

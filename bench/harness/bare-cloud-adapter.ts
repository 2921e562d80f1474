/** A CloudAdapter with one turn, which checks every token against the simulated Teams' keys. No web framework: the product has none either. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import {
  CloudAdapter,
  ConfigurationBotFrameworkAuthentication,
  ConfigurationServiceClientCredentialFactory,
  type TurnContext,
} from 'botbuilder';
import { recordedMark } from './press.ts';

const issuer = 'https://api.botframework.com';

export async function bareCloudAdapter(
  env: (name: string) => string,
  onPress: (actionId: string) => Promise<void>,
): Promise<RequestListener> {
  const app = {
    MicrosoftAppId: env('MICROSOFT_APP_ID'),
    MicrosoftAppPassword: env('MICROSOFT_APP_PASSWORD'),
    MicrosoftAppTenantId: env('MICROSOFT_APP_TENANT_ID'),
    MicrosoftAppType: env('MICROSOFT_APP_TYPE'),
  };
  const urls = {
    ValidateAuthority: false,
    ToChannelFromBotLoginUrl: env('TEAMS_LOGIN_URL'),
    ToChannelFromBotOAuthScope: issuer,
    ToBotFromChannelTokenIssuer: issuer,
    OAuthUrl: env('TEAMS_LOGIN_URL'),
    ToBotFromChannelOpenIdMetadataUrl: env('TEAMS_OPENID_URL'),
    ToBotFromEmulatorOpenIdMetadataUrl: env('TEAMS_OPENID_URL'),
    CallerId: 'urn:botframework:azure',
  };
  const credentials = new ConfigurationServiceClientCredentialFactory(app);
  const adapter = new CloudAdapter(new ConfigurationBotFrameworkAuthentication({ ...app, ...urls }, credentials));
  adapter.onTurnError = async (_, error) => {
    throw error;
  };
  const turn = async (context: TurnContext) => {
    await onPress(String(context.activity.value?.action?.data?.actionId));
    const body = { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: `${recordedMark}.` };
    await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } });
  };
  return (req, res) => {
    const answered = json(req).then((body) => adapter.process(Object.assign(req, { body }) as never, answering(req, res), turn));
    answered.catch((error: unknown) => {
      console.error(error);
      res.destroy();
    });
  };
}

/** The few words of Express that CloudAdapter speaks. */
function answering(req: IncomingMessage, res: ServerResponse) {
  let text = '';
  return {
    socket: req.socket,
    header: (name: string, value: string) => res.setHeader(name, value),
    status: (code: number) => {
      res.statusCode = code;
    },
    send: (body: unknown) => {
      res.setHeader('content-type', 'application/json; charset=utf-8');
      text = typeof body === 'string' ? body : JSON.stringify(body);
    },
    end: () => res.end(text),
  };
}

/** A Bolt app with one listener. */
import type { RequestListener } from 'node:http';
import { App, HTTPReceiver } from '@slack/bolt';

export async function bareBolt(env: (name: string) => string, onPress: (actionId: string) => Promise<void>): Promise<RequestListener> {
  const receiver = new HTTPReceiver({ signingSecret: env('SLACK_SIGNING_SECRET') });
  const app = new App({
    receiver,
    authorize: async () => ({ botToken: env('SLACK_BOT_TOKEN'), botId: 'B0', botUserId: 'U0' }),
    deferInitialization: true,
    convoStore: false,
  });
  app.action(/^ac\./, async ({ action, ack }) => {
    const [actionId = ''] = ('value' in action ? String(action.value) : '').split('|');
    await onPress(actionId);
    await ack();
  });
  await app.init();
  return (req, res) => receiver.requestListener(req, res);
}
